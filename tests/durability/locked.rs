//! Another program holds the database's lock, as a careless backup or an administrator's
//! shell does: who writes is told so in time, who reads notices nothing, and when it lets
//! go nobody has to do anything.

use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::json;

use super::storm::World;
use crate::world::Fireside;
use crate::world::machine::say;

/// How long the lock is held: a write that was refused is tried again in vain.
const HELD: Duration = Duration::from_secs(5);
/// Promised: 2 s. The tests' machine is busy.
const TOLD_WITHIN: Duration = Duration::from_secs(4);
/// Reading does not wait for the lock at all.
const READ_WITHIN: Duration = Duration::from_secs(2);

#[tokio::test]
async fn a_lock_is_told_within_two_seconds_and_passes() {
    let fireside = Fireside::start().await;
    let world = World::begins(&fireside).await;
    let (alice, bob) = (world.pair.alice.clone(), world.pair.bob.clone());
    let path = format!("/api/rooms/{}/messages/", world.pair.chat);
    let storm = world.rages().await;
    tokio::time::sleep(Duration::from_millis(300)).await;

    // This process is another one than the server's.
    let other = Connection::open(fireside.home.database()).unwrap();
    other.busy_timeout(Duration::from_secs(20)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (locked, mut told, mut slowest, mut slowest_read) = (Instant::now(), 0, Duration::ZERO, Duration::ZERO);
    while locked.elapsed() < HELD {
        let text = world.text("into the lock");
        world.ledger.sends(&text);
        let asked = Instant::now();
        let body = json!({"content": text});
        let (answer, read) = tokio::join!(alice.post(&path, &body).into_future(), async {
            bob.get(&path).await.is(200);
            asked.elapsed()
        });
        slowest = slowest.max(asked.elapsed());
        slowest_read = slowest_read.max(read);
        world.ledger.is_answered(&text, Some(answer.status));
        let answer = answer.refused(503, "unavailable");
        assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1, "{answer}");
        told += 1;
    }
    assert!(slowest < TOLD_WITHIN, "told after {slowest:?}");
    assert!(slowest_read < READ_WITHIN, "read after {slowest_read:?}");
    bob.get("/healthz").await.is(200);
    bob.get("/readyz").await.is(503);

    // Who asks shortly before it lets go waits, and is served.
    let text = world.text("into the end of the lock");
    world.ledger.sends(&text);
    let body = json!({"content": text});
    let (answer, free) = tokio::join!(alice.post(&path, &body).into_future(), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        other.execute_batch("ROLLBACK").unwrap();
        Instant::now()
    });
    let back = free.elapsed();
    world.ledger.is_answered(&text, Some(answer.is(201).status));
    tokio::time::sleep(Duration::from_millis(300)).await;
    storm.calms().await;
    let log = fireside.home.log();
    assert_eq!(log.matches("another program holds the database's lock").count(), 1, "told once: {log}");
    assert_eq!(log.matches("the database's lock is free again").count(), 1, "{log}");
    assert!(!log.contains("panicked"), "{log}");
    let figures = world.ends(fireside).await;
    assert!(figures.refused > told && figures.acknowledged > 0, "{figures}");
    say(&format!(
        "locked for {HELD:?}: told within {slowest:?}, read within {slowest_read:?}, writing again after {back:?}; {figures}"
    ));
}
