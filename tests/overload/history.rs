//! Many who connect at once to a chat with a long past: it is told in pieces, so that
//! memory does not grow with its length.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;

use super::ordinary::{Ordinary, PATIENCE, everybody_was_here};
use crate::world::machine::{mebibytes, resident_bytes, say, scale, settles};
use crate::world::{Fireside, Listener, id, people};

/// Characters of each message.
const LENGTH: usize = 1_000;
/// Sockets of one user.
const EACH: usize = 20;

#[tokio::test]
async fn a_long_past_is_told_to_many_in_constant_memory() {
    let fireside = Fireside::start_with(&["--log-level", "error"]).await;
    let (messages, connects) = (scale(1_000, 10_000), scale(20, 200));
    everybody_was_here(&fireside).await;
    people!(fireside: alice, bob);
    let chat = id(&alice.post("/api/chats/create/", &json!({"user_id": bob.id})).await.is(201).json());
    let text = "x".repeat(LENGTH);
    let path = format!("/api/rooms/{chat}/messages/");
    for from in (0..messages).step_by(50) {
        let bodies: Vec<_> = (from..from + 50).map(|number| json!({"content": format!("{number} {text}")})).collect();
        for answer in join_all(bodies.iter().map(|body| alice.post(&path, body).into_future())).await {
            answer.is(201);
        }
    }
    let ordinary = Ordinary::begins(&fireside, "ordinary").await;
    let before = resident_bytes(&fireside);
    let begun = Instant::now();
    let mut told = 0;
    let mut most = before;
    // A user has so many sockets at most: one after the other, in crowds.
    for _ in 0..connects / EACH {
        // None of them reads yet, and the kernel holds little: what is not constant would show.
        let knocks = (0..EACH).map(|_| bob.handshake(&format!("/ws/chat/{chat}/")).with_small_window().enters());
        let mut listeners = join_all(knocks).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        most = most.max(resident_bytes(&fireside));
        let counts = join_all(listeners.iter_mut().map(async |listener| {
            let mut last = 0;
            for _ in 0..messages {
                let number = id(&listener.frame().await["message"]);
                assert!(number > last, "oldest first");
                last = number;
            }
            messages
        }));
        told += counts.await.into_iter().sum::<usize>();
        most = most.max(resident_bytes(&fireside));
        join_all(listeners.into_iter().map(Listener::leaves)).await;
    }
    let took = begun.elapsed();
    let felt = ordinary.ends().await;
    assert_eq!(told, messages * connects);
    let grown = most.saturating_sub(before);
    assert!(grown < 48 * 1024 * 1024, "{} MiB more", mebibytes(grown));
    assert!(felt.p99 < PATIENCE, "{felt}");
    let after = settles(&fireside, before).await;
    say(&format!(
        "{connects} connects to a past of {messages} messages ({} KiB each): {took:?}; memory {} MiB before, {} MiB at \
         most, {} MiB after; ordinary users: {felt}",
        messages * LENGTH / 1024,
        mebibytes(before),
        mebibytes(most),
        mebibytes(after),
    ));
}
