//! A backup made while everybody writes is the state at one commit.
//!
//! Everything that was told to a client bears its number; what a restored server shows is
//! compared with what was told up to the number of the backup, over all rooms at once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rusqlite::Connection;
use rustix::process::Signal;
use serde_json::json;
use tokio::task::JoinSet;

use super::{archives, backs_up, becomes, restores};
use crate::world::checker::books_balance;
use crate::world::machine::{number, say};
use crate::world::{Fireside, Home, Person, Room, id};

const WRITERS: usize = 6;

/// What a message was at a number: its text, and its file's.
type Version = (i64, String);

/// What clients were told.
#[derive(Default)]
struct Told {
    versions: Mutex<BTreeMap<i64, Vec<Version>>>,
    newest: AtomicI64,
}

impl Told {
    fn hears(&self, message: i64, seq: i64, text: &str) {
        self.versions.lock().unwrap().entry(message).or_default().push((seq, text.to_owned()));
        self.newest.fetch_max(seq, Ordering::SeqCst);
    }
}

/// Posts, with a file now and then; edits some and deletes some.
async fn writes(me: Person, room: Room, told: Arc<Told>, stop: Arc<AtomicBool>) {
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        number += 1;
        let text = format!("{} says {number}", me.username);
        let message = if number % 3 == 0 {
            let bytes = format!("the file of: {text}").repeat(500);
            let file = me.uploads("said.txt", bytes.as_bytes()).await;
            me.posts(&text).with_file(&file).in_room(&room).await
        } else {
            me.posts(&text).in_room(&room).await
        };
        // A message is born with the number that is its id.
        told.hears(id(&message), id(&message), &text);
        let path = format!("/messages/api/messages/{}/", id(&message));
        if number % 2 == 0 {
            let text = format!("{text}, or so");
            let edited = me.patch(&path, &json!({"content": text})).await.is(200).json();
            told.hears(id(&message), edited["seq"].as_i64().unwrap(), &text);
        }
        if number % 9 >= 6 {
            me.delete(&path).await.is(204);
        }
    }
}

/// When each deleted message went, by the database that saw it all.
fn deletions(home: &Home) -> BTreeMap<i64, i64> {
    let db = Connection::open(home.data().join("fireside.db")).unwrap();
    let mut query = db.prepare("SELECT message_id, seq FROM tombstones").unwrap();
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.collect::<rusqlite::Result<_>>().unwrap()
}

/// What all rooms held at a number.
fn state_at(seq: i64, told: &Told, gone: &BTreeMap<i64, i64>) -> BTreeMap<i64, String> {
    let versions = told.versions.lock().unwrap();
    let alive = versions.iter().filter(|(id, _)| gone.get(id).is_none_or(|gone| *gone > seq));
    alive
        .filter_map(|(id, versions)| {
            let latest = versions.iter().filter(|(number, _)| *number <= seq).max()?;
            Some((*id, latest.1.clone()))
        })
        .collect()
}

/// What all rooms hold now. Every attachment is fetched.
async fn state_of(fireside: &Fireside, rooms: &[(Person, Room)]) -> (BTreeMap<i64, String>, usize) {
    let (mut state, mut files) = (BTreeMap::new(), 0);
    for (person, room) in rooms {
        let person = person.back_to(fireside);
        for message in person.reads_history(room).await {
            let text = message["content"].as_str().unwrap().to_owned();
            for file in message["attachments"].as_array().unwrap() {
                let bytes = person.get(file["url"].as_str().unwrap()).await.is(200).body;
                let original = text.trim_end_matches(", or so");
                assert_eq!(bytes, format!("the file of: {original}").repeat(500).as_bytes());
                files += 1;
            }
            state.insert(id(&message), text);
        }
    }
    (state, files)
}

/// Who makes the backups.
enum By {
    Command,
    Signal,
}

impl By {
    async fn backs_up(&self, fireside: &Fireside, shelf: &Path, number: usize) -> PathBuf {
        let before = archives(shelf);
        match self {
            Self::Command => {
                backs_up(&fireside.home, &shelf.join(format!("{number}.tar"))).await.succeeded();
            }
            Self::Signal => {
                fireside.is_sent(Signal::USR1);
                becomes("the backup is there", || archives(shelf).len() > before.len()).await;
            }
        }
        archives(shelf).into_iter().find(|path| !before.contains(path)).unwrap()
    }
}

#[tokio::test]
async fn a_backup_under_load_is_the_state_at_one_commit() {
    is_the_state_at_one_commit(By::Command).await;
}

#[tokio::test]
async fn a_backup_by_signal_under_load_is_the_state_at_one_commit() {
    is_the_state_at_one_commit(By::Signal).await;
}

async fn is_the_state_at_one_commit(by: By) {
    let shelf = tempfile::tempdir().unwrap();
    let flags = ["--durability", "normal", "--backup-keep", "100", "--backup-dir", shelf.path().to_str().unwrap()];
    let mut fireside = Fireside::start_with(&flags).await;
    let (told, stop, mut writers) = (Arc::new(Told::default()), Arc::new(AtomicBool::new(false)), JoinSet::new());
    let mut rooms = Vec::new();
    for person in fireside.registers_crowd(WRITERS).await {
        let room = person.opens_room(&format!("room of {}", person.username)).await;
        writers.spawn(writes(person.clone(), room.clone(), Arc::clone(&told), Arc::clone(&stop)));
        rooms.push((person, room));
    }
    let mut backups = Vec::new();
    for number in 0..number("FIRESIDE_BACKUPS", 5) {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let before = told.newest.load(Ordering::SeqCst);
        let archive = by.backs_up(&fireside, shelf.path(), number).await;
        let after = told.newest.load(Ordering::SeqCst);
        assert!(after > before, "people went on meanwhile");
        backups.push((before, archive));
    }
    stop.store(true, Ordering::Relaxed);
    while let Some(ended) = writers.join_next().await {
        ended.unwrap();
    }
    assert_eq!(fireside.is_asked_to_stop().await, Some(0));
    let gone = deletions(&fireside.home);
    let end = told.newest.load(Ordering::SeqCst);
    let (mut all_files, mut all_messages) = (0, 0);
    for (before, archive) in &backups {
        let home = Home::new();
        let restored = restores(archive, &home).await;
        let said = restored.succeeded().stdout.clone();
        let seq = said.split("change ").nth(1).unwrap().split(',').next().unwrap().parse::<i64>().unwrap();
        assert!(seq >= *before, "what was acknowledged before it began is in it: {seq} of {before}");
        assert!(seq < end, "it is an earlier state: {seq} of {end}");
        books_balance(&home.data());
        let restored = Fireside::start_in(home, &[]).await;
        let (state, files) = state_of(&restored, &rooms).await;
        assert_eq!(state, state_at(seq, &told, &gone), "the state at {seq}");
        all_files += files;
        all_messages += state.len();
    }
    assert!(all_files > 0 && !gone.is_empty());
    say(&format!("{} backups under load: {all_messages} messages and {all_files} files as told", backups.len()));
}
