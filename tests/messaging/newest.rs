//! The newest page is kept between changes: it is never older than the last answer, and
//! shows nobody what is not theirs.

use serde_json::{Value, json};

use super::words::{Chat, NOT_FOUND, Refused, dm, group, path, reactions, say};
use crate::world::{Fireside, Person, people};

/// The newest page, which may be kept, against the same messages read another way.
async fn look(who: &Person, chat: Chat) -> Value {
    let kept: Value = who.get(&chat.messages()).await.is(200).json();
    let mut read: Value = who.get(&format!("{}?after=0", chat.messages())).await.is(200).json();
    read["results"].as_array_mut().unwrap().reverse();
    assert_eq!((&kept["count"], &kept["results"]), (&read["count"], &read["results"]));
    let rooms = format!("/d/rooms/api/rooms/{}/messages/", chat.id);
    let rooms: Value = who.get(&rooms).await.is(200).json();
    let told = |page: &Value, field: &str| -> Vec<Value> {
        page["results"].as_array().unwrap().iter().map(|message| message[field].clone()).collect()
    };
    assert_eq!(told(&rooms, "id"), told(&kept, "id"));
    assert_eq!(told(&rooms, "content"), told(&kept, "content"));
    kept
}

#[tokio::test]
async fn the_newest_page_shows_every_change() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = group(&alice, "Team", &[&bob]).await;
    let other = group(&alice, "Elsewhere", &[]).await;
    let empty = look(&alice, chat).await;
    let first = say(&alice, "one", chat).await;
    let mut before = look(&alice, chat).await;
    assert_ne!(before, empty);
    let changes: [(&str, &str, String, Value); 7] = [
        ("a post", "POST", chat.messages(), json!({"content": "two"})),
        ("an edit", "PATCH", path(&first), json!({"content": "once"})),
        ("a reaction", "POST", reactions(&first), json!({"emoji": "👍"})),
        ("the same taken back", "POST", reactions(&first), json!({"emoji": "👍"})),
        ("reading", "POST", chat.read(), json!({"user_id": bob.id})),
        ("another name", "PATCH", format!("/api/users/{}/", bob.id), json!({"display_name": "Robert"})),
        ("a message of that name", "POST", chat.messages(), json!({"content": "three"})),
    ];
    for (what, method, path, body) in changes {
        let who = if ["an edit", "reading"].contains(&what) { &alice } else { &bob };
        let answer = who.asks(method.parse().unwrap(), &path).json(&body).await;
        assert!(answer.status < 300, "{what}: {answer}");
        let after = look(&alice, chat).await;
        assert_eq!(look(&bob, chat).await, after, "{what}");
        assert_ne!(after, before, "{what}");
        say(&alice, what, other).await;
        assert_eq!(look(&alice, chat).await, after, "what happens elsewhere is no matter");
        before = after;
    }
    alice.delete(&path(&first)).await.is(204);
    let after = look(&alice, chat).await;
    assert_eq!(after["count"], 2);
    assert!(!after.to_string().contains("once"), "{after}");
}

#[tokio::test]
async fn a_page_that_is_kept_is_nobody_elses() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol);
    let chat = group(&alice, "Team", &[&bob]).await;
    say(&alice, "ours", chat).await;
    let ours = look(&bob, chat).await;
    carol.get(&chat.messages()).await.denied(404, NOT_FOUND);
    fireside.anyone().get(&chat.messages()).await.is(401);
    alice.delete(&chat.remove(&bob)).await.is(204);
    look(&alice, chat).await;
    bob.get(&chat.messages()).await.denied(404, NOT_FOUND);
    bob.get(&format!("/d/rooms/api/rooms/{}/messages/", chat.id)).await.is(404);
    assert_eq!(look(&alice, chat).await["results"][0]["id"], ours["results"][0]["id"]);
}

#[tokio::test]
async fn whoever_cleared_a_chat_sees_their_own_page() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = dm(&alice, &bob).await;
    say(&alice, "before", chat).await;
    assert_eq!(look(&alice, chat).await["count"], 1);
    assert_eq!(look(&bob, chat).await["count"], 1);
    bob.delete(&chat.path()).await.is(204);
    say(&alice, "after", chat).await;
    assert_eq!(look(&alice, chat).await["count"], 2);
    let left = look(&bob, chat).await;
    assert_eq!((&left["count"], &left["results"][0]["content"]), (&json!(1), &json!("after")));
    assert_eq!(left["results"].as_array().unwrap().len(), 1);
}
