//! What is kept for a time goes after it: out of every list and count, silently, and without
//! holding up anybody.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{meddles, number as asks};
use crate::world::machine::{say, scale};
use crate::world::{Fireside, Home, Listener, Person, Room, contents, id, people};

const DAY: i64 = 24 * 60 * 60 * 1000;
/// Longest that a post may take while old messages go, in a debug build on a busy machine.
const PATIENT: Duration = Duration::from_secs(2);
/// Until when a purge has to be over.
const PURGED: Duration = Duration::from_secs(120);

/// Puts messages into a room before all that are in it, by turns from two of its members, and
/// counts them as they would have been; the second of its members has read half of them.
fn was_said(home: &Home, room: &Room, count: usize, age_in_days: i64) {
    let at = format!("(unixepoch() * 1000 - {})", age_in_days * DAY);
    let room = room.id;
    meddles(
        home,
        &format!(
            "CREATE TEMP TABLE base AS SELECT coalesce(max(id), 0) AS id FROM messages;
             INSERT INTO messages (id, chat_id, sender_id, content, created_at, seq)
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
             SELECT base.id + i, {room}, 1 + i % 2, 'old ' || i, {at} + i, base.id + i FROM n, base;
             UPDATE members SET read_mark = (SELECT id + {half} FROM base), joined_mark = 0
             WHERE chat_id = {room} AND user_id = 2;
             UPDATE members SET seen_count = (SELECT count(*) FROM messages g WHERE g.chat_id = {room}
                AND (g.id <= members.read_mark OR g.sender_id = members.user_id)) WHERE chat_id = {room};
             UPDATE chats SET message_count = (SELECT count(*) FROM messages WHERE chat_id = {room}),
                last_message_id = (SELECT max(id) FROM messages WHERE chat_id = {room}) WHERE id = {room};",
            half = count / 2,
        ),
    );
}

async fn is_well(home: &Home) {
    home.runs(&["check", "--deep", "--min-free", "0"], "").await.succeeded();
}

/// Waits until a question to the database is answered so.
async fn comes_to(home: &Home, sql: &str, due: i64) {
    let begun = Instant::now();
    while asks(home, sql) != due {
        assert!(begun.elapsed() < PURGED, "{sql} is {} and not {due}", asks(home, sql));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn messages_in(room: &Room) -> String {
    format!("SELECT message_count FROM chats WHERE id = {}", room.id)
}

async fn unread(person: &Person, room: &Room) -> i64 {
    let chat = person.get(&format!("/messages/api/chats/{}/", room.id)).await.is(200).json();
    chat["unread_count"].as_i64().unwrap()
}

/// The frames of a type that have come by now.
async fn has_heard(listener: &mut Listener, posts: usize) -> Vec<Value> {
    let mut frames = Vec::new();
    while frames.iter().filter(|frame: &&Value| is_post(frame)).count() < posts {
        frames.push(listener.frame().await);
    }
    listener.hears_nothing().await;
    frames
}

fn is_post(frame: &Value) -> bool {
    frame.to_string().contains("while they go")
}

#[tokio::test]
async fn a_large_purge_holds_up_nobody_and_floods_no_socket() {
    let count = scale(20_000, 100_000);
    let mut fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    assert_eq!(fireside.is_asked_to_stop().await, Some(0));
    was_said(&fireside.home, &den, count, 40);
    let home = fireside.home.clone();
    is_well(&home).await;

    let fireside = Fireside::start_in(home.clone(), &[]).await;
    let (alice, bob) = (alice.back_to(&fireside), bob.back_to(&fireside));
    let before = id(&alice.posts("a mark").in_room(&den).await);
    assert_eq!(unread(&bob, &den).await, i64::try_from(count / 4).unwrap() + 1, "he has read half, and said half");
    let mut in_room = alice.listens_in(&den).await;
    let mut everywhere = bob.handshake("/messages/ws/").enters().await;
    let words = ["retain", &den.id.to_string(), "30"];
    home.runs(&words, "").await.succeeded();
    let (begun, mut slowest, mut posts) = (Instant::now(), Duration::ZERO, 0);
    while asks(&home, "SELECT count(*) FROM messages WHERE content LIKE 'old %'") > 0 {
        let asked = Instant::now();
        alice.posts(&format!("while they go {posts}")).in_room(&den).await;
        slowest = slowest.max(asked.elapsed());
        posts += 1;
        assert!(begun.elapsed() < PURGED, "{posts} posts later there are old messages");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let took = begun.elapsed();
    assert!(posts > 5 && slowest < PATIENT, "{posts} posts, the slowest took {slowest:?}");
    alice.posts("while they go, the last").in_room(&den).await;
    posts += 1;
    assert_eq!(has_heard(&mut in_room, posts).await.len(), posts, "in the room posts alone are heard");
    let mut heard = Vec::new();
    while heard.iter().filter(|frame: &&Value| frame["type"] == "chat_updated").count() < 1
        || heard.iter().filter(|frame: &&Value| is_post(frame) && frame["type"] != "chat_updated").count() < posts
    {
        heard.push(everywhere.frame().await);
    }
    everywhere.hears_nothing().await;
    heard.retain(|frame| !is_post(frame) || frame["type"] == "chat_updated");
    let told: Vec<_> = heard.iter().map(|frame| frame["type"].as_str().unwrap()).collect();
    let changes = told.iter().filter(|kind| **kind == "chat_updated").count();
    assert!(changes == 1 && told.len() < 4, "one frame says that the chat changed: {told:?}");

    is_well(&home).await;
    assert_eq!(unread(&bob, &den).await, i64::try_from(posts).unwrap() + 1);
    assert_eq!(asks(&home, "SELECT count(*) FROM tombstones"), 0);
    let sync = bob.get("/messages/api/sync/?since=0").await.is(200).json();
    assert_eq!((&sync["deleted"], sync["messages"].as_array().unwrap().len().min(posts)), (&json!([]), posts.min(200)));
    let kept = alice.reads_history(&den).await;
    assert_eq!((kept.len(), id(&kept[0])), (posts + 1, before));
    say(&format!("{count} messages gone in {took:?}; of {posts} posts meanwhile the slowest took {slowest:?}"));
}

#[tokio::test]
async fn the_server_keeps_for_its_time_unless_a_chat_has_another() {
    let mut fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let mut rooms = Vec::new();
    for name in ["as the server", "for ever", "ten days", "fifty days"] {
        let room = alice.opens_room(name).await;
        bob.joins(&room).await;
        rooms.push(room);
    }
    for (room, term) in rooms.iter().zip(["default", "forever", "10", "50"]) {
        fireside.home.runs(&["retain", &room.id.to_string(), term], "").await.succeeded();
    }
    assert_eq!(fireside.is_asked_to_stop().await, Some(0));
    let home = fireside.home.clone();
    for room in &rooms {
        was_said(&home, room, 300, 40);
        was_said(&home, room, 50, 20);
        was_said(&home, room, 7, 1);
    }
    let last = asks(&home, "SELECT max(id) FROM messages");
    let fireside = Fireside::start_in(home.clone(), &["--retain-messages", "30days"]).await;
    for (room, kept) in rooms.iter().zip([57, 357, 7, 357]) {
        comes_to(&home, &messages_in(room), kept).await;
    }
    is_well(&home).await;
    let alice = alice.back_to(&fireside);
    let newest = contents(&alice.reads_history(&rooms[2]).await);
    assert_eq!((newest.len(), newest[0].as_str()), (7, "old 1"));

    // What has gone leaves no number to be given out again.
    home.runs(&["retain", &rooms[3].id.to_string(), "1"], "").await.succeeded();
    comes_to(&home, &messages_in(&rooms[3]), 0).await;
    meddles(&home, "UPDATE messages SET created_at = 1");
    for room in &rooms[..3] {
        home.runs(&["retain", &room.id.to_string(), "1"], "").await.succeeded();
        comes_to(&home, &messages_in(room), 0).await;
    }
    let fireside = fireside.restarts().await;
    let alice = alice.back_to(&fireside);
    let said = id(&alice.posts("new").in_room(&rooms[0]).await);
    assert!(said > last, "{said} is above {last}");
    is_well(&home).await;
    for (words, code) in [
        (["retain", "999", "10"], 1),
        (["retain", "1", "0"], 2),
        (["retain", "1", "-5"], 2),
        (["retain", "1", "36501"], 2),
        (["retain", "1", "soon"], 2),
    ] {
        home.runs(&words, "").await.failed_with(code);
    }
    Home::new().refuses_to_serve(&["--retain-messages", "23h"]).await.failed_with(2);
}

#[tokio::test]
async fn the_numbers_of_a_deleted_room_are_not_given_out_again() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let (den, other) = (alice.opens_room("den").await, alice.opens_room("other").await);
    alice.posts("kept").in_room(&other).await;
    let last = id(&alice.posts("gone").in_room(&den).await);
    alice.delete(&den.path()).await.is(204);
    comes_to(&fireside.home, "SELECT count(*) FROM chats WHERE is_deleted = 1", 0).await;
    let fireside = fireside.restarts().await;
    let said = id(&alice.back_to(&fireside).posts("new").in_room(&other).await);
    assert!(said > last, "{said} is above {last}");
}

#[tokio::test]
async fn files_go_from_their_messages_and_a_message_of_nothing_else_with_them() {
    let mut fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    let mut files = Vec::new();
    for name in ["old with words", "old alone", "young", "young beside"] {
        files.push(alice.uploads(name, name.as_bytes()).await);
    }
    alice.posts("words").with_file(&files[0]).with_file(&files[3]).in_room(&den).await;
    alice.posts("").with_file(&files[1]).in_room(&den).await;
    alice.posts("").with_file(&files[2]).in_room(&den).await;
    assert_eq!(fireside.is_asked_to_stop().await, Some(0));
    let home = fireside.home.clone();
    meddles(&home, &format!("UPDATE files SET created_at = created_at - {} WHERE name LIKE 'old%'", 91 * DAY));
    let fireside = Fireside::start_in(home.clone(), &["--retain-uploads", "90d"]).await;
    comes_to(&home, "SELECT count(*) FROM files", 2).await;
    let alice = alice.back_to(&fireside);
    let kept = alice.reads_history(&den).await;
    let attached: Vec<_> = kept.iter().map(|message| message["attachments"].as_array().unwrap().len()).collect();
    assert_eq!((contents(&kept), attached), (vec!["words".to_owned(), String::new()], vec![1, 1]));
    for (file, status) in files.iter().zip([404, 404, 200, 200]) {
        alice.get(&format!("/api/files/{}/", file["id"])).await.is(status);
    }
    assert_eq!(unread(&bob.back_to(&fireside), &den).await, 2);
    comes_to(&home, "SELECT stored_bytes FROM users WHERE id = 1", 17).await;
    is_well(&home).await;
    assert_eq!(std::fs::read_dir(home.data().join("files")).unwrap().count(), 2, "their bytes are gone");
}

#[tokio::test]
async fn what_is_stamped_in_the_future_holds_up_nothing_else() {
    let mut fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    let mut files = Vec::new();
    for name in ["ahead", "old"] {
        files.push(alice.uploads(name, name.as_bytes()).await);
    }
    for (text, file) in ["ahead", "old"].iter().zip(&files) {
        alice.posts(text).with_file(file).in_room(&den).await;
    }
    assert_eq!(fireside.is_asked_to_stop().await, Some(0));
    let home = fireside.home.clone();
    let years = 3_650 * DAY;
    meddles(&home, &format!("UPDATE messages SET created_at = created_at + {years} WHERE content = 'ahead'"));
    meddles(&home, &format!("UPDATE files SET created_at = created_at + {years} WHERE name = 'ahead'"));
    meddles(&home, &format!("UPDATE files SET created_at = created_at - {} WHERE name = 'old'", 91 * DAY));
    // More than are looked at in one piece lie behind the one of the future, and young ones between them.
    was_said(&home, &den, 50, 1);
    was_said(&home, &den, 450, 400);
    let flags = ["--retain-messages", "365d", "--retain-uploads", "90d"];
    let fireside = Fireside::start_in(home.clone(), &flags).await;
    comes_to(&home, &messages_in(&den), 52).await;
    comes_to(&home, "SELECT count(*) FROM files", 1).await;
    assert_eq!(asks(&home, "SELECT count(*) FROM messages WHERE content = 'ahead'"), 1);
    assert_eq!(asks(&home, "SELECT count(*) FROM files WHERE name = 'ahead'"), 1);
    let alice = alice.back_to(&fireside);
    let kept = contents(&alice.reads_history(&den).await);
    assert_eq!((kept.len(), kept[0].as_str(), kept[1].as_str()), (52, "ahead", "old"));
    is_well_but_for_the_clock(&home).await;
}

/// What is stamped in the future is told by `check`; that alone.
async fn is_well_but_for_the_clock(home: &Home) {
    let checked = home.runs(&["check", "--deep", "--min-free", "0", "--json"], "").await;
    let found = super::lines(&checked.stdout);
    let wrong: Vec<_> = found.iter().filter(|line| line["verdict"] == "wrong" && line["about"] != "clock").collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}
