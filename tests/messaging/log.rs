//! What happened in a group beside what was said, for whoever opens it later.

use rusqlite::Connection;
use serde_json::{Value, json};

use super::words::{Chat, NOT_FOUND, Refused, dm, group, say};
use crate::world::{Caller, Fireside, people};

async fn log(who: &Caller, chat: Chat) -> Vec<Value> {
    who.get(&format!("{}log/", chat.path())).await.is(200).json()["results"].as_array().unwrap().clone()
}

/// Each entry as a line.
async fn told(who: &Caller, chat: Chat) -> Vec<String> {
    let line = |entry: &Value| {
        let name = |field: &str| entry[field]["username"].as_str().unwrap_or("-").to_owned();
        let titles = [&entry["old_title"], &entry["new_title"]].map(|title| title.as_str().unwrap_or("-"));
        let kind = entry["kind"].as_str().unwrap();
        format!("{} {kind} {} {}", name("actor"), name("user"), titles.join(">"))
    };
    log(who, chat).await.iter().map(line).collect()
}

#[tokio::test]
async fn who_came_went_and_renamed_a_group_is_there_for_whoever_opens_it_later() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol, eve);
    let chat = group(&alice, "Team", &[]).await;
    assert!(log(&alice, chat).await.is_empty());
    let message = say(&alice, "hi", chat).await;
    let room = format!("/api/rooms/{}/", chat.id);
    alice.patch(&room, &json!({"is_private": false, "name": "Crew"})).await.is(200);
    alice.patch(&room, &json!({"name": "Crew", "description": "x"})).await.is(200); // the same title
    bob.post(&format!("{room}join/"), &json!({})).await.is(200);
    bob.post(&format!("{room}join/"), &json!({})).await.is(200); // again
    alice.post(&format!("{}members/add/", chat.path()), &json!({"user_ids": [carol.id, bob.id]})).await.is(200);
    alice.delete(&format!("{}members/{}/remove/", chat.path(), bob.id)).await.is(204);
    carol.post(&format!("{room}leave/"), &json!({})).await.is(204);
    alice.post(&format!("{}members/add/", chat.path()), &json!({"user_ids": [carol.id]})).await.is(200);
    let expected = [
        "alice renamed - Team>Crew",
        "bob joined bob ->-",
        "alice added carol ->-",
        "alice removed bob ->-",
        "carol left carol ->-",
        "alice added carol ->-",
    ];
    assert_eq!(told(&carol, chat).await, expected);
    let entries = log(&carol, chat).await;
    assert!(entries.iter().all(|entry| entry["created_at"].as_str() > message["created_at"].as_str()), "{entries:?}");
    assert!(entries.is_sorted_by_key(|entry| entry["id"].as_i64()), "{entries:?}");

    // Members alone read it, of a public group as well; a direct chat has nothing of it.
    for who in [&bob, &eve] {
        who.get(&format!("{}log/", chat.path())).await.denied(404, NOT_FOUND);
    }
    assert!(log(&alice, dm(&alice, &bob).await).await.is_empty());

    // It is on the disk, and goes with the group.
    let fireside = fireside.dies_and_restarts().await;
    let (alice, carol) = (alice.back_to(&fireside), carol.back_to(&fireside));
    assert_eq!(told(&carol, chat).await, expected);
    alice.delete(&chat.path()).await.is(204);
    alice.get(&format!("{}log/", chat.path())).await.denied(404, NOT_FOUND);
    let db = Connection::open(fireside.home.database()).unwrap();
    let left = db.query_row("SELECT count(*) FROM chat_log", [], |row| row.get::<_, i64>(0));
    assert_eq!(left.unwrap(), 0);
}

#[tokio::test]
async fn a_group_keeps_its_newest_entries() {
    const KEPT: usize = 200;
    let fireside = Fireside::start().await;
    people!(fireside: alice);
    let (chat, other) = (group(&alice, "0", &[]).await, group(&alice, "other", &[]).await);
    alice.patch(&other.path(), &json!({"title": "renamed"})).await.is(200);
    for number in 1..=KEPT + 5 {
        alice.patch(&chat.path(), &json!({"title": number.to_string()})).await.is(200);
    }
    let entries = log(&alice, chat).await;
    let titles: Vec<_> = entries.iter().map(|entry| entry["new_title"].as_str().unwrap().to_owned()).collect();
    assert_eq!(titles, (6..=KEPT + 5).map(|number| number.to_string()).collect::<Vec<_>>());
    assert_eq!(log(&alice, other).await.len(), 1, "another's stay");
}
