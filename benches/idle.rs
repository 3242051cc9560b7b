//! What a socket costs that nobody speaks on.
//!
//! `cargo bench --bench idle -- [--sockets 1000,5000,15000]`
//!
//! For each number a fresh server: its start until the first answer, its memory then, and
//! how much more it holds when so many sockets are open and quiet. After that one of them
//! speaks, and every other must hear it, so that none was lost. A line for each comes out.

mod common;

use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use clap::Parser;
use common::counter::{self, Board};
use common::http::Http;
use common::server::Server;
use common::wire::{self, Socket};
use common::world::{self, World};
use tokio::task::LocalSet;
use tokio::time::sleep;

/// How long the server is left alone before its memory is read.
const SETTLE: Duration = Duration::from_secs(2);

#[derive(Parser)]
#[command(about = "Memory of quiet sockets")]
struct Args {
    /// How many, one run for each number.
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 5_000, 15_000])]
    sockets: Vec<usize>,
    /// Cargo passes this to every bench.
    #[arg(long = "bench", hide = true)]
    _bench: bool,
}

fn main() {
    let args = Args::parse();
    common::raise_open_files();
    for sockets in args.sockets {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder on the disk");
        let data = folder.path().join("data");
        Server::start(&data).stop();
        let people = common::users_for(sockets) as i64;
        let world = World { chats: 1, messages: 0, elsewhere: 0, crowd: people };
        world.fill(&data.join("fireside.db"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        LocalSet::new().block_on(&runtime, run(sockets, world, &data));
    }
}

async fn run(sockets: usize, world: World, data: &Path) {
    let begun = Instant::now();
    let server = Server::start(data);
    Http::connect(server.addr, "").await.get("/healthz").await;
    let ready = begun.elapsed();
    sleep(SETTLE).await;
    let fresh = server.usage().resident_bytes;

    let seats = (world.first_of_crowd()..).flat_map(|person| std::iter::repeat_n(person, common::SOCKETS_PER_USER));
    let board = Board::new(sockets);
    let opening = Instant::now();
    for person in seats.take(sockets) {
        let (stream, first) = wire::connect(server.addr, 1, &world::token(person)).await;
        tokio::task::spawn_local(counter::receive(stream, first, Rc::clone(&board)));
    }
    let opened = opening.elapsed();
    sleep(SETTLE).await;
    let held = server.usage().resident_bytes.saturating_sub(fresh);

    let mut speaker = Socket::open(server.addr, 1, &world::token(1)).await;
    let said = Instant::now();
    speaker.say("is everybody there?").await;
    let all = board.all_heard(0).await - said;
    println!(
        "idle: sockets {sockets} | KiB/socket {:.1} | opened/s {:.0} | one message to all ms {:.1} \
         | ready ms {:.1} | fresh rss MiB {:.1} | server rss MiB {:.1}",
        held as f64 / 1024.0 / sockets as f64,
        sockets as f64 / opened.as_secs_f64(),
        all.as_secs_f64() * 1e3,
        ready.as_secs_f64() * 1e3,
        fresh as f64 / f64::from(1 << 20),
        server.usage().resident_bytes as f64 / f64::from(1 << 20),
    );
    drop(speaker);
    server.stop();
}
