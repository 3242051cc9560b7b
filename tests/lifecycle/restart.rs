//! Stopping, dying and coming back: nothing acknowledged is lost or doubled.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

use crate::world::caller::Credential;
use crate::world::{Fireside, Heard, Person, Room, contents, people};

#[tokio::test]
async fn a_restart_keeps_everything() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let session = alice.signs_in_by_page().await;
    let den = alice.opens(&json!({"name": "den", "max_participants": 9})).await;
    bob.joins(&den).await;
    let file = alice.uploads("a.txt", b"kept").await;
    alice.posts("one").with_file(&file).in_room(&den).await;
    let gone = alice.posts("gone").in_room(&den).await;
    bob.posts("two").in_room(&den).await;
    alice.deletes(&gone).await;
    let seen = |alice: &Person, den: &Room| {
        let (alice, den) = (alice.clone(), den.clone());
        async move {
            let mut seen = Vec::new();
            for path in
                ["/api/auth/me/".to_owned(), "/api/rooms/".to_owned(), den.path(), den.participants(), den.messages()]
            {
                seen.push(alice.get(&path).await.is(200).json());
            }
            seen
        }
    };
    let before = seen(&alice, &den).await;
    let fireside = fireside.restarts().await;
    let alice = alice.back_to(&fireside);
    assert_eq!(seen(&alice, &den).await, before);
    let browser = alice.showing(Credential::Session(session));
    browser.post("/api/rooms/", &json!({"name": "hall"})).await.is(201);
    alice.signs_in_again().await;
    let newest = alice.posts("three").in_room(&den).await;
    assert!(newest["id"].as_i64() > gone["id"].as_i64(), "an id never returns");
}

#[tokio::test]
async fn a_stop_tells_the_sockets_and_succeeds() {
    let mut fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let mut listeners = vec![alice.listens_in(&den).await, alice.listens_in(&den).await];
    alice.posts("last words").in_room(&den).await;
    assert_eq!(fireside.is_asked_to_stop().await, Some(0), "{}", fireside.home.log());
    for listener in &mut listeners {
        listener.hears_message("last words").await;
        listener.is_closed_with(1012).await;
    }
    // The door is shut: nothing answers there any more.
    assert!(tokio::net::TcpStream::connect(fireside.address()).await.is_err());
}

#[tokio::test]
async fn a_stop_does_not_wait_for_those_who_say_nothing() {
    let mut fireside = Fireside::start_with(&["--shutdown-timeout", "1"]).await;
    let idle = fireside.connects().await;
    let mut half = fireside.connects().await;
    tokio::io::AsyncWriteExt::write_all(&mut half, b"GET / HT").await.unwrap();
    let start = std::time::Instant::now();
    assert_eq!(fireside.is_asked_to_stop().await, Some(0), "{}", fireside.home.log());
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
    drop((idle, half));
}

/// Sends over REST until the server dies; what was acknowledged.
async fn writes_until_the_end(who: Person, room: Room, tag: String) -> Vec<String> {
    let mut acknowledged = Vec::new();
    loop {
        let text = format!("{tag} {}", acknowledged.len());
        let url = format!("{}{}", who.url, room.messages());
        let sent = who
            .client
            .post(url)
            .header("Authorization", format!("Token {}", who.token))
            .json(&json!({"content": text}))
            .send()
            .await;
        match sent {
            Ok(answer) if answer.status() == 201 => acknowledged.push(text),
            _ => return acknowledged,
        }
    }
}

/// Sends over a socket until the server dies; what was echoed.
async fn speaks_until_the_end(who: Person, room: Room, tag: String) -> Vec<String> {
    let mut acknowledged = Vec::new();
    let mut listener = who.listens_in(&room).await;
    loop {
        let text = format!("{tag} {}", acknowledged.len());
        let frame = json!({"type": "chat_message", "data": {"content": text}});
        if listener.tries_to_say(&frame).await.is_err() {
            return acknowledged;
        }
        // The echo comes among what the others say.
        loop {
            match listener.next().await {
                Heard::Frame(frame) if frame["data"]["content"] == text.as_str() => break,
                Heard::Frame(_) => {}
                Heard::Closed(_) => return acknowledged,
            }
        }
        acknowledged.push(text);
    }
}

#[tokio::test]
async fn what_was_acknowledged_survives_kill_9() {
    let mut fireside = Fireside::start().await;
    let mut alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let mut expected = HashSet::new();
    for round in 0..3 {
        let mut senders = Vec::new();
        for number in 0..3 {
            let tag = format!("{round} socket {number}");
            senders.push(tokio::spawn(speaks_until_the_end(alice.clone(), den.clone(), tag)));
            let tag = format!("{round} rest {number}");
            senders.push(tokio::spawn(writes_until_the_end(alice.clone(), den.clone(), tag)));
        }
        // Long enough for many to be under way; where exactly it dies is chance.
        tokio::time::sleep(Duration::from_millis(400 + 70 * round)).await;
        fireside = fireside.dies_and_restarts().await;
        for acknowledged in join_all(senders).await {
            let acknowledged = acknowledged.unwrap();
            assert!(!acknowledged.is_empty(), "every sender got something through");
            expected.extend(acknowledged);
        }
        alice = alice.back_to(&fireside);
        let history = contents(&alice.reads_history(&den).await);
        let stored: HashSet<String> = history.iter().cloned().collect();
        assert_eq!(stored.len(), history.len(), "nothing is doubled");
        let lost: Vec<_> = expected.difference(&stored).collect();
        assert!(lost.is_empty(), "lost: {lost:?}");
        let page = alice.get(&den.messages()).await.json();
        assert_eq!(page["count"], history.len(), "the counter agrees with the list");
        // At most one unanswered message of each sender may be there as well.
        assert!(stored.len() <= expected.len() + 6, "{} {}", stored.len(), expected.len());
        expected = stored;
    }
}
