//! Files that somebody or something has damaged: refused and left as they are, or
//! served without a fault; never half of a thing.

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use crate::world::home::snapshot;
use crate::world::machine::say;
use crate::world::{Fireside, Home, Person, Room, contents};

/// A folder with a room of messages, and its people.
async fn used_home(dies: bool) -> (Home, Person, Room) {
    let mut fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    for number in 0..60 {
        alice.posts(&format!("{number} {}", "filler ".repeat(40))).in_room(&den).await;
    }
    let home = fireside.home.clone();
    if dies {
        drop(fireside);
    } else {
        assert_eq!(fireside.is_asked_to_stop().await, Some(0));
    }
    (home, alice, den)
}

#[tokio::test]
async fn a_flipped_byte_of_the_header_is_refused_or_means_nothing() {
    let (home, alice, den) = used_home(false).await;
    let database = home.database();
    let whole = snapshot(&database);
    let (mut refused, mut served) = (0, 0);
    for place in (0..100).step_by(6) {
        let mut bytes = whole.clone();
        bytes[place] ^= 0xff;
        std::fs::write(&database, &bytes).unwrap();
        let outcome = home.starts_or_not().await;
        match outcome {
            Err(outcome) => {
                assert!([Some(1), Some(78)].contains(&outcome.code), "byte {place}: {outcome:?}");
                assert!(!outcome.stderr.contains("panicked"), "byte {place}: {outcome:?}");
                assert!(snapshot(&database) == bytes, "byte {place}: the file was changed");
                refused += 1;
            }
            Ok(mut fireside) => {
                assert_eq!(alice.back_to(&fireside).reads_history(&den).await.len(), 60, "byte {place}");
                assert_eq!(fireside.is_asked_to_stop().await, Some(0));
                served += 1;
            }
        }
    }
    assert!(refused > 0 && served > 0, "{refused} refused, {served} served");
    std::fs::write(&database, &whole).unwrap();
    let fireside = Fireside::start_in(home, &[]).await;
    assert_eq!(alice.back_to(&fireside).reads_history(&den).await.len(), 60);
    say(&format!("one flipped byte of the header: {refused} refused, {served} without meaning"));
}

/// A log says of each commit whether it is whole. What stands behind a damaged one is
/// lost with it; what stands before it is there.
#[tokio::test]
async fn a_damaged_log_leaves_a_whole_beginning() {
    let (home, alice, den) = used_home(true).await;
    let (database, log) = (home.data().join("fireside.db"), home.data().join("fireside.db-wal"));
    let (whole, whole_log) = (snapshot(&database), snapshot(&log));
    assert!(whole_log.len() > 100_000, "there is something to damage: {}", whole_log.len());
    let mut lengths = Vec::new();
    for share in [9, 7, 5] {
        let mut bytes = whole_log.clone();
        bytes[whole_log.len() / 10 * share] ^= 0xff;
        std::fs::write(&database, &whole).unwrap();
        std::fs::write(&log, &bytes).unwrap();
        std::fs::remove_file(home.data().join("fireside.db-shm")).ok();
        let mut fireside = Fireside::start_in(home.clone(), &[]).await;
        let history = contents(&alice.back_to(&fireside).reads_history(&den).await);
        for (number, text) in history.iter().enumerate() {
            assert!(text.starts_with(&format!("{number} ")), "no gap at {number}");
        }
        lengths.push(history.len());
        assert_eq!(fireside.is_asked_to_stop().await, Some(0));
        crate::world::checker::books_balance(&home.data());
    }
    assert!(lengths.is_sorted_by(|a, b| a >= b) && lengths[2] < 60, "{lengths:?}");
    say(&format!("a flipped byte in the log at nine, seven and five tenths: {lengths:?} of 60 messages are there"));
}

#[tokio::test]
async fn a_newer_database_keeps_its_log_too() {
    let (home, alice, den) = used_home(true).await;
    let (database, log) = (home.data().join("fireside.db"), home.data().join("fireside.db-wal"));
    let version = |change: i64| {
        let connection = Connection::open(&database).unwrap();
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).unwrap();
        let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
        connection.pragma_update(None, "user_version", version + change).unwrap();
    };
    version(1);
    let before = (snapshot(&database), snapshot(&log));
    let outcome = home.refuses_to_serve(&[]).await;
    outcome.failed_with(78);
    assert!(outcome.stderr.contains("newer"), "{outcome:?}");
    assert!((snapshot(&database), snapshot(&log)) == before, "the files were changed");
    version(-1);
    let fireside = Fireside::start_in(home, &[]).await;
    assert_eq!(alice.back_to(&fireside).reads_history(&den).await.len(), 60);
}

/// Another program may hold the file for a while: that is no fault.
#[tokio::test]
async fn a_file_that_another_program_locks_is_waited_for() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let other = Connection::open(fireside.home.database()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let answer = alice.posts("hello?").tried_in(&den).await;
    answer.clone().refused(503, "unavailable");
    assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
    assert!(alice.reads(&den).await.is_empty(), "reading goes on");
    other.execute_batch("ROLLBACK").unwrap();
    alice.posts("hello").in_room(&den).await;
    assert_eq!(alice.reads(&den).await, ["hello"]);
}
