//! How long the first page of every list takes, in a world of a million messages.
//!
//! `cargo bench --bench lists -- [--chats 1000] [--messages 1000] [--asks 300]`
//!
//! One user is in all chats, a tenth of them direct, each with so many messages. The
//! world is written into the database directly, as the server would have written it,
//! and the server's own counts are checked against it. Then each list is asked for
//! over one connection, one request after the other. One line for each comes out.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    dead_code,
    reason = "a bench stops at the first thing that is not as it should be, and prints its result; the shared \
              modules have more than this one uses"
)]

mod common;

use std::path::Path;
use std::time::{Duration, Instant};

use clap::Parser;
use common::percentile_ms;
use common::rest::Rest;
use common::server::Server;
use rusqlite::{Connection, Transaction, params};

/// The first page of every list that a client opens with.
const LISTS: &[(&str, &str)] = &[
    ("rooms", "/d/rooms/api/rooms/"),
    ("rooms", "/d/rooms/api/rooms/1/messages/"),
    ("rooms", "/d/rooms/api/rooms/1/participants/"),
    ("rooms", "/d/rooms/api/users/"),
    ("messaging", "/messages/api/chats/"),
    ("messaging", "/messages/api/chats/1/messages/"),
    ("messaging", "/messages/api/sync/?since=0"),
    ("inbox", "/d/inbox/api/messages/"),
    ("inbox", "/d/inbox/api/messages/?user=person7x"),
    ("directs", "/d/directs/api/chats/"),
    ("directs", "/d/directs/api/users/"),
    ("messenger", "/messenger/api/user/chatrooms/"),
];

#[derive(Parser)]
#[command(about = "First pages in a large world")]
struct Args {
    /// Chats that the asking user is in.
    #[arg(long, default_value_t = 1_000)]
    chats: i64,
    /// Messages in each of them.
    #[arg(long, default_value_t = 1_000)]
    messages: i64,
    /// How often each list is asked for.
    #[arg(long, default_value_t = 300)]
    asks: usize,
    /// Cargo passes this to every bench.
    #[arg(long = "bench", hide = true)]
    _bench: bool,
}

fn main() {
    let args = Args::parse();
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder on the disk");
    let data = folder.path().join("data");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let token = runtime.block_on(async {
        let server = Server::start(&data);
        let token = Rest::new(server.addr).register(1).await.remove(0);
        server.stop();
        token
    });
    fill(&data.join("fireside.db"), &args);
    runtime.block_on(ask_all(&data, &token, &args));
}

async fn ask_all(data: &Path, token: &str, args: &Args) {
    let server = Server::start(data);
    let rest = Rest::new(server.addr);
    let count = rest.count(token, 1).await;
    assert_eq!(i64::try_from(count).unwrap(), args.messages, "the server counts what was written");
    let client = reqwest::Client::new();
    for (dialect, path) in LISTS {
        let mut times = Vec::with_capacity(args.asks);
        let mut bytes = 0;
        for _ in 0..args.asks {
            let begun = Instant::now();
            bytes = get(&client, &format!("http://{}{path}", server.addr), token).await.len();
            times.push(begun.elapsed());
        }
        times.sort_unstable();
        let (p50, p99) = (percentile_ms(&times, 50), percentile_ms(&times, 99));
        println!("lists: {dialect:<10} ms p50 {p50:.2} p99 {p99:.2} | bytes {bytes:>7} | {path}");
    }
    let longest = Duration::from_millis(2);
    println!("lists: {} chats of {} messages each; the mark is {longest:?} at p50", args.chats, args.messages);
    server.stop();
}

async fn get(client: &reqwest::Client, url: &str, token: &str) -> String {
    let request = client.get(url).header("Authorization", format!("Token {token}"));
    let response = request.send().await.expect("the server answers");
    assert!(response.status().is_success(), "{url}: {}", response.status());
    response.text().await.expect("a body")
}

/// Writes people, chats and messages as the server's own transactions would have.
fn fill(path: &Path, args: &Args) {
    let mut database = Connection::open(path).expect("the server's database");
    let tx = database.transaction().unwrap();
    let directs = args.chats / 10;
    for person in 2..=directs + 1 {
        tx.execute(
            "INSERT INTO users (id, username, username_key, email, password_hash, display_name, search_key, token_nonce,
                                created_at)
             VALUES (?1, ?2, ?2, '', '', ?2, ?2 || ' ' || ?2, x'00', 0)",
            params![person, format!("person{person}x")],
        )
        .unwrap();
    }
    let mut last = 0;
    for chat in 1..=args.chats {
        let other = (chat % directs) + 2;
        let is_direct = chat % 10 == 0;
        last = make_chat(&tx, chat, if is_direct { Some(chat / 10 + 1) } else { None }, other, last, args.messages);
    }
    tx.execute("UPDATE sequence SET value = ?1", [last]).unwrap();
    tx.commit().unwrap();
}

/// A chat of the asking user (1) with one other, who said everything in it.
fn make_chat(tx: &Transaction<'_>, chat: i64, direct: Option<i64>, other: i64, last: i64, messages: i64) -> i64 {
    let other = direct.unwrap_or(other);
    let newest = last + messages;
    tx.execute(
        "INSERT INTO chats (id, kind, low_user, high_user, slug, title, title_key, owner_id, member_count,
                            message_count, last_message_id, created_at, updated_at, active_at)
         VALUES (?1, iif(?2, 'direct', 'group'), iif(?2, 1, NULL), iif(?2, ?3, NULL), iif(?2, 's_' || ?1, NULL),
                 'chat ' || ?1, 'chat ' || ?1, 1, 2, ?4, ?5, ?5, ?5, ?5)",
        params![chat, direct.is_some(), other, messages, newest],
    )
    .unwrap();
    for (user, seen) in [(1, messages / 2), (other, messages)] {
        tx.execute(
            "INSERT INTO members (chat_id, user_id, is_admin, joined_at, read_mark, seen_count)
             VALUES (?1, ?2, ?3, 0, ?4, ?5)",
            params![chat, user, user == 1, last + seen, seen],
        )
        .unwrap();
    }
    let mut insert = tx
        .prepare_cached(
            "INSERT INTO messages (id, chat_id, sender_id, content, created_at, seq) VALUES (?1, ?2, ?3, ?4, ?1, ?1)",
        )
        .unwrap();
    for id in last + 1..=newest {
        insert
            .execute(params![id, chat, other, format!("message {id} of a hundred bytes or so, {}", "x".repeat(60))])
            .unwrap();
    }
    newest
}
