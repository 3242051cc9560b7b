//! `fireside gc`: what may go goes, a dry run changes nothing, and what is needed stays.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde_json::json;

use super::{lines, lived_in, meddles, number};
use crate::world::{Fireside, Home, id};

const DAY: i64 = 24 * 60 * 60 * 1000;

/// How many of each, and their bytes, but for what there is none of.
async fn collects(home: &Home, more: &[&str]) -> BTreeMap<String, (u64, u64)> {
    let outcome = home.runs(&[&["gc", "--json"], more].concat(), "").await;
    let lines = lines(&outcome.succeeded().stdout);
    let number = |line: &serde_json::Value, field: &str| line[field].as_u64().unwrap();
    let all = lines
        .iter()
        .map(|line| (line["what"].as_str().unwrap().to_owned(), (number(line, "count"), number(line, "bytes"))));
    all.filter(|(_, (count, _))| *count > 0).collect()
}

fn of(list: &[(&str, u64, u64)]) -> BTreeMap<String, (u64, u64)> {
    list.iter().map(|(what, count, bytes)| ((*what).to_owned(), (*count, *bytes))).collect()
}

/// A file without a row, of some age.
fn leaves(home: &Home, name: &str, bytes: &str, age: Duration) -> PathBuf {
    let path = home.data().join(name);
    fs::write(&path, bytes).unwrap();
    OpenOptions::new().write(true).open(&path).unwrap().set_modified(SystemTime::now() - age).unwrap();
    path
}

/// All but the locks of those who read the database of a running server.
fn bytes_of(home: &Home) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = home.files().into_iter().filter(|path| !path.to_string_lossy().ends_with("-shm"));
    files.map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

/// A folder in which there is some of everything that may go, and of what may not.
async fn littered() -> (Home, Vec<PathBuf>, Vec<PathBuf>) {
    let home = lived_in().await;
    let mut fireside = Fireside::start_in(home.clone(), &[]).await;
    let dave = fireside.registers("dave").await;
    let den = dave.opens_room("dave's").await;
    dave.posts("once").known_as("a key").in_room(&den).await;
    dave.posts("again").known_as("another").in_room(&den).await;
    dave.uploads("old.txt", b"nobody attached it").await;
    let kept = dave.uploads("new.txt", b"somebody may").await;
    home.runs(&["user", "passwd", "dave", "--link"], "").await.succeeded();
    home.runs(&["invite", "create"], "").await.succeeded();
    home.runs(&["invite", "create", "--label", "long over"], "").await.succeeded();
    dave.signs_in_by_page().await;
    assert_eq!(fireside.is_asked_to_stop().await, Some(0));
    meddles(
        &home,
        &format!(
            "UPDATE credentials SET expires_at = 1 WHERE kind = 'session';
             UPDATE resets SET expires_at = 1;
             UPDATE invites SET expires_at = expires_at - {over} WHERE label = 'long over';
             UPDATE audit SET at = at - {ages} WHERE id = 1;
             UPDATE idempotency_keys SET created_at = created_at - {day} WHERE key = 'a key';
             UPDATE files SET created_at = created_at - {day} WHERE name = 'old.txt';
             UPDATE chats SET is_deleted = 1, member_count = 0 WHERE title = 'dave''s';
             DELETE FROM members WHERE chat_id = (SELECT id FROM chats WHERE is_deleted = 1);",
            over = 40 * DAY,
            ages = 401 * DAY,
            day = DAY + 1000,
        ),
    );
    assert!(id(&kept) > 0);
    let work = home.data().join(".fireside-work-0123456789abcdef");
    fs::create_dir(&work).unwrap();
    fs::write(work.join("archive"), "half").unwrap();
    let hours = Duration::from_hours;
    let goes = vec![
        leaves(&home, "files/00000000000000000000000000000001", "nobody's", hours(2)),
        leaves(&home, "files/00000000000000000000000000000002.part", "cut short", hours(3)),
        leaves(&home, "fireside.before-version-2.db", "an old copy", hours(31 * 24)),
        work,
    ];
    let stays = vec![
        leaves(&home, "files/00000000000000000000000000000003.part", "on its way", hours(0)),
        leaves(&home, "fireside.before-version-9.db", "a young copy", hours(29 * 24)),
        leaves(&home, "notes", "the operator's own", hours(999 * 24)),
    ];
    (home, goes, stays)
}

fn litter() -> BTreeMap<String, (u64, u64)> {
    of(&[
        ("sign-ins that are over", 1, 0),
        ("password links that are over", 1, 0),
        ("invitations that are long over", 1, 0),
        ("lines of the audit log that are too old", 1, 0),
        ("keys of messages sent long ago", 1, 0),
        ("uploads that nothing uses", 1, 18),
        ("messages of deleted chats", 2, 0),
        ("files that belong to nothing", 2, 17),
        ("copies from before an upgrade", 1, 11),
        ("leftovers of backups that were killed", 1, 4),
    ])
}

/// What is left when all has gone that may.
fn is_tidy(home: &Home, goes: &[PathBuf], stays: &[PathBuf]) {
    assert!(goes.iter().all(|path| !path.exists()), "{goes:?}");
    assert!(stays.iter().all(|path| path.exists()), "{stays:?}");
    for (table, rows) in [("invites", 1), ("resets", 0), ("idempotency_keys", 1), ("files", 2), ("tombstones", 1)] {
        assert_eq!(number(home, &format!("SELECT count(*) FROM {table}")), rows, "{table}");
    }
}

#[tokio::test]
async fn a_dry_run_says_what_may_go_and_changes_no_byte() {
    let (home, goes, stays) = littered().await;
    let before = bytes_of(&home);
    assert_eq!(collects(&home, &["--dry-run"]).await, litter());
    assert_eq!(bytes_of(&home), before);
    let said = home.runs(&["gc", "--dry-run"], "").await;
    assert!(said.succeeded().stdout.ends_with("50 bytes may go\n"), "{said:?}");
    assert_eq!(collects(&home, &[]).await, litter(), "and without it the same goes");
    is_tidy(&home, &goes, &stays);
    assert_eq!(collects(&home, &[]).await, of(&[]), "once");
    home.runs(&["check", "--deep", "--min-free", "0"], "").await.succeeded();
    Home::new().runs(&["gc", "--dry-run"], "").await.failed_with(78);
}

#[tokio::test]
async fn a_running_server_lets_go_by_its_own_writer() {
    let home = lived_in().await;
    let fireside = Fireside::start_in(home.clone(), &[]).await;
    let erin = fireside.registers("erin").await;
    erin.uploads("young.txt", b"perhaps").await;
    assert_eq!(collects(&home, &["--dry-run"]).await, of(&[]), "what is young stays");
    assert_eq!(collects(&home, &[]).await, of(&[]));
    let goes = leaves(&home, "files/00000000000000000000000000000001", "nobody's", Duration::from_hours(2));
    let stays = leaves(&home, "files/00000000000000000000000000000002", "young", Duration::from_mins(59));
    // By hand, as if a day had gone by.
    let day = DAY + 1000;
    meddles(&home, &format!("UPDATE files SET created_at = created_at - {day} WHERE name = 'young.txt'"));
    let litter = of(&[("files that belong to nothing", 1, 8), ("uploads that nothing uses", 1, 7)]);
    let before = bytes_of(&home);
    assert_eq!(collects(&home, &["--dry-run"]).await, litter);
    assert_eq!(bytes_of(&home), before);
    assert_eq!(collects(&home, &[]).await, litter);
    assert!(!goes.exists() && stays.exists());
    home.runs(&["gc", "--compact"], "").await.failed_with(75);
    erin.get("/api/rooms/").await.is(200);
    let me = fireside.home.runs(&["check", "--deep", "--min-free", "0"], "").await;
    me.succeeded();
    erin.post("/api/rooms/", &json!({"name": "still"})).await.is(201);
}

#[tokio::test]
async fn a_folder_from_before_the_first_release_is_left_as_it_is() {
    let home = lived_in().await;
    meddles(&home, "PRAGMA user_version = 2; UPDATE sequence SET value = value");
    let outcome = home.runs(&["gc"], "").await;
    assert!(outcome.failed_with(1).stderr.contains("unreleased"), "{outcome:?}");
    let outcome = home.runs(&["check", "--min-free", "0"], "").await;
    assert!(outcome.failed_with(3).stdout.contains("unreleased"), "{outcome:?}");
    assert_eq!(number(&home, "PRAGMA user_version"), 2);
}

#[tokio::test]
async fn what_is_held_for_a_backup_waits() {
    let home = lived_in().await;
    let _fireside = Fireside::start_in(home.clone(), &[]).await;
    let path = leaves(&home, "files/00000000000000000000000000000001", "nobody's", Duration::from_hours(2));
    let holder = OpenOptions::new().create(true).append(true).open(home.data().join("files.lock")).unwrap();
    holder.lock_shared().unwrap();
    assert_eq!(collects(&home, &[]).await, of(&[]));
    assert!(path.exists());
    let outcome = home.runs(&["check", "--min-free", "0"], "").await;
    assert!(outcome.succeeded().stdout.contains("note     unknown-files"), "{outcome:?}");
    drop(holder);
    assert_eq!(collects(&home, &[]).await, of(&[("files that belong to nothing", 1, 8)]));
    assert!(!path.exists());
}

#[tokio::test]
async fn compacting_gives_freed_pages_back_and_loses_nothing() {
    let home = lived_in().await;
    let size = || fs::metadata(home.data().join("fireside.db")).unwrap().len();
    meddles(
        &home,
        "CREATE TABLE ballast (a); INSERT INTO ballast WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
         WHERE i < 500) SELECT zeroblob(4000) FROM n; DROP TABLE ballast; UPDATE sequence SET value = value",
    );
    let before = size();
    let went = collects(&home, &["--compact"]).await;
    let (_, bytes) = went["pages of the database that held nothing"];
    assert!(bytes > 1_500_000 && size() + bytes == before, "{bytes} of {before}, {} left", size());
    home.runs(&["check", "--deep", "--min-free", "0"], "").await.succeeded();
    assert_eq!(number(&home, "SELECT count(*) FROM tombstones"), 1);
    home.runs(&["gc", "--compact", "--dry-run"], "").await.failed_with(2);
    let again = collects(&home, &["--compact"]).await;
    assert!(!again.contains_key("pages of the database that held nothing"), "{again:?}");
}
