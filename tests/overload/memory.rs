//! After much work the server holds what it held after its start.

use std::time::{Duration, Instant};

use futures_util::future::join_all;

use crate::world::Fireside;
use crate::world::machine::{allocated_bytes, mebibytes, resident_bytes, say, scale};

/// Beside what it held at first: what it knows by now, and the allocator's share.
const MORE: u64 = 4 * 1024 * 1024;
/// It gives back within half a minute, after a quiet ten seconds. The rest is for the machine.
const WITHIN: Duration = Duration::from_secs(60);

async fn is_as_before(fireside: &Fireside, before: u64) -> (u64, Duration) {
    let begun = Instant::now();
    loop {
        let held = allocated_bytes(fireside);
        if held <= before + MORE {
            return (held, begun.elapsed());
        }
        let (held, before) = (mebibytes(held), mebibytes(before));
        assert!(begun.elapsed() < WITHIN, "{held} MiB are held, {before} MiB were after the start");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

#[tokio::test]
async fn what_sign_ups_and_senders_took_is_given_back() {
    let fireside = Fireside::start_with(&["--log-level", "error"]).await;
    let before = allocated_bytes(&fireside);
    let names: Vec<_> = (0..scale(40, 250)).map(|number| format!("guest{number}")).collect();
    let mut people = Vec::new();
    for some in names.chunks(10) {
        people.extend(join_all(some.iter().map(|name| fireside.registers(name))).await);
    }
    let den = people[0].opens_room("den").await;
    let senders = &people[..people.len().min(64)];
    for person in &senders[1..] {
        person.joins(&den).await;
    }
    let begun = Instant::now();
    let mut sent = 0;
    while sent < senders.len() || begun.elapsed() < Duration::from_secs(scale(2, 120) as u64) {
        join_all(senders.iter().map(|person| person.posts("something to read").in_room(&den))).await;
        join_all(senders.iter().map(|person| person.get(&den.messages()).into_future())).await;
        sent += senders.len();
    }
    let most = allocated_bytes(&fireside);
    assert!(most > before + MORE, "{} MiB are no load to recover from", mebibytes(most));
    let (after, took) = is_as_before(&fireside, before).await;
    say(&format!(
        "{} sign-ups and {sent} messages of {} senders: memory {} MiB after the start, {} MiB at most, {} MiB {took:.0?} \
         later",
        names.len(),
        senders.len(),
        mebibytes(before),
        mebibytes(most),
        mebibytes(after),
    ));
}

/// Letters that are words each, as many as a message may have.
const LETTERS: usize = 5_000;
/// Such messages of one person, before the index has entered the most of them: more than are looked through without it.
const LONG_MESSAGES: usize = 640;
/// What looking through them may take: the words that are kept, and a few that are being read.
const MORE_BY_WORDS: u64 = 48 * 1024 * 1024;

#[tokio::test]
async fn words_that_wait_for_the_index_take_no_more_for_being_many() {
    let fireside = Fireside::start_with(&["--durability", "normal", "--log-level", "error"]).await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let text = "a ".repeat(LETTERS);
    let send = async || {
        for _ in 0..LONG_MESSAGES / 8 {
            alice.posts(&text).in_room(&den).await;
        }
    };
    let before = resident_bytes(&fireside);
    join_all((0..8).map(|_| send())).await;
    let (mut most, mut answered) = (0, 0);
    for number in 0..20 {
        let found = alice.get(&format!("/messages/api/search/?q=zebra{number}%20zoo")).await;
        assert!([200, 503].contains(&found.status), "{}", found.status);
        answered += usize::from(found.status == 200);
        most = most.max(resident_bytes(&fireside));
    }
    let grown = most.saturating_sub(before);
    say(&format!(
        "{LONG_MESSAGES} messages of {LETTERS} words, 20 searches ({answered} answered in time): memory {} MiB more",
        mebibytes(grown)
    ));
    assert!(grown < MORE_BY_WORDS, "{} MiB more are held", mebibytes(grown));
}
