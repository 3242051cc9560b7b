//! Pins: messages that are kept in sight.

use serde_json::{Value, json};

use super::words::{Chat, FORBIDDEN, Line, NOT_FOUND, NOT_SIGNED_IN, Refused, dm, group, path, say};
use crate::world::{Caller, Fireside, id, people};

fn pin(message: &Value) -> String {
    format!("{}pin/", path(message))
}

fn pins(chat: Chat) -> String {
    format!("{}pins/", chat.path())
}

async fn pinned(who: &Caller, chat: Chat) -> Vec<i64> {
    let found = who.get(&pins(chat)).await.is(200).results();
    assert!(found.iter().all(|message| message["is_pinned"] == true), "{found:?}");
    found.iter().map(id).collect()
}

#[tokio::test]
async fn admins_pin_in_a_group_and_all_hear_it() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, eve);
    let chat = group(&alice, "Team", &[&bob]).await;
    let (one, two) = (say(&bob, "one", chat).await, say(&bob, "two", chat).await);
    assert_eq!(one["is_pinned"], false);
    let mut bobs = Line::to(&bob).await;
    let since = bobs.hello["seq"].clone();
    let now = alice.does(&pin(&one)).await.is(200).json();
    assert_eq!((&now["is_pinned"], &now["is_edited"], &now["content"]), (&json!(true), &json!(false), &json!("one")));
    let told = bobs.hears("message_updated").await;
    assert_eq!((&told["message"]["id"], &told["message"]["is_pinned"]), (&one["id"], &json!(true)));
    assert!(told["seq"].as_i64().unwrap() > since.as_i64().unwrap(), "{told}");
    // Again: the same, and nobody is told.
    assert_eq!(alice.does(&pin(&one)).await.is(200).json()["seq"], now["seq"]);
    bobs.hears_nothing().await;
    alice.does(&pin(&two)).await.is(200);
    bobs.hears("message_updated").await;
    assert_eq!(pinned(&bob, chat).await, [id(&two), id(&one)], "the latest pinned first");
    assert_eq!(bob.get(&path(&one)).await.json()["is_pinned"], true);
    let listed = bob.get(&chat.messages()).await.results();
    assert!(listed.iter().all(|message| message["is_pinned"] == true), "{listed:?}");
    let missed = bob.get(&format!("/messages/api/sync/?since={since}")).await.is(200).json();
    assert_eq!(missed["messages"].as_array().unwrap().len(), 2, "who was away catches up");

    // Members who are no admins may not; others learn nothing.
    bob.does(&pin(&one)).await.denied(403, FORBIDDEN);
    bob.delete(&pin(&one)).await.denied(403, FORBIDDEN);
    let unknown = pin(&json!({"id": 999_999}));
    for path in [pin(&one), unknown.clone()] {
        eve.does(&path).await.denied(404, NOT_FOUND);
        eve.delete(&path).await.denied(404, NOT_FOUND);
        fireside.anyone().does(&path).await.denied(401, NOT_SIGNED_IN);
    }
    alice.does(&unknown).await.denied(404, NOT_FOUND);
    eve.get(&pins(chat)).await.denied(404, NOT_FOUND);
    eve.get(&pins(Chat { id: 999 })).await.denied(404, NOT_FOUND);
    assert_eq!(pinned(&alice, chat).await.len(), 2, "the refused have changed nothing");

    alice.delete(&pin(&one)).await.is(204);
    let told = bobs.hears("message_updated").await;
    assert_eq!((&told["message"]["id"], &told["message"]["is_pinned"]), (&one["id"], &json!(false)));
    alice.delete(&pin(&one)).await.is(204);
    bobs.hears_nothing().await;
    bob.delete(&path(&two)).await.is(204);
    assert!(pinned(&alice, chat).await.is_empty(), "a deleted message is in no list");
    let fireside = fireside.restarts().await;
    let alice = alice.back_to(&fireside);
    assert_eq!(alice.get(&path(&one)).await.json()["is_pinned"], false);
}

#[tokio::test]
async fn both_sides_pin_in_a_direct_chat() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = dm(&alice, &bob).await;
    let (one, two) = (say(&alice, "one", chat).await, say(&alice, "two", chat).await);
    bob.does(&pin(&one)).await.is(200);
    alice.does(&pin(&two)).await.is(200);
    assert_eq!(pinned(&alice, chat).await, [id(&two), id(&one)]);
    // An edit keeps the pin; the other dialects have no word for either.
    let edited = alice.patch(&path(&two), &json!({"content": "two!"})).await.is(200).json();
    assert_eq!(edited["is_pinned"], true);
    alice.delete(&chat.path()).await.is(204);
    assert!(pinned(&alice, chat).await.is_empty(), "what was cleared is out of sight");
    alice.does(&pin(&one)).await.denied(404, NOT_FOUND);
    assert_eq!(pinned(&bob, chat).await.len(), 2);
}

#[tokio::test]
async fn a_chat_has_fifty_pins_and_lists_them_in_parts() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let (chat, other) = (group(&alice, "Team", &[]).await, group(&alice, "Other", &[]).await);
    let mut sent = Vec::new();
    for number in 0..51 {
        sent.push(say(&alice, &number.to_string(), chat).await);
    }
    for message in &sent[..50] {
        alice.does(&pin(message)).await.is(200);
    }
    let refused = alice.does(&pin(&sent[50])).await.is(400);
    assert_eq!(refused.json()["error"], "Invalid request");
    alice.does(&pin(&say(&alice, "elsewhere", other).await)).await.is(200);
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let part = alice.get(&format!("{}?limit=20{cursor}", pins(chat))).await.is(200).json();
        seen.extend(part["results"].as_array().unwrap().iter().map(id));
        let Some(next) = part["next"].as_str() else { break };
        alice.get(&format!("{}?cursor={next}", pins(other))).await.blames("cursor");
        cursor = format!("&cursor={next}");
    }
    let mut expected: Vec<i64> = sent[..50].iter().map(id).collect();
    expected.reverse();
    assert_eq!(seen, expected);
    alice.delete(&pin(&sent[0])).await.is(204);
    alice.does(&pin(&sent[50])).await.is(200);
}
