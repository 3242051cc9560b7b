//! How long a start takes, and what memory a server holds that did little.
//!
//! `cargo bench --bench start -- [--starts 11] [--log-mib 1024] [--sign-ups 250] [--rest 30]`
//!
//! From the start until the first answer: in an empty folder, with 100,000 messages, and with a write-ahead log
//! of so many MiB, as a kill leaves it behind. Then so many accounts are made, and memory is read
//! before, right after, and when the server was left alone for so many seconds. The yardstick is a program that
//! opens a database and answers by warp. A line for each comes out, in words and as JSON.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use clap::Parser;
use common::bare::{self, Yardstick};
use common::http::Http;
use common::rest::Rest;
use common::server::{Server, program};
use common::world::{World, token};
use common::{line, mib, percentile_ms};
use rusqlite::Connection;

/// How long a server is left alone before its memory after the start is read.
const SETTLE: Duration = Duration::from_secs(2);
const MESSAGES: i64 = 100_000;

#[derive(Parser)]
#[command(about = "Start and memory")]
struct Args {
    /// Starts of each kind.
    #[arg(long, default_value_t = 11)]
    starts: usize,
    /// MiB of the log that is recovered from.
    #[arg(long, default_value_t = 1_024)]
    log_mib: u64,
    /// Accounts that are made.
    #[arg(long, default_value_t = 250)]
    sign_ups: usize,
    /// Seconds after the last of them when memory is read again.
    #[arg(long, default_value_t = 30)]
    rest: u64,
    /// Cargo passes this to every bench.
    #[arg(long = "bench", hide = true)]
    _bench: bool,
}

fn main() {
    bare::serve_if_asked();
    let args = Args::parse();
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder on the disk");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let empty = |number: usize| folder.path().join(format!("empty{number}"));
    let time = |data: &Path| runtime.block_on(start(program(), data));
    let time_bare = |data: &Path| runtime.block_on(start(Yardstick::Answers(2).program(), data));
    let bare = (0..args.starts).map(|number| time_bare(&folder.path().join(format!("bare{number}")))).collect();
    tell("empty", (0..args.starts).map(|number| time(&empty(number))).collect(), Some(bare));

    let data = folder.path().join("data");
    Server::start(&data).stop();
    World { chats: 10, messages: MESSAGES, elsewhere: 0, crowd: 0 }.fill(&data.join("fireside.db"));
    let server = Server::start(&data);
    runtime.block_on(async { Http::connect(server.addr, &token(1)).await.until_searchable().await });
    server.stop();
    let bare = (0..args.starts).map(|_| time_bare(&data)).collect();
    tell(&format!("{MESSAGES} messages"), (0..args.starts).map(|_| time(&data)).collect(), Some(bare));

    let killed = leave_a_log(&data, &folder.path().join("killed"), args.log_mib << 20);
    tell(&format!("a log of {} MiB", args.log_mib), vec![time(&killed)], None);
    runtime.block_on(sign_up(&args, &folder.path().join("sign-ups")));
}

async fn start(program: Command, data: &Path) -> Duration {
    let begun = Instant::now();
    let server = Server::start_by(program, data);
    Http::connect(server.addr, "").await.get("/readyz").await;
    let ready = begun.elapsed();
    server.stop();
    ready
}

fn tell(what: &str, mut times: Vec<Duration>, bare: Option<Vec<Duration>>) {
    times.sort_unstable();
    let mut figures = vec![("ms p50", percentile_ms(&times, 50)), ("ms max", percentile_ms(&times, 100))];
    if let Some(mut bare) = bare {
        bare.sort_unstable();
        figures.push(("bare ms p50", percentile_ms(&bare, 50)));
    }
    line::print("start", what, &figures);
}

/// Copies the data as they lie on the disk while somebody writes: what a kill leaves.
fn leave_a_log(data: &Path, killed: &Path, bytes: u64) -> PathBuf {
    let database = Connection::open(data.join("fireside.db")).expect("the server's database");
    database
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 0")
        .unwrap();
    let log = data.join("fireside.db-wal");
    let mut turn = 0;
    while fs::metadata(&log).map_or(0, |log| log.len()) < bytes {
        turn += 1;
        // To and fro: a row that stays as it is would not be written.
        let (from, to) = if turn % 2 == 1 { ("-", "=") } else { ("=", "-") };
        database.execute("UPDATE messages SET content = replace(content, ?1, ?2)", [from, to]).unwrap();
    }
    fs::create_dir(killed).expect("a folder");
    for entry in fs::read_dir(data).expect("a folder").map(|entry| entry.expect("an entry")) {
        if entry.file_type().expect("a type").is_file() && !entry.file_name().to_string_lossy().ends_with("-shm") {
            let copy = killed.join(entry.file_name());
            fs::copy(entry.path(), &copy).and_then(|_| fs::File::open(copy)?.sync_all()).expect("a copy");
        }
    }
    killed.to_owned()
}

async fn sign_up(args: &Args, data: &Path) {
    let server = Server::start(data);
    sleep(SETTLE);
    let fresh = server.usage();
    Rest::new(server.addr).register(args.sign_ups).await;
    let most = server.usage().resident_bytes;
    let bare = bare_memory(&data.with_extension("bare")).await;
    sleep(Duration::from_secs(args.rest));
    line::print(
        "start",
        &format!("{} sign-ups", args.sign_ups),
        &[
            ("rss MiB after the start", mib(fresh.resident_bytes)),
            ("own MiB after the start", mib(fresh.own_bytes)),
            ("rss MiB after the sign-ups", mib(most)),
            ("seconds later", args.rest as f64),
            ("rss MiB then", mib(server.usage().resident_bytes)),
            ("own MiB then", mib(server.usage().own_bytes)),
            ("bare rss MiB after the start", mib(bare)),
        ],
    );
    server.stop();
}

/// What the yardstick holds once it has answered.
async fn bare_memory(data: &Path) -> u64 {
    let server = Server::start_by(Yardstick::Answers(2).program(), data);
    Http::connect(server.addr, "").await.get("/").await;
    server.usage().resident_bytes
}
