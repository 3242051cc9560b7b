//! `/api/rooms/…`: opening, seeing, changing and closing rooms.

use serde_json::{Value, json};

use crate::world::{Fireside, Room, id};

fn ids(rooms: &[Value]) -> Vec<i64> {
    rooms.iter().map(id).collect()
}

fn is_a_time(value: &Value) -> bool {
    let text = value.as_str().unwrap_or_default();
    text.len() == "2025-01-01T12:00:00.123Z".len()
        && text.as_bytes()[10] == b'T'
        && text.as_bytes()[19] == b'.'
        && text.ends_with('Z')
}

#[tokio::test]
async fn a_room_is_opened_with_a_name_alone() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let wish = json!({"name": "  The den  "});
    let room = alice.post("/api/rooms/", &wish).await.is(201).json();
    assert_eq!(room["name"], "The den", "text is trimmed");
    assert_eq!(room["description"], "");
    assert_eq!(room["avatar_url"], Value::Null);
    assert_eq!(room["is_private"], false);
    assert_eq!(room["is_direct"], false);
    assert_eq!(room["max_participants"], Value::Null);
    assert_eq!(room["participant_count"], 1);
    assert_eq!(room["unread_count"], 0);
    assert!(is_a_time(&room["created_at"]), "{room}");
    assert!(is_a_time(&room["updated_at"]), "{room}");
    let owner = room["owner"].as_object().unwrap();
    let mut fields: Vec<&str> = owner.keys().map(String::as_str).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["avatar_url", "bio", "display_name", "id", "username"]);
    assert_eq!(owner["id"], alice.id);
    assert_eq!(alice.get(&Room::of(&room).path()).await.is(200).json(), room);
}

#[tokio::test]
async fn a_room_is_opened_with_everything_and_by_a_form() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let wish = json!({
        "name": "cellar", "description": "cool", "is_private": true, "max_participants": "3",
    });
    let room = alice.post("/api/rooms", &wish).await.is(201).json();
    assert_eq!(room["description"], "cool");
    assert_eq!(room["is_private"], true);
    assert_eq!(room["max_participants"], 3, "numbers may come as strings");

    let form = [("name", "loft"), ("is_private", "true"), ("max_participants", "4")];
    let room = alice.sends_form("/d/rooms/api/rooms/", &form).await.is(201).json();
    assert_eq!(room["name"], "loft");
    assert_eq!(room["is_private"], true);
    assert_eq!(room["max_participants"], 4);
    let wish = json!({"name": "yard", "description": null, "max_participants": null});
    let room = alice.post("/api/rooms/", &wish).await.is(201).json();
    assert_eq!(room["max_participants"], Value::Null);
}

#[tokio::test]
async fn a_wish_that_cannot_be_is_told_by_its_field() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    for (field, wrong) in [
        ("name", json!("")),
        ("name", json!(" \t ")),
        ("name", json!(5)),
        ("name", json!(["x"])),
        ("name", json!("ж".repeat(256))),
        ("description", json!(5)),
        ("is_private", json!("perhaps")),
        ("is_private", json!([])),
        ("max_participants", json!(1)),
        ("max_participants", json!(0)),
        ("max_participants", json!(-5)),
        ("max_participants", json!(5001)),
        ("max_participants", json!(2.5)),
        ("max_participants", json!("many")),
        ("max_participants", json!(true)),
    ] {
        let mut wish = json!({"name": "den"});
        wish[field] = wrong.clone();
        alice.post("/api/rooms/", &wish).await.names(field);
        alice.patch(&den.path(), &json!({field: wrong})).await.names(field);
    }
    alice.post("/api/rooms/", &json!({})).await.names("name");
    alice.post("/api/rooms/", &json!({"name": null})).await.names("name");
    let listed = alice.get("/api/rooms/").await.is(200).json();
    assert_eq!(listed["count"], 1, "nothing refused was made: {listed}");

    alice.opens(&json!({"name": "ж".repeat(255)})).await;
    alice.opens(&json!({"name": "two", "max_participants": 2})).await;
    alice.opens(&json!({"name": "all", "max_participants": 5000})).await;
}

#[tokio::test]
async fn a_room_takes_nothing_but_its_own_fields() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let forged = json!({
        "name": "den", "owner": bob.id, "id": 4711, "is_direct": true,
        "participant_count": 99, "created_at": "1999-01-01T00:00:00.000Z",
    });
    let room = alice.post("/api/rooms/", &forged).await.is(201).json();
    assert_eq!(room["owner"]["id"], alice.id);
    assert_ne!(room["id"], 4711);
    assert_eq!(room["is_direct"], false);
    assert_eq!(room["participant_count"], 1);
    let path = Room::of(&room).path();
    let changed = alice.patch(&path, &forged).await.is(200).json();
    for field in ["id", "owner", "is_direct", "participant_count", "created_at"] {
        assert_eq!(changed[field], room[field], "{field}");
    }
}

#[tokio::test]
async fn the_list_is_of_my_rooms_newest_first() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let first = alice.opens_room("first").await;
    let bobs = bob.opens_room("bob's").await;
    let second = alice.opens_room("second").await;
    alice.joins(&bobs).await;
    bob.opens_room("elsewhere").await;
    let hidden = alice.opens(&json!({"name": "hidden", "is_private": true})).await;

    let mine = alice.get("/api/rooms/").await.is(200).results();
    assert_eq!(ids(&mine), [hidden.id, second.id, bobs.id, first.id]);
    let dialect = alice.through("/d/rooms").get("/api/rooms").await.is(200).results();
    assert_eq!(dialect, mine);
}

#[tokio::test]
async fn public_rooms_are_those_i_could_still_join() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let first = alice.opens_room("first").await;
    let second = alice.opens_room("second").await;
    alice.opens(&json!({"name": "hidden", "is_private": true})).await;
    bob.opens_room("bob's own").await;

    let open = bob.get("/api/rooms/?public=true").await.is(200).results();
    assert_eq!(ids(&open), [second.id, first.id]);
    bob.joins(&second).await;
    let open = bob.get("/api/rooms/?public=true").await.is(200).results();
    assert_eq!(ids(&open), [first.id]);
}

#[tokio::test]
async fn a_public_room_shows_strangers_its_door_and_a_private_one_nothing() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let den = alice.opens_room("den").await;
    alice.posts("for members only").in_room(&den).await;
    let seen = bob.get(&den.path()).await.is(200);
    assert_eq!(seen.json()["name"], "den");
    assert_eq!(seen.json()["participant_count"], 1);
    assert!(!seen.text().contains("for members only"), "{seen}");
    assert!(!seen.text().contains("alice@example.com"), "{seen}");
    assert!(seen.json().get("participants").is_none(), "{seen}");
    bob.get(&den.messages()).await.refused(403, "permission_denied");
    bob.get(&den.participants()).await.refused(403, "permission_denied");

    alice.makes_private(&den).await;
    for path in [den.path(), den.messages(), den.participants()] {
        bob.get(&path).await.refused(404, "not_found");
        alice.get(&path).await.is(200);
    }
}

#[tokio::test]
async fn only_the_owner_changes_a_room() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let den = alice.opens(&json!({"name": "den", "max_participants": 5})).await;
    bob.joins(&den).await;
    let change = json!({"name": "lair", "description": "dark", "max_participants": null});
    bob.patch(&den.path(), &change).await.refused(403, "permission_denied");
    assert_eq!(bob.get(&den.path()).await.json()["name"], "den");

    let changed = alice.patch(&den.path(), &change).await.is(200).json();
    assert_eq!(changed["name"], "lair");
    assert_eq!(changed["description"], "dark");
    assert_eq!(changed["max_participants"], Value::Null);
    assert_eq!(bob.get(&den.path()).await.json()["name"], "lair");
    let one = alice.patch(&den.path(), &json!({"description": "lit"})).await.is(200).json();
    assert_eq!(one["name"], "lair", "what is not named stays");
}

#[tokio::test]
async fn only_the_owner_closes_a_room_and_then_it_was_never_there() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    let message = bob.posts("hello").in_room(&den).await;
    let mut listener = bob.listens_in(&den).await;
    bob.delete(&den.path()).await.refused(403, "permission_denied");
    listener.hears_nothing().await;

    alice.delete(&den.path()).await.is(204);
    listener.is_closed_with(4404).await;
    for path in [den.path(), den.messages(), den.participants()] {
        alice.get(&path).await.refused(404, "not_found");
    }
    let gone = format!("/api/messages/{}/", id(&message));
    bob.get(&gone).await.refused(404, "not_found");
    bob.does(&den.join()).await.refused(404, "not_found");
    alice.delete(&den.path()).await.refused(404, "not_found");
    assert_eq!(alice.get("/api/rooms/").await.json()["count"], 0);
}

#[tokio::test]
async fn unread_counts_what_others_wrote_and_forgets_what_is_deleted() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    alice.posts("one").in_room(&den).await;
    let two = alice.posts("two").in_room(&den).await;
    let unread = |rooms: Vec<Value>| rooms[0]["unread_count"].clone();
    assert_eq!(unread(bob.get("/api/rooms/").await.results()), 2);
    assert_eq!(unread(alice.get("/api/rooms/").await.results()), 0, "her own");
    alice.deletes(&two).await;
    assert_eq!(unread(bob.get("/api/rooms/").await.results()), 1);
    assert_eq!(bob.get(&den.path()).await.json()["unread_count"], 1);
}
