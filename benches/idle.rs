//! What a socket costs that nobody speaks on.
//!
//! `cargo bench --bench idle -- [--sockets 1000,5000,15000] [--tls]`
//!
//! For each number a fresh server: its start until the first answer, its memory then, and
//! how much more it holds when so many sockets are open and quiet. After that one of them
//! speaks, and every other must hear it, so that none was lost. A line for each comes out,
//! in words and as JSON. With
//! `--tls` the server speaks HTTPS with a certificate that is made for the run. The yardstick is a WebSocket
//! library alone, which holds as many sockets without TLS.

mod common;

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use clap::Parser;
use common::bare::{self, Yardstick};
use common::counter::{self, Board};
use common::http::Http;
use common::line;
use common::server::{Server, program};
use common::tls::{certify, secure};
use common::wire;
use common::wire::Socket;
use common::world::{self, World};
use tokio::task::LocalSet;
use tokio::time::sleep;
use tokio_rustls::TlsConnector;

/// How long the server is left alone before its memory is read.
const SETTLE: Duration = Duration::from_secs(2);

/// Sockets that the server holds without being told so.
const ORDINARY: usize = 15_000;
/// Connections beside them.
const SPARE: usize = 1_000;

#[derive(Parser)]
#[command(about = "Memory of quiet sockets")]
struct Args {
    /// How many, one run for each number.
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 5_000, 15_000])]
    sockets: Vec<usize>,
    /// Over TLS.
    #[arg(long)]
    tls: bool,
    /// Cargo passes this to every bench.
    #[arg(long = "bench", hide = true)]
    _bench: bool,
}

fn main() {
    bare::serve_if_asked();
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
        LocalSet::new().block_on(&runtime, run(sockets, world, &data, args.tls));
    }
}

async fn run(sockets: usize, world: World, data: &Path, tls: bool) {
    let mut program = program();
    let client = tls.then(|| certify(&mut program, data));
    let begun = Instant::now();
    if sockets > ORDINARY {
        program.env("FIRESIDE_MAX_CONNECTIONS", (sockets + SPARE).to_string());
    }
    let server = Server::start_by(program, data);
    match &client {
        None => drop(Http::connect(server.addr, "").await.get("/healthz").await),
        Some(client) => drop(secure(client, server.addr).await),
    }
    let ready = begun.elapsed();
    sleep(SETTLE).await;
    let fresh = server.usage().resident_bytes;

    let seats = (world.first_of_crowd()..).flat_map(|person| std::iter::repeat_n(person, common::SOCKETS_PER_USER));
    let board = Board::new(sockets);
    let opening = Instant::now();
    for person in seats.take(sockets) {
        let token = world::token(person);
        counter::listen(client.as_ref(), server.addr, 1, &token, &board).await;
    }
    let opened = opening.elapsed();
    sleep(SETTLE).await;
    let held = server.usage().resident_bytes.saturating_sub(fresh);

    let bare = bare(sockets, data).await;
    let said = speak(client.as_ref(), server.addr).await;
    let all = board.all_heard(0).await - said;
    line::print(
        "idle",
        &format!("{sockets} sockets{}", if tls { ", TLS" } else { "" }),
        &[
            ("KiB/socket", held as f64 / 1024.0 / sockets as f64),
            ("opened/s", sockets as f64 / opened.as_secs_f64()),
            ("ms of one message to all", all.as_secs_f64() * 1e3),
            ("ready ms", ready.as_secs_f64() * 1e3),
            ("fresh rss MiB", common::mib(fresh)),
            ("server rss MiB", common::mib(server.usage().resident_bytes)),
            ("bare KiB/socket", bare as f64 / 1024.0 / sockets as f64),
        ],
    );
    server.stop();
}

/// How much more a WebSocket library alone holds when so many sockets are open and quiet.
async fn bare(sockets: usize, data: &Path) -> u64 {
    let server = Server::start_by(Yardstick::Sockets.program(), &data.with_extension("bare"));
    let fresh = server.usage().resident_bytes;
    let mut held = Vec::with_capacity(sockets);
    for _ in 0..sockets {
        held.push(wire::connect(server.addr, 0, "").await);
    }
    sleep(SETTLE).await;
    server.usage().resident_bytes.saturating_sub(fresh)
}

/// Says a message in the room, and answers when.
async fn speak(client: Option<&TlsConnector>, addr: SocketAddr) -> Instant {
    let mut speaker = Socket::open_by(client, addr, 1, &world::token(1)).await;
    let said = Instant::now();
    speaker.say("is everybody there?").await;
    speaker.hear("is everybody there?").await;
    said
}
