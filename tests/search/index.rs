//! The index: off and on, from before, through crashes, checked, merged, kept and carried.

use std::time::Instant;

use rusqlite::Connection;
use serde_json::{Value, json};

use super::{SEARCH, asks, fills, found, number};
use crate::messaging::words::{Chat, Refused, group, path, say};
use crate::world::caller::Credential;
use crate::world::home::{PATIENCE, run};
use crate::world::{Fireside, Home, Person};

async fn scene(flags: &[&str]) -> (Fireside, Person, Chat) {
    let fireside = Fireside::start_with(&[&["--durability", "normal"], flags].concat()).await;
    let alice = fireside.registers("alice").await;
    let chat = group(&alice, "index", &[]).await;
    (fireside, alice, chat)
}

async fn indexed(who: &Person) -> f64 {
    asks(who, &[("q", "anything")]).await.is(200).json()["indexed"].as_f64().unwrap()
}

async fn is_indexed(who: &Person) {
    let begun = Instant::now();
    while indexed(who).await < 1.0 {
        assert!(begun.elapsed() < PATIENCE, "it is never indexed");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

/// The check's words about the index.
async fn checked(home: &Home) -> Vec<(String, String)> {
    let outcome = home.runs(&["check", "--json", "--min-free", "0"], "").await;
    let lines: Vec<Value> = serde_json::from_str(&outcome.stdout).unwrap();
    let text = |line: &Value, field: &str| line[field].as_str().unwrap().to_owned();
    let about = lines.iter().filter(|line| line["about"].as_str().unwrap().starts_with("search"));
    about.map(|line| (text(line, "about"), text(line, "verdict"))).collect()
}

fn meddles(home: &Home, sql: &str) {
    Connection::open(home.data().join("fireside.db")).unwrap().execute_batch(sql).unwrap();
}

#[tokio::test]
async fn off_keeps_no_index_and_on_makes_it_anew() {
    let (mut fireside, alice, chat) = scene(&[]).await;
    say(&alice, "a lonely heron", chat).await;
    fills(&fireside, &alice, chat).await;
    assert_eq!(fireside.is_asked_to_stop().await, Some(0));
    let home = fireside.home.clone();
    let off = Fireside::start_in(home.clone(), &["--search", "off"]).await;
    let hers = alice.back_to(&off);
    hers.get(&format!("{SEARCH}?q=heron")).await.denied(404, "Search is off.");
    hers.get(SEARCH).await.denied(404, "Search is off.");
    off.anyone().get(SEARCH).await.denied(401, "Authentication credentials were not provided.");
    say(&hers, "another heron", chat).await;
    assert_eq!(number(&home, "SELECT count(*) FROM search_docsize"), 0);
    assert!(!number(&home, "SELECT count(*) FROM search_terms").is_positive());
    drop(off);
    let on = Fireside::start_in(home.clone(), &[]).await;
    let hers = alice.back_to(&on);
    is_indexed(&hers).await;
    assert_eq!(found(&hers, "heron").await, ["another heron", "a lonely heron"]);
    assert_eq!(found(&hers, "filler").await.len(), 100);
    let good = [("search".to_owned(), "ok".to_owned()), ("search-words".to_owned(), "ok".to_owned())];
    assert_eq!(checked(&home).await, good);
}

#[tokio::test]
async fn a_folder_from_before_is_indexed_while_it_is_served_and_over_crashes() {
    let (mut off, alice, chat) = scene(&["--search", "off"]).await;
    say(&alice, "before there was an index", chat).await;
    assert_eq!(off.is_asked_to_stop().await, Some(0));
    let home = off.home.clone();
    // A long life without an index.
    meddles(
        &home,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000),
              base(id) AS (SELECT max(max(id), (SELECT value FROM sequence)) FROM messages)
         INSERT INTO messages (id, chat_id, sender_id, content, created_at, seq)
         SELECT base.id + i, 1, 1, 'egret ' || i, 1700000000000 + i, base.id + i FROM n, base;
         INSERT INTO messages_by_chat SELECT chat_id, id FROM messages WHERE id > (SELECT indexed FROM sequence);
         UPDATE sequence SET value = (SELECT max(id) FROM messages), indexed = (SELECT max(id) FROM messages);
         UPDATE chats SET message_count = (SELECT count(*) FROM messages WHERE chat_id = 1),
                last_message_id = (SELECT max(id) FROM messages WHERE chat_id = 1) WHERE id = 1;
         UPDATE members SET seen_count = (SELECT count(*) FROM messages WHERE chat_id = 1
                AND (id <= max(read_mark, cleared_mark) OR sender_id = user_id)) WHERE chat_id = 1;",
    );
    let mut fireside = Fireside::start_in(home.clone(), &[]).await;
    let mut before = 0.0;
    for turn in 0..3 {
        let alice = alice.back_to(&fireside);
        let word = format!("bittern{turn}");
        say(&alice, &word, chat).await;
        let answer = asks(&alice, &[("q", &word)]).await.is(200).json();
        assert_eq!(answer["results"][0]["message"]["content"], word, "what is new is found at once");
        let now = answer["indexed"].as_f64().unwrap();
        assert!((0.0..=1.0).contains(&now) && now >= before, "{now} after {before}");
        before = now;
        fireside = fireside.dies_and_restarts().await;
    }
    let alice = alice.back_to(&fireside);
    let begun = Instant::now();
    while asks(&alice, &[("q", "egret")]).await.is(200).json()["indexed"].as_f64().unwrap() < 1.0 {
        assert!(begun.elapsed() < 6 * PATIENCE, "it is never indexed");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(found(&alice, "egret 12345").await, ["egret 12345"]);
    assert_eq!(found(&alice, "bittern").await, ["bittern2", "bittern1", "bittern0"]);
    assert_eq!(asks(&alice, &[("q", "egret 1 before:2023-11-15")]).await.is(200).results().len(), 1);
    let verdicts = checked(&home).await;
    assert!(verdicts.iter().all(|(_, verdict)| verdict == "ok"), "{verdicts:?}");
}

#[tokio::test]
async fn the_check_finds_an_index_that_is_not_what_the_messages_say() {
    let (mut fireside, alice, chat) = scene(&[]).await;
    let said = say(&alice, "a grey crane", chat).await;
    fills(&fireside, &alice, chat).await;
    alice.patch(&path(&said), &json!({"content": "a white crane"})).await.is(200);
    let home = fireside.home.clone();
    assert!(checked(&home).await.iter().all(|(_, verdict)| verdict == "ok"), "beside a running server");
    assert_eq!(fireside.is_asked_to_stop().await, Some(0));
    let verdicts = checked(&home).await;
    assert_eq!(verdicts.len(), 2);
    assert!(verdicts.iter().all(|(_, verdict)| verdict == "ok"), "{verdicts:?}");
    // Words that nobody said, and a message that is not entered.
    meddles(&home, "DELETE FROM search WHERE rowid = (SELECT max(id) - 300 FROM messages)");
    assert_ne!(checked(&home).await[0].1, "ok");
    meddles(&home, "INSERT INTO search (rowid, words) SELECT max(id) - 300, 'nobody said this' FROM messages");
    let verdicts = checked(&home).await;
    assert_eq!(verdicts[0].1, "ok");
    assert_ne!(verdicts[1].1, "ok");
    // Off and on again makes it anew.
    drop(Fireside::start_in(home.clone(), &["--search", "off"]).await);
    let on = Fireside::start_in(home.clone(), &[]).await;
    is_indexed(&alice.back_to(&on)).await;
    assert!(checked(&home).await.iter().all(|(_, verdict)| verdict == "ok"));
    assert_eq!(found(&alice.back_to(&on), "white crane").await, ["a white crane"]);
}

#[tokio::test]
async fn compacting_merges_the_index_and_words_of_what_is_gone_leave_the_file() {
    let (mut fireside, alice, chat) = scene(&[]).await;
    let said = say(&alice, "the word is xylographist", chat).await;
    fills(&fireside, &alice, chat).await;
    assert!(fireside.home.keeps(b"xylographist"));
    alice.delete(&path(&said)).await.is(204);
    assert!(found(&alice, "xylographist").await.is_empty());
    assert_eq!(fireside.is_asked_to_stop().await, Some(0));
    let home = fireside.home.clone();
    home.runs(&["gc", "--compact"], "").await.succeeded();
    assert!(!home.keeps(b"xylographist"), "it is nowhere in the folder");
    let again = Fireside::start_in(home.clone(), &[]).await;
    assert_eq!(found(&alice.back_to(&again), "filler 7").await.len(), 11);
    assert!(checked(&home).await.iter().all(|(_, verdict)| verdict == "ok"));
}

#[tokio::test]
async fn a_backup_carries_the_index_and_an_import_makes_it() {
    let (mut fireside, alice, chat) = scene(&[]).await;
    say(&alice, "a rare spoonbill", chat).await;
    fills(&fireside, &alice, chat).await;
    let shelf = tempfile::tempdir().unwrap();
    let (archive, export) = (shelf.path().join("a.tar"), shelf.path().join("b.tar"));
    fireside.home.runs(&["backup", archive.to_str().unwrap()], "").await.succeeded();
    fireside.home.runs(&["export", export.to_str().unwrap(), "--with-secrets"], "").await.succeeded();
    assert_eq!(fireside.is_asked_to_stop().await, Some(0));
    for (command, from) in [("restore", &archive), ("import", &export)] {
        let home = Home::new();
        let outcome = run(&[command, from.to_str().unwrap(), "--data", home.data().to_str().unwrap()], "").await;
        outcome.succeeded();
        let entered = number(&home, "SELECT count(*) FROM search_docsize");
        assert!(entered > 400, "{command}: {entered}");
        let other = Fireside::start_in(home.clone(), &["--durability", "normal"]).await;
        let body = json!({"username": "alice", "password": alice.password});
        let token = other.anyone().post("/api/auth/login/", &body).await.is(200).json()["token"].clone();
        let hers = other.anyone().showing(Credential::Token(token.as_str().unwrap().to_owned()));
        assert_eq!(found(&hers, "spoonbill").await, ["a rare spoonbill"], "{command}");
        assert_eq!(asks(&hers, &[("q", "filler")]).await.json()["indexed"], 1.0, "{command}");
        hers.post(&chat.messages(), &json!({"content": "one more spoonbill"})).await.is(201);
        assert_eq!(found(&hers, "spoonbill").await, ["one more spoonbill", "a rare spoonbill"], "{command}");
        assert!(checked(&home).await.iter().all(|(_, verdict)| verdict == "ok"), "{command}");
    }
}
