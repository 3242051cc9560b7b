//! Answers that nobody reads: their connections end, what waits for them is bounded, and
//! memory and descriptors are what they were.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream, UnixStream};
use tokio::time::timeout;

use crate::world::machine::{self, mebibytes, open_connections, open_files, resident_bytes, scale, settles};
use crate::world::{Fireside, Person, Room, id};

/// Characters of each message.
const LENGTH: usize = 9_000;
/// What an ordinary run gives an answer, in place of a minute.
const TIMEOUT: Duration = Duration::from_secs(4);
/// Far more than that: the machine may be busy.
const ENDED_WITHIN: Duration = Duration::from_secs(40);
/// Bytes of a client's own window: what it does not read is the server's to keep.
const WINDOW: u32 = 4_096;

const FLAGS: [&str; 4] = ["--answer-timeout", "4s", "--log-level", "error"];

fn request(person: &Person, path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Token {}\r\n\r\n", person.token)
}

/// A connection that takes little at once.
async fn narrow(fireside: &Fireside) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(WINDOW).unwrap();
    socket.connect(fireside.address().parse().unwrap()).await.unwrap()
}

/// A chat with more text than one page of changes holds.
async fn long_talk(alice: &Person, messages: usize) -> Room {
    let den = alice.opens_room("den").await;
    let text = "x".repeat(LENGTH);
    for from in (0..messages).step_by(20) {
        join_all((from..messages.min(from + 20)).map(|number| alice.posts(&format!("{number} {text}")).in_room(&den)))
            .await;
    }
    den
}

async fn until_there_are(fireside: &Fireside, connections: usize) -> Duration {
    let begun = Instant::now();
    while open_connections(fireside) > connections {
        assert!(begun.elapsed() < ENDED_WITHIN, "{} connections are open", open_connections(fireside));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    begun.elapsed()
}

/// Nothing of an answer goes missing that is read, however slowly: it takes longer than any answer may stand still.
async fn reads_slowly(mut stream: TcpStream, request: String, length: usize) {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut piece = vec![0; length / 6];
    for _ in 0..6 {
        tokio::time::sleep(TIMEOUT / 4).await;
        stream.read_exact(&mut piece).await.unwrap();
    }
}

#[tokio::test]
async fn an_answer_that_nobody_reads_ends_its_connection() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("fireside.sock");
    let listen = format!("unix:{}", socket.display());
    let flags = [FLAGS.as_slice(), &["--listen", "127.0.0.1:0", "--listen", &listen]].concat();
    let fireside = Fireside::start_with(&flags).await;
    let alice = fireside.registers("alice").await;
    let den = long_talk(&alice, 60).await;
    let history = format!("/messenger/api/chatrooms/room-{}/messages/", den.id);
    let paths = ["/messages/api/sync/?since=0".to_owned(), format!("{}?page_size=100", den.messages()), history];
    let before = open_connections(&fireside);
    let mut silent: Vec<TcpStream> = Vec::new();
    let mut local: Vec<UnixStream> = Vec::new();
    for path in &paths {
        // One asks once, one again and again before it has read anything.
        for times in [1, 8] {
            let requests = request(&alice, path).repeat(times);
            let mut tcp = narrow(&fireside).await;
            tcp.write_all(requests.as_bytes()).await.unwrap();
            silent.push(tcp);
            let mut unix = UnixStream::connect(&socket).await.unwrap();
            unix.write_all(requests.as_bytes()).await.unwrap();
            local.push(unix);
        }
    }
    let slow = alice.get(&paths[1]).await.is(200).body.len();
    reads_slowly(fireside.connects().await, request(&alice, &paths[1]), slow).await;
    until_there_are(&fireside, before).await;
    for mut tcp in silent {
        let mut rest = Vec::new();
        let ended = tcp.read_to_end(&mut rest).await;
        assert!(ended.is_err() || rest.len() < slow, "{} bytes came all the same", rest.len());
    }
    drop(local);
    alice.get(&paths[0]).await.is(200);
}

#[tokio::test]
async fn a_crowd_that_never_reads_costs_what_may_wait_and_then_nothing() {
    let full = scale(0, 1) == 1;
    let flags: &[&str] = if full { &[] } else { &["--answer-timeout", "10s", "--answer-memory", "4MiB"] };
    let fireside = Fireside::start_with(&[&["--log-level", "error"], flags].concat()).await;
    let alice = fireside.registers("alice").await;
    long_talk(&alice, 60).await;
    let picture = alice.uploads("film.bin", &vec![7; 2 * 1024 * 1024]).await;
    let download = picture["url"].as_str().unwrap();
    let (before, files) = (resident_bytes(&fireside), open_files(&fireside));
    let crowd = scale(60, 300);
    let (mut silent, mut refused) = (Vec::new(), 0);
    for number in 0..crowd {
        let path = if number % 3 == 0 { download } else { "/messages/api/sync/?since=0" };
        let mut tcp = narrow(&fireside).await;
        tcp.write_all(request(&alice, path).as_bytes()).await.unwrap();
        let mut head = [0; 12];
        if number % 3 > 0 {
            tcp.read_exact(&mut head).await.unwrap();
            if &head == b"HTTP/1.1 503" {
                // It has its answer, and would stay as idle as any other.
                refused += 1;
                continue;
            }
        }
        silent.push(tcp);
    }
    let (most, open) = (resident_bytes(&fireside), open_files(&fireside));
    let limit = if full { 96 } else { 32 };
    assert!(most.saturating_sub(before) < limit * 1024 * 1024, "{} MiB more", mebibytes(most - before));
    let connected = silent.len();
    assert!(open < files + connected + 8, "{open} files are open, {files} were before {connected} connected");
    if !full {
        assert!(refused > 0, "all that was asked for waits");
        let answer = alice.get("/messages/api/sync/?since=0").await.is(503);
        assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1, "{answer}");
        assert_eq!(answer.json().as_object().unwrap().keys().collect::<Vec<_>>(), ["detail"], "{answer}");
        // Whoever asks for little, or says something, is not told to come back.
        alice.get("/api/auth/me/").await.is(200);
        alice.opens_room("shed").await;
    }
    let begun = Instant::now();
    while open_files(&fireside) > files + 4 {
        assert!(begun.elapsed() < Duration::from_secs(120), "{} files are open", open_files(&fireside));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    alice.get("/messages/api/sync/?since=0").await.is(200);
    let after = settles(&fireside, before).await;
    machine::say(&format!(
        "{crowd} that never read: {refused} told 503; memory {} MiB before, {} MiB at most, {} MiB after; {open} files \
         open at most, {files} before",
        mebibytes(before),
        mebibytes(most),
        mebibytes(after),
    ));
}

#[tokio::test]
async fn the_past_that_a_socket_does_not_read_is_counted_among_the_answers() {
    let fireside = Fireside::start_with(&["--answer-memory", "512KiB", "--log-level", "error"]).await;
    let alice = fireside.registers("alice").await;
    // More than the kernel holds for somebody who does not read: six bytes of JSON for each of these.
    let (den, text) = (alice.opens_room("den").await, format!("a{}b", "\u{1}".repeat(LENGTH)));
    for _ in 0..150 {
        alice.posts(&text).in_room(&den).await;
    }
    let path = "/messages/api/sync/?since=0";
    let socket = alice.handshake("/messages/ws/").with_query("since=0").with_small_window();
    let mut silent = Vec::new();
    while alice.get(path).await.status == 200 {
        assert!(silent.len() < 19, "what {} sockets have not read counts for nothing", silent.len());
        silent.push(socket.clone().enters().await);
    }
    // One more waits for its past until there is room.
    let mut late = socket.enters().await;
    assert!(timeout(Duration::from_millis(200), late.frame()).await.is_err(), "it has no room");
    drop(silent);
    assert_eq!(late.frame().await["type"], "hello");
    drop(late);
    while alice.get(path).await.status != 200 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_page_of_changes_is_bounded_in_bytes() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let text = "x".repeat(LENGTH);
    let mut sent = Vec::new();
    for number in 0..70 {
        sent.push(id(&alice.posts(&format!("{number} {text}")).in_room(&den).await));
    }
    let (mut told, mut since, mut pages) = (Vec::new(), json!(0), 0);
    loop {
        let answer = alice.get(&format!("/messages/api/sync/?since={since}")).await.is(200);
        assert!(answer.body.len() < 512 * 1024, "{} bytes", answer.body.len());
        let page = answer.json();
        told.extend(page["messages"].as_array().unwrap().iter().map(id));
        since = page["seq"].clone();
        pages += 1;
        if page["more"] == json!(false) {
            break;
        }
    }
    assert_eq!(told, sent, "each once, in order");
    assert!(pages >= 2, "{pages} pages");
}

#[tokio::test]
async fn whoever_reads_is_answered_beside_a_few_networks_that_never_do() {
    let flags = ["--trusted-proxy", "127.0.0.1/32", "--answer-memory", "16MiB", "--log-level", "error"];
    let fireside = Fireside::start_with(&flags).await;
    let alice = fireside.registers("alice").await;
    long_talk(&alice, 40).await;
    let path = "/messages/api/sync/?since=0";
    let before = open_connections(&fireside);
    let mut silent = Vec::new();
    for network in 0..4 {
        for _ in 0..24 {
            let mut tcp = narrow(&fireside).await;
            let from = format!("\r\nX-Forwarded-For: 192.0.{network}.1\r\n\r\n");
            tcp.write_all(request(&alice, path).replace("\r\n\r\n", &from).as_bytes()).await.unwrap();
            let mut head = [0; 12];
            tcp.read_exact(&mut head).await.unwrap();
            if &head == b"HTTP/1.1 503" {
                break;
            }
            silent.push(tcp);
        }
    }
    let waiting = silent.len();
    assert!(waiting > 40, "{waiting} answers wait: more than half of all is taken");
    for _ in 0..5 {
        alice.get(path).with("X-Forwarded-For", "198.51.100.1").await.is(200);
    }
    // Long before the minute that each would have if there were room.
    until_there_are(&fireside, before + waiting - 8).await;
    alice.get(path).with("X-Forwarded-For", "198.51.100.1").await.is(200);
}
