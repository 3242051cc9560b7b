//! Clients that vanish in the middle of a send.

use std::collections::HashSet;
use std::time::Duration;

use rusqlite::Connection;
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::world::{Fireside, Listener, Person, Room, contents, people};

const TRIES: usize = 60;

/// Sends a whole request and resets the connection without waiting for the
/// answer.
async fn posts_and_vanishes(fireside: &Fireside, alice: &Person, room: &Room, number: usize) {
    let body = json!({"content": format!("last words {number}")}).to_string();
    let request = format!(
        "POST {} HTTP/1.1\r\nHost: {}\r\nAuthorization: Token {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        room.messages(),
        fireside.address(),
        alice.token,
        body.len()
    );
    let mut stream = fireside.connects().await;
    stream.write_all(request.as_bytes()).await.unwrap();
    // The reset finds the server reading, storing or answering: the pause
    // chooses where, it waits for nothing.
    let pause = u64::try_from(number % 12).unwrap();
    tokio::time::sleep(Duration::from_micros(pause * 400)).await;
    stream.set_zero_linger().unwrap();
}

/// Hears until what was heard is what is stored.
async fn hears_what_is_stored(listener: &mut Listener, alice: &Person, room: &Room) -> Vec<String> {
    let mut heard = Vec::new();
    loop {
        let stored = contents(&alice.reads_history(room).await);
        if heard.len() >= stored.len() {
            assert_eq!(heard, stored, "the same, in the same order, each once");
            return heard;
        }
        // Waits for what is missing, or fails because it never comes.
        while heard.len() < stored.len() {
            let data = listener.hears("chat_message").await;
            heard.push(data["content"].as_str().unwrap().to_owned());
        }
    }
}

#[tokio::test]
async fn what_is_stored_is_heard_though_its_sender_has_vanished() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    let mut listener = bob.listens_in(&den).await;
    for number in 0..TRIES {
        posts_and_vanishes(&fireside, &alice, &den, number).await;
    }
    bob.posts("marker").in_room(&den).await;
    let heard = hears_what_is_stored(&mut listener, &bob, &den).await;
    let unique: HashSet<_> = heard.iter().collect();
    assert_eq!(unique.len(), heard.len(), "nothing twice");
    assert!(heard.len() > 1, "some of them were stored, or nothing was tested");
    listener.hears_nothing().await;
}

/// Sends a whole upload, and waits for nothing.
async fn uploads(fireside: &Fireside, alice: &Person) -> TcpStream {
    let body = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"last words\"\r\n\r\nbye\r\n--b--\r\n";
    let request = format!(
        "POST /api/files/upload/ HTTP/1.1\r\nHost: x\r\nAuthorization: Token {}\r\n\
         Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {}\r\n\r\n{body}",
        alice.token,
        body.len()
    );
    let mut stream = fireside.connects().await;
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// Names on the disk that are no part of an upload under way.
fn whole_files(fireside: &Fireside) -> Vec<String> {
    let entries = std::fs::read_dir(fireside.home.data().join("files")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| !name.ends_with(".part")).collect()
}

#[tokio::test]
async fn a_file_whose_sender_has_vanished_is_there_if_its_row_is() {
    let mut fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    // Its row has to wait: another program holds the file's lock.
    let other = Connection::open(fireside.home.database()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let stream = uploads(&fireside, &alice).await;
    while whole_files(&fireside).is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // Long enough for the row to queue, and then for the server to see that nobody waits.
    tokio::time::sleep(Duration::from_millis(200)).await;
    stream.set_zero_linger().unwrap();
    drop(stream);
    tokio::time::sleep(Duration::from_millis(300)).await;
    other.execute_batch("ROLLBACK").unwrap();
    // Written behind the row.
    alice.opens_room("den").await;
    let row = |db: &Connection| db.query_row("SELECT storage_name FROM files", [], |row| row.get::<_, String>(0));
    let name = row(&other).expect("the row came all the same");
    assert_eq!(whole_files(&fireside), [name], "and its bytes are there");
    assert_eq!(fireside.is_asked_to_stop().await, Some(0));
    fireside.home.runs(&["check", "--deep", "--min-free", "0"], "").await.succeeded();
}

#[tokio::test]
async fn a_vanished_sender_may_send_again() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    let mut listener = bob.listens_in(&den).await;
    let mut first_came_through = 0;
    for number in 0..30_usize {
        let text = format!("once {number}");
        let body = json!({"content": text, "client_id": text}).to_string();
        let request = format!(
            "POST {} HTTP/1.1\r\nHost: x\r\nAuthorization: Token {}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            den.messages(),
            alice.token,
            body.len()
        );
        let mut stream = fireside.connects().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        let pause = u64::try_from(number % 10).unwrap();
        tokio::time::sleep(Duration::from_micros(pause * 500)).await;
        stream.set_zero_linger().unwrap();
        drop(stream);
        let answer = alice.posts(&text).known_as(&text).tried_in(&den).await;
        assert!([200, 201].contains(&answer.status), "{answer}");
        first_came_through += usize::from(answer.status == 200);
        listener.hears_message(&text).await;
    }
    listener.hears_nothing().await;
    assert_eq!(alice.reads(&den).await.len(), 30);
    assert!(first_came_through > 0, "no cut send was ever stored");
}

#[tokio::test]
async fn a_socket_that_is_reset_after_speaking_has_spoken_once_or_not() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    let mut listener = bob.listens_in(&den).await;
    for number in 0..30_usize {
        let mut mouth = alice.listens_in(&den).await;
        mouth.says_message(&format!("bye {number}")).await;
        let socket = mouth.into_socket();
        let pause = u64::try_from(number % 10).unwrap();
        tokio::time::sleep(Duration::from_micros(pause * 300)).await;
        socket.get_ref().set_zero_linger().unwrap();
    }
    bob.posts("marker").in_room(&den).await;
    let heard = hears_what_is_stored(&mut listener, &bob, &den).await;
    assert!(heard.len() > 1, "some of them were stored, or nothing was tested");
    listener.hears_nothing().await;
}
