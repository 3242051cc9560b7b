//! A second machine that follows the first: the database by Litestream, the files by rsync. The
//! first one is lost in the middle of its work, with its disk.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinSet;

use super::becomes;
use super::litestream::Litestream;
use crate::world::checker::books_balance;
use crate::world::home::PATIENCE;
use crate::world::machine::{has_rsync, litestream, say};
use crate::world::{Fireside, Home, Person, Room, contents, id};

const WRITERS: usize = 4;
/// How often the second machine looks for news.
const FOLLOWS_EVERY: &str = "100ms";

/// Everything that was acknowledged: its number, its text, and when.
type Acknowledged = Arc<Mutex<Vec<(i64, String, Instant)>>>;

/// Posts until the server is gone; what was said last may not be answered.
async fn writes(alice: Person, den: Room, writer: usize, told: Acknowledged) {
    for number in 0.. {
        let text = format!("{writer}-{number}");
        let body = json!({"content": text, "client_id": text});
        let Some(answer) = alice.post(&den.messages(), &body).tried().await else { return };
        let number = id(&answer.is(201).json());
        told.lock().unwrap().push((number, text, Instant::now()));
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// What changed for somebody since a number, and the number to ask on from.
async fn catches_up(who: &Person, since: i64) -> (Vec<Value>, i64) {
    let (mut all, mut since) = (Vec::new(), since);
    loop {
        let page = who.get(&format!("/messages/api/sync/?since={since}")).await.is(200).json();
        all.extend(page["messages"].as_array().unwrap().iter().cloned());
        since = page["seq"].as_i64().unwrap();
        if page["more"] == false {
            return (all, since);
        }
    }
}

/// As the documents say it: uploads and the secret, into the folder of the second machine.
fn copies_files(from: &Home, to: &Home) {
    let (files, secret) = (from.data().join("files"), from.data().join("secret.key"));
    let copied = Command::new("rsync").arg("-a").args([files, secret]).arg(to.data()).status().unwrap();
    assert!(copied.success());
}

fn rows(home: &Home, table: &str) -> i64 {
    // Without a trace beside it, which who follows would find.
    let path = format!("file:{}?immutable=1", home.data().join("fireside.db").display());
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    let database = Connection::open_with_flags(path, flags);
    // It is not there yet, or is being written.
    let counted = database.and_then(|db| db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)));
    counted.unwrap_or(0)
}

/// On a busy machine a write may take more than the second that is asked for: then asked again.
async fn lag(fireside: &Fireside) -> Option<u64> {
    loop {
        let answer = fireside.anyone().get("/readyz").await;
        if answer.status == 200 {
            return answer.json()["replication_lag_seconds"].as_u64();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Nothing waits to be read, as the server tells it.
async fn becomes_level(fireside: &Fireside) {
    let begun = Instant::now();
    while lag(fireside).await != Some(0) {
        assert!(begun.elapsed() < PATIENCE, "it never catches up: {:?}", lag(fireside).await);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The two that bring the database from the one machine to the other.
struct Ways {
    replicates: Litestream,
    follows: Litestream,
}

impl Ways {
    async fn open(program: &Path, shelf: &Path, first: &Home, second: &Home) -> Self {
        let (configuration, replica) = (shelf.join("litestream.yml"), shelf.join("replica"));
        let lines = format!(
            "dbs:\n  - path: {}\n    monitor-interval: 100ms\n    checkpoint-interval: 1s\n    replica:\n      type: file\n      path: {}\n      sync-interval: 100ms\n",
            first.data().join("fireside.db").display(),
            replica.display()
        );
        std::fs::write(&configuration, lines).unwrap();
        let replicates = Litestream::follows(program, &configuration);
        let said = || std::fs::read_to_string(configuration.with_extension("log")).unwrap();
        becomes("the first is replicated", || said().contains("snapshot complete")).await;
        let (to, from) = (second.data().join("fireside.db"), format!("file://{}", replica.display()));
        let words = ["restore", "-f", "-follow-interval", FOLLOWS_EVERY, "-o"].map(OsStr::new);
        let words = [&words[..], &[to.as_os_str(), OsStr::new(&from)]].concat();
        let follows = Litestream::runs(program, &words, &shelf.join("follows.log"));
        becomes("the second follows", || rows(second, "users") > 0).await;
        Self { replicates, follows }
    }
}

/// The two machines, what goes on between them, and who talks.
struct Scene {
    first: Fireside,
    second: Home,
    ways: Ways,
    alice: Person,
    bob: Person,
    den: Room,
    /// A file that came to the second machine in time.
    kept: Value,
    _shelf: TempDir,
}

impl Scene {
    /// The second follows; of two files one has been copied.
    async fn begins(program: &Path) -> Self {
        let (first, second) = (Fireside::start_with(&["--log-level", "warn"]).await, Home::new());
        let (alice, bob) = (first.registers("alice").await, first.registers("bob").await);
        let den = alice.opens_room("den").await;
        bob.joins(&den).await;
        let kept = alice.uploads("kept.txt", b"words to keep").await;
        alice.posts("a file").with_file(&kept).in_room(&den).await;
        assert_eq!(lag(&first).await, None, "nobody follows");
        std::fs::create_dir(second.data()).unwrap();
        copies_files(&first.home, &second);
        let shelf = tempfile::tempdir().unwrap();
        let ways = Ways::open(program, shelf.path(), &first.home, &second).await;
        let late = alice.uploads("late.txt", b"after the last rsync").await;
        alice.posts("another file").with_file(&late).in_room(&den).await;
        becomes("the second knows of it", || rows(&second, "files") == 2).await;
        becomes_level(&first).await;
        Self { first, second, ways, alice, bob, den, kept, _shelf: shelf }
    }

    /// Somebody writes; the line between the two is cut; then the first machine is lost with its
    /// disk. Up to where Bob has caught up, all that was acknowledged, and when it ended.
    async fn is_lost(&mut self) -> (i64, Vec<(i64, String, Instant)>, Instant) {
        let told = Acknowledged::default();
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS {
            writers.spawn(writes(self.alice.clone(), self.den.clone(), writer, Arc::clone(&told)));
        }
        becomes("what is said now arrives", || rows(&self.second, "messages") > 100).await;
        self.ways.replicates.dies();
        while lag(&self.first).await < Some(1) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let (_, seen) = catches_up(&self.bob, 0).await;
        self.first.dies();
        let at = Instant::now();
        std::fs::remove_dir_all(self.first.home.data()).unwrap();
        while let Some(writer) = writers.join_next().await {
            writer.unwrap();
        }
        let told = told.lock().unwrap().clone();
        (seen, told, at)
    }

    /// As the documents say it. The second has what there is of the replica when it has looked
    /// once more.
    async fn takes_over(&mut self) -> Fireside {
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(self.ways.follows.is_asked_to_stop());
        let promoted = self.second.runs(&["promote"], "").await;
        assert!(promoted.succeeded().stdout.contains("1 of 2 files missing"), "{promoted:?}");
        let fireside = Fireside::start_in(self.second.clone(), &[]).await;
        assert_eq!(lag(&fireside).await, None, "nobody follows the second yet");
        fireside
    }
}

#[tokio::test]
async fn a_second_machine_takes_over_and_the_tail_alone_is_lost() {
    let Some(program) = litestream().filter(|_| has_rsync()) else { return };
    let mut scene = Scene::begins(&program).await;
    let (seen, told, lost_at) = scene.is_lost().await;
    let mut fireside = scene.takes_over().await;
    let served = lost_at.elapsed();

    let (alice, bob) = (scene.alice.back_to(&fireside), scene.bob.back_to(&fireside));
    let found: Vec<(i64, String)> = alice.reads_history(&scene.den).await.iter().map(named).collect();
    let newest = found.last().unwrap().0;
    let (before, after): (Vec<_>, Vec<_>) = told.iter().partition(|(number, ..)| *number <= newest);
    assert!(!after.is_empty() && before.len() > 90, "{} and {}", before.len(), after.len());
    for (number, text, _) in &before {
        assert!(found.contains(&(*number, text.clone())), "{number} {text} is missing, and {newest} is there");
    }
    let kept = format!("/api/files/{}/download/", id(&scene.kept));
    assert_eq!(alice.get(&kept).await.is(200).body, b"words to keep");

    // No number comes twice: who saw the tail is told what is said from here on.
    let highest = told.iter().map(|(number, ..)| *number).max().unwrap();
    alice.posts("and on").in_room(&scene.den).await;
    let (news, _) = catches_up(&bob, seen).await;
    assert_eq!(contents(&news), ["and on"]);
    assert!(id(&news[0]) > highest, "{news:?}, and {highest} was told before");
    resends(&alice, &scene.den, &told, newest).await;
    // An upload that never arrived is no obstacle: its message can be deleted as any other.
    let (late, _) = found.iter().find(|(_, text)| text == "another file").unwrap();
    alice.delete(&format!("/api/messages/{late}/")).await.is(204);
    assert_eq!(fireside.is_asked_to_stop().await, Some(0));
    books_balance(&scene.second.data());
    let since = after.iter().map(|(_, _, at)| *at).min().unwrap();
    say(&format!(
        "the second machine served after {:.1} s; of {} messages {} were lost, those of the last {:.1} s",
        served.as_secs_f64(),
        told.len(),
        after.len(),
        (lost_at - since).as_secs_f64()
    ));
}

fn named(message: &Value) -> (i64, String) {
    (id(message), message["content"].as_str().unwrap().to_owned())
}

/// Clients that send again what they sent with a key bring the tail back, and nothing twice.
async fn resends(alice: &Person, den: &Room, told: &[(i64, String, Instant)], newest: i64) {
    for (number, text, _) in told.iter().rev().take(200) {
        let answer = alice.post(&den.messages(), &json!({"content": text, "client_id": text})).await;
        if *number <= newest {
            assert_eq!(id(&answer.is(200).json()), *number);
        } else {
            answer.is(201);
        }
    }
    let texts: Vec<String> = alice.reads_history(den).await.iter().map(|message| named(message).1).collect();
    let unique: std::collections::HashSet<_> = texts.iter().collect();
    assert_eq!(unique.len(), texts.len(), "each is there once");
}

#[tokio::test]
async fn a_folder_that_is_not_whole_does_not_take_over() {
    let mut fireside = Fireside::start().await;
    let home = fireside.home.clone();
    home.runs(&["promote"], "").await.failed_with(75);
    assert_eq!(fireside.is_asked_to_stop().await, Some(0));
    let secret = home.data().join("secret.key");
    let bytes = std::fs::read(&secret).unwrap();
    for broken in [None, Some(&bytes[..8])] {
        std::fs::remove_file(&secret).unwrap();
        broken.map_or(Ok(()), |some| std::fs::write(&secret, some)).unwrap();
        let refused = home.runs(&["promote"], "").await;
        assert!(refused.failed_with(1).stderr.contains("secret.key"), "{refused:?}");
        std::fs::write(&secret, &bytes).unwrap();
    }
    home.runs(&["promote"], "").await.succeeded();
    Home::new().runs(&["promote"], "").await.failed_with(78);
}
