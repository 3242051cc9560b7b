//! A disk that fails: the server stops and never tries the same sync again, and what it
//! had acknowledged is there when it comes back. One that is full is no fault: what finds
//! no room is refused, and the rest goes on.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::world::checker::books_balance;
use crate::world::machine::{Strace, has_strace, say};
use crate::world::{Fireside, Person, Room, contents, people};

/// The exit status for a disk fault.
const DISK_FAULT: Option<i32> = Some(4);

/// Promised: 1 s. The tests' machine is busy.
const AT_ONCE: Duration = Duration::from_secs(5);

/// Posts until no answer comes; what was acknowledged.
async fn posts_until_the_end(alice: &Person, den: &Room, size: usize) -> Vec<String> {
    let mut acknowledged = Vec::new();
    for number in 0..5_000 {
        let text = format!("{number} {}", "ж".repeat(size));
        let answer = alice.post(&den.messages(), &json!({"content": text})).tried().await;
        match answer.map(|answer| answer.status) {
            Some(201) => acknowledged.push(text),
            None => return acknowledged,
            Some(status) => panic!("told {status} in place of the end"),
        }
    }
    panic!("the disk never failed");
}

/// A server on whose calls strace plays a trick; how it ends, and what is there then.
async fn ends_when(flags: &[&str], size: usize) -> usize {
    // Only what is asked for is to be written: the index of words is entered behind it, with syncs of its own.
    let mut fireside = Fireside::start_with(&["--search", "off"]).await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let database = fireside.home.data().join("fireside.db");
    let flags: Vec<_> = flags.iter().map(|flag| flag.replace("{database}", database.to_str().unwrap())).collect();
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let strace = Strace::attaches(&fireside, &flags);
    let acknowledged = posts_until_the_end(&alice, &den, size).await;
    assert_eq!(fireside.ends().await, DISK_FAULT, "{}", fireside.home.log());
    let seen = strace.lets_go();
    let failed = seen.iter().position(|line| line.contains("(INJECTED)")).expect("the fault was injected");
    let tried_again = seen[failed + 1..].iter().any(|line| line.contains("sync("));
    assert!(!tried_again, "never again: {:?}", &seen[failed..]);
    assert!(fireside.home.log().contains("the disk failed"), "{}", fireside.home.log());
    let fireside = fireside.dies_and_restarts().await;
    let history = contents(&alice.back_to(&fireside).reads_history(&den).await);
    assert!(history.starts_with(&acknowledged), "what was acknowledged is there");
    assert!(history.len() <= acknowledged.len() + 1, "and at most the one that nobody heard of");
    acknowledged.len()
}

#[tokio::test]
async fn a_commit_that_cannot_be_synced_is_the_end() {
    if !has_strace() {
        return;
    }
    for error in ["EIO", "ENOSPC"] {
        let inject = format!("inject=fsync,fdatasync:error={error}:when=5+");
        let flags = ["-e", "trace=fsync,fdatasync", "-e", &inject];
        let acknowledged = ends_when(&flags, 10).await;
        assert_eq!(acknowledged, 4, "each acknowledgement has its own sync");
        say(&format!("{error} by the fifth sync: {acknowledged} acknowledged, all of them there"));
    }
}

#[tokio::test]
async fn a_log_that_cannot_be_written_is_the_end() {
    if !has_strace() {
        return;
    }
    let flags = ["-e", "trace=pwrite64,fsync,fdatasync", "-e", "inject=pwrite64:error=EIO:when=40+"];
    let acknowledged = ends_when(&flags, 10).await;
    say(&format!("EIO by a write: {acknowledged} acknowledged, all of them there"));
}

/// SQLite folds its log by itself otherwise, and does not tell when that fails.
#[tokio::test]
async fn a_log_that_cannot_be_folded_is_the_end() {
    if !has_strace() {
        return;
    }
    let flags = ["-P", "{database}", "-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO:when=1+"];
    let acknowledged = ends_when(&flags, 9_900).await;
    say(&format!("EIO by the first fold: {acknowledged} acknowledged, all of them there"));
}

/// ENOSPC, and a write of which nothing was taken.
#[tokio::test]
async fn a_log_that_finds_no_room_refuses_and_goes_on_by_itself() {
    if !has_strace() {
        return;
    }
    for trick in ["error=ENOSPC", "retval=0"] {
        let mut fireside = Fireside::start().await;
        people!(fireside: alice, bob);
        let den = alice.opens_room("den").await;
        bob.joins(&den).await;
        let mut listener = bob.listens_in(&den).await;
        let log = fireside.home.data().join("fireside.db-wal");
        let inject = format!("inject=pwrite64:{trick}:when=40..60");
        let strace = Strace::attaches(&fireside, &["-P", log.to_str().unwrap(), "-e", "trace=pwrite64", "-e", &inject]);
        let (mut stored, mut refused, mut slowest) = (Vec::new(), 0, Duration::ZERO);
        for number in 0..200 {
            let text = format!("post {number}");
            let asked = Instant::now();
            let answer = alice.posts(&text).tried_in(&den).await;
            if answer.status == 201 {
                stored.push(text.clone());
                listener.hears_message(&text).await;
            } else {
                slowest = slowest.max(asked.elapsed());
                answer.refused(507, "insufficient_storage");
                assert_eq!(contents(&bob.reads_history(&den).await), stored, "reading goes on, and it is not there");
                refused += 1;
            }
        }
        let seen = strace.lets_go();
        assert!(seen.iter().any(|line| line.contains("(INJECTED)")), "{trick} was injected");
        assert!(refused > 0 && stored.last().is_some_and(|text| text == "post 199"), "{refused} refused");
        assert!(slowest < AT_ONCE, "{slowest:?}");
        listener.hears_nothing().await;
        assert!(!fireside.home.log().contains("the disk failed"), "{}", fireside.home.log());
        fireside = fireside.dies_and_restarts().await;
        assert_eq!(
            contents(&bob.back_to(&fireside).reads_history(&den).await),
            stored,
            "what was told is what there is"
        );
        assert_eq!(fireside.is_asked_to_stop().await, Some(0));
        books_balance(&fireside.home.data());
        say(&format!("{trick} by writes of the log: {refused} refused within {slowest:?}, then it went on by itself"));
    }
}

/// The log holds what is told until there is room in the database again.
#[tokio::test]
async fn a_fold_that_finds_no_room_is_made_up_for() {
    if !has_strace() {
        return;
    }
    let mut fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let database = fireside.home.data().join("fireside.db");
    let flags = ["-P", database.to_str().unwrap(), "-e", "trace=pwrite64", "-e"];
    let strace = Strace::attaches(&fireside, &[&flags[..], &["inject=pwrite64:error=ENOSPC:when=1..3"]].concat());
    let (mut stored, mut more) = (0, 40);
    while more > 0 {
        alice.posts(&format!("{stored} {}", "ж".repeat(9_900))).in_room(&den).await;
        stored += 1;
        assert!(stored < 5_000, "it never was folded");
        more -= usize::from(fireside.home.log().contains("until there is room to checkpoint it"));
    }
    let folds = strace.lets_go().iter().filter(|line| !line.contains("(INJECTED)")).count();
    assert!(folds > 0, "it was folded after all");
    let page = alice.get(&den.messages()).await.is(200).json();
    assert_eq!(page["count"], stored);
    assert_eq!(fireside.is_asked_to_stop().await, Some(0), "{}", fireside.home.log());
    books_balance(&fireside.home.data());
    say(&format!("ENOSPC by three folds: {stored} acknowledged, all of them there, and folded by the fourth"));
}
