//! What a socket costs that nobody speaks on.
//!
//! `cargo bench --bench idle -- [--sockets 1000,5000,15000] [--tls]`
//!
//! For each number a fresh server: its start until the first answer, its memory then, and
//! how much more it holds when so many sockets are open and quiet. After that one of them
//! speaks, and every other must hear it, so that none was lost. A line for each comes out. With
//! `--tls` the server speaks HTTPS with a certificate that is made for the run.

mod common;

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::rc::Rc;
use std::time::{Duration, Instant};

use clap::Parser;
use common::counter::{self, Board};
use common::http::Http;
use common::server::Server;
use common::tls::{certify, secure};
use common::wire::{self, Header, PING, PONG, Socket, TEXT, masked};
use common::world::{self, World};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::LocalSet;
use tokio::time::sleep;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// How long the server is left alone before its memory is read.
const SETTLE: Duration = Duration::from_secs(2);

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
    let mut program = Command::new(env!("CARGO_BIN_EXE_fireside"));
    let client = tls.then(|| certify(&mut program, data));
    let begun = Instant::now();
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
        match &client {
            None => {
                let (stream, first) = wire::connect(server.addr, 1, &token).await;
                tokio::task::spawn_local(counter::receive(stream, first, Rc::clone(&board)));
            }
            Some(client) => {
                let mut stream = secure(client, server.addr).await;
                let first = wire::upgrade(&mut stream, server.addr, "/ws/room/1/", &token).await;
                tokio::task::spawn_local(receive(stream, first, Rc::clone(&board)));
            }
        }
    }
    let opened = opening.elapsed();
    sleep(SETTLE).await;
    let held = server.usage().resident_bytes.saturating_sub(fresh);

    let said = speak(client.as_ref(), server.addr).await;
    let all = board.all_heard(0).await - said;
    println!(
        "idle: sockets {sockets}{} | KiB/socket {:.1} | opened/s {:.0} | one message to all ms {:.1} \
         | ready ms {:.1} | fresh rss MiB {:.1} | server rss MiB {:.1}",
        if tls { " over TLS" } else { "" },
        held as f64 / 1024.0 / sockets as f64,
        sockets as f64 / opened.as_secs_f64(),
        all.as_secs_f64() * 1e3,
        ready.as_secs_f64() * 1e3,
        fresh as f64 / f64::from(1 << 20),
        server.usage().resident_bytes as f64 / f64::from(1 << 20),
    );
    server.stop();
}

/// Says a message in the room, and answers when.
async fn speak(client: Option<&TlsConnector>, addr: SocketAddr) -> Instant {
    match client {
        None => {
            let mut speaker = Socket::open(addr, 1, &world::token(1)).await;
            let said = Instant::now();
            speaker.say("is everybody there?").await;
            speaker.hear("is everybody there?").await;
            said
        }
        Some(client) => {
            let mut speaker = secure(client, addr).await;
            wire::upgrade(&mut speaker, addr, "/ws/room/1/", &world::token(1)).await;
            let mut frame = Vec::new();
            masked(TEXT, br#"{"type":"chat_message","data":{"content":"is everybody there?"}}"#, &mut frame);
            let said = Instant::now();
            speaker.write_all(&frame).await.expect("the server reads");
            speaker.read_u8().await.expect("the server writes");
            said
        }
    }
}

/// Counts messages until the server ends the connection.
async fn receive(mut stream: TlsStream<TcpStream>, mut bytes: Vec<u8>, board: Rc<Board>) {
    let mut messages = 0;
    loop {
        while let Some(header) = Header::read(&bytes).filter(|header| bytes.len() >= header.whole()) {
            if header.opcode == TEXT {
                board.heard(messages, messages + 1);
                messages += 1;
            } else if header.opcode == PING {
                let mut pong = Vec::new();
                masked(PONG, &[], &mut pong);
                stream.write_all(&pong).await.expect("the server reads");
            }
            bytes.drain(..header.whole());
        }
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return;
        }
    }
}
