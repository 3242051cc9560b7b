//! `kill -9` under load: what was acknowledged is there, once, in one order everywhere.

use std::time::{Duration, Instant};

use super::storm::World;
use crate::world::Fireside;
use crate::world::machine::{number, say};

/// Promised for a machine that does nothing else; the tests' own is busy.
const READY: Duration = Duration::from_secs(2);
const READY_AT_MOST: Duration = Duration::from_secs(15);

#[tokio::test]
async fn what_was_told_is_true_after_every_kill() {
    let mut fireside = Fireside::start().await;
    let mut world = World::begins(&fireside).await;
    let kills = number("FIRESIDE_KILLS", 3);
    let mut slowest = Duration::ZERO;
    for round in 0..kills {
        let storm = world.rages().await;
        // Where exactly it dies is chance.
        tokio::time::sleep(Duration::from_millis(300 + 37 * u64::try_from(round % 10).unwrap())).await;
        let died = Instant::now();
        fireside = fireside.dies_and_restarts().await;
        slowest = slowest.max(died.elapsed());
        storm.ends_with_the_server().await;
        world = world.back_to(&fireside);
        let figures = world.is_right().await;
        assert!(figures.acknowledged > 0 && figures.heard > 0, "something was going on: {figures}");
    }
    assert!(slowest < READY_AT_MOST, "{slowest:?}");
    let figures = world.ends(fireside).await;
    say(&format!("{kills} kills: ready again within {slowest:?} (promised: {READY:?} on an idle machine); {figures}"));
}
