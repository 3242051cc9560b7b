//! How many instructions the hot paths take: a guard that needs no quiet machine.
//!
//! `cargo bench --bench instructions -- [--operations 500]`
//!
//! The server runs under callgrind, once for so many operations and once for three times
//! as many; the difference is what they cost, and the start falls out of it. The counts
//! are those of the program alone, without the kernel, and nearly the same on every run.
//! Above its bound a path fails the bench. Without valgrind nothing is counted, and the
//! bench says so; `FIRESIDE_REQUIRE_VALGRIND=1` makes that a failure.

mod common;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use clap::Parser;
use common::http::Http;
use common::line;
use common::server::{Server, program};
use common::wire::Socket;
use common::world::{self, World};

/// A path through the server, and how many thousand instructions one operation may take:
/// a third more than it took when this was written.
const PATHS: &[(&str, Hot, f64)] = &[
    ("message over a socket, echoed", Hot::Say { listeners: 0 }, 145.0),
    ("the same, heard by 50 more", Hot::Say { listeners: 50 }, 220.0),
    ("message by REST", Hot::Post, 206.0),
    ("newest 50 messages", Hot::Page { number: 1 }, 140.0),
    ("50 older messages", Hot::Page { number: 2 }, 1_425.0),
];

/// The maintenance a second after the start takes as much as twenty pages: it is over before the work begins, in
/// the short run as in the long one.
const SETTLED: Duration = Duration::from_millis(1_500);

#[derive(Clone, Copy)]
enum Hot {
    Say { listeners: usize },
    Post,
    Page { number: u32 },
}

#[derive(Parser)]
#[command(about = "Instructions of the hot paths")]
struct Args {
    /// Operations of the first run. Callgrind 3.19 stops with an assertion of its own when the
    /// program first asks for the processor's time, ten seconds after its start: by then a run is over.
    #[arg(long, default_value_t = 150)]
    operations: usize,
    /// Cargo passes this to every bench.
    #[arg(long = "bench", hide = true)]
    _bench: bool,
}

fn main() {
    let args = Args::parse();
    if Command::new("valgrind").arg("--version").output().is_err() {
        assert!(std::env::var_os("FIRESIDE_REQUIRE_VALGRIND").is_none(), "there is no valgrind");
        println!("instructions: skipped: no valgrind");
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut is_over = false;
    for (name, path, bound) in PATHS {
        let few = runtime.block_on(count(*path, args.operations));
        let many = runtime.block_on(count(*path, 3 * args.operations));
        let thousands = (many as f64 - few as f64) / (2 * args.operations) as f64 / 1e3;
        line::print("instructions", name, &[("thousand", thousands), ("bound", *bound)]);
        is_over |= thousands > *bound;
    }
    assert!(!is_over, "a hot path takes more instructions than its bound");
}

/// All that the server took from its start to its end.
async fn count(path: Hot, operations: usize) -> u64 {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder on the disk");
    let data = folder.path().join("data");
    Server::start(&data).stop();
    let world = World { chats: 1, messages: 100, elsewhere: 0, crowd: 10 };
    world.fill(&data.join("fireside.db"));
    let report = folder.path().join("callgrind.out");
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--quiet"]).arg(format!("--callgrind-out-file={}", report.display()));
    valgrind.arg(program().get_program());
    let server = Server::start_by(valgrind, &data);
    tokio::time::sleep(SETTLED).await;
    work(&server, world, path, operations).await;
    server.stop();
    total(&report)
}

async fn work(server: &Server, world: World, path: Hot, operations: usize) {
    let token = world::token(1);
    match path {
        Hot::Say { listeners } => {
            let mut heard = Vec::with_capacity(listeners);
            let seats =
                (world.first_of_crowd()..).flat_map(|person| std::iter::repeat_n(person, common::SOCKETS_PER_USER));
            for person in seats.take(listeners) {
                heard.push(Socket::open(server.addr, 1, &world::token(person)).await);
            }
            let mut speaker = Socket::open(server.addr, 1, &token).await;
            for number in 0..operations {
                let unique = format!("word {number}.");
                speaker.say(&format!("{unique:-<100}")).await;
                speaker.hear(&unique).await;
                for listener in &mut heard {
                    listener.hear(&unique).await;
                }
            }
        }
        Hot::Post => {
            let mut http = Http::connect(server.addr, &token).await;
            let body = format!(r#"{{"content":"{:-<100}"}}"#, "");
            for _ in 0..operations {
                http.post("/api/rooms/1/messages/", &body).await;
            }
        }
        Hot::Page { number } => {
            let mut http = Http::connect(server.addr, &token).await;
            let path = format!("/messages/api/chats/1/messages/?page_size=50&page={number}");
            for _ in 0..operations {
                http.get(&path).await;
            }
        }
    }
}

/// The instructions that the report sums up.
fn total(report: &Path) -> u64 {
    let text = std::fs::read_to_string(report).expect("callgrind's report");
    let line = text.lines().rev().find(|line| line.starts_with("totals:") || line.starts_with("summary:"));
    let number = line.and_then(|line| line.split_whitespace().nth(1)).expect("a total");
    number.parse().expect("a number")
}
