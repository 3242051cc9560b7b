//! How much memory leaving and arriving take: not more for more messages.

use std::path::Path;
use std::process::Stdio;

use crate::world::Home;
use crate::world::home::program;
use crate::world::machine::{mebibytes, number, say};

/// What a hundred thousand messages may cost beside none, in MiB.
const EXPORT_MIB: u64 = 8;
/// Arriving keeps eight bytes for each message, and SQLite's cache is bounded at 32 MiB.
const IMPORT_MIB: u64 = 48;

/// The most memory that a run of the program held, in bytes.
async fn peak(words: &[&str]) -> u64 {
    let mut command = program();
    let mut child = command.args(words).stdout(Stdio::null()).stderr(Stdio::inherit()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    loop {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let found = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        most = most.max(found.unwrap_or(0) * 1024);
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success());
            return most;
        }
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
}

/// Puts so many messages more into the first chat.
pub fn fill(database: &Path, count: usize) {
    let db = rusqlite::Connection::open(database).unwrap();
    db.execute_batch(&format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}),
              newest(id) AS (SELECT max((SELECT max(id) FROM messages), (SELECT value FROM sequence)))
         INSERT INTO messages (id, chat_id, sender_id, content, created_at, seq)
         SELECT newest.id + i, 1, (SELECT owner_id FROM chats WHERE id = 1),
                'the words of message number ' || i || ' that go on for a while, as those of people do', 1700000000000 + i,
                newest.id + i FROM n, newest;
         UPDATE chats SET message_count = message_count + {count}, last_message_id = (SELECT max(id) FROM messages)
         WHERE id = 1;"
    ))
    .unwrap();
}

#[tokio::test]
async fn many_messages_take_no_more_memory_than_few() {
    let count = number("FIRESIDE_MESSAGES", 100_000);
    let shelf = tempfile::tempdir().unwrap();
    let home = Home::new();
    let small = ["seed", "--people", "4", "--chats", "3", "--messages", "50", "--until", "2025-06-01"];
    home.runs(&small, "").await.succeeded();
    let data = home.data();
    let (data, few, many) = (data.to_str().unwrap(), shelf.path().join("few.tar"), shelf.path().join("many.tar"));
    let (few, many) = (few.to_str().unwrap(), many.to_str().unwrap());
    let base = peak(&["export", few, "--data", data]).await;
    fill(&home.data().join("fireside.db"), count);
    let export = peak(&["export", many, "--data", data]).await;
    let there = Home::new();
    let first = peak(&["import", few, "--dry-run", "--data", there.data().to_str().unwrap()]).await;
    let import = peak(&["import", many, "--data", there.data().to_str().unwrap()]).await;
    say(&format!(
        "{count} messages: export {} MiB beside {}, import {} MiB beside {}",
        mebibytes(export),
        mebibytes(base),
        mebibytes(import),
        mebibytes(first)
    ));
    assert!(base > 0 && mebibytes(export.saturating_sub(base)) <= EXPORT_MIB, "{base} and {export} bytes");
    assert!(first > 0 && mebibytes(import.saturating_sub(first)) <= IMPORT_MIB, "{first} and {import} bytes");
    let db = rusqlite::Connection::open(there.data().join("fireside.db")).unwrap();
    let found = db.query_row("SELECT count(*) FROM messages", [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(usize::try_from(found).unwrap(), count + 50);
}
