//! Of what one is told in each chat: levels and mutes.

use serde_json::{Value, json};

use super::words::{Chat, Line, NOT_FOUND, NOT_SIGNED_IN, Refused, comes_true, dm, group, say, seen};
use crate::world::{Fireside, Person, people};

fn path(chat: Chat) -> String {
    format!("{}notify/", chat.path())
}

async fn sets(who: &Person, chat: Chat, change: Value) -> Value {
    who.patch(&path(chat), &change).await.is(200).json()
}

fn told(level: &str, until: impl Into<Value>) -> Value {
    json!({"level": level, "muted_until": until.into()})
}

#[tokio::test]
async fn levels_and_mutes_are_ones_own_on_all_of_ones_devices() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = group(&alice, "Team", &[&bob]).await;
    assert_eq!(seen(&bob, chat).await["notify"], told("all", Value::Null));
    let (mut alices, mut bobs) = (Line::to(&alice).await, Line::to(&bob).await);
    assert_eq!(sets(&bob, chat, json!({"level": "mentions"})).await, told("mentions", Value::Null));
    let heard = bobs.hears("chat_updated").await;
    assert_eq!((&heard["chat"], &heard["data"]["notify"]), (&json!(chat.id), &told("mentions", Value::Null)));
    assert_eq!((&heard["data"]["title"], &heard["data"]["unread_count"]), (&json!("Team"), &json!(0)));
    let until = "2999-01-01T00:00:00.000Z";
    let muted = sets(&bob, chat, json!({"muted_until": "2999-01-01T01:00:00+01:00", "user_id": alice.id})).await;
    assert_eq!(muted, told("mentions", until), "what is not named stays");
    assert_eq!(bobs.hears("chat_updated").await["data"]["notify"], muted);
    alices.hears_nothing().await;
    assert_eq!(seen(&alice, chat).await["notify"], told("all", Value::Null), "for oneself alone");
    assert_eq!(seen(&bob, chat).await["notify"], muted);
    // Again: the same, and nothing is told.
    assert_eq!(sets(&bob, chat, json!({"level": "mentions"})).await, muted);
    assert_eq!(sets(&bob, chat, json!({})).await, muted);
    bobs.hears_nothing().await;
    // A frame about the chat itself has everybody's own, or nobody's.
    say(&alice, "hi @bob", chat).await;
    for line in [&mut alices, &mut bobs] {
        line.hears_message("hi @bob").await;
    }
    alice.patch(&chat.path(), &json!({"title": "Crew"})).await.is(200);
    let (hers, his) = (alices.hears("chat_updated").await, bobs.hears("chat_updated").await);
    assert_eq!((&hers["data"]["notify"], &hers["data"]["mention_count"]), (&told("all", Value::Null), &json!(0)));
    assert_eq!((&his["data"]["notify"], &his["data"]["mention_count"]), (&muted, &json!(1)));
    assert_eq!((&his["data"]["unread_count"], &his["data"]["title"]), (&json!(1), &json!("Crew")));

    assert_eq!(sets(&bob, chat, json!({"muted_until": "forever"})).await, told("mentions", "forever"));
    assert_eq!(seen(&bob, chat).await["mention_count"], 1, "whatever one's level");
    let fireside = fireside.restarts().await;
    let bob = bob.back_to(&fireside);
    assert_eq!(seen(&bob, chat).await["notify"], told("mentions", "forever"));
    assert_eq!(sets(&bob, chat, json!({"level": null, "muted_until": null})).await, told("all", Value::Null));
    sets(&bob, chat, json!({"level": "nothing"})).await;
    let form = bob.asks(reqwest::Method::PATCH, &path(chat)).form(&[("muted_until", "forever")]).await;
    assert_eq!(form.is(200).json(), told("nothing", "forever"));
}

#[tokio::test]
async fn a_mute_that_is_over_is_none() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = dm(&alice, &bob).await;
    assert_eq!(sets(&bob, chat, json!({"muted_until": "2001-01-01T00:00:00Z"})).await, told("all", Value::Null));
    let soon = std::time::SystemTime::now() + std::time::Duration::from_millis(300);
    let soon = humantime::format_rfc3339_millis(soon).to_string();
    assert_eq!(sets(&bob, chat, json!({"muted_until": soon})).await, told("all", soon.clone()));
    comes_true(async || seen(&bob, chat).await["notify"] == told("all", Value::Null)).await;
}

#[tokio::test]
async fn the_default_follows_the_size_until_it_is_set() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol);
    let mut crowd = vec![bob.id];
    for number in 0..18 {
        crowd.push(fireside.registers(&format!("guest{number}")).await.id);
    }
    let wish = json!({"chat_type": "group", "title": "Hall", "member_ids": crowd});
    let hall = Chat { id: crate::world::id(&alice.post(super::words::CHATS, &wish).await.is(201).json()) };
    sets(&bob, hall, json!({"level": "all"})).await;
    assert_eq!(seen(&alice, hall).await["notify"]["level"], "all", "of 20");
    alice.post(&hall.add(), &json!({"user_ids": [carol.id]})).await.is(200);
    assert_eq!(seen(&alice, hall).await["notify"]["level"], "mentions", "of 21");
    assert_eq!(seen(&carol, hall).await["notify"]["level"], "mentions");
    assert_eq!(seen(&bob, hall).await["notify"]["level"], "all", "as he said");
    alice.delete(&hall.remove(&carol)).await.is(204);
    assert_eq!(seen(&alice, hall).await["notify"]["level"], "all");
}

#[tokio::test]
async fn only_members_say_it_and_only_so() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, eve);
    let chat = group(&alice, "Team", &[&bob]).await;
    let open = alice.opens_room("open").await;
    let change = json!({"level": "nothing"});
    for chat in [chat, Chat { id: open.id }, Chat { id: 999 }] {
        eve.patch(&path(chat), &change).await.denied(404, NOT_FOUND);
    }
    fireside.anyone().patch(&path(chat), &change).await.denied(401, NOT_SIGNED_IN);
    for wrong in [json!("some"), json!(""), json!(7), json!(["all"])] {
        bob.patch(&path(chat), &json!({"level": wrong})).await.blames("level");
    }
    for wrong in ["soon", "2999-01-01", "2999-01-01T00:00:00", "9999-12-31T23:59:59-01:00", ""] {
        bob.patch(&path(chat), &json!({"muted_until": wrong})).await.blames("muted_until");
    }
    bob.patch(&path(chat), &json!({"muted_until": 4_102_444_800_i64})).await.blames("muted_until");
    assert_eq!(seen(&bob, chat).await["notify"], told("all", Value::Null));
}
