//! Messages over REST: sending, reading, deleting.

use serde_json::{Value, json};

use crate::world::{Fireside, id};

fn path(message: &Value) -> String {
    format!("/api/messages/{}/", id(message))
}

#[tokio::test]
async fn a_message_is_stored_as_documented() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    let message = alice.posts("  Hello, world!\n").in_room(&den).await;
    assert_eq!(message["content"], "Hello, world!", "text is trimmed");
    assert_eq!(message["room"], den.id);
    assert_eq!(message["author"]["id"], alice.id);
    assert_eq!(message["author"]["username"], "alice");
    assert_eq!(message["attachments"], json!([]));
    assert_eq!(message["is_edited"], false);
    for time in ["created_at", "updated_at"] {
        let time = message[time].as_str().unwrap();
        assert!(time.ends_with('Z') && time.len() == 24, "{time}");
    }
    let seen = bob.get(&path(&message)).await.is(200);
    assert_eq!(seen.json(), message);
    assert!(!seen.text().contains("@example.com"), "{seen}");
    let listed = bob.get(&den.messages()).await.is(200).results();
    assert_eq!(listed, [message]);
}

#[tokio::test]
async fn the_newest_message_stands_first() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let mut last = 0;
    for text in ["one", "two", "three"] {
        let message = alice.posts(text).in_room(&den).await;
        assert!(id(&message) > last, "ids grow");
        last = id(&message);
    }
    assert_eq!(alice.reads(&den).await, ["three", "two", "one"]);
}

#[tokio::test]
async fn a_form_and_a_path_without_slash_do_as_well() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let bare = den.messages().trim_end_matches('/').to_owned();
    let message = alice.sends_form(&bare, &[("content", "from a form & more")]).await.is(201);
    assert_eq!(message.json()["content"], "from a form & more");
    let dialect = alice.through("/d/rooms");
    dialect.post(&bare, &json!({"content": "next door"})).await.is(201);
    let texts = alice.reads(&den).await;
    assert_eq!(texts, ["next door", "from a form & more"]);
    let listed = dialect.get(&bare).await.is(200).results();
    assert_eq!(listed[0]["content"], "next door");
    dialect.get(path(&listed[0]).trim_end_matches('/')).await.is(200);
    dialect.delete(path(&listed[0]).trim_end_matches('/')).await.is(204);
}

#[tokio::test]
async fn text_is_needed_and_is_text() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let mut listener = alice.listens_in(&den).await;
    for wrong in [
        json!({}),
        json!({"content": null}),
        json!({"content": ""}),
        json!({"content": " \n\t "}),
        json!({"content": 5}),
        json!({"content": true}),
        json!({"content": ["hi"]}),
        json!({"content": {"text": "hi"}}),
        json!({"content": "", "attachments": []}),
    ] {
        alice.post(&den.messages(), &wrong).await.names("content");
    }
    for wrong in [json!([]), json!("content"), json!(null), json!(3)] {
        let answer = alice.post(&den.messages(), &wrong).await;
        answer.refused(400, "validation_error");
    }
    assert!(alice.reads(&den).await.is_empty());
    listener.hears_nothing().await;
}

#[tokio::test]
async fn a_message_ends_at_ten_thousand_characters() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    // Characters are counted, not bytes: these are four bytes each.
    let fits = "🔥".repeat(10_000);
    let message = alice.posts(&fits).in_room(&den).await;
    assert_eq!(message["content"], fits.as_str());
    let over = "🔥".repeat(10_001);
    alice.posts(&over).tried_in(&den).await.names("content");
    assert_eq!(alice.get(&den.messages()).await.json()["count"], 1);
}

#[tokio::test]
async fn a_shorter_limit_can_be_set() {
    let fireside = Fireside::start_with(&["--max-message", "20"]).await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    alice.posts(&"x".repeat(20)).in_room(&den).await;
    alice.posts(&"x".repeat(21)).tried_in(&den).await.names("content");
}

#[tokio::test]
async fn who_wrote_it_is_never_taken_from_the_body() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let den = alice.opens_room("den").await;
    let hall = alice.opens_room("hall").await;
    bob.joins(&den).await;
    let forged = json!({
        "content": "hi", "id": 4711, "author": alice.id, "author_id": alice.id,
        "sender": alice.id, "room": hall.id, "is_edited": true,
        "created_at": "1999-01-01T00:00:00.000Z",
    });
    let message = bob.post(&den.messages(), &forged).await.is(201).json();
    assert_eq!(message["author"]["id"], bob.id);
    assert_eq!(message["room"], den.id);
    assert_eq!(message["is_edited"], false);
    assert_ne!(message["id"], 4711);
    assert!(!message["created_at"].as_str().unwrap().starts_with("1999"));
    assert!(alice.reads(&hall).await.is_empty());
}

#[tokio::test]
async fn strangers_neither_read_nor_write() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let den = alice.opens_room("den").await;
    let message = alice.posts("secret").in_room(&den).await;
    let mut listener = alice.listens_in(&den).await;
    for private in [false, true] {
        let (status, code) = if private {
            alice.makes_private(&den).await;
            (404, "not_found")
        } else {
            (403, "permission_denied")
        };
        bob.get(&den.messages()).await.refused(status, code);
        bob.posts("let me in").tried_in(&den).await.refused(status, code);
        bob.get(&path(&message)).await.refused(404, "not_found");
        bob.delete(&path(&message)).await.refused(404, "not_found");
    }
    assert_eq!(alice.reads(&den).await, ["secret"]);
    listener.hears_nothing().await;
}

#[tokio::test]
async fn a_message_is_deleted_by_its_author_or_the_rooms_owner() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let carol = fireside.registers("carol").await;
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    carol.joins(&den).await;
    let own = bob.posts("own").in_room(&den).await;
    let rude = bob.posts("rude").in_room(&den).await;
    let owners = alice.posts("owner's").in_room(&den).await;

    carol.delete(&path(&own)).await.refused(403, "permission_denied");
    bob.delete(&path(&owners)).await.refused(403, "permission_denied");
    assert_eq!(carol.reads(&den).await.len(), 3);
    bob.deletes(&own).await;
    alice.deletes(&rude).await;
    assert_eq!(carol.reads(&den).await, ["owner's"]);
}

#[tokio::test]
async fn a_deleted_message_is_gone_from_everywhere() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    alice.posts("stays").in_room(&den).await;
    let message = alice.posts("goes away").in_room(&den).await;
    let mut listener = bob.listens_in(&den).await;
    alice.deletes(&message).await;
    let told = listener.hears("message_deleted").await;
    assert_eq!(told["id"], message["id"]);
    assert!(!told.to_string().contains("goes away"), "{told}");

    for person in [&alice, &bob] {
        person.get(&path(&message)).await.refused(404, "not_found");
        person.delete(&path(&message)).await.refused(404, "not_found");
        let page = person.get(&den.messages()).await.is(200);
        assert_eq!(page.json()["count"], 1);
        assert!(!page.text().contains("goes away"), "{page}");
        let rooms = person.get("/api/rooms/").await.is(200);
        assert!(!rooms.text().contains("goes away"), "{rooms}");
    }
    listener.hears_nothing().await;
}

#[tokio::test]
async fn an_author_who_left_finds_the_message_no_more() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    let message = bob.posts("mine").in_room(&den).await;
    bob.leaves(&den).await;
    bob.get(&path(&message)).await.refused(404, "not_found");
    bob.delete(&path(&message)).await.refused(404, "not_found");
    assert_eq!(alice.reads(&den).await, ["mine"]);
}
