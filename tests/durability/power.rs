//! The power goes, at any call of the system: of what a disk had not synced by then it
//! may hold any part.

use std::collections::BTreeSet;
use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;
use rusqlite::Connection;

use super::storm::World;
use crate::across::pair::Dialect;
use crate::world::checker::{Figures, books_balance};
use crate::world::machine::{has_strace, number, say};
use crate::world::recording::Recording;
use crate::world::{Fireside, Home, Person};

/// What everybody did, and what the server asked of its disk meanwhile.
struct Night {
    world: World,
    recording: Recording,
    /// From here on there are people.
    begun: usize,
}

impl Night {
    async fn passes(durability: &str) -> Self {
        let home = Home::new();
        let fireside = Fireside::start_recorded(home.clone(), &["--durability", durability]).await;
        let world = World::begins(&fireside).await;
        fireside.registers("moon").await;
        let storm = world.rages().await;
        talks_until_the_log_is_folded(&fireside, &world.pair.alice).await;
        let process = fireside.process();
        drop(fireside);
        storm.ends_with_the_server().await;
        let recording = Recording::of(&home, process);
        let begun = recording.moment_of("moon@example.com");
        Self { world, recording, begun }
    }

    /// How many of the texts that had been told are not there.
    async fn missing(&self, moment: usize, mut fireside: Fireside) -> usize {
        assert_eq!(fireside.is_asked_to_stop().await, Some(0));
        let stored = Connection::open(fireside.home.data().join("fireside.db")).unwrap();
        let mut texts = stored.prepare("SELECT content FROM messages").unwrap();
        let there: BTreeSet<String> = texts.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        let said = Dialect::Rooms;
        let texts = (0..self.world.said()).map(|number| format!("said by {said:?} {number}|0"));
        texts.filter(|text| self.recording.is_told(text, moment) && !there.contains(text)).count()
    }
}

/// Talks at length until the log has been checkpointed into the database, and is used again.
async fn talks_until_the_log_is_folded(fireside: &Fireside, alice: &Person) {
    let attic = alice.opens_room("attic").await;
    let database = fireside.home.data().join("fireside.db");
    let size = || std::fs::metadata(&database).unwrap().len();
    let before = size();
    while size() == before {
        alice.posts(&"ж".repeat(9_900)).in_room(&attic).await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
}

fn chance(moment: usize) -> StdRng {
    StdRng::seed_from_u64(moment as u64)
}

/// So many moments from one on, evenly.
fn moments(from: usize, to: usize, count: usize) -> impl Iterator<Item = usize> {
    (1..=count).map(move |number| from + (to - from) * number / count)
}

#[tokio::test]
async fn what_was_told_is_true_after_the_power_went() {
    if !has_strace() {
        return;
    }
    let cuts = number("FIRESIDE_POWER_CUTS", 6);
    let night = Night::passes("full").await;
    let mut figures = Figures::default();
    for moment in moments(night.begun, night.recording.end(), cuts) {
        let home = night.recording.power_goes(moment, &mut chance(moment));
        let fireside = home.starts_or_not().await.unwrap_or_else(|end| panic!("at {moment}: {}", end.stderr));
        let world = night.world.as_of(|text| night.recording.is_told(text, moment)).back_to(&fireside);
        figures += world.ends(fireside).await;
    }
    assert!(figures.acknowledged > 0, "something was going on: {figures}");
    let [commits, folds] = ["fireside.db-wal", "fireside.db"].map(|name| night.recording.syncs_of(name, night.begun));
    assert!(folds > 0, "the log was folded meanwhile");
    say(&format!(
        "{cuts} power cuts among {} calls, {commits} commits and {folds} folds: {figures}",
        night.recording.end()
    ));
}

/// The power goes while the folder is made, before anybody was told anything: the next
/// start is as good as a first one.
#[tokio::test]
async fn a_first_start_that_the_power_cut_short_is_made_up_for() {
    if !has_strace() {
        return;
    }
    let home = Home::new();
    let fireside = Fireside::start_recorded(home.clone(), &[]).await;
    let process = fireside.process();
    drop(fireside);
    let recording = Recording::of(&home, process);
    for moment in 0..=recording.end() {
        let home = recording.power_goes(moment, &mut chance(moment));
        let mut fireside = home.starts_or_not().await.unwrap_or_else(|end| panic!("at {moment}: {}", end.stderr));
        fireside.registers("alice").await;
        assert_eq!(fireside.is_asked_to_stop().await, Some(0));
        books_balance(&home.data());
    }
    say(&format!("{} power cuts of a first start: the next one succeeded", recording.end()));
}

/// With the durability that promises less, something is lost: so the look can see it.
#[tokio::test]
async fn what_is_not_synced_is_seen_to_be_lost() {
    if !has_strace() {
        return;
    }
    let night = Night::passes("normal").await;
    let mut lost = 0;
    for moment in moments(night.begun, night.recording.end(), 3) {
        let home = night.recording.power_goes(moment, &mut chance(moment));
        let fireside = home.starts_or_not().await.unwrap_or_else(|end| panic!("at {moment}: {}", end.stderr));
        lost += night.missing(moment, fireside).await;
    }
    assert!(lost > 0, "nothing that was not synced was lost: the cuts do nothing");
    say(&format!("3 power cuts with `normal`: {lost} acknowledged were lost, as it says"));
}
