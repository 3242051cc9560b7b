//! A database that is newer, foreign or damaged is refused, and left as it is.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::world::home::snapshot;
use crate::world::{Fireside, Home};

/// A folder that has been served, with something in it.
async fn used_home() -> (Home, PathBuf) {
    let mut fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    for number in 0..200 {
        let text = format!("{number} {}", "filler ".repeat(40));
        alice.posts(&text).in_room(&den).await;
    }
    assert_eq!(fireside.is_asked_to_stop().await, Some(0));
    let home = fireside.home.clone();
    let database = home.database();
    (home, database)
}

async fn is_refused_untouched(home: &Home, database: &Path, why: &str) {
    let before = snapshot(database);
    let outcome = home.refuses_to_serve(&[]).await;
    assert_eq!(outcome.code, Some(78), "{why}: {outcome:?}");
    outcome.failed_with(78);
    assert!(snapshot(database) == before, "{why}: the file was changed");
}

#[tokio::test]
async fn a_clean_stop_leaves_one_whole_database() {
    let (home, database) = used_home().await;
    let connection = Connection::open(&database).unwrap();
    let verdict: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(verdict, "ok");
    let mut broken = connection.prepare("PRAGMA foreign_key_check").unwrap();
    assert!(!broken.exists([]).unwrap());
    drop(broken);
    drop(connection);
    Fireside::start_in(home, &[]).await;
}

#[tokio::test]
async fn a_newer_database_is_refused() {
    let (home, database) = used_home().await;
    let connection = Connection::open(&database).unwrap();
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    assert!(version > 0, "the schema has a version");
    connection.pragma_update(None, "user_version", version + 1).unwrap();
    connection.close().unwrap();
    is_refused_untouched(&home, &database, "newer").await;

    let connection = Connection::open(&database).unwrap();
    connection.pragma_update(None, "user_version", version).unwrap();
    connection.close().unwrap();
    Fireside::start_in(home, &[]).await;
}

#[tokio::test]
async fn a_foreign_database_is_refused() {
    let (home, database) = used_home().await;
    std::fs::remove_file(&database).unwrap();
    let connection = Connection::open(&database).unwrap();
    connection.execute_batch("CREATE TABLE recipes (name TEXT); INSERT INTO recipes VALUES ('soup');").unwrap();
    connection.close().unwrap();
    is_refused_untouched(&home, &database, "foreign").await;
}

#[tokio::test]
async fn a_damaged_database_is_refused() {
    let (home, database) = used_home().await;
    let whole = snapshot(&database);
    assert!(whole.len() > 16 * 4096, "there is something to damage");
    let flipped = |from: usize, to: usize| {
        let mut bytes = whole.clone();
        for byte in &mut bytes[from..to] {
            *byte ^= 0xff;
        }
        bytes
    };
    for (why, bytes) in [
        ("no database at all", b"these are not the bytes of a database".repeat(500)),
        ("a broken header", flipped(0, 100)),
        ("cut in half", whole[..whole.len() / 2].to_vec()),
        ("a broken schema", flipped(100, 4096)),
        ("broken pages", flipped(4096, 10 * 4096)),
    ] {
        std::fs::write(&database, bytes).unwrap();
        is_refused_untouched(&home, &database, why).await;
    }
    std::fs::write(&database, &whole).unwrap();
    Fireside::start_in(home, &[]).await;
}
