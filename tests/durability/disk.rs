//! A disk that is full: writes are refused at once, all else goes on, and when there is
//! room again nobody has to do anything.

use std::time::{Duration, Instant};

use serde_json::json;

use super::storm::World;
use crate::across::pair::{ALL, Dialect};
use crate::world::machine::{SmallDisk, say};
use crate::world::{Fireside, Home, Person, Room};

const MEBIBYTE: usize = 1024 * 1024;
/// Promised: 1 s. The tests' machine is busy.
const AT_ONCE: Duration = Duration::from_secs(5);

/// Posts until the disk is full; how long the refusal took.
async fn posts_until_refused(world: &World) -> Duration {
    let path = format!("/api/rooms/{}/messages/", world.pair.chat);
    for _ in 0..5_000 {
        let text = format!("{} {}", world.text("filling"), "x".repeat(8_000));
        world.ledger.sends(&text);
        let asked = Instant::now();
        let answer = world.pair.alice.post(&path, &json!({"content": text})).await;
        world.ledger.is_answered(&text, Some(answer.status));
        if answer.status != 201 {
            answer.refused(507, "insufficient_storage");
            return asked.elapsed();
        }
    }
    panic!("the disk never was full");
}

#[tokio::test]
async fn a_full_disk_refuses_writes_and_nothing_else() {
    let Some(disk) = SmallDisk::mounted(48) else { return };
    let fireside = Fireside::start_in(disk.home.clone(), &["--min-free", "4194304"]).await;
    let world = World::begins(&fireside).await;
    let (alice, bob) = (world.pair.alice.clone(), world.pair.bob.clone());
    let mut listeners = Vec::new();
    for dialect in ALL {
        listeners.push((dialect, world.pair.opens(&bob, dialect).await));
    }
    let storm = world.rages().await;
    let ballast = disk.fills_up(64 * 1024);
    let mut slowest = posts_until_refused(&world).await;
    storm.calms().await;

    slowest = slowest.max(posts_until_refused(&world).await);
    assert!(slowest < AT_ONCE, "{slowest:?}");
    alice.tries_to_upload("a", "text/plain", b"a").await.refused(507, "insufficient_storage");
    alice.post("/api/rooms/", &json!({"name": "x".repeat(200)})).await;
    let truth = world.pair.history(&bob, Dialect::Rooms).await;
    assert!(!truth.is_empty(), "reading goes on");
    for (dialect, listener) in &mut listeners {
        let text = format!("{} {}", world.text("refused"), "y".repeat(8_000));
        world.ledger.sends(&text);
        listener.says(&dialect.say(&world.pair, &text)).await;
        // What had queued before comes first.
        let refusal = loop {
            let frame = listener.frame().await;
            if frame["type"] == "error" || frame.get("error").is_some() {
                break frame;
            }
        };
        assert!(refusal.to_string().len() > 10, "the socket of {dialect:?} says why: {refusal}");
        world.ledger.is_told_no(&text);
    }
    assert_eq!(world.pair.history(&bob, Dialect::Rooms).await, truth, "what was refused is not there");

    std::fs::remove_file(ballast).unwrap();
    let freed = Instant::now();
    let text = world.text("room again");
    world.ledger.sends(&text);
    let path = format!("/api/rooms/{}/messages/", world.pair.chat);
    alice.post(&path, &json!({"content": text})).await.is(201);
    world.ledger.is_told_done(&text);
    let back = freed.elapsed();
    let storm = world.rages().await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    storm.calms().await;
    drop(listeners);
    let figures = world.ends(fireside).await;
    assert!(figures.refused > 5, "{figures}");
    say(&format!("full disk: refused within {slowest:?}, writing again after {back:?}; {figures}"));
}

#[tokio::test]
async fn uploads_stop_before_the_messages_suffer() {
    let Some(disk) = SmallDisk::mounted(48) else { return };
    let reserve = 16 * MEBIBYTE;
    let flags = ["--min-free", &reserve.to_string(), "--max-upload", "20000000"];
    let fireside = Fireside::start_in(disk.home.clone(), &flags).await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let bytes = vec![b'x'; 5 * MEBIBYTE];
    // Together they want more than there is, and each begins while there still is room.
    let uploads = (0..12).map(|_| alice.tries_to_upload("big", "text/plain", &bytes));
    let answers = futures_util::future::join_all(uploads).await;
    let kept = answers.iter().filter(|answer| answer.status == 201).count();
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        answer.clone().refused(507, "insufficient_storage");
    }
    assert!((1..12).contains(&kept), "{kept} of 12");
    let free = disk.free_bytes();
    assert!(free >= (reserve - MEBIBYTE) as u64, "the reserve is whole but for the last pieces: {free}");
    alice.posts("there is room for words").in_room(&den).await;
    say(&format!("{kept} of 12 uploads of 5 MiB were kept; {free} bytes are free, {reserve} reserved"));
}

/// A number that a socket began with, given out again, would be taken for seen by a client
/// that comes back with it.
#[tokio::test]
async fn a_number_that_came_to_nothing_is_not_given_out_again() {
    let Some(disk) = SmallDisk::mounted(24) else { return };
    let fireside = Fireside::start_in(disk.home.clone(), &["--min-free", "0"]).await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let ballast = disk.fills_up(0);
    let post = json!({"content": "x".repeat(8_000)});
    let mut stored = 0;
    // What the log has room for goes in first.
    while alice.post(&den.messages(), &post).await.status == 201 {
        stored += 1;
        assert!(stored < 5_000, "the disk never was full");
    }
    std::fs::remove_file(ballast).unwrap();
    let mut listener = alice.handshake("/messages/ws/").enters().await;
    let seen = listener.frame().await["seq"].clone();
    assert!(seen.as_i64().unwrap() > stored, "the refused post had taken a number: {seen} after {stored}");
    drop(listener);
    let fireside = fireside.dies_and_restarts().await;
    let alice = alice.back_to(&fireside);
    let posted = alice.post(&den.messages(), &json!({"content": "after"})).await.is(201).json();
    let mut listener = alice.handshake("/messages/ws/").with_query(&format!("since={seen}")).enters().await;
    let hello = listener.frame().await;
    assert_eq!(hello["type"], "hello", "{hello}");
    let missed = listener.frame().await;
    assert_eq!((&missed["message"]["id"], &missed["message"]["content"]), (&posted["id"], &json!("after")), "{missed}");
}

#[tokio::test]
async fn a_disk_that_is_full_at_the_start_is_told_as_what_it_is() {
    let Some(disk) = SmallDisk::mounted(8) else { return };
    let mut fireside = Fireside::start_in(disk.home.clone(), &[]).await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    alice.posts("kept").in_room(&den).await;
    assert_eq!(fireside.is_asked_to_stop().await, Some(0));
    // What SQLite makes anew where it is not there: whether a stop leaves it empty or takes it away is chance.
    for rest in ["fireside.db-wal", "fireside.db-shm"] {
        std::fs::remove_file(disk.home.data().join(rest)).ok();
    }
    let ballast = disk.fills_up(0);
    let outcome = disk.home.refuses_to_serve(&[]).await;
    outcome.failed_with(75);
    assert!(!outcome.stderr.contains("restore"), "the data is whole: {outcome:?}");
    std::fs::remove_file(ballast).unwrap();
    reads_kept(&disk.home, &alice, &den).await;
}

async fn reads_kept(home: &Home, alice: &Person, den: &Room) {
    let fireside = Fireside::start_in(home.clone(), &[]).await;
    assert_eq!(alice.back_to(&fireside).reads(den).await, ["kept"]);
}
