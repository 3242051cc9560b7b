//! Readers that do not read: closed (1013), while the others miss nothing and the
//! server's memory is what it was.

use std::time::{Duration, Instant};

use futures_util::future::join_all;

use super::ordinary::{Ordinary, PATIENCE, everybody_was_here};
use crate::world::machine::{mebibytes, open_connections, resident_bytes, say, scale, settles};
use crate::world::{Fireside, Listener, Person, Room};

/// Each of 4 KiB: far more than a queue and a socket's buffers hold.
const MESSAGES: usize = 1_200;
/// At once, so that nobody who reads is slow, whatever the machine is doing.
const AT_ONCE: usize = 40;
/// After the last message, though they never read.
const CLOSED_WITHIN: Duration = Duration::from_secs(15);
/// Who neither reads nor answers a ping for so long is gone, and is told nothing.
const SILENCE: Duration = Duration::from_secs(60);
/// Connections that come and go with requests.
const SPARE: usize = 4;
/// What the queues may cost in all: each at most 1 MiB, and the messages are shared.
const MOST_MEMORY: u64 = 200 * 1024 * 1024;

/// So many sockets, twenty a user.
async fn open(people: &[Person], room: &Room, count: usize, reads: bool) -> Vec<Listener> {
    let mut listeners = Vec::new();
    for number in 0..count {
        let handshake = people[number / 20].handshake_in(room);
        listeners.push(if reads { handshake.enters().await } else { handshake.with_small_window().enters().await });
    }
    listeners
}

async fn hears_all(listener: &mut Listener, from: usize) {
    for number in from..from + AT_ONCE {
        let data = listener.hears("chat_message").await;
        assert!(data["content"].as_str().unwrap().starts_with(&format!("{number} ")), "no gap at {number}");
    }
}

#[tokio::test]
async fn readers_that_never_read_are_closed_and_nobody_else_notices() {
    let fireside = Fireside::start_with(&["--log-level", "warn"]).await;
    let (slow_count, quick_count) = (scale(10, 100), scale(30, 500));
    let alice = fireside.registers("alice").await;
    everybody_was_here(&fireside).await;
    let den = alice.opens_room("den").await;
    let people = fireside.registers_crowd((slow_count + quick_count).div_ceil(20) + 2).await;
    for person in &people {
        person.joins(&den).await;
    }
    let split = slow_count.div_ceil(20);
    let opened = Instant::now();
    let mut slow = open(&people[..split], &den, slow_count, false).await;
    let mut quick = open(&people[split..], &den, quick_count, true).await;
    let before = resident_bytes(&fireside);
    let ordinary = Ordinary::begins(&fireside, "ordinary").await;
    let filler = "x".repeat(4_096);
    let mut most = before;
    let mut mouth = alice.listens_in(&den).await;
    let all_open = open_connections(&fireside);
    let begun = Instant::now();
    for from in (0..MESSAGES).step_by(AT_ONCE) {
        for number in from..from + AT_ONCE {
            mouth.says_message(&format!("{number} {filler}")).await;
        }
        hears_all(&mut mouth, from).await;
        join_all(quick.iter_mut().map(|listener| hears_all(listener, from))).await;
        most = most.max(resident_bytes(&fireside));
    }
    let (took, silent) = (begun.elapsed(), opened.elapsed());
    let felt = ordinary.ends().await;
    // Nobody has read a close frame yet: the server lets go of them all the same.
    let over = Instant::now();
    while open_connections(&fireside) + slow_count > all_open + SPARE {
        assert!(over.elapsed() < CLOSED_WITHIN, "{} connections are open", open_connections(&fireside));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let closed_within = over.elapsed();
    let ends = join_all(slow.iter_mut().map(Listener::hears_until_closed)).await;
    for (heard, code) in &ends {
        // The server is done with them. What it said at last waits behind what nobody had read.
        assert!(*code == 1013 || silent > SILENCE, "closed with {code} after {silent:?}");
        assert!(heard.len() < MESSAGES, "it was closed before it had everything");
        for (number, frame) in heard.iter().enumerate() {
            assert!(frame["data"]["content"].as_str().unwrap().starts_with(&format!("{number} ")), "no gap");
        }
    }
    assert!(felt.p99 < PATIENCE, "{felt}");
    assert!(most - before.min(most) < MOST_MEMORY, "{} MiB", mebibytes(most));
    for listener in &mut quick {
        listener.hears_nothing().await;
    }
    let after = settles(&fireside, before).await;
    say(&format!(
        "{slow_count} that never read beside {quick_count} that do: all closed {closed_within:?} after the last message; \
         {} deliveries in {took:?}; memory {} MiB before, {} MiB at most, {} MiB after; ordinary users: {felt}",
        MESSAGES * quick_count,
        mebibytes(before),
        mebibytes(most),
        mebibytes(after),
    ));
}
