//! What a socket says on connect: all that was said, oldest first.

use serde_json::{Value, json};

use crate::world::{Ear, Fireside, Person, id};

struct Two {
    alice: Person,
    bob: Person,
    chat: i64,
}

async fn two(fireside: &Fireside) -> Two {
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let chat = id(&alice.post("/api/chats/create/", &json!({"user_id": bob.id})).await.is(201).json());
    Two { alice, bob, chat }
}

impl Two {
    async fn listens(&self, me: &Person) -> Ear {
        me.knocks_at(&format!("/ws/chat/{}/", self.chat)).enters().await
    }

    /// Said over REST, through another document.
    async fn says(&self, me: &Person, text: &str) -> i64 {
        id(&me.post(&format!("/api/rooms/{}/messages/", self.chat), &json!({"content": text})).await.is(201).json())
    }
}

fn told(frame: &Value) -> (&str, bool) {
    assert_eq!(frame.as_object().unwrap().len(), 1, "{frame}");
    let message = frame["message"].as_object().unwrap();
    let mut keys: Vec<_> = message.keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["body", "created", "id", "is_read", "sender"]);
    (message["body"].as_str().unwrap(), message["is_read"].as_bool().unwrap())
}

#[tokio::test]
async fn the_past_comes_first_and_is_read_then() {
    let fireside = Fireside::start().await;
    let two = two(&fireside).await;
    two.says(&two.alice, "one").await;
    two.says(&two.bob, "two").await;
    let mut his = two.listens(&two.bob).await;
    let first = his.frame().await;
    assert_eq!(told(&first), ("one", false), "as before this connect");
    let created = first["message"]["created"].as_str().unwrap();
    assert_eq!((created.len(), &created[10..11]), (19, " "), "{created}");
    assert_eq!(told(&his.frame().await), ("two", false));
    his.says(&json!({"body": "live"})).await;
    assert_eq!(told(&his.frame().await), ("live", false));

    let mut again = two.listens(&two.bob).await;
    assert_eq!(told(&again.frame().await), ("one", true), "he read it at the first connect");
    assert_eq!(told(&again.frame().await), ("two", false), "she has not been here");
    assert_eq!(two.bob.get("/api/chats/").await.json()[0]["unread_count"], 0);
    assert_eq!(two.alice.get("/api/chats/").await.json()[0]["unread_count"], 2);
}

#[tokio::test]
async fn what_comes_while_connected_stays_unread_until_the_next_time() {
    let fireside = Fireside::start().await;
    let two = two(&fireside).await;
    two.says(&two.alice, "before").await;
    let mut his = two.listens(&two.bob).await;
    assert_eq!(told(&his.frame().await).0, "before");
    two.says(&two.alice, "meanwhile").await;
    assert_eq!(told(&his.frame().await), ("meanwhile", false));
    assert_eq!(two.bob.get("/api/chats/").await.json()[0]["unread_count"], 1);
    let mut again = two.listens(&two.bob).await;
    assert_eq!(told(&again.frame().await), ("before", true));
    assert_eq!(told(&again.frame().await), ("meanwhile", false));
    again.says(&json!({"body": "."})).await;
    again.frame().await;
    assert_eq!(two.bob.get("/api/chats/").await.json()[0]["unread_count"], 0);
}

#[tokio::test]
async fn a_long_past_comes_whole_and_in_order_while_others_write() {
    let fireside = Fireside::start().await;
    let two = two(&fireside).await;
    let mut mouth = two.alice.knocks_at(&format!("/ws/room/{}/", two.chat)).enters().await;
    for number in 0..1_500 {
        mouth.says_message(&format!("{number}")).await;
        mouth.hears_message(&format!("{number}")).await;
    }
    let mut his = two.listens(&two.bob).await;
    for number in 1_500..1_600 {
        mouth.says_message(&format!("{number}")).await;
        mouth.hears_message(&format!("{number}")).await;
    }
    for number in 0..1_600 {
        let frame = his.frame().await;
        assert_eq!(told(&frame).0, number.to_string());
    }
}

#[tokio::test]
async fn the_past_can_be_limited_to_the_newest() {
    let fireside = Fireside::start_with(&["--ws-history", "3"]).await;
    let two = two(&fireside).await;
    for number in 0..5 {
        two.says(&two.alice, &format!("{number}")).await;
    }
    let mut his = two.listens(&two.bob).await;
    for number in 2..5 {
        assert_eq!(told(&his.frame().await).0, number.to_string());
    }
    his.says(&json!({"body": "live"})).await;
    assert_eq!(told(&his.frame().await).0, "live");
    assert_eq!(two.bob.get("/api/chats/").await.json()[0]["unread_count"], 0, "the rest counts as read as well");
}
