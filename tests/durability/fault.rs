//! A disk that fails: the server stops and never tries the same sync again, and what it
//! had acknowledged is there when it comes back.

use serde_json::json;

use crate::world::machine::{Strace, has_strace, say};
use crate::world::{Fireside, Person, Room, contents};

/// The exit status for a disk fault.
const DISK_FAULT: Option<i32> = Some(4);

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
    let mut fireside = Fireside::start().await;
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
