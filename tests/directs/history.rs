//! A socket begins with all that was said.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::StreamExt;
use futures_util::stream;
use serde_json::{Value, json};

use super::{chat_of, chats, enters, hears, hears_body, socket};
use crate::world::{Fireside, Heard, Listener, Person, Room, id, people};

/// Many messages, in whatever order.
async fn writes_much(who: &Person, chat: &Room, count: usize) {
    let posts = (0..count).map(|number| {
        let (who, chat) = (who.clone(), chat.clone());
        async move { who.posts(&format!("message {number}")).in_room(&chat).await }
    });
    let done = stream::iter(posts).buffer_unordered(64).count().await;
    assert_eq!(done, count);
}

#[tokio::test]
async fn it_comes_oldest_first_and_says_what_was_read() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = chat_of(&alice, &bob).await;
    alice.posts("from alice").in_room(&chat).await;
    bob.posts("from bob").in_room(&chat).await;
    // Nobody has been here yet. Alice comes: bob's words were not read by her before.
    let mut alices = alice.through("/d/directs").handshake(&socket(&chat)).enters().await;
    hears_body(&mut alices, "from alice", false).await;
    hears_body(&mut alices, "from bob", false).await;
    alices.stays_silent().await;
    // Bob comes: alice has read his words by now.
    let mut bobs = enters(&bob, &chat).await;
    hears_body(&mut bobs, "from alice", false).await;
    hears_body(&mut bobs, "from bob", true).await;
    bobs.stays_silent().await;
    let mut again = enters(&alice, &chat).await;
    hears_body(&mut again, "from alice", true).await;
    hears_body(&mut again, "from bob", true).await;
    again.stays_silent().await;
    alices.stays_silent().await;
}

#[tokio::test]
async fn another_dialect_can_have_read_it() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = chat_of(&alice, &bob).await;
    alice.posts("hi").in_room(&chat).await;
    // To look is not to read: only a connection here, or a word of another document, marks.
    bob.reads(&chat).await;
    let mut listener = enters(&alice, &chat).await;
    hears_body(&mut listener, "hi", false).await;
    enters(&bob, &chat).await.stays_silent_after(&["hi"]).await;
    let mut listener = enters(&alice, &chat).await;
    hears_body(&mut listener, "hi", true).await;
}

#[tokio::test]
async fn an_outsider_marks_nothing_and_neither_does_the_sender() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol);
    let chat = chat_of(&alice, &bob).await;
    alice.posts("hi").in_room(&chat).await;
    carol.handshake(&socket(&chat)).turned_away_with(404).await;
    enters(&alice, &chat).await.stays_silent_after(&["hi"]).await;
    assert_eq!(chats(&bob).await[0]["unread_count"], 1);
    let mut listener = enters(&alice, &chat).await;
    hears_body(&mut listener, "hi", false).await;
}

#[tokio::test]
async fn it_is_what_is_there_now() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = chat_of(&alice, &bob).await;
    let edited = alice.posts("edit me").in_room(&chat).await;
    let deleted = alice.posts("delete me").in_room(&chat).await;
    let path = format!("/api/messages/{}/update_message/", id(&edited));
    alice.post(&path, &json!({"content": "edited"})).await.is(200);
    alice.deletes(&deleted).await;
    let mut listener = enters(&bob, &chat).await;
    let message = hears_body(&mut listener, "edited", false).await;
    assert_eq!(id(&message), id(&edited));
    listener.stays_silent().await;
}

#[tokio::test]
async fn notes_to_self_are_read_by_whom_they_are_for() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let note = json!({"receiver": alice.id, "content": "milk"});
    alice.post("/api/messages/", &note).await.is(201);
    let mine = chats(&alice).await;
    let me = json!({"id": alice.id, "username": "alice"});
    assert_eq!((&mine[0]["other_user"], &mine[0]["participants"]), (&me, &json!([me])));
    assert_eq!(mine[0]["unread_count"], 0);
    let mut listener = enters(&alice, &Room::of(&mine[0])).await;
    hears_body(&mut listener, "milk", true).await;
    listener.says(&json!({"body": "eggs"})).await;
    hears_body(&mut listener, "eggs", true).await;
}

/// Reads a socket until it has heard a message of this number.
async fn hears_upto(mut listener: Listener, last: i64) -> Vec<i64> {
    let mut heard = Vec::new();
    while heard.last().is_none_or(|newest| *newest < last) {
        heard.push(id(&hears(&mut listener).await));
    }
    listener.stays_silent().await;
    heard
}

#[tokio::test]
async fn two_thousand_messages_arrive_whole_and_in_order_while_others_write() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = chat_of(&alice, &bob).await;
    writes_much(&alice, &chat, 2_100).await;
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = [&alice, &bob, &alice, &bob]
        .into_iter()
        .map(|writer| {
            let (writer, chat, stop) = (writer.clone(), chat.clone(), Arc::clone(&stop));
            tokio::spawn(async move {
                let mut written = 0;
                while !stop.load(Ordering::Relaxed) {
                    writer.posts("meanwhile").in_room(&chat).await;
                    written += 1;
                }
                written
            })
        })
        .collect();
    let mut listeners = Vec::new();
    for who in [&alice, &bob, &alice] {
        listeners.push(enters(who, &chat).await);
    }
    // Each has the past, and some of the present, before the writers fall silent.
    let mut begun: Vec<(Listener, Vec<i64>)> = Vec::new();
    for mut listener in listeners {
        let mut heard = Vec::new();
        for _ in 0..2_150 {
            heard.push(id(&hears(&mut listener).await));
        }
        begun.push((listener, heard));
    }
    stop.store(true, Ordering::Relaxed);
    let mut written = 0;
    for writer in writers {
        written += writer.await.unwrap();
    }
    assert!(written >= 50, "{written}");
    let last = id(&alice.posts("last").in_room(&chat).await);
    let history: Vec<i64> = alice.reads_history(&chat).await.iter().map(id).collect();
    assert_eq!(history.len(), 2_100 + written + 1);
    for (listener, mut heard) in begun {
        if heard.last() != Some(&last) {
            heard.extend(hears_upto(listener, last).await);
        }
        assert_eq!(heard, history);
    }
}

#[tokio::test]
async fn much_may_be_said_while_a_long_past_is_told() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = chat_of(&alice, &bob).await;
    let long = "x".repeat(10_000);
    for _ in 0..1_200 {
        alice.posts(&long).in_room(&chat).await;
    }
    let mut listener = bob.handshake(&socket(&chat)).with_small_window().enters().await;
    let mut heard = Vec::new();
    // Together this is more than the queue of a socket holds, and the past is not over yet.
    for _ in 0..4 {
        writes_much(&alice, &chat, 120).await;
        for _ in 0..150 {
            heard.push(id(&hears(&mut listener).await));
        }
    }
    let last = id(&alice.posts("last").in_room(&chat).await);
    heard.extend(hears_upto(listener, last).await);
    assert_eq!(heard, alice.reads_history(&chat).await.iter().map(id).collect::<Vec<_>>());
    assert_eq!(chats(&bob).await[0]["unread_count"], 481, "what arrived meanwhile stays unread");
}

#[tokio::test]
async fn a_long_past_ends_with_the_right_to_it() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = chat_of(&alice, &bob).await;
    // More than the kernel holds for somebody who does not read.
    let long = "x".repeat(10_000);
    for _ in 0..1_000 {
        alice.posts(&long).in_room(&chat).await;
    }
    let phone = bob.signs_in_again().await;
    let listener = phone.handshake(&socket(&chat)).with_small_window().enters().await;
    phone.does("/api/auth/logout/").await.is(204);
    let marker = alice.posts("marker").in_room(&chat).await;
    let heard = hears_until_closed(listener).await;
    assert!(heard.len() < 1_000, "{}", heard.len());
    assert!(heard.iter().all(|frame| id(&frame["message"]) < id(&marker)));
    assert_eq!(chats(&bob).await[0]["unread_count"], 1_001, "what was not told is not read");
}

/// Whatever was on its way. A line that was cut within a frame is closed too.
async fn hears_until_closed(mut listener: Listener) -> Vec<Value> {
    let mut heard = Vec::new();
    while let Heard::Frame(frame) = listener.next().await {
        heard.push(frame);
    }
    heard
}

#[tokio::test]
async fn the_flag_shortens_it_to_the_newest() {
    for (flag, expected) in
        [("3", vec!["c", "d", "e"]), ("1", vec!["e"]), ("0", vec![]), ("5", vec!["a", "b", "c", "d", "e"])]
    {
        let fireside = Fireside::start_with(&["--ws-history", flag]).await;
        people!(fireside: alice, bob);
        let chat = chat_of(&alice, &bob).await;
        for text in ["a", "b", "gone", "c", "d", "e"] {
            let message = alice.posts(text).in_room(&chat).await;
            if text == "gone" {
                alice.deletes(&message).await;
            }
        }
        let mut listener = enters(&bob, &chat).await;
        for text in expected {
            hears_body(&mut listener, text, false).await;
        }
        listener.stays_silent().await;
        assert_eq!(chats(&bob).await[0]["unread_count"], 0, "all of it is read");
        alice.posts("live").in_room(&chat).await;
        hears_body(&mut listener, "live", false).await;
    }
}

#[tokio::test]
async fn the_flag_is_a_number_and_may_be_more_than_there_is() {
    let fireside = Fireside::start_with(&["--ws-history", "100"]).await;
    people!(fireside: alice, bob);
    let chat = chat_of(&alice, &bob).await;
    let mut empty = enters(&bob, &chat).await;
    empty.stays_silent().await;
    writes_much(&alice, &chat, 130).await;
    let history: Vec<i64> = alice.reads_history(&chat).await.iter().map(id).collect();
    let newest = &history[30..];
    let heard = hears_upto(enters(&bob, &chat).await, *newest.last().unwrap()).await;
    assert_eq!(heard, newest);
    for wrong in ["-1", "x", "1.5"] {
        crate::world::Home::new().refuses_to_serve(&["--ws-history", wrong]).await.failed_with(2);
    }
}

impl Listener {
    /// Hears these texts, and then nothing more.
    async fn stays_silent_after(&mut self, texts: &[&str]) {
        for text in texts {
            assert_eq!(self.frame().await["message"]["body"], *text);
        }
        self.stays_silent().await;
    }
}
