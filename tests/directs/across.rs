//! One world: what is said here is read and heard through the others, and back.

use serde_json::json;

use super::{chat_of, chats, enters, hears_body};
use crate::world::{Fireside, contents, id, people};

#[tokio::test]
async fn a_message_from_here_is_read_and_heard_elsewhere() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = chat_of(&alice, &bob).await;
    let mut in_room = bob.listens_in(&chat).await;
    let mut by_name = bob.handshake("/ws/chat/alice/").enters().await;
    let mut listener = enters(&alice, &chat).await;
    listener.says(&json!({"body": "hi"})).await;
    let said = hears_body(&mut listener, "hi", false).await;
    assert_eq!(id(&in_room.hears_message("hi").await), id(&said));
    let expected = json!({"sender": "alice", "receiver": "bob", "message": "hi", "id": said["id"]});
    assert_eq!(by_name.frame().await, expected);
    assert_eq!(bob.reads(&chat).await, ["hi"]);
    assert_eq!(contents(&bob.get("/api/messages/?user=alice").await.results()), ["hi"]);
}

#[tokio::test]
async fn a_message_from_elsewhere_is_read_and_heard_here() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    // The chat comes to be by the first message.
    let first = json!({"receiver": "bob", "content": "from inbox"});
    alice.post("/api/messages/", &first).await.is(201);
    let his = chats(&bob).await;
    assert_eq!(his[0]["last_message"]["body"], "from inbox");
    let chat = chat_of(&bob, &alice).await;
    assert_eq!(id(&his[0]), chat.id, "it was there already");
    let mut listener = enters(&bob, &chat).await;
    hears_body(&mut listener, "from inbox", false).await;
    let posted = alice.posts("from rooms").in_room(&chat).await;
    let heard = hears_body(&mut listener, "from rooms", false).await;
    assert_eq!((id(&heard), &heard["sender"]), (id(&posted), &json!("alice")));
    alice.posts("later").in_room(&chat).await;
    hears_body(&mut listener, "later", false).await;
    // A text can be changed elsewhere, but there is no word for it here.
    let path = format!("/api/messages/{}/update_message/", id(&posted));
    alice.post(&path, &json!({"content": "edited"})).await.is(200);
    listener.stays_silent().await;
}

#[tokio::test]
async fn a_message_with_a_file_alone_has_an_empty_body() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = chat_of(&alice, &bob).await;
    let file = alice.uploads("a.txt", b"a").await;
    alice.posts("").with_file(&file).in_room(&chat).await;
    let mut listener = enters(&bob, &chat).await;
    hears_body(&mut listener, "", false).await;
    assert_eq!(chats(&bob).await[0]["last_message"]["body"], "");
}

#[tokio::test]
async fn a_chat_put_away_elsewhere_is_not_listed_until_somebody_writes() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = chat_of(&alice, &bob).await;
    alice.posts("before").in_room(&chat).await;
    bob.delete(&format!("/messages/api/chats/{}/", chat.id)).await.is(204);
    assert!(chats(&bob).await.is_empty());
    assert_eq!(bob.get("/api/messages/").await.json()["count"], 0);
    assert_eq!(chats(&alice).await[0]["last_message"]["body"], "before", "her copy is hers");
    // By its number it is still there, with nothing in it; asking for it does not bring it back.
    let again = bob.post("/api/chats/create/", &json!({"user_id": alice.id})).await.is(201).json();
    assert_eq!((id(&again), &again["last_message"], &again["unread_count"]), (chat.id, &json!(null), &json!(0)));
    let mut listener = enters(&bob, &chat).await;
    listener.stays_silent().await;
    assert!(chats(&bob).await.is_empty());
    alice.posts("after").in_room(&chat).await;
    hears_body(&mut listener, "after", false).await;
    let his = chats(&bob).await;
    assert_eq!((&his[0]["last_message"]["body"], &his[0]["unread_count"]), (&json!("after"), &json!(1)));
    let mut listener = enters(&bob, &chat).await;
    hears_body(&mut listener, "after", false).await;
    listener.stays_silent().await;
}
