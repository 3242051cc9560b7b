//! How many messages a second are stored and echoed, for good.
//!
//! `cargo bench --bench send -- [--senders 64] [--seconds 5] [--one-room] [--tls]`
//!
//! Each sender holds one socket and says 100 bytes; when it has heard its own
//! echo, which the server sends after the commit, it says the next. By default
//! each has a room of its own; in one room everybody hears everybody. At the end
//! the server must have stored exactly as many messages as were echoed. With `--tls` the sockets speak
//! TLS, with a certificate that is made for the run.
//! The yardstick is SQLite alone, writing like rows to the same disk.
//! One line of figures comes out.

mod common;

use clap::Parser;
use common::CONTENT;
use common::rest::Rest;
use common::senders::{self, Sender};
use common::server::{Server, Usage};
use common::tls::certify;
use common::wire::Socket;
use rusqlite::{Connection, params};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use tokio_rustls::TlsConnector;

/// Caches fill and the log of the database finds its size before the clock runs.
const WARM_UP: Duration = Duration::from_secs(1);
/// How long each yardstick is held.
const YARDSTICK: Duration = Duration::from_secs(2);

#[derive(Parser)]
#[command(about = "Messages a second, stored and echoed")]
struct Args {
    /// Sockets that send, each waiting for its own echo.
    #[arg(long, default_value_t = 64)]
    senders: usize,
    /// How long they do.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// All in one room, where everybody hears everybody.
    #[arg(long)]
    one_room: bool,
    /// Over TLS.
    #[arg(long)]
    tls: bool,
    /// Cargo passes this to every bench.
    #[arg(long = "bench", hide = true)]
    _bench: bool,
}

fn main() {
    let args = Args::parse();
    common::raise_open_files();
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder on the disk");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let outcome = runtime.block_on(run(&args, folder.path()));
    let grouped = bare_rows_per_second(&folder.path().join("grouped.db"), 64);
    let single = bare_rows_per_second(&folder.path().join("single.db"), 1);
    outcome.print(&args, grouped, single);
}

struct Outcome {
    latencies: Vec<Duration>,
    elapsed: Duration,
    before: Usage,
    after: Usage,
}

async fn run(args: &Args, folder: &Path) -> Outcome {
    let data = folder.join("data");
    let mut server = Server::start(&data);
    let rest = Rest::new(server.addr);
    let tokens = rest.register(common::users_for(args.senders)).await;
    let rooms = make_rooms(&rest, &tokens, args).await;
    let mut client = None;
    if args.tls {
        server.stop();
        let mut program = Command::new(env!("CARGO_BIN_EXE_fireside"));
        client = Some(certify(&mut program, &data));
        server = Server::start_by(program, &data);
    }
    let senders = open(&server, client.as_ref(), &tokens, &rooms, args.senders).await;

    let warm = senders::spell(senders, WARM_UP).await;
    let before = server.usage();
    let measured = senders::spell(warm.senders, Duration::from_secs(args.seconds)).await;
    let after = server.usage();

    let echoed = warm.latencies.len() + measured.latencies.len();
    drop(measured.senders);
    // Whoever counts speaks plain HTTP.
    server.stop();
    let server = Server::start(&data);
    let rest = Rest::new(server.addr);
    assert_eq!(stored(&rest, &tokens, &rooms).await, echoed, "messages stored, messages echoed");
    server.stop();
    Outcome { latencies: measured.latencies, elapsed: measured.elapsed, before, after }
}

/// One room for each sender, or one for all; `rooms[i]` belongs to the user
/// that `tokens[i % users]` stands for.
async fn make_rooms(rest: &Rest, tokens: &[String], args: &Args) -> Vec<u64> {
    let wanted = if args.one_room { 1 } else { args.senders };
    let mut rooms = Vec::with_capacity(wanted);
    for (number, token) in tokens.iter().cycle().take(wanted).enumerate() {
        rooms.push(rest.make_room(token, &format!("room {number}")).await);
    }
    if args.one_room {
        for token in tokens {
            rest.join(token, rooms[0]).await;
        }
    }
    rooms
}

async fn open(
    server: &Server,
    client: Option<&TlsConnector>,
    tokens: &[String],
    rooms: &[u64],
    senders: usize,
) -> Vec<Sender> {
    let mut opened = Vec::with_capacity(senders);
    let seats = tokens.iter().cycle().zip(rooms.iter().cycle());
    for (number, (token, &room)) in seats.take(senders).enumerate() {
        opened.push(match client {
            None => Sender::open(server.addr, room, token, number).await,
            Some(client) => Sender::by(Socket::open_secure(client, server.addr, room, token).await, number),
        });
    }
    opened
}

async fn stored(rest: &Rest, tokens: &[String], rooms: &[u64]) -> usize {
    let mut stored = 0;
    for (token, &room) in tokens.iter().cycle().zip(rooms) {
        stored += rest.count(token, room).await;
    }
    usize::try_from(stored).unwrap()
}

/// SQLite alone: one thread, rows as long as a message's, the same durability.
fn bare_rows_per_second(path: &Path, rows_a_transaction: usize) -> f64 {
    let mut database = Connection::open(path).expect("a new database");
    database
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;
             CREATE TABLE messages (id INTEGER PRIMARY KEY, chat_id INTEGER NOT NULL,
                 sender_id INTEGER NOT NULL, content TEXT NOT NULL, created_at INTEGER NOT NULL,
                 seq INTEGER NOT NULL) STRICT;
             CREATE INDEX messages_by_chat ON messages (chat_id);",
        )
        .expect("a table like the server's");
    let content = "-".repeat(CONTENT);
    let start = Instant::now();
    let mut rows = 0_u32;
    while start.elapsed() < YARDSTICK {
        let transaction = database.transaction().unwrap();
        for chat in (1_i64..).take(rows_a_transaction) {
            rows += 1;
            transaction
                .prepare_cached("INSERT INTO messages VALUES (?1, ?2, ?2, ?3, ?4, ?1)")
                .and_then(|mut insert| insert.execute(params![rows, chat, content, 1_735_689_600_000_i64]))
                .unwrap();
        }
        transaction.commit().unwrap();
    }
    f64::from(rows) / start.elapsed().as_secs_f64()
}

impl Outcome {
    fn print(mut self, args: &Args, grouped: f64, single: f64) {
        self.latencies.sort_unstable();
        let messages = self.latencies.len();
        let each = messages as f64;
        let rate = each / self.elapsed.as_secs_f64();
        let yardstick = if args.senders == 1 { single } else { grouped };
        println!(
            "send{}: senders {} | rooms {} | messages {messages} | messages/s {rate:.0} \
             | ms p50 {:.2} p99 {:.2} max {:.2} | server cpu us/message {:.1} | server rss MiB {:.1} \
             | disk bytes/message {:.0} | bare rows/s {grouped:.0} (64 a transaction) {single:.0} (1 a transaction) \
             | ratio to bare {:.2}",
            if args.tls { " over TLS" } else { "" },
            args.senders,
            if args.one_room { 1 } else { args.senders },
            common::percentile_ms(&self.latencies, 50),
            common::percentile_ms(&self.latencies, 99),
            common::percentile_ms(&self.latencies, 100),
            (self.after.cpu - self.before.cpu).as_secs_f64() * 1e6 / each,
            self.after.resident_bytes as f64 / f64::from(1 << 20),
            (self.after.written_bytes - self.before.written_bytes) as f64 / each,
            rate / yardstick,
        );
    }
}
