//! How a person is shown: whoever sees them in a chat hears of a new name or picture.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::words::{Chat, Line, dm, group, say};
use crate::world::bytes::{PNG, Part, file};
use crate::world::{Fireside, Person, people};

/// Chats of which a name is told at once.
const TOLD: usize = 50;

async fn is_called(who: &Person, change: &Value) {
    who.patch(&format!("/api/users/{}/", who.id), change).await.is(200);
}

/// The next frames are so many updates of chats: by chat.
async fn hears_updates(line: &mut Line, count: usize) -> BTreeMap<i64, Value> {
    let mut heard = BTreeMap::new();
    for _ in 0..count {
        let frame = line.hears("chat_updated").await;
        heard.insert(frame["chat"].as_i64().unwrap(), frame["data"].clone());
    }
    assert_eq!(heard.len(), count, "each chat once");
    heard
}

fn member<'a>(data: &'a Value, who: &Person) -> &'a Value {
    data["members"].as_array().unwrap().iter().find(|member| member["id"] == who.id).unwrap()
}

#[tokio::test]
async fn a_new_name_or_picture_is_heard_by_those_who_see_it() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol);
    let (pair, team) = (dm(&alice, &bob).await, group(&bob, "Team", &[&alice]).await);
    dm(&bob, &carol).await;
    say(&alice, "hello", pair).await;
    let (mut alices, mut bobs, mut carols) = (Line::to(&alice).await, Line::to(&bob).await, Line::to(&carol).await);

    is_called(&alice, &json!({"display_name": "Alice Liddell"})).await;
    let told = hears_updates(&mut bobs, 2).await;
    assert_eq!(told[&pair.id]["title"], "Alice Liddell");
    assert_eq!(told[&team.id]["title"], "Team");
    for data in told.values() {
        assert_eq!(member(data, &alice)["display_name"], "Alice Liddell");
    }
    let own = hears_updates(&mut alices, 2).await;
    assert_eq!(own[&pair.id]["title"], "bob", "each sees it in their own way");
    carols.hears_nothing().await;

    // What nobody sees in a chat is no news of it.
    is_called(&alice, &json!({"display_name": "Alice Liddell", "bio": "curiouser"})).await;
    bobs.hears_nothing().await;

    let picture = Part { field: "avatar", ..file("me.png", "image/png", PNG) };
    let path = format!("/api/users/{}/", alice.id);
    alice.asks(reqwest::Method::PATCH, &path).parts(&[picture]).await.is(200);
    let told = hears_updates(&mut bobs, 2).await;
    assert!(member(&told[&pair.id], &alice)["avatar_url"].is_string());
    carols.hears_nothing().await;
}

#[tokio::test]
async fn whoever_put_the_chat_away_is_not_reminded_of_it() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let pair = dm(&alice, &bob).await;
    bob.delete(&pair.path()).await.is(204);
    let (mut alices, mut bobs) = (Line::to(&alice).await, Line::to(&bob).await);
    is_called(&alice, &json!({"display_name": "Alice Liddell"})).await;
    bobs.hears_nothing().await;
    hears_updates(&mut alices, 1).await;
    // The other way round it is shown there, and so it is told there.
    is_called(&bob, &json!({"display_name": "Robert"})).await;
    assert_eq!(hears_updates(&mut alices, 1).await[&pair.id]["title"], "Robert");
    bobs.hears_nothing().await;
}

#[tokio::test]
async fn of_very_many_chats_those_spoken_in_last_are_told() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let mut chats: Vec<Chat> = Vec::new();
    for number in 0..=TOLD {
        chats.push(group(&alice, &format!("group {number}"), &[&bob]).await);
    }
    say(&bob, "the oldest speaks again", chats[0]).await;
    let mut bobs = Line::to(&bob).await;
    is_called(&alice, &json!({"display_name": "Alice Liddell"})).await;
    let told = hears_updates(&mut bobs, TOLD).await;
    bobs.hears_nothing().await;
    assert!(told.contains_key(&chats[0].id) && !told.contains_key(&chats[1].id), "{:?}", told.keys());
}
