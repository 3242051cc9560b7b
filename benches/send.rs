//! How many messages a second are stored and echoed, for good.
//!
//! `cargo bench --bench send -- [--senders 64] [--seconds 5] [--one-room] [--tls] [--dead-push]`
//!
//! Each sender holds one socket and says 100 bytes; when it has heard its own
//! echo, which the server sends after the commit, it says the next. By default
//! each has a room of its own; in one room everybody hears everybody. At the end
//! the server must have stored exactly as many messages as were echoed. With `--tls` the sockets speak
//! TLS, with a certificate that is made for the run. With `--dead-push` somebody else is in each room,
//! to be told by a push service that takes connections and answers nothing.
//! The yardsticks are SQLite alone, writing like rows to the same disk, and a WebSocket library with such a
//! database behind it, which stores and echoes.
//! One line of figures comes out, in words and as JSON.

mod common;

use clap::Parser;
use common::CONTENT;
use common::bare::{self, Yardstick};
use common::line;
use common::rest::Rest;
use common::senders::{self, Sender};
use common::server::{Server, Usage, program};
use common::stored;
use common::tls::certify;
use common::wire::Socket;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use tokio_rustls::TlsConnector;

/// Caches fill and the log of the database finds its size before the clock runs.
const WARM_UP: Duration = Duration::from_secs(1);
/// Pushes to a service on this machine.
const PUSH: [(&str, &str); 3] = [
    ("FIRESIDE_PUSH", "on"),
    ("FIRESIDE_PUSH_CONTACT", "mailto:a@example.org"),
    ("FIRESIDE_PUSH_ALLOW", "127.0.0.0/8"),
];
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
    /// A push service that hangs is to tell somebody of each message.
    #[arg(long, conflicts_with_all = ["tls", "one_room"])]
    dead_push: bool,
    /// Cargo passes this to every bench.
    #[arg(long = "bench", hide = true)]
    _bench: bool,
}

fn main() {
    bare::serve_if_asked();
    let args = Args::parse();
    common::raise_open_files();
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder on the disk");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let outcome = runtime.block_on(run(&args, folder.path()));
    let echoes = runtime.block_on(echoes(args.senders, folder.path()));
    let grouped = rows(&folder.path().join("grouped.db"), 64);
    let single = rows(&folder.path().join("single.db"), 1);
    outcome.print(&args, &echoes, &grouped, &single);
}

/// What a yardstick does.
struct Bare {
    rows_per_second: f64,
    disk_bytes_a_row: f64,
}

struct Outcome {
    latencies: Vec<Duration>,
    elapsed: Duration,
    before: Usage,
    after: Usage,
}

async fn run(args: &Args, folder: &Path) -> Outcome {
    let data = folder.join("data");
    let hanging = TcpListener::bind("127.0.0.1:0").expect("a port");
    let mut server = Server::start_by(command(args), &data);
    let rest = Rest::new(server.addr);
    let tokens = rest.register(common::users_for(args.senders)).await;
    let rooms = make_rooms(&rest, &tokens, args).await;
    if args.dead_push {
        let endpoint = format!("https://{}", hanging.local_addr().expect("an address"));
        rest.tell_somebody(&rooms, &endpoint).await;
    }
    let mut client = None;
    if args.tls {
        server.stop();
        let mut program = program();
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

/// What a WebSocket library and SQLite do without the rest of a server.
async fn echoes(senders: usize, folder: &Path) -> Bare {
    let server = Server::start_by(Yardstick::Echoes.program(), &folder.join("bare"));
    let mut opened = Vec::with_capacity(senders);
    for number in 0..senders {
        opened.push(Sender::open(server.addr, 0, "", number).await);
    }
    let warm = senders::spell(opened, WARM_UP).await;
    let before = server.usage();
    let measured = senders::spell(warm.senders, YARDSTICK).await;
    let rows = measured.latencies.len() as f64;
    let written = server.usage().written_bytes - before.written_bytes;
    Bare { rows_per_second: rows / measured.elapsed.as_secs_f64(), disk_bytes_a_row: written as f64 / rows }
}

fn command(args: &Args) -> Command {
    let mut command = program();
    if args.dead_push {
        command.envs(PUSH);
    }
    command
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
        opened.push(Sender::by(Socket::open_by(client, server.addr, room, token).await, number));
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
fn rows(path: &Path, rows_a_transaction: usize) -> Bare {
    let mut database = stored::table(path);
    let content = "-".repeat(CONTENT);
    let before = Usage::of(std::process::id());
    let start = Instant::now();
    let mut count = 0_u32;
    while start.elapsed() < YARDSTICK {
        let transaction = database.transaction().unwrap();
        for chat in (1_i64..).take(rows_a_transaction) {
            count += 1;
            stored::insert(&transaction, chat, &content);
        }
        transaction.commit().unwrap();
    }
    let rows_per_second = f64::from(count) / start.elapsed().as_secs_f64();
    let written = Usage::of(std::process::id()).written_bytes - before.written_bytes;
    Bare { rows_per_second, disk_bytes_a_row: written as f64 / f64::from(count) }
}

impl Outcome {
    fn print(mut self, args: &Args, echoes: &Bare, grouped: &Bare, single: &Bare) {
        let bare = if args.senders == 1 { single } else { grouped };
        self.latencies.sort_unstable();
        let each = self.latencies.len() as f64;
        let rate = each / self.elapsed.as_secs_f64();
        let mut case = format!("{} senders, {} rooms", args.senders, if args.one_room { 1 } else { args.senders });
        for (is_so, how) in [(args.tls, ", TLS"), (args.dead_push, ", dead push service")] {
            case.push_str(if is_so { how } else { "" });
        }
        line::print(
            "send",
            &case,
            &[
                ("messages", each),
                ("messages/s", rate),
                ("ms p50", common::percentile_ms(&self.latencies, 50)),
                ("ms p99", common::percentile_ms(&self.latencies, 99)),
                ("ms max", common::percentile_ms(&self.latencies, 100)),
                ("server cpu us/message", (self.after.cpu - self.before.cpu).as_secs_f64() * 1e6 / each),
                ("server rss MiB", common::mib(self.after.resident_bytes)),
                ("disk bytes/message", (self.after.written_bytes - self.before.written_bytes) as f64 / each),
                ("bare rows/s, 64 a transaction", grouped.rows_per_second),
                ("bare rows/s, 1 a transaction", single.rows_per_second),
                ("bare disk bytes/row", bare.disk_bytes_a_row),
                ("bare echoes/s", echoes.rows_per_second),
                ("bare disk bytes/echo", echoes.disk_bytes_a_row),
                ("ratio to bare", rate / bare.rows_per_second),
            ],
        );
    }
}
