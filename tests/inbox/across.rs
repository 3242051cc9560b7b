//! One world: what is said here is read and heard through `rooms`, and back.

use serde_json::json;

use super::{MESSAGES, inbox, talks_with, update, writes};
use crate::world::{Fireside, Person, Room, contents, id, people};

/// The direct chat as rooms know it.
async fn as_room(person: &Person) -> Room {
    let rooms = person.get("/api/rooms/").await.is(200).results();
    let direct: Vec<_> = rooms.iter().filter(|room| room["is_direct"] == true).collect();
    assert_eq!(direct.len(), 1, "{rooms:?}");
    Room::of(direct[0])
}

#[tokio::test]
async fn a_message_from_here_is_read_and_heard_in_rooms() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    writes(&alice, &bob, "first").await;
    let room = as_room(&bob).await;
    let mut in_room = bob.listens_in(&room).await;
    let message = writes(&alice, &bob, "second").await;
    let heard = in_room.hears_message("second").await;
    assert_eq!((id(&heard), &heard["author"]["username"]), (id(&message), &json!("alice")));
    alice.post(&update(&message), &json!({"content": "edited"})).await.is(200);
    assert_eq!(in_room.hears("message_updated").await["content"], "edited");
    assert_eq!(bob.reads(&room).await, ["edited", "first"]);
    alice.delete(&super::delete(&message)).await.is(204);
    assert_eq!(in_room.hears("message_deleted").await["id"], message["id"]);
    assert_eq!(bob.reads(&room).await, ["first"]);
}

#[tokio::test]
async fn a_message_from_rooms_is_read_and_heard_here() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    writes(&alice, &bob, "first").await;
    let room = as_room(&alice).await;
    let mut listener = talks_with(&alice, "bob").await;
    let posted = bob.posts("from a room").in_room(&room).await;
    let expected = json!({"sender": "bob", "receiver": "alice", "message": "from a room", "id": posted["id"]});
    assert_eq!(listener.frame().await, expected);
    assert_eq!(contents(&inbox(&alice).await), ["from a room", "first"]);
    let mut in_room = bob.listens_in(&room).await;
    in_room.says_message("said in a room").await;
    assert_eq!(listener.frame().await["message"], "said in a room");
    bob.deletes(&posted).await;
    let expected = json!({"sender": "bob", "receiver": "alice", "deleted_message_id": posted["id"]});
    assert_eq!(listener.frame().await, expected);
}

#[tokio::test]
async fn a_message_with_a_file_alone_has_no_words_here() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    writes(&alice, &bob, "first").await;
    let room = as_room(&alice).await;
    let mut listener = talks_with(&alice, "bob").await;
    let file = bob.uploads("a.txt", b"a").await;
    bob.posts("").with_file(&file).in_room(&room).await;
    let frame = listener.frame().await;
    assert_eq!(frame["message"], "");
    assert_eq!(frame.as_object().unwrap().len(), 4, "{frame}");
    assert_eq!(contents(&inbox(&alice).await), ["", "first"]);
}

#[tokio::test]
async fn at_the_root_a_message_by_its_number_is_that_of_rooms() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let message = writes(&alice, &bob, "hi").await;
    let path = format!("{MESSAGES}{}/", id(&message));
    assert_eq!(bob.get(&path).await.is(200).json()["author"]["username"], "alice");
    bob.through("/d/inbox").get(&path).await.refused(404, "not_found");
}
