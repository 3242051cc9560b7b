//! More writes than the disk takes: what finds no place in the queue is told to come
//! back, and in the end each is there once.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use rusqlite::Connection;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::ordinary::everybody_was_here;
use crate::world::checker::books_balance;
use crate::world::machine::{mebibytes, resident_bytes, say, settles};
use crate::world::{Fireside, Person, Room, contents};

/// The queue holds 4,096, and one transaction 512 more.
const SENDS: usize = 5_200;
/// The standstill ends when so many were told to come back: they found no place in the
/// queue, or waited in it for as long as anybody does.
const TOLD: usize = 100;

/// Sends on a connection of its own; the head of the answer.
async fn sends(fireside: &Fireside, alice: &Person, den: &Room, number: usize, answered: &AtomicUsize) -> String {
    let body = json!({"content": format!("wave {number}"), "client_id": format!("wave {number}")}).to_string();
    let request = format!(
        "POST {} HTTP/1.1\r\nHost: x\r\nAuthorization: Token {}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        den.messages(),
        alice.token,
        body.len()
    );
    let mut tcp = fireside.connects().await;
    tcp.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    tcp.read_to_string(&mut answer).await.unwrap();
    answered.fetch_add(1, Ordering::Relaxed);
    answer
}

#[tokio::test]
async fn more_than_the_disk_takes_is_told_to_come_back_and_none_is_lost() {
    let mut fireside = Fireside::start_with(&["--log-level", "error"]).await;
    everybody_was_here(&fireside).await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let before = resident_bytes(&fireside);
    // The disk stands still: another program holds the file's lock.
    let other = Connection::open(fireside.home.database()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let began = Instant::now();
    let answered = AtomicUsize::new(0);
    let wave = join_all((0..SENDS).map(|number| sends(&fireside, &alice, &den, number, &answered)));
    let standstill = async {
        while answered.load(Ordering::Relaxed) < TOLD {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let most = resident_bytes(&fireside);
        other.execute_batch("ROLLBACK").unwrap();
        most
    };
    let (answers, most) = tokio::join!(wave, standstill);
    let (mut stored, mut again, mut unknown) = (HashSet::new(), Vec::new(), HashSet::new());
    for (number, answer) in answers.iter().enumerate() {
        if answer.starts_with("HTTP/1.1 201 ") {
            stored.insert(format!("wave {number}"));
            continue;
        }
        again.push(number);
        if answer.is_empty() {
            // A client that itself took more than 10 s to say what it wants was closed.
            unknown.insert(format!("wave {number}"));
        } else {
            assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("retry-after: "), "{answer}");
        }
    }
    let there: HashSet<_> = contents(&alice.reads_history(&den).await).into_iter().collect();
    assert!(stored.is_subset(&there), "what was acknowledged is there");
    assert!(there.difference(&stored).all(|text| unknown.contains(text)), "what was refused is not");
    assert!(!fireside.home.log().contains("panicked"), "{}", fireside.home.log());
    assert!(again.len() >= TOLD, "{} told, {} stored", again.len(), stored.len());
    for some in again.chunks(64) {
        let resent = some.iter().map(async |number| {
            let text = format!("wave {number}");
            alice.posts(&text).known_as(&text).tried_in(&den).await
        });
        assert!(join_all(resent).await.iter().all(|answer| [200, 201].contains(&answer.status)));
    }
    let there: Vec<_> = contents(&alice.reads_history(&den).await);
    assert_eq!((there.len(), there.iter().collect::<HashSet<_>>().len()), (SENDS, SENDS), "each once");
    let after = settles(&fireside, before).await;
    assert_eq!(fireside.is_asked_to_stop().await, Some(0));
    books_balance(&fireside.home.data());
    say(&format!(
        "{SENDS} sends into a disk that stood still: {} stored, {} told 503, {} cut, all there once after {:?}; \
         memory {} MiB before, {} MiB with all of them waiting, {} MiB after",
        stored.len(),
        again.len() - unknown.len(),
        unknown.len(),
        began.elapsed(),
        mebibytes(before),
        mebibytes(most),
        mebibytes(after),
    ));
}
