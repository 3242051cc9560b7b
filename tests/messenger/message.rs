//! `…/chatrooms/{room_name}/messages/`: saying something.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{Chatroom, PLACES, is_a_moment};
use crate::world::{Answer, Fireside, Person, Room, id, people};

/// Alice and bob, and their room.
async fn scene() -> (Fireside, Person, Person, Chatroom) {
    scene_with(&[]).await
}

async fn scene_with(flags: &[&str]) -> (Fireside, Person, Person, Chatroom) {
    let fireside = Fireside::start_with(flags).await;
    people!(fireside: alice, bob);
    let room = alice.chatroom_with("bob").await;
    (fireside, alice, bob, room)
}

async fn sends(person: &Person, room: &Chatroom, body: Value) -> Answer {
    person.post(&room.messages(), &body).await
}

#[tokio::test]
async fn a_message_is_sent_and_read_as_documented() {
    let (_fireside, alice, bob, room) = scene().await;
    let said = sends(&alice, &room, json!({"content": " Привет!\n"})).await.is(201).json();
    let expected = json!({"id": id(&said), "user": "alice", "content": "Привет!", "timestamp": said["timestamp"]});
    assert_eq!(said, expected);
    is_a_moment(&said["timestamp"]);
    for place in PLACES {
        bob.through(place).get(&room.messages()).await.says(200, &json!([expected]));
    }
}

#[tokio::test]
async fn a_form_and_a_path_without_slash_do_as_well() {
    let (_fireside, alice, bob, room) = scene().await;
    let bare = room.messages().trim_end_matches('/').to_owned();
    for (number, place) in PLACES.into_iter().enumerate() {
        let text = format!("form & {number}");
        alice.through(place).sends_form(&bare, &[("content", &text)]).await.is(201);
        bob.through(place).get(&bare).await.is(200);
    }
    assert_eq!(bob.reads_chatroom(&room).await, ["form & 0", "form & 1"]);
}

#[tokio::test]
async fn text_is_needed_and_is_text() {
    let (_fireside, alice, bob, room) = scene().await;
    let mut listener = bob.listens_at(&room).await;
    for wrong in [json!(null), json!(""), json!(" \n\t"), json!(5), json!(true), json!(["hi"]), json!({"text": "hi"})] {
        sends(&alice, &room, json!({ "content": wrong })).await.blames("content");
    }
    let nothing = sends(&alice, &room, json!({})).await;
    nothing.says(400, &json!({"content": ["This field is required."]}));
    for wrong in [json!([]), json!("content"), json!(null)] {
        sends(&alice, &room, wrong).await.refused_with_detail(400);
    }
    assert!(alice.reads_chatroom(&room).await.is_empty());
    listener.hears_no_more().await;
    alice.says_in(&room, "at last").await;
    listener.hears_said("at last").await;
}

#[tokio::test]
async fn a_message_ends_where_the_server_says() {
    let (_fireside, alice, bob, room) = scene().await;
    // Characters are counted, not bytes: these are four bytes each.
    let fits = "🔥".repeat(10_000);
    assert_eq!(alice.says_in(&room, &fits).await["content"], fits.as_str());
    let over = json!({"content": "🔥".repeat(10_001)});
    sends(&alice, &room, over).await.blames("content");
    assert_eq!(bob.reads_chatroom(&room).await, [fits]);

    let (_fireside, alice, _, room) = scene_with(&["--max-message", "20"]).await;
    alice.says_in(&room, &"x".repeat(20)).await;
    sends(&alice, &room, json!({"content": "x".repeat(21)})).await.blames("content");
}

#[tokio::test]
async fn who_wrote_it_is_never_taken_from_the_body() {
    let (_fireside, alice, bob, room) = scene().await;
    let other = alice.chatroom_with("alice").await;
    let forged = json!({
        "content": "hi", "id": 4711, "user": "alice", "author": alice.id, "sender": alice.id,
        "room": other.id, "chat": other.id, "timestamp": "1999-01-01T00:00:00.000Z",
    });
    let said = sends(&bob, &room, forged).await.is(201).json();
    assert_eq!(said["user"], "bob");
    assert_ne!(said["id"], 4711);
    assert!(!said["timestamp"].as_str().unwrap().starts_with("1999"));
    assert!(alice.reads_chatroom(&other).await.is_empty());
}

#[tokio::test]
async fn the_same_key_brings_the_first_message_again() {
    let (_fireside, alice, bob, room) = scene().await;
    let mut listener = bob.listens_at(&room).await;
    let body = json!({"content": "hi", "client_id": "k1"});
    let first = sends(&alice, &room, body.clone()).await.is(201).json();
    sends(&alice, &room, body).await.says(200, &first);
    let header = || alice.post(&room.messages(), &json!({"content": "hi"})).with("Idempotency-Key", "k1");
    header().await.says(200, &first);
    let form = [("content", "hi"), ("client_id", "k1")];
    alice.sends_form(&room.messages(), &form).await.says(200, &first);
    // The key is alice's alone.
    sends(&bob, &room, json!({"content": "hi", "client_id": "k1"})).await.is(201);

    sends(&alice, &room, json!({"content": "ho", "client_id": "k1"})).await.refused_with_detail(409);
    let elsewhere = alice.chatroom_with("alice").await;
    sends(&alice, &elsewhere, json!({"content": "hi", "client_id": "k1"})).await.refused_with_detail(409);
    assert_eq!(listener.hears_said("hi").await["user"], "alice");
    assert_eq!(listener.hears_said("hi").await["user"], "bob");
    listener.hears_no_more().await;
    assert_eq!(bob.reads_chatroom(&room).await, ["hi", "hi"]);
}

#[tokio::test]
async fn a_key_has_a_length_and_a_type() {
    let (_fireside, alice, _, room) = scene().await;
    sends(&alice, &room, json!({"content": "hi", "client_id": "k".repeat(64)})).await.is(201);
    for wrong in [json!("k".repeat(65)), json!(""), json!(5), json!([])] {
        sends(&alice, &room, json!({"content": "hi", "client_id": wrong})).await.blames("client_id");
    }
    let header = alice.post(&room.messages(), &json!({"content": "hi"})).with("Idempotency-Key", &"k".repeat(65));
    header.await.blames("Idempotency-Key");
    assert_eq!(alice.reads_chatroom(&room).await.len(), 1);
}

#[tokio::test]
async fn thirty_two_tries_at_once_make_one_message() {
    let (_fireside, alice, bob, room) = scene().await;
    let body = json!({"content": "once", "client_id": "k"});
    let answers = join_all((0..32).map(|_| sends(&alice, &room, body.clone()))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 31);
    assert!(answers.iter().all(|answer| answer.json() == answers[0].json()));
    assert_eq!(bob.reads_chatroom(&room).await, ["once"]);
}

#[tokio::test]
async fn a_key_is_one_for_all_dialects_and_across_restarts() {
    let (fireside, alice, bob, room) = scene().await;
    let same = Room { id: room.id };
    let first = alice.posts("hi").known_as("k").in_room(&same).await;
    let again = sends(&alice, &room, json!({"content": "hi", "client_id": "k"})).await.is(200).json();
    assert_eq!(id(&again), id(&first));
    let fireside = fireside.dies_and_restarts().await;
    let (alice, bob) = (alice.back_to(&fireside), bob.back_to(&fireside));
    sends(&alice, &room, json!({"content": "hi", "client_id": "k"})).await.says(200, &again);
    assert_eq!(bob.reads_chatroom(&room).await, ["hi"]);
}

#[tokio::test]
async fn what_rooms_says_is_read_here_and_the_other_way_round() {
    let (_fireside, alice, bob, room) = scene().await;
    let same = Room { id: room.id };
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    for (there, here) in [(&same, &room), (&den, &Chatroom::of_group(&den))] {
        let mut listener = bob.listens_in(there).await;
        let theirs = alice.posts("from rooms").in_room(there).await;
        listener.hears_message("from rooms").await;
        let ours = bob.says_in(here, "from messenger").await;
        let heard = listener.hears_message("from messenger").await;
        assert_eq!(id(&heard), id(&ours));
        let history = alice.get(&here.messages()).await.is(200).json();
        let expected = json!([
            {"id": theirs["id"], "user": "alice", "content": "from rooms", "timestamp": theirs["created_at"]},
            ours,
        ]);
        assert_eq!(history, expected);
        assert_eq!(bob.reads(there).await, ["from messenger", "from rooms"]);

        alice.deletes(&theirs).await;
        assert_eq!(bob.reads_chatroom(here).await, ["from messenger"]);
    }
}

#[tokio::test]
async fn a_file_alone_is_a_message_without_words() {
    let (_fireside, alice, bob, room) = scene().await;
    let file = alice.uploads("a.txt", b"a").await;
    alice.posts("").with_file(&file).in_room(&Room { id: room.id }).await;
    assert_eq!(bob.reads_chatroom(&room).await, [""]);
    // Files are not of this document, and what it does not know it ignores.
    let other = alice.uploads("b.txt", b"b").await;
    sends(&alice, &room, json!({"content": "", "attachments": [id(&other)]})).await.blames("content");
    sends(&alice, &room, json!({"content": "hi", "attachments": [id(&other)]})).await.is(201);
    alice.posts("still unused").with_file(&other).in_room(&Room { id: room.id }).await;
}
