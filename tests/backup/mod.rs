//! Backups that can be trusted, and the maintenance of a data folder.

pub mod damage;
mod follower;
mod hold;
mod litestream;
mod load;
mod restore;
mod standby;
mod timer;
mod trouble;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::world::home::{Outcome, PATIENCE, run};
use crate::world::{Fireside, Home};

/// A backup of a folder, into another.
async fn backs_up(home: &Home, to: &Path) -> Outcome {
    home.runs(&["backup", to.to_str().unwrap()], "").await
}

async fn restores(from: &Path, home: &Home) -> Outcome {
    run(&["restore", from.to_str().unwrap(), "--data", home.data().to_str().unwrap()], "").await
}

/// A server with a room, words and a file in it, and a backup of that.
async fn backed_up(shelf: &Path) -> (Fireside, PathBuf) {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let file = alice.uploads("notes.txt", b"words to keep").await;
    alice.posts("kept").with_file(&file).in_room(&den).await;
    let archive = shelf.join("kept.tar");
    backs_up(&fireside.home, &archive).await.succeeded();
    (fireside, archive)
}

/// What stands beside each other in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The backups in a folder, the oldest first. None while there is no folder.
fn archives(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut found: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.extension().is_some_and(|extension| extension == "tar"));
    found.sort();
    found
}

/// Waits until it is so.
async fn becomes(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
