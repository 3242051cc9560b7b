//! The write-ahead log stays small while many read and many write.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinSet;

use crate::world::Fireside;
use crate::world::checker::books_balance;
use crate::world::machine::{mebibytes, say, scale};

/// Four times the length at which it is folded, and what comes while it is.
const MOST: u64 = 96 * 1024 * 1024;

/// Messages, so that there is more than one fold holds.
const AT_LEAST: u64 = 700;

#[tokio::test]
async fn the_log_stays_small_while_everybody_reads_and_writes() {
    let mut fireside = Fireside::start_with(&["--log-level", "warn", "--durability", "normal"]).await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let log = fireside.home.data().join("fireside.db-wal");
    let stop = Arc::new(AtomicBool::new(false));
    let (written, read) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let mut everybody = JoinSet::new();
    for number in 0..16 {
        let (alice, den, stop, count) = (alice.clone(), den.clone(), Arc::clone(&stop), Arc::clone(&read));
        everybody.spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                let page = 1 + number % 3;
                let answer = alice.get(&format!("{}?page_size=5&page={page}", den.messages())).await;
                assert!([200, 404].contains(&answer.status), "{answer}");
                count.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    let text = "🔥".repeat(9_900);
    for _ in 0..8 {
        let (alice, den, stop, count) = (alice.clone(), den.clone(), Arc::clone(&stop), Arc::clone(&written));
        let body = json!({"content": text});
        everybody.spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                alice.post(&den.messages(), &body).await.is(201);
                count.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    let (mut longest, begun) = (0, Instant::now());
    let span = Duration::from_secs(u64::try_from(scale(3, 120)).unwrap());
    while begun.elapsed() < span || written.load(Ordering::Relaxed) < AT_LEAST {
        tokio::time::sleep(Duration::from_millis(50)).await;
        if let Some(ended) = everybody.try_join_next() {
            ended.expect("whoever reads or writes goes on until the end");
        }
        longest = longest.max(std::fs::metadata(&log).map_or(0, |log| log.len()));
    }
    stop.store(true, Ordering::Relaxed);
    while let Some(ended) = everybody.join_next().await {
        ended.unwrap();
    }
    assert!(longest < MOST, "{longest}");
    assert!(longest > MOST / 8, "there was enough to fold: {longest}");
    assert_eq!(fireside.is_asked_to_stop().await, Some(0));
    assert_eq!(std::fs::metadata(&log).map_or(0, |log| log.len()), 0, "a stop leaves nothing in it");
    books_balance(&fireside.home.data());
    let (written, read) = (written.load(Ordering::Relaxed), read.load(Ordering::Relaxed));
    say(&format!(
        "{written} messages of 40 kB written, {read} pages read: the log was {} MiB at most",
        mebibytes(longest)
    ));
}
