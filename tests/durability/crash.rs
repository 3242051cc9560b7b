//! `kill -9` under load: what was acknowledged is there, once, in one order everywhere.

use std::time::{Duration, Instant};

use super::storm::World;
use crate::world::Fireside;
use crate::world::checker::Figures;
use crate::world::machine::{number, say};

/// Promised for a machine that does nothing else; the tests' own is busy.
const READY: Duration = Duration::from_secs(2);
const READY_AT_MOST: Duration = Duration::from_secs(15);
/// Kills of one world: after each, all of its past is looked at, through every document.
const KILLS_OF_A_WORLD: usize = 10;

#[tokio::test]
async fn what_was_told_is_true_after_every_kill() {
    let kills = number("FIRESIDE_KILLS", 3);
    let (mut slowest, mut figures) = (Duration::ZERO, Figures::default());
    for first in (0..kills).step_by(KILLS_OF_A_WORLD) {
        let (ready, seen) = dies(KILLS_OF_A_WORLD.min(kills - first)).await;
        slowest = slowest.max(ready);
        figures += seen;
    }
    assert!(slowest < READY_AT_MOST, "{slowest:?}");
    say(&format!("{kills} kills: ready again within {slowest:?} (promised: {READY:?} on an idle machine); {figures}"));
}

/// A world of its own that dies so often: the longest that it took to be there again, and
/// what was seen of it.
async fn dies(kills: usize) -> (Duration, Figures) {
    let mut fireside = Fireside::start().await;
    let mut world = World::begins(&fireside).await;
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
    (slowest, world.ends(fireside).await)
}
