//! A replicator beside the server, as Litestream is one: it holds a read transaction so that
//! the write-ahead log never starts anew behind its back, keeps tables of its own in the
//! database, takes the write lock for moments, and checkpoints the log itself.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::types::Value;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use tokio::task::JoinSet;

use super::follower::{Follower, WAL_HEADER, size};
use super::{archives, becomes, restores};
use crate::world::checker::books_balance;
use crate::world::home::PATIENCE;
use crate::world::machine::{litestream, mebibytes, say};
use crate::world::{Fireside, Home, Person, Room};

/// The server's own log is this long when it waits for its readers.
const LONG: u64 = 64 * 1024 * 1024;
/// What the replicator lets it become in ordinary times.
const ORDINARY: u64 = 4 * 1024 * 1024;

/// Many who write much.
struct Load {
    stop: Arc<AtomicBool>,
    written: Arc<AtomicU64>,
    slowest: Arc<AtomicU64>,
    writers: JoinSet<()>,
}

impl Load {
    fn begins(alice: &Person, den: &Room) -> Self {
        let (stop, written, slowest) = Default::default();
        let mut load = Self { stop, written, slowest, writers: JoinSet::new() };
        for _ in 0..8 {
            let (alice, den, stop) = (alice.clone(), den.clone(), Arc::clone(&load.stop));
            let (written, slowest) = (Arc::clone(&load.written), Arc::clone(&load.slowest));
            load.writers.spawn(async move {
                let body = json!({"content": "🔥".repeat(9_900)});
                while !stop.load(Ordering::Relaxed) {
                    let asked = Instant::now();
                    alice.post(&den.messages(), &body).await.is(201);
                    slowest.fetch_max(u64::try_from(asked.elapsed().as_millis()).unwrap(), Ordering::Relaxed);
                    written.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            });
        }
        load
    }

    async fn ends(mut self) -> (u64, u64) {
        self.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.writers.join_next().await {
            ended.unwrap();
        }
        (self.written.load(Ordering::Relaxed), self.slowest.load(Ordering::Relaxed))
    }
}

/// Much is written at once, more than the log should hold; what it was is gone again.
fn swells(database: &Path) {
    let other = Connection::open(database).unwrap();
    other.busy_timeout(PATIENCE).unwrap();
    let bytes = LONG + LONG / 8;
    let sql = format!(
        "PRAGMA wal_autocheckpoint = 0;
         BEGIN IMMEDIATE; CREATE TABLE swelling (bytes); INSERT INTO swelling VALUES (zeroblob({bytes})); COMMIT;
         DROP TABLE swelling;"
    );
    other.execute_batch(&sql).unwrap();
}

/// Every row of every table, in their order.
fn rows(database: &Path) -> BTreeMap<String, Vec<String>> {
    let db = Connection::open(database).unwrap();
    let mut names = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").unwrap();
    let names: Vec<String> = names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let of = |name: &String| {
        let mut query = db.prepare(&format!("SELECT * FROM \"{name}\"")).unwrap();
        let columns = query.column_count();
        let line = |row: &rusqlite::Row<'_>| {
            Ok((0..columns).map(|at| format!("{:?} ", row.get::<_, Value>(at).unwrap())).collect::<String>())
        };
        let mut lines: Vec<String> = query.query_map([], line).unwrap().map(Result::unwrap).collect();
        lines.sort();
        lines
    };
    names.iter().map(|name| (name.clone(), of(name))).collect()
}

#[tokio::test]
async fn a_copy_that_follows_the_log_is_the_database() {
    let mut fireside = Fireside::start_with(&["--log-level", "warn", "--durability", "normal"]).await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let data = fireside.home.data();
    let mut follower = Follower::begins(&data);
    let load = Load::begins(&alice, &den);
    // Held longer than the server wants to: it goes on, and nothing is lost to the follower.
    swells(&data.join("fireside.db"));
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(3) {
        follower.follows();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(follower.longest > LONG, "{}", follower.longest);
    let held = follower.longest;
    follower.follows_and_folds();
    // In ordinary times the log is checkpointed whenever it has some pages.
    let (start, starts, mut since) = (Instant::now(), follower.starts, 0);
    while start.elapsed() < Duration::from_secs(3) || follower.starts < starts + 2 {
        assert!(start.elapsed() < Duration::from_secs(60), "the log never begins anew");
        follower.longest = 0;
        if since >= ORDINARY {
            follower.follows_and_folds()
        } else {
            follower.follows()
        }
        since = (follower.read - WAL_HEADER) as u64;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    fireside.is_sent(Signal::USR1);
    becomes("its own backup", || !archives(&data.join("backups")).is_empty()).await;
    let (written, slowest) = load.ends().await;
    assert!(slowest < 10_000, "everybody was served: {slowest} ms");
    follower.follows_and_folds();
    alice.posts("the last word").in_room(&den).await;
    follower.follows();
    let stopping = Instant::now();
    assert_eq!(fireside.is_asked_to_stop().await, Some(0));
    let stopped = stopping.elapsed();
    assert!(stopped < Duration::from_secs(5), "nobody waits for who follows: {stopped:?}");
    follower.follows();
    let copy = data.with_file_name("copy.db");
    std::fs::write(&copy, &follower.copy).unwrap();
    assert!(size(&data.join("fireside.db-wal")) > 0, "what is held stays in the log");
    drop(follower);
    assert!(rows(&copy) == rows(&data.join("fireside.db")), "the copy is the database");
    assert!(rows(&copy)["messages"].iter().any(|row| row.contains("the last word")));
    serves_on(&fireside.home, &alice, &den, written + 1).await;
    let archive = archives(&data.join("backups")).pop().unwrap();
    let home = Home::new();
    restores(&archive, &home).await.succeeded();
    Fireside::start_in(home, &[]).await;
    say(&format!(
        "beside a follower: {written} messages of 40 kB, the slowest {slowest} ms; the log {} MiB while held; stopped in {stopped:?}",
        mebibytes(held)
    ));
}

/// A server finds all of it, and its books balance with the replicator's tables in them.
async fn serves_on(home: &Home, alice: &Person, den: &Room, messages: u64) {
    let mut fireside = Fireside::start_in(home.clone(), &[]).await;
    let page = alice.back_to(&fireside).get(&den.messages()).await.is(200).json();
    assert_eq!(page["count"], messages);
    alice.back_to(&fireside).posts("and on").in_room(den).await;
    assert_eq!(fireside.is_asked_to_stop().await, Some(0));
    assert_eq!(size(&home.data().join("fireside.db-wal")), 0, "the log is folded");
    books_balance(&home.data());
}

#[tokio::test]
async fn a_log_that_grew_under_a_reader_goes_back_to_the_disk() {
    let fireside = Fireside::start_with(&["--log-level", "warn", "--durability", "normal"]).await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let log = fireside.home.data().join("fireside.db-wal");
    let reader = Connection::open(fireside.home.data().join("fireside.db")).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM users;").unwrap();
    let load = Load::begins(&alice, &den);
    swells(&fireside.home.data().join("fireside.db"));
    let start = Instant::now();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(size(&log) > LONG, "{}", size(&log));
    reader.execute_batch("COMMIT").unwrap();
    while size(&log) > LONG {
        assert!(start.elapsed() < Duration::from_secs(120), "{}", size(&log));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let (_, slowest) = load.ends().await;
    assert!(slowest < 10_000, "everybody was served: {slowest} ms");
}

/// Litestream itself, until it is dropped.
pub struct Litestream {
    child: Child,
}

impl Litestream {
    pub fn follows(program: &Path, configuration: &Path) -> Self {
        let words = ["replicate".as_ref(), "-config".as_ref(), configuration.as_os_str()];
        Self::runs(program, &words, &configuration.with_extension("log"))
    }

    pub fn runs(program: &Path, words: &[&OsStr], log: &Path) -> Self {
        let mut command = Command::new(program);
        let log = File::create(log).unwrap();
        command.args(words).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        Self { child: command.spawn().unwrap() }
    }

    /// Without warning.
    pub fn dies(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn is_asked_to_stop(&mut self) -> bool {
        let pid = i32::try_from(self.child.id()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), Signal::TERM).unwrap();
        self.child.wait().unwrap().success()
    }
}

impl Drop for Litestream {
    fn drop(&mut self) {
        // It may have ended already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[tokio::test]
async fn litestream_itself_restores_what_was_acknowledged() {
    let Some(program) = litestream() else { return };
    let mut fireside = Fireside::start_with(&["--log-level", "warn", "--durability", "normal"]).await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let (data, shelf) = (fireside.home.data(), tempfile::tempdir().unwrap());
    let (configuration, database) = (shelf.path().join("litestream.yml"), data.join("fireside.db"));
    let lines = format!(
        "dbs:\n  - path: {}\n    monitor-interval: 100ms\n    checkpoint-interval: 1s\n    replica:\n      type: file\n      path: {}\n      sync-interval: 100ms\n",
        database.display(),
        shelf.path().join("replica").display()
    );
    std::fs::write(&configuration, lines).unwrap();
    let mut replicator = Litestream::follows(&program, &configuration);
    let said = || std::fs::read_to_string(configuration.with_extension("log")).unwrap();
    becomes("it follows", || said().contains("snapshot complete")).await;
    let load = Load::begins(&alice, &den);
    let (start, mut longest) = (Instant::now(), 0);
    while start.elapsed() < Duration::from_secs(4) || load.written.load(Ordering::Relaxed) < 700 {
        longest = longest.max(size(&data.join("fireside.db-wal")));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let (written, slowest) = load.ends().await;
    assert!(slowest < 10_000, "everybody was served: {slowest} ms");
    assert!(longest < 2 * LONG, "the log stays bounded: {longest}");
    alice.posts("the last word").in_room(&den).await;
    let stopping = Instant::now();
    assert_eq!(fireside.is_asked_to_stop().await, Some(0));
    let stopped = stopping.elapsed();
    assert!(stopped < Duration::from_secs(5), "{stopped:?}");
    assert!(replicator.is_asked_to_stop(), "{}", said());
    assert!(!said().contains("level=ERROR"), "{}", said());

    let home = Home::new();
    std::fs::create_dir(home.data()).unwrap();
    let mut restore = Command::new(&program);
    restore.arg("restore").arg("-config").arg(&configuration).arg("-o").arg(home.data().join("fireside.db"));
    let restored = restore.arg(&database).output().unwrap();
    assert!(restored.status.success(), "{restored:?}");
    std::fs::copy(data.join("secret.key"), home.data().join("secret.key")).unwrap();
    let (replica, original) = (rows(&home.data().join("fireside.db")), rows(&database));
    for (table, rows) in original.iter().filter(|(table, _)| !table.starts_with("_litestream")) {
        assert!(&replica[table] == rows, "{table} is the same");
    }
    serves_on(&home, &alice, &den, written + 1).await;
    say(&format!(
        "Litestream beside the server: {written} messages of 40 kB, the slowest {slowest} ms; the log {} MiB at most; stopped in {stopped:?}",
        mebibytes(longest)
    ));
}
