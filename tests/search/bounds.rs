//! A word that stands in every message is found as soon as a rare one.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{asks, finds, found};
use crate::messaging::words::{Refused, group, say};
use crate::world::machine::{Strace, has_strace};
use crate::world::{Fireside, Home, Person};

/// Messages of others, that a stranger's question has to be answered beside.
const OTHERS: i64 = 60_000;
/// Far more than a question takes, and far less than going through everything would.
const SOON: Duration = Duration::from_millis(700);

/// A phrase of words that stand everywhere, and nowhere so.
const WORST: &str = "\"same the\" -nothing";

/// A folder with a chat in which everything is the same but for a number.
async fn crowded() -> (Fireside, Person, Person) {
    let home = Home::new();
    let mut fireside = Fireside::start_in(home.clone(), &[]).await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let chat = group(&alice, "crowd", &[]).await;
    assert_eq!(fireside.is_asked_to_stop().await, Some(0));
    let db = rusqlite::Connection::open(home.data().join("fireside.db")).unwrap();
    db.execute_batch(&format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {OTHERS})
         INSERT INTO messages (id, chat_id, sender_id, content, created_at, seq)
         SELECT i, {id}, {alice}, 'the same again ' || i, 1700000000000 + i * 1000, i FROM n;
         UPDATE sequence SET value = {OTHERS};
         UPDATE chats SET message_count = {OTHERS}, last_message_id = {OTHERS} WHERE id = {id};
         UPDATE members SET seen_count = {OTHERS} WHERE chat_id = {id};",
        id = chat.id,
        alice = alice.id,
    ))
    .unwrap();
    drop(db);
    let again = Fireside::start_in(home, &["--durability", "normal"]).await;
    let (alice, bob) = (alice.back_to(&again), bob.back_to(&again));
    let begun = Instant::now();
    while asks(&alice, &[("q", "same")]).await.is(200).json()["indexed"].as_f64().unwrap() < 1.0 {
        assert!(begun.elapsed() < Duration::from_secs(120), "it is never indexed");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    (again, alice, bob)
}

#[tokio::test]
async fn a_word_of_every_message_is_found_as_soon_as_a_rare_one() {
    let (_fireside, alice, bob) = crowded().await;
    let own = group(&bob, "own", &[]).await;
    say(&bob, "the only one of bob's", own).await;
    for (who, q, count) in [
        (&alice, "the", 20),
        (&alice, "t", 20),
        (&alice, "the same again", 20),
        (&alice, "\"the same again\"", 20),
        (&alice, "the 31415", 1),
        (&alice, "59999", 1),
        (&alice, "the from:bob", 0),
        (&alice, "the -same", 0),
        (&alice, "the before:2020-01-01", 0),
        (&alice, "the before:2023-11-14T22:14:00Z", 20),
        (&alice, "the after:2999-01-01", 0),
        (&alice, "the has:link", 0),
        (&alice, "the nowhere", 0),
        (&bob, "the", 1),
        (&bob, "same", 0),
        (&bob, "the same", 0),
    ] {
        let begun = Instant::now();
        let found = finds(who, &[("q", q)]).await;
        assert!(begun.elapsed() < SOON, "{q}: {:?}", begun.elapsed());
        assert_eq!(found.len(), count, "{q}");
    }
}

/// A letter that unfolds to eighteen is no more to look through in thousands than any other.
#[tokio::test]
async fn what_unfolds_to_much_makes_no_search_slow() {
    let fireside = Fireside::start_with(&["--durability", "normal"]).await;
    let alice = fireside.registers("alice").await;
    let chat = group(&alice, "letters", &[]).await;
    say(&alice, "a lonely heron", chat).await;
    say(&alice, &format!("{} stork", "\u{fdfa}".repeat(9_990)), chat).await;
    assert_eq!(found(&alice, "\u{fdfa}").await.len(), 1);
    assert_eq!(finds(&alice, &[("q", "stork")]).await.len(), 1, "behind all of them");
    for _ in 0..8 {
        say(&alice, &"\u{fdfa}".repeat(9_990), chat).await;
    }
    assert_eq!(found(&alice, "heron").await, ["a lonely heron"]);
}

#[tokio::test]
async fn nobody_waits_for_a_question_that_goes_through_everything() {
    let (_fireside, alice, _bob) = crowded().await;
    let chat = group(&alice, "small", &[]).await;
    let mut asked = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let alice = alice.clone();
        asked.spawn(async move {
            let begun = Instant::now();
            let answer = asks(&alice, &[("q", WORST)]).await;
            (answer.status, answer.has("retry-after"), begun.elapsed())
        });
    }
    let begun = Instant::now();
    alice.post(&chat.messages(), &json!({"content": "meanwhile"})).await.is(201);
    alice.get(&chat.messages()).await.is(200);
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    while let Some(answered) = asked.join_next().await {
        let (status, has_retry, _) = answered.unwrap();
        assert!(status == 200 || status == 503 && has_retry, "{status}");
    }
    assert_eq!(found(&alice, "meanwhile").await, ["meanwhile"]);
}

#[tokio::test]
async fn a_question_that_takes_too_long_is_interrupted_and_the_next_is_answered() {
    if !has_strace() {
        return;
    }
    let (fireside, alice, _bob) = crowded().await;
    // Of a disk so slow all messages could be read in some ten seconds.
    let strace = Strace::attaches(&fireside, &["-e", "trace=pread64", "-e", "inject=pread64:delay_enter=10000"]);
    let begun = Instant::now();
    let answer = asks(&alice, &[("q", WORST)]).await;
    let took = begun.elapsed();
    assert_eq!(answer.header("retry-after"), "1");
    answer.denied(503, "The server is busy, try again shortly.");
    assert!(Duration::from_millis(500) <= took && took < Duration::from_secs(3), "{took:?}");
    let seen = strace.lets_go();
    assert!(seen.iter().any(|line| line.contains("pread64")), "the disk was read");
    assert_eq!(found(&alice, "31415").await, ["the same again 31415"], "and the next is answered");
}
