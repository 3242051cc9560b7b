//! `fireside check`: a folder that is well passes, and each damage is found by its own line.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use serde_json::json;
use tokio::task::JoinSet;

use super::{copy_of, lines, lived_in, meddles, number};
use crate::world::home::run;
use crate::world::{Fireside, Home, Person, Room, id};

/// The verdict of each line.
async fn verdicts(home: &Home, more: &[&str], code: impl Into<Option<i32>>) -> BTreeMap<String, String> {
    let outcome = home.runs(&[&["check", "--json", "--min-free", "0"], more].concat(), "").await;
    if let Some(code) = code.into() {
        assert_eq!(outcome.code, Some(code), "{outcome:?}");
    }
    let text = |line: &serde_json::Value, field: &str| line[field].as_str().unwrap().to_owned();
    lines(&outcome.stdout).iter().map(|line| (text(line, "about"), text(line, "verdict"))).collect()
}

async fn is_well(home: &Home, more: &[&str]) {
    let verdicts = verdicts(home, more, 0).await;
    assert!(verdicts.len() > 15 && verdicts.values().all(|verdict| verdict == "ok"), "{verdicts:?}");
}

/// The only uploaded file.
fn upload(home: &Home) -> PathBuf {
    let folder = std::fs::read_dir(home.data().join("files")).unwrap();
    folder.map(|entry| entry.unwrap().path()).next().expect("a file")
}

/// Empties the page that an index begins on.
fn breaks_index(home: &Home) {
    let page = number(home, "SELECT rootpage FROM sqlite_schema WHERE name = 'posts_by_author'");
    let size = number(home, "PRAGMA page_size");
    let mut file = OpenOptions::new().read(true).write(true).open(home.data().join("fireside.db")).unwrap();
    let cells = u64::try_from((page - 1) * size + 3).unwrap();
    file.seek(SeekFrom::Start(cells)).unwrap();
    let mut count = [0; 2];
    file.read_exact(&mut count).unwrap();
    assert_eq!(count, [0, 1], "one post");
    file.seek(SeekFrom::Start(cells)).unwrap();
    file.write_all(&[0, 0]).unwrap();
}

fn leaves_file(home: &Home, age: Duration) {
    let path = home.data().join("files").join("0123456789abcdef0123456789abcdef");
    std::fs::write(&path, "nobody's").unwrap();
    OpenOptions::new().write(true).open(path).unwrap().set_modified(SystemTime::now() - age).unwrap();
}

type Damage = (&'static str, &'static str, fn(&Home));

/// What is damaged, the line that finds it, and how it is done.
const DAMAGES: &[Damage] = &[
    ("an index without its entry", "database", breaks_index),
    ("a friend of nobody", "references", |home| meddles(home, "INSERT INTO friends VALUES (1, 99, 0)")),
    ("a sequence that was set back", "sequence", |home| {
        meddles(home, "UPDATE tombstones SET seq = (SELECT max(id) FROM messages) + 1; UPDATE sequence SET value = 1");
    }),
    ("a deleted message that is there", "deleted", |home| {
        meddles(home, "UPDATE tombstones SET message_id = (SELECT max(id) FROM messages)");
    }),
    ("a message that no chat has", "chats-messages", |home| {
        meddles(home, "INSERT INTO messages_by_chat SELECT id, 0 FROM chats LIMIT 1");
    }),
    ("a count of messages", "message-counts", |home| {
        meddles(home, "UPDATE chats SET message_count = message_count + 1 WHERE kind = 'group'");
    }),
    ("a newest message", "newest-messages", |home| {
        meddles(home, "UPDATE chats SET last_message_id = last_message_id - 1 WHERE kind = 'group'");
    }),
    ("a count of members", "member-counts", |home| {
        meddles(home, "UPDATE chats SET member_count = 7 WHERE kind = 'group'")
    }),
    ("a count of what was read", "read-counts", |home| {
        meddles(home, "UPDATE members SET seen_count = seen_count + 1 WHERE id = 2");
    }),
    ("a count of what was cleared", "cleared-counts", |home| {
        meddles(home, "UPDATE members SET cleared_count = 1 WHERE id = 1");
    }),
    ("a count of attachments", "attachment-counts", |home| {
        meddles(home, "UPDATE messages SET attachment_count = 3 WHERE attachment_count = 0 AND id = 5");
    }),
    ("a count of reactions", "reaction-counts", |home| {
        meddles(home, "UPDATE messages SET reaction_count = 0 WHERE reaction_count = 1");
    }),
    ("an avatar without its picture", "avatars", |home| {
        meddles(home, "UPDATE users SET avatar_name = 'x' WHERE id = 2")
    }),
    ("a sum of bytes", "stored-bytes", |home| {
        meddles(home, "UPDATE users SET stored_bytes = stored_bytes + 1 WHERE id = 2")
    }),
    ("a sum of texts", "text-bytes", |home| meddles(home, "UPDATE text_bytes SET bytes = bytes + 1 WHERE user_id = 2")),
    ("a file that is gone", "missing-files", |home| std::fs::remove_file(upload(home)).unwrap()),
    ("a file that was cut", "file-sizes", |home| std::fs::write(upload(home), "words").unwrap()),
    ("a file of nobody", "unknown-files", |home| leaves_file(home, Duration::from_hours(2))),
    ("a message from the future", "clock", |home| {
        meddles(
            home,
            "UPDATE messages SET created_at = created_at + 3600000 WHERE id = (SELECT max(id) FROM messages)",
        );
    }),
];

#[tokio::test]
async fn each_damage_is_found_by_its_own_line_and_no_other() {
    let whole = lived_in().await;
    is_well(&whole, &["--deep"]).await;
    for (what, line, damage) in DAMAGES {
        let home = copy_of(&whole);
        damage(&home);
        for more in [&[][..], &["--deep"]] {
            let mut found = verdicts(&home, more, None).await;
            found.retain(|_, verdict| verdict != "ok");
            assert_eq!(found, BTreeMap::from([((*line).to_owned(), "wrong".to_owned())]), "{what}");
            home.runs(&[&["check"], more].concat(), "").await.failed_with(3);
        }
    }
}

#[tokio::test]
async fn what_is_in_a_file_is_read_with_deep_alone() {
    let home = lived_in().await;
    std::fs::write(upload(&home), b"words to KEEP").unwrap();
    is_well(&home, &[]).await;
    let mut found = verdicts(&home, &["--deep"], 3).await;
    found.retain(|_, verdict| verdict != "ok");
    assert_eq!(found.into_keys().collect::<Vec<_>>(), ["file-contents"]);
}

#[tokio::test]
async fn a_check_changes_nothing_and_says_what_it_finds_in_words() {
    let home = lived_in().await;
    leaves_file(&home, Duration::ZERO);
    let state = |home: &Home| {
        let mut files: BTreeMap<_, _> =
            home.files().into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect();
        // What SQLite puts beside a database that is read; no byte of the database is in it.
        files.retain(|path, _| !path.extension().is_some_and(|end| end == "db-shm" || end == "db-wal"));
        files
    };
    let before = state(&home);
    is_well(&home, &["--deep"]).await;
    assert_eq!(state(&home), before, "and a young file may be somebody's upload");
    let outcome = home.runs(&["check", "--min-free", "9000000000000000000"], "").await;
    let said = &outcome.failed_with(3).stdout;
    let wrong: Vec<_> = said.lines().filter(|line| !line.starts_with("ok ")).collect();
    assert!(wrong.len() == 1 && wrong[0].starts_with("wrong    free-space"), "{said}");
    assert!(outcome.stderr.contains("one thing is wrong"), "{outcome:?}");
}

#[tokio::test]
async fn what_cannot_be_read_or_is_not_there_is_said() {
    let home = lived_in().await;
    std::fs::write(home.data().join("fireside.db"), vec![7; 40_000]).unwrap();
    assert_eq!(verdicts(&home, &[], 3).await, BTreeMap::from([("database".to_owned(), "wrong".to_owned())]));
    Home::new().runs(&["check"], "").await.failed_with(78);
    run(&["check", "--url", "http://127.0.0.1:1", "--deep"], "").await.failed_with(2);
    run(&["check", "--token-file", "-"], "").await.failed_with(2);
    let home = lived_in().await;
    meddles(&home, "PRAGMA user_version = 99; UPDATE sequence SET value = value");
    home.runs(&["check"], "").await.failed_with(78);
}

/// Posts, edits, deletes, reads, with a file now and then.
async fn lives(me: Person, room: Room, stop: Arc<AtomicBool>) -> usize {
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        number += 1;
        let text = format!("{} says {number}", me.username);
        let message = if number % 3 == 0 {
            let file = me.uploads("said.txt", text.as_bytes()).await;
            me.posts(&text).with_file(&file).in_room(&room).await
        } else {
            me.posts(&text).in_room(&room).await
        };
        let path = format!("/messages/api/messages/{}/", id(&message));
        match number % 6 {
            0 | 4 => _ = me.delete(&path).await.is(204),
            1 => _ = me.patch(&path, &json!({"content": "otherwise"})).await.is(200),
            2 => _ = me.post(&format!("{path}reactions/"), &json!({"emoji": "👍"})).await.is(200),
            _ => _ = me.post(&format!("/messages/api/chats/{}/mark-as-read/", room.id), &json!({})).await.is(200),
        }
    }
    number
}

#[tokio::test]
async fn a_loaded_server_is_well_at_every_moment() {
    let fireside = Fireside::start_with(&["--durability", "normal"]).await;
    let crowd = fireside.registers_crowd(5).await;
    let den = crowd[0].opens_room("den").await;
    let (stop, mut people) = (Arc::new(AtomicBool::new(false)), JoinSet::new());
    for person in crowd {
        if person.id != 1 {
            person.joins(&den).await;
        }
        people.spawn(lives(person, den.clone(), Arc::clone(&stop)));
    }
    for _ in 0..8 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        is_well(&fireside.home, &["--deep"]).await;
    }
    stop.store(true, Ordering::Relaxed);
    let mut said = 0;
    while let Some(done) = people.join_next().await {
        said += done.unwrap();
    }
    assert!(said > 50, "people went on meanwhile: {said}");
    is_well(&fireside.home, &["--deep"]).await;
}
