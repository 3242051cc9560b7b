//! Calls as this socket tells of them, and the lines that they leave.

use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::{Value, json};

use super::words::{Chat, Line, dm, group, path, put, say, seen};
use crate::world::home::PATIENCE;
use crate::world::{Fireside, Listener, Person, Room, people};

fn room(chat: Chat) -> Room {
    Room { id: chat.id }
}

/// Joins the call, and hears to be in it.
async fn joins(person: &Person, chat: Chat, video: bool) -> Listener {
    let mut listener = person.listens_in(&room(chat)).await;
    listener.says(&json!({"type": "join_call", "data": {"video": video}})).await;
    listener.hears("call_state").await;
    listener
}

async fn leaves(mut listener: Listener) {
    listener.says(&json!({"type": "leave_call", "data": {}})).await;
    listener.says(&json!({"type": "ping"})).await;
    while listener.frame().await["type"] != "pong" {}
}

async fn newest(person: &Person, chat: Chat) -> Value {
    person.get(&chat.messages()).await.is(200).results().swap_remove(0)
}

#[tokio::test]
async fn a_call_rings_with_its_members_until_the_last_has_left() {
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let eve = fireside.registers("eve").await;
    let chat = dm(&alice, &bob).await;
    say(&bob, "call me", chat).await;
    let (mut bobs, mut eves) = (Line::to(&bob).await, Line::to(&eve).await);
    let hers = joins(&alice, chat, true).await;
    let rings = bobs.hears("call_started").await;
    assert_eq!(rings, json!({"type": "call_started", "chat": chat.id, "user_id": alice.id, "video": true}));
    assert_eq!(bobs.hears("call").await["participants"], json!([alice.id]));
    let his = joins(&bob, chat, false).await;
    // It rang once: whoever joins a call that goes on starts none.
    assert_eq!(bobs.hears("call").await["participants"], json!([alice.id, bob.id]));
    leaves(hers).await;
    assert_eq!(bobs.hears("call").await["participants"], json!([bob.id]));
    leaves(his).await;
    assert_eq!(bobs.hears("call").await["participants"], json!([]));
    let over = bobs.hears("call_ended").await;
    assert_eq!(over["chat"], chat.id);
    assert!(over["seconds"].is_u64() && over.as_object().unwrap().len() == 3, "{over}");
    let line = bobs.hears("new_message").await["message"].clone();
    assert_eq!((&line["kind"], &line["sender"]["id"]), (&json!("call"), &json!(alice.id)));
    assert!(line["call_seconds"].as_i64().unwrap() >= 1, "{line}");
    assert!(line["content"].as_str().unwrap().starts_with("Video call, "), "{line}");
    eves.hears_nothing().await;
    let first = alice.get(&chat.messages()).await.is(200).results().swap_remove(1);
    assert_eq!((&first["kind"], &first["call_seconds"]), (&json!("text"), &Value::Null), "and not what people say");
    // The others read a sentence, and nobody rewrites it.
    let read = bob.get(&format!("/api/messages/?user={}", "alice")).await.is(200).results();
    assert_eq!(read[0]["content"], line["content"]);
    put(&alice, &path(&line), &json!({"content": "no call"})).await.is(403);
    assert_eq!(newest(&bob, chat).await["content"], line["content"]);
}

#[tokio::test]
async fn a_call_that_nobody_answers_is_one_that_was_missed() {
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let chat = dm(&alice, &bob).await;
    let mut bobs = Line::to(&bob).await;
    // A second device of hers is nobody else.
    let (hers, second) = (joins(&alice, chat, false).await, joins(&alice, chat, false).await);
    leaves(hers).await;
    drop(second);
    bobs.hears("call_started").await;
    bobs.hears("call").await;
    bobs.hears("call").await;
    bobs.hears("call_ended").await;
    let line = bobs.hears_message("Missed call.").await;
    assert_eq!((&line["kind"], &line["call_seconds"]), (&json!("call"), &json!(0)));
    let shown = seen(&bob, chat).await;
    assert_eq!(shown["unread_count"], 1);
    assert_eq!((&shown["last_message"]["kind"], &shown["last_message"]["call_seconds"]), (&json!("call"), &json!(0)));
    assert_eq!(seen(&alice, chat).await["unread_count"], 0);
}

#[tokio::test]
async fn whoever_declines_is_told_to_those_who_are_in_the_call() {
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let (carol, eve) = (fireside.registers("carol").await, fireside.registers("eve").await);
    let chat = group(&alice, "den", &[&bob, &carol]).await;
    let mut alices = Line::to(&alice).await;
    let (mut bobs, mut carols, mut eves) = (Line::to(&bob).await, Line::to(&carol).await, Line::to(&eve).await);
    let mut beside = Line::to(&bob).await; // another device of his
    let decline = json!({"type": "decline_call", "chat": chat.id});
    bobs.says(&decline).await;
    bobs.hears_error("not_in_call").await;
    let _hers = joins(&alice, chat, false).await;
    for line in [&mut alices, &mut bobs, &mut carols, &mut beside] {
        line.hears("call_started").await;
        line.hears("call").await;
    }
    eves.says(&decline).await;
    eves.hears_error("not_found").await;
    bobs.says(&json!({"type": "decline_call"})).await;
    bobs.hears_error("validation_error").await;
    bobs.says(&decline).await;
    let declined = alices.hears("call_declined").await;
    assert_eq!(declined, json!({"type": "call_declined", "chat": chat.id, "user_id": bob.id}));
    for line in [&mut bobs, &mut beside] {
        assert_eq!(line.hears("call_declined").await, declined, "it rings there no more");
    }
    bobs.says(&decline).await;
    // Once is enough.
    for line in [&mut bobs, &mut beside, &mut alices, &mut carols, &mut eves] {
        line.hears_nothing().await;
    }
}

#[tokio::test]
async fn the_line_of_a_call_is_written_when_the_server_stops_or_its_starter_has_left() {
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let chat = group(&alice, "den", &[&bob]).await;
    let mut alices = Line::to(&alice).await;
    let his = joins(&bob, chat, false).await;
    let hers = joins(&alice, chat, false).await;
    bob.delete(&format!("{}members/{}/remove/", chat.path(), bob.id)).await.is(204);
    drop(his);
    leaves(hers).await;
    while alices.frame().await["type"] != "new_message" {}
    let line = newest(&alice, chat).await;
    assert_eq!((&line["kind"], &line["sender"]["id"]), (&json!("call"), &json!(alice.id)), "of who is still there");
    drop(alices);
    let _in_call = joins(&alice, chat, true).await;
    let fireside = fireside.restarts().await;
    let alice = alice.back_to(&fireside);
    assert_eq!(newest(&alice, chat).await["content"], "Missed video call.");
}

#[tokio::test]
async fn whoever_calls_again_and_again_rings_three_times() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = dm(&alice, &bob).await;
    let mut bobs = Line::to(&bob).await;
    let mut listener = alice.listens_in(&room(chat)).await;
    for _ in 0..5 {
        listener.says(&json!({"type": "join_call", "data": {}})).await;
        listener.says(&json!({"type": "leave_call", "data": {}})).await;
    }
    let mut heard: Vec<String> = Vec::new();
    let count = |heard: &[String], kind: &str| heard.iter().filter(|other| *other == kind).count();
    while count(&heard, "call") < 10 || count(&heard, "new_message") < 3 {
        heard.push(bobs.frame().await["type"].as_str().unwrap().to_owned());
    }
    for kind in ["call_started", "call_ended", "new_message"] {
        assert_eq!(count(&heard, kind), 3, "{kind}: {heard:?}");
    }
    assert_eq!(seen(&bob, chat).await["unread_count"], 3);
    bobs.hears_nothing().await;
}

#[tokio::test]
async fn calls_that_are_begun_count_as_what_is_sent() {
    let fireside = Fireside::start_with_limits(&["--limit-send", "3/min"]).await;
    let alice = fireside.registers("alice").await;
    let chat = group(&alice, "den", &[]).await;
    let mut listener = alice.listens_in(&room(chat)).await;
    for _ in 0..2 {
        listener.says(&json!({"type": "join_call", "data": {}})).await;
        listener.hears("call_state").await;
        listener.says(&json!({"type": "leave_call", "data": {}})).await;
    }
    listener.says(&json!({"type": "join_call", "data": {}})).await;
    let refused = loop {
        let frame = listener.frame().await;
        if frame["type"] == "error" {
            break frame;
        }
    };
    assert_eq!(refused["data"]["code"], "rate_limited");
}

/// Waits until as many calls as this are known to go on and to have lasted this long.
async fn until_noted(fireside: &Fireside, calls: i64, seconds: i64) {
    let db = Connection::open(fireside.home.database()).unwrap();
    let start = Instant::now();
    let noted = || {
        let sql = "SELECT count(*) FROM open_calls WHERE seconds >= ?1";
        db.query_row(sql, [seconds], |row| row.get::<_, i64>(0)).unwrap()
    };
    while noted() != calls {
        assert!(start.elapsed() < PATIENCE, "{} calls of {calls} are noted", noted());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_call_that_a_crash_cuts_leaves_its_line_at_the_next_start_and_none_at_the_one_after() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol);
    let (talk, missed) = (dm(&alice, &bob).await, dm(&alice, &carol).await);
    let (left, over) = (group(&alice, "left", &[&bob]).await, group(&alice, "over", &[&bob]).await);
    let _talking = (joins(&alice, talk, true).await, joins(&bob, talk, false).await);
    let _calling = joins(&alice, missed, false).await;
    let his = joins(&bob, left, false).await;
    let _hers = joins(&alice, left, false).await;
    // One that ends before leaves no second line.
    leaves(joins(&alice, over, false).await).await;
    until_noted(&fireside, 3, 1).await;
    // Whoever began it is not there any more.
    bob.delete(&format!("{}members/{}/remove/", left.path(), bob.id)).await.is(204);
    drop(his);

    let fireside = fireside.dies_and_restarts().await;
    until_noted(&fireside, 0, 0).await;
    let (alice, bob, carol) = (alice.back_to(&fireside), bob.back_to(&fireside), carol.back_to(&fireside));
    let line = newest(&bob, talk).await;
    assert_eq!((&line["kind"], &line["sender"]["id"]), (&json!("call"), &json!(alice.id)));
    let seconds = line["call_seconds"].as_i64().unwrap();
    assert!((1..60).contains(&seconds), "as long as is known: {line}");
    assert!(line["content"].as_str().unwrap().starts_with("Video call, "), "{line}");
    let line = newest(&carol, missed).await;
    assert_eq!((&line["content"], &line["call_seconds"]), (&json!("Missed call."), &json!(0)));
    assert_eq!(seen(&carol, missed).await["unread_count"], 1);
    assert_eq!(newest(&alice, left).await["sender"]["id"], alice.id, "of who is still there");
    for chat in [talk, missed, left] {
        assert_eq!(seen(&alice, chat).await["call"], json!([]), "nobody is in it any more");
    }

    let fireside = fireside.dies_and_restarts().await.restarts().await;
    let alice = alice.back_to(&fireside);
    for chat in [talk, missed, left, over] {
        let lines = alice.get(&chat.messages()).await.is(200).results();
        assert_eq!(lines.iter().filter(|line| line["kind"] == "call").count(), 1, "{lines:?}");
    }
    // And the next call is one of its own.
    let mut hers = Line::to(&alice).await;
    leaves(joins(&alice, missed, true).await).await;
    while hers.frame().await["message"]["content"] != "Missed video call." {}
    until_noted(&fireside, 0, 0).await;
}
