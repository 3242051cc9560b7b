//! How long the first page of every list takes, in a world of a million messages.
//!
//! `cargo bench --bench lists -- [--chats 1000] [--messages 1000] [--asks 300]`
//!
//! One user is in all chats, a tenth of them direct, each with so many messages. The
//! world is written into the database directly, as the server would have written it,
//! and the server's own counts are checked against it. Then each list is asked for
//! over one connection, one request after the other. Then all that
//! came since half of it was there is caught up on. A line for each comes out, in words and as JSON.

mod common;

use std::path::Path;
use std::time::{Duration, Instant};

use clap::Parser;
use common::line;
use common::percentile_ms;
use common::rest::Rest;
use common::server::Server;
use common::world::{self, World};

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
    Server::start(&data).stop();
    World { chats: args.chats, messages: args.messages, elsewhere: args.messages, crowd: 0 }
        .fill(&data.join("fireside.db"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(ask_all(&data, &world::token(1), &args));
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
        let case = format!("{} chats, {dialect} {path}", args.chats);
        line::print("lists", &case, &[("ms p50", p50), ("ms p99", p99), ("bytes", bytes as f64)]);
    }
    let (elapsed, pages) = catch_up(&client, &server, token, args).await;
    let case = format!("{} chats, catching up on half of all messages", args.chats);
    line::print("lists", &case, &[("ms", elapsed.as_secs_f64() * 1e3), ("pages", pages)]);
    server.stop();
}

/// What somebody asks who was away: page after page until there is no more.
async fn catch_up(client: &reqwest::Client, server: &Server, token: &str, args: &Args) -> (Duration, f64) {
    let (begun, mut since, mut pages) = (Instant::now(), args.chats * args.messages / 2, 0.0);
    loop {
        let url = format!("http://{}/messages/api/sync/?since={since}", server.addr);
        let page: serde_json::Value = serde_json::from_str(&get(client, &url, token).await).expect("JSON");
        pages += 1.0;
        if page["more"] != true {
            return (begun.elapsed(), pages);
        }
        since = page["seq"].as_i64().expect("a number");
    }
}

async fn get(client: &reqwest::Client, url: &str, token: &str) -> String {
    let request = client.get(url).header("Authorization", format!("Token {token}"));
    let response = request.send().await.expect("the server answers");
    assert!(response.status().is_success(), "{url}: {}", response.status());
    response.text().await.expect("a body")
}
