//! What grows with what: the same requests in small worlds and in large ones.
//!
//! `cargo bench --bench growth -- [--messages 1000000] [--asks 500]`
//!
//! Each world differs from the first in one thing alone: how many chats the asking user
//! is in, how many messages the chat has, how many members. One connection asks, one
//! request after the other; the middle of the times is printed, in microseconds, and how
//! many times that of the small world it is.

mod common;

use std::time::{Duration, Instant};

use clap::Parser;
use common::http::Http;
use common::rest::Rest;
use common::server::Server;
use common::world::{self, World};

/// What is asked for.
const ROWS: &[(&str, Ask)] = &[
    ("post a message", Ask::Post("/api/rooms/1/messages/")),
    ("newest 50 messages", Ask::Get("/messages/api/chats/1/messages/?page_size=50")),
    ("50 messages from the middle", Ask::Middle),
    ("first page of my chats", Ask::Get("/messages/api/chats/")),
    ("one chat", Ask::Get("/d/rooms/api/rooms/1/")),
    ("first page of members", Ask::Get("/api/rooms/1/participants/")),
    ("catch up, nothing missed", Ask::Sync),
];

#[derive(Clone, Copy)]
enum Ask {
    Get(&'static str),
    Post(&'static str),
    /// Below the message in the middle of the chat.
    Middle,
    /// From the newest change.
    Sync,
}

#[derive(Parser)]
#[command(about = "How cost grows")]
struct Args {
    /// Messages in the long chat.
    #[arg(long, default_value_t = 1_000_000)]
    messages: i64,
    /// How often each thing is asked for.
    #[arg(long, default_value_t = 500)]
    asks: usize,
    /// Cargo passes this to every bench.
    #[arg(long = "bench", hide = true)]
    _bench: bool,
}

fn main() {
    let args = Args::parse();
    let base = World { chats: 10, messages: 1_000, elsewhere: 1_000, crowd: 0 };
    let worlds = [
        ("10 chats".to_owned(), base),
        ("1,000 chats".to_owned(), World { chats: 1_000, messages: 100, elsewhere: 100, ..base }),
        (format!("{} messages", args.messages), World { chats: 1, messages: args.messages, ..base }),
        ("5,000 members".to_owned(), World { crowd: 4_998, ..base }),
    ];
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let columns: Vec<(String, Vec<f64>)> =
        worlds.into_iter().map(|(name, world)| (name, runtime.block_on(probe(&args, world)))).collect();
    print(&columns);
}

/// The middle of the times of every row, in microseconds.
async fn probe(args: &Args, world: World) -> Vec<f64> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder on the disk");
    let data = folder.path().join("data");
    Server::start(&data).stop();
    world.fill(&data.join("fireside.db"));
    let server = Server::start(&data);
    let count = Rest::new(server.addr).count(&world::token(1), 1).await;
    assert_eq!(i64::try_from(count).unwrap(), world.messages, "the server counts what was written");
    let mut http = Http::connect(server.addr, &world::token(1)).await;
    let mut row = Vec::with_capacity(ROWS.len());
    for (_, ask) in ROWS {
        let mut times: Vec<Duration> = Vec::with_capacity(args.asks);
        for _ in 0..args.asks {
            times.push(once(&mut http, *ask, world).await);
        }
        times.sort_unstable();
        row.push(times[times.len() / 2].as_secs_f64() * 1e6);
    }
    server.stop();
    row
}

async fn once(http: &mut Http, ask: Ask, world: World) -> Duration {
    let begun = Instant::now();
    match ask {
        Ask::Get(path) => http.get(path).await,
        Ask::Post(path) => http.post(path, &format!(r#"{{"content":"{:-<100}"}}"#, "")).await,
        Ask::Middle => {
            let path = format!("/messages/api/chats/1/messages/?page_size=50&before={}", world.messages / 2);
            http.get(&path).await
        }
        // More than there is counts as everything: nothing was missed.
        Ask::Sync => http.get(&format!("/messages/api/sync/?since={}", i64::MAX / 2)).await,
    };
    begun.elapsed()
}

fn print(columns: &[(String, Vec<f64>)]) {
    print!("growth: {:<28}", "microseconds at the median");
    for (name, _) in columns {
        print!(" | {name:>18}");
    }
    println!();
    for (index, (name, _)) in ROWS.iter().enumerate() {
        print!("growth: {name:<28}");
        let small = columns[0].1[index];
        for (_, times) in columns {
            print!(" | {:>9.0} ({:>5.2}×)", times[index], times[index] / small);
        }
        println!();
    }
}
