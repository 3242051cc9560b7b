//! The socket with one user: frames exactly as the document has them.

use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::world::{Ear, Fireside, Person};

async fn listens(me: &Person, other: &str) -> Ear {
    me.knocks_at(&format!("/ws/chat/{other}/")).enters().await
}

#[tokio::test]
async fn a_message_is_said_changed_and_deleted() {
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    // Both may listen before there is a chat between them.
    let (mut hers, mut his) = (listens(&alice, "BOB").await, listens(&bob, "alice").await);
    hers.says(&json!({"message": "  hello "})).await;
    let said = hers.frame().await;
    let id = said["id"].as_i64().unwrap();
    assert_eq!(said, json!({"sender": "alice", "receiver": "bob", "message": "hello", "id": id}));
    assert_eq!(his.frame().await, said);

    hers.says(&json!({"message_id": id, "message": "hello!"})).await;
    let changed = json!({"sender": "alice", "receiver": "bob", "message": "hello!", "message_id": id});
    assert_eq!(hers.frame().await, changed);
    assert_eq!(his.frame().await, changed);

    hers.says(&json!({"delete_message_id": id.to_string()})).await;
    let deleted = json!({"sender": "alice", "receiver": "bob", "deleted_message_id": id});
    assert_eq!(hers.frame().await, deleted);
    assert_eq!(his.frame().await, deleted);
    assert_eq!(alice.get("/api/messages/").await.json()["count"], 0);
}

#[tokio::test]
async fn only_this_pair_is_heard_and_changed() {
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let carol = fireside.registers("carol").await;
    let mut ear = listens(&alice, "bob").await;
    let to_carol = json!({"receiver": carol.id, "content": "for carol"});
    let elsewhere = alice.post("/api/messages/", &to_carol).await.is(201).json()["id"].as_i64().unwrap();
    let from_bob = json!({"receiver": alice.id, "content": "from bob"});
    let his = bob.post("/api/messages/", &from_bob).await.is(201).json()["id"].as_i64().unwrap();
    assert_eq!(ear.frame().await["message"], "from bob", "and nothing of carol's");

    let error = async |ear: &mut Ear, frame: serde_json::Value| {
        ear.says(&frame).await;
        let told = ear.frame().await;
        assert_eq!(told.as_object().unwrap().len(), 1, "{told}");
        told["error"].as_str().unwrap_or_else(|| panic!("no error: {told}")).to_owned()
    };
    let unknown = error(&mut ear, json!({"message_id": 999_999, "message": "x"})).await;
    assert_eq!(error(&mut ear, json!({"message_id": elsewhere, "message": "x"})).await, unknown);
    assert_eq!(error(&mut ear, json!({"delete_message_id": elsewhere})).await, unknown);
    let own_only = error(&mut ear, json!({"message_id": his, "message": "x"})).await;
    assert_eq!(own_only, "You can only edit your own messages");
    let own_only = error(&mut ear, json!({"delete_message_id": his})).await;
    assert_eq!(own_only, "You can only delete your own messages");
    assert_eq!(carol.get("/api/messages/").await.results()[0]["content"], "for carol");
}

#[tokio::test]
async fn what_cannot_be_read_is_an_error_to_the_sender_alone() {
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let (mut hers, mut his) = (listens(&alice, "bob").await, listens(&bob, "alice").await);
    let long = json!({"message": "x".repeat(10_001)}).to_string();
    let frames = [
        "{",
        "[]",
        "7",
        "{}",
        r#"{"message":7}"#,
        r#"{"message":" "}"#,
        r#"{"message_id":"x","message":"y"}"#,
        r#"{"message_id":1}"#,
        r#"{"delete_message_id":{}}"#,
        long.as_str(),
    ];
    for frame in frames {
        hers.sends(Message::text(frame)).await;
        assert!(hers.frame().await["error"].is_string(), "{frame}");
    }
    hers.sends(Message::binary(vec![1, 2, 3])).await;
    assert!(hers.frame().await["error"].is_string());
    hers.says(&json!({"message": "still here"})).await;
    assert_eq!(hers.frame().await["message"], "still here");
    assert_eq!(his.frame().await["message"], "still here", "nothing of the rest came here");
}

#[tokio::test]
async fn a_resend_on_the_socket_is_told_to_its_sender_alone() {
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let (mut hers, mut his) = (listens(&alice, "bob").await, listens(&bob, "alice").await);
    let once = json!({"message": "once", "client_id": "k"});
    hers.says(&once).await;
    let first = hers.frame().await;
    hers.says(&once).await;
    assert_eq!(hers.frame().await, first);
    hers.says(&json!({"message": "twice", "client_id": "k"})).await;
    assert!(hers.frame().await["error"].is_string());
    hers.says(&json!({"message": "next"})).await;
    assert_eq!(his.frame().await, first);
    assert_eq!(his.frame().await["message"], "next");
}

#[tokio::test]
async fn nobody_to_talk_to_is_not_found() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    alice.knocks_at("/ws/chat/nobody/").turned_away_with(404).await;
    alice.knocks_at("/d/inbox/ws/chat/12345/").turned_away_with(404).await;
    let mut ear = alice.knocks_at("/ws/chat/nobody/").with("Origin", &fireside.url).enters().await;
    ear.is_closed_with(4404).await;
    fireside.anyone().knocks_at("/ws/chat/alice/").turned_away_with(401).await;
    // Notes to self.
    let mut ear = listens(&alice, "alice").await;
    ear.says(&json!({"message": "milk"})).await;
    let told = ear.frame().await;
    assert_eq!((&told["sender"], &told["receiver"]), (&json!("alice"), &json!("alice")));
}
