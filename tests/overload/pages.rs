//! Somebody who asks, over many connections, for pages as long as there are: they wait for each
//! other, and not everybody for them.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::ordinary::{Ordinary, PATIENCE};
use crate::world::machine::{mebibytes, percentile, resident_bytes, say, scale};
use crate::world::{Fireside, Home, Person, id, people};

const LENGTH: usize = 9_000;
const MESSAGES: usize = 101;
const CONNECTIONS: usize = 16;

/// A direct chat with long messages, each of which tells its number.
async fn talks_at_length(alice: &Person, bob: &Person) -> i64 {
    let chat = id(&alice.post("/api/chats/create/", &json!({"user_id": bob.id})).await.is(201).json());
    let text = "\"long\" ".repeat(LENGTH / 7);
    for number in 0..MESSAGES {
        let said = json!({"content": format!("{number} {text}")});
        alice.post(&format!("/messages/api/chats/{chat}/messages/"), &said).await.is(201);
    }
    chat
}

fn numbers(messages: &[Value]) -> Vec<usize> {
    messages.iter().map(|it| it["content"].as_str().unwrap().split(' ').next().unwrap().parse().unwrap()).collect()
}

#[tokio::test]
async fn a_long_page_is_as_whole_as_a_short_one() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = talks_at_length(&alice, &bob).await;
    let newest: Vec<usize> = (1..MESSAGES).rev().collect();
    let messaging = format!("/messages/api/chats/{chat}/messages/?page_size=100");
    let first = alice.get(&messaging).await.is(200).json();
    for path in
        [messaging.clone(), format!("/api/rooms/{chat}/messages/?page_size=100"), "/api/messages/?page_size=100".into()]
    {
        for _ in 0..2 {
            let page = bob.get(&path).await.is(200).json();
            assert_eq!(page["count"], MESSAGES, "{path}");
            assert!(page["next"].as_str().unwrap().ends_with("page_size=100&page=2"), "{page}");
            assert_eq!(
                (numbers(page["results"].as_array().unwrap()), &page["previous"]),
                (newest.clone(), &Value::Null)
            );
        }
        let last = bob.get(&format!("{path}&page=2")).await.is(200).json();
        assert_eq!((numbers(last["results"].as_array().unwrap()), &last["next"]), (vec![0], &Value::Null));
        bob.get(&format!("{path}&page=3")).await.is(404);
    }
    // From a place on, the same messages in the same words.
    let from = bob.get(&format!("{messaging}&before=999999")).await.is(200).json();
    assert_eq!(numbers(from["results"].as_array().unwrap()), newest);
    assert_eq!(from["results"][0]["content"], first["results"][0]["content"]);
    let rest = bob.get(from["next"].as_str().unwrap()).await.is(200).json();
    assert_eq!((numbers(rest["results"].as_array().unwrap()), &rest["next"]), (vec![0], &Value::Null));
    // Arrays without pages come whole.
    let room = format!("{}_{}", alice.username, bob.username);
    let whole = bob.get(&format!("/messenger/api/chatrooms/{room}/messages/")).await.is(200).json();
    assert_eq!(numbers(whole.as_array().unwrap()), (0..MESSAGES).collect::<Vec<_>>());
}

#[tokio::test]
async fn who_reads_long_pages_over_many_connections_waits_for_themselves() {
    let fireside = Fireside::start_with(&["--log-level", "error"]).await;
    people!(fireside: alice, bob);
    let chat = talks_at_length(&alice, &bob).await;
    let before = resident_bytes(&fireside);
    let ordinary = Ordinary::begins(&fireside, "ordinary").await;
    let paths = [
        format!("/messages/api/chats/{chat}/messages/?page_size=100&before=999999"),
        format!("/messages/api/chats/{chat}/messages/?page_size=100"),
        "/api/messages/?page_size=100".to_owned(),
    ];
    let (begun, spell) = (Instant::now(), Duration::from_secs(scale(6, 20) as u64));
    let reads = (0..CONNECTIONS).map(async |number| {
        let mut times = Vec::new();
        while begun.elapsed() < spell {
            let asked = Instant::now();
            let page = alice.get(&paths[number % paths.len()]).await.is(200);
            assert!(page.text().len() > 99 * LENGTH);
            times.push(asked.elapsed());
        }
        times
    });
    let mut times = join_all(reads).await.concat();
    let felt = ordinary.ends().await;
    let (pages, took) = (times.len(), percentile(&mut times, 50));
    let grown = mebibytes(resident_bytes(&fireside).saturating_sub(before));
    say(&format!(
        "{CONNECTIONS} connections of one account read {pages} pages of 100 messages of {LENGTH} characters, each in \
         {took:.1?}; memory {grown} MiB more; ordinary users: {felt}"
    ));
    assert!(felt.median * 3 < took && felt.p99 < PATIENCE, "others waited as long as who caused it: {felt}, {took:?}");
}

/// Chats in each of which so many unread messages call their reader: as many as are counted.
const CALLED_IN: i64 = 60;
const CALLS: i64 = 1_000;

/// Somebody who is called as often as is counted, in many groups.
async fn called_everywhere(home: &Home) -> Person {
    let mut fireside = Fireside::start_in(home.clone(), &["--durability", "normal"]).await;
    people!(fireside: alice, bob);
    for number in 0..CALLED_IN {
        let group = json!({"title": format!("den {number}"), "chat_type": "group", "member_ids": [bob.id]});
        alice.post("/messages/api/chats/", &group).await.is(201);
    }
    assert_eq!(fireside.is_asked_to_stop().await, Some(0));
    let db = rusqlite::Connection::open(home.data().join("fireside.db")).unwrap();
    db.execute_batch(&format!(
        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {CALLS} - 1)
         INSERT INTO messages (id, chat_id, sender_id, content, created_at, seq, mention_count)
         SELECT 1000 + c.id * {CALLS} + i, c.id, {alice}, '@bob', 1700000000000, 1000 + c.id * {CALLS} + i, 1
         FROM chats c, n ORDER BY 1;
         INSERT INTO mentions SELECT id, {bob}, chat_id, {alice}, 1 FROM messages;
         UPDATE sequence SET value = (SELECT max(seq) FROM messages);
         UPDATE chats SET message_count = {CALLS},
                          last_message_id = (SELECT max(id) FROM messages WHERE chat_id = chats.id);
         UPDATE members SET seen_count = {CALLS} WHERE user_id = {alice};",
        alice = alice.id,
        bob = bob.id,
    ))
    .unwrap();
    bob
}

#[tokio::test]
async fn who_is_called_in_many_chats_lists_them_piece_by_piece() {
    let home = Home::new();
    let bob = called_everywhere(&home).await;
    let flags = ["--durability", "normal", "--search", "off", "--log-level", "error"];
    let fireside = Fireside::start_in(home, &flags).await;
    let bob = bob.back_to(&fireside);
    let ordinary = Ordinary::begins(&fireside, "ordinary").await;
    let (begun, spell) = (Instant::now(), Duration::from_secs(scale(6, 20) as u64));
    let reads = (0..CONNECTIONS).map(async |_| {
        let mut times = Vec::new();
        while begun.elapsed() < spell {
            let asked = Instant::now();
            let chats = bob.get("/messages/api/chats/?page_size=100").await.is(200).results();
            times.push(asked.elapsed());
            assert_eq!(chats.len(), usize::try_from(CALLED_IN).unwrap());
            assert!(chats.iter().all(|chat| chat["mention_count"] == CALLS), "{chats:?}");
        }
        times
    });
    let mut times = join_all(reads).await.concat();
    let felt = ordinary.ends().await;
    let (lists, took) = (times.len(), percentile(&mut times, 50));
    say(&format!(
        "{CONNECTIONS} connections of one account read {lists} lists of {CALLED_IN} chats with {CALLS} mentions each, \
         in {took:.1?}; ordinary users: {felt}"
    ));
    assert!(felt.median * 3 < took && felt.p99 < PATIENCE, "others waited as long as who caused it: {felt}, {took:?}");
}
