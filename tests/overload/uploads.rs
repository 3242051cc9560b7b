//! Uploads that take their time: there are so many at once, and nobody has all of them.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;

use crate::world::home::PATIENCE;
use crate::world::{Answer, Fireside, Person};

/// Uploads at once, those of one user, and those of one when so many run.
const ALL: usize = 128;
const EACH: usize = 16;
const MANY: usize = 96;
const FEW: usize = 4;
/// What each sends once in a second, which is as slow as it may be.
const PIECE: usize = 8 * 1024;
/// What it says that it is going to send.
const LENGTH: usize = 8 * 1024 * 1024;

/// Begins to upload and goes on for as long as it is let.
async fn dawdles(address: String, token: String) {
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /api/files/upload/ HTTP/1.1\r\nHost: x\r\nAuthorization: Token {token}\r\n\
         Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {LENGTH}\r\n\r\n\
         --b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"slow.bin\"\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    while stream.write_all(&[b'x'; PIECE]).await.is_ok() {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    // It was turned away.
    stream.read_to_end(&mut Vec::new()).await.ok();
}

fn running(fireside: &Fireside) -> usize {
    let files = std::fs::read_dir(fireside.home.data().join("files")).unwrap();
    files.filter(|file| file.as_ref().unwrap().file_name().to_string_lossy().ends_with(".part")).count()
}

async fn until_there_are(fireside: &Fireside, uploads: usize) {
    let begun = Instant::now();
    while running(fireside) != uploads {
        assert!(begun.elapsed() < PATIENCE, "{} uploads run and not {uploads}", running(fireside));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn tries(person: &Person) -> Answer {
    person.tries_to_upload("quick.txt", "text/plain", b"quick").await
}

#[track_caller]
fn is_told_to_come_back(answer: Answer) {
    assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1, "{answer}");
    answer.refused(503, "unavailable");
}

#[tokio::test]
async fn slow_uploads_of_one_user_leave_room_for_others_and_those_of_many_for_all_else() {
    let fireside = Fireside::start().await;
    let crowd = fireside.registers_crowd(MANY / EACH + (ALL - MANY) / FEW).await;
    let bob = fireside.registers("bob").await;
    let mut slow = JoinSet::new();
    let mut all = 0;
    for person in &crowd {
        // The last places are for those who have few.
        let each = if all < MANY { EACH } else { FEW };
        for _ in 0..each {
            slow.spawn(dawdles(fireside.address().to_owned(), person.token.clone()));
        }
        all += each;
        until_there_are(&fireside, all).await;
        is_told_to_come_back(tries(person).await);
        if all < ALL {
            tries(&bob).await.is(201);
        }
    }
    // All there may be: nobody else begins one, and everything else goes on.
    is_told_to_come_back(tries(&bob).await);
    let den = bob.opens_room("den").await;
    bob.posts("hi").in_room(&den).await;
    bob.get("/api/auth/me/").await.is(200);
    slow.shutdown().await;
    until_there_are(&fireside, 0).await;
    for person in crowd.iter().chain([&bob]) {
        tries(person).await.is(201);
    }
}
