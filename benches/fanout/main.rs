//! How fast what is said in one room reaches everybody who is in it.
//!
//! `cargo bench --bench fanout -- [--receivers 1000] [--speakers 4] [--seconds 5] [--awake] [--tls]`
//!
//! First the speakers talk in a closed loop, each waiting for its own echo, and all of them
//! for listeners that are far behind: deliveries a second. Then one of them speaks ten times a second, whatever
//! happens: the time from when it was due until the last receiver has it. Before
//! both, the start, the memory after it, and the memory of the idle sockets. In the end every receiver must have
//! heard every stored message. The yardsticks are one thread that writes the same
//! frames to as many bare TCP connections, paced and not, and a broadcast by a WebSocket library alone. One line of figures
//! comes out, in words and as JSON. With `--tls` the sockets speak TLS; the yardsticks do not.

#[path = "../common/mod.rs"]
mod common;
mod yardstick;

use clap::Parser;
use common::counter::{self, Board};
use common::rest::Rest;
use common::server::{Server, Usage, program};
use common::tls::certify;
use common::wire::{self, Socket};
use common::{CONTENT, LOST, line};
use std::cell::Cell;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::task::{JoinSet, LocalSet};
use tokio::time::{sleep, sleep_until, timeout};
use tokio_rustls::TlsConnector;
use yardstick::{Bare, bare_tungstenite, bare_writes};

/// Messages that the listeners may be behind what was said before the speakers wait for them:
/// fewer than the server lets wait for a socket, so that a machine which has no time for its
/// listeners slows the figure down and loses none of them.
const WINDOW: usize = 64;
/// How long the server is left alone before its memory is read.
const SETTLE: Duration = Duration::from_secs(1);
/// One post is due every so often in the second part.
const PACE: Duration = Duration::from_millis(100);
/// Posts in the second part.
const PACED: usize = 50;

#[derive(Parser)]
#[command(about = "Deliveries a second in one room")]
struct Args {
    /// Sockets that listen.
    #[arg(long, default_value_t = 1_000)]
    receivers: usize,
    /// Sockets that speak, each waiting for its own echo.
    #[arg(long, default_value_t = 4)]
    speakers: usize,
    /// How long they do.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// The listeners' thread never sleeps: to wake it, which a listener elsewhere does not
    /// ask of the server, is then no part of what a delivery costs.
    #[arg(long)]
    awake: bool,
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
    let outcome = LocalSet::new().block_on(&runtime, run(&args, folder.path()));
    let bare_receivers = common::within_open_files(args.receivers);
    let bare = LocalSet::new().block_on(&runtime, bare_writes(bare_receivers, outcome.frame.clone()));
    let text =
        String::from_utf8_lossy(&outcome.frame[wire::Header::read(&outcome.frame).unwrap().length..]).into_owned();
    let tungstenite = LocalSet::new().block_on(&runtime, bare_tungstenite(bare_receivers, text));
    outcome.print(&args, bare_receivers, bare, tungstenite);
}

/// A room, and the tokens of people who are in it.
struct Scene {
    tokens: Vec<String>,
    room: u64,
}

/// The first part: everybody speaks as fast as they hear themselves.
struct Flood {
    messages: usize,
    deliveries: u64,
    elapsed: Duration,
    cpu: Duration,
}

struct Outcome {
    ready: Duration,
    fresh_bytes: u64,
    idle_bytes: u64,
    flood: Flood,
    paced: Vec<Duration>,
    usage: Usage,
    /// A message as the server sends it, for the yardstick.
    frame: Vec<u8>,
}

async fn run(args: &Args, folder: &Path) -> Outcome {
    let data = folder.join("data");
    let scene = set_the_scene(&data, args).await;
    // A fresh process: hashing the passwords has left memory behind that the
    // sockets would then seem to cost nothing of.
    let mut program = program();
    let client = args.tls.then(|| certify(&mut program, &data));
    let start = Instant::now();
    let server = Server::start_by(program, &data);
    let ready = start.elapsed();
    let fresh_bytes = settled(&server).await.resident_bytes;
    let (mut speakers, frame) = open_speakers(&server, client.as_ref(), &scene, args.speakers).await;

    let before = settled(&server).await.resident_bytes;
    let board = open_receivers(&server, client.as_ref(), &scene, args).await;
    let after = settled(&server).await.resident_bytes;

    let flood = flood(&server, &mut speakers, &board, Duration::from_secs(args.seconds)).await;
    let awake = args.awake.then(|| tokio::task::spawn_local(stay_awake()));
    let paced = paced(&mut speakers[0], &board, flood.messages).await;
    if let Some(awake) = awake {
        awake.abort();
    }

    let said = flood.messages + PACED;
    let usage = server.usage();
    drop(speakers);
    // Killed, since a stop would tell the listeners; and whoever counts speaks plain HTTP.
    drop(server);
    let stored = Rest::new(Server::start(&data).addr).count(&scene.tokens[0], scene.room).await;
    // The speakers' first words came before there was anybody to hear them.
    let first = args.speakers;
    assert_eq!(stored, (first + said) as u64, "messages stored, echoed");
    let owed = (said * args.receivers) as u64;
    assert_eq!(board.deliveries(), owed, "messages heard, owed to hearers");
    Outcome { ready, fresh_bytes, idle_bytes: after.saturating_sub(before), flood, paced, usage, frame }
}

/// One room and as few people as hold that many sockets.
async fn set_the_scene(data: &Path, args: &Args) -> Scene {
    let server = Server::start(data);
    let rest = Rest::new(server.addr);
    let tokens = rest.register(common::users_for(args.speakers + args.receivers)).await;
    let room = rest.make_room(&tokens[0], "the square").await;
    for token in &tokens[1..] {
        rest.join(token, room).await;
    }
    server.stop();
    Scene { tokens, room }
}

/// Each says a first word, so that what is made once is made already when the
/// memory is read. The word's frame is the second answer.
async fn open_speakers(
    server: &Server,
    client: Option<&TlsConnector>,
    scene: &Scene,
    speakers: usize,
) -> (Vec<Socket>, Vec<u8>) {
    let mut opened = Vec::with_capacity(speakers);
    let mut frame = Vec::new();
    for (number, token) in scene.tokens.iter().cycle().take(speakers).enumerate() {
        let mut socket = Socket::open_by(client, server.addr, scene.room, token).await;
        let (content, unique) = words(number, "first");
        socket.say(&content).await;
        let payload = socket.hear(&unique).await;
        frame.clear();
        wire::head(wire::TEXT, payload.len(), 0, &mut frame);
        frame.extend_from_slice(payload);
        opened.push(socket);
    }
    (opened, frame)
}

async fn open_receivers(server: &Server, client: Option<&TlsConnector>, scene: &Scene, args: &Args) -> Rc<Board> {
    let board = Board::new(args.receivers);
    let seats = scene.tokens.iter().cycle().skip(args.speakers);
    for token in seats.take(args.receivers) {
        counter::listen(client, server.addr, scene.room, token, &board).await;
    }
    board
}

async fn settled(server: &Server) -> Usage {
    sleep(SETTLE).await;
    server.usage()
}

async fn flood(server: &Server, speakers: &mut Vec<Socket>, board: &Rc<Board>, length: Duration) -> Flood {
    let cpu = server.usage().cpu;
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    let said = Rc::new(Cell::new(0));
    for (number, socket) in speakers.drain(..).enumerate() {
        let talk = closed_loop(number, socket, Rc::clone(board), Rc::clone(&said), start + length);
        tasks.spawn_local(timeout(length + LOST, talk));
    }
    sleep(length).await;
    let (deliveries, elapsed) = (board.deliveries(), start.elapsed());
    let cpu = server.usage().cpu - cpu;

    while let Some(task) = tasks.join_next().await {
        speakers.push(task.expect("no speaker fails").expect("no echo is lost"));
    }
    let messages = said.get();
    if let Some(last) = messages.checked_sub(1) {
        board.all_heard(last).await;
    }
    Flood { messages, deliveries, elapsed, cpu }
}

/// `said` is what all speakers said in this part, of which the board knows who heard it.
async fn closed_loop(
    number: usize,
    mut socket: Socket,
    board: Rc<Board>,
    said: Rc<Cell<usize>>,
    end: Instant,
) -> Socket {
    for turn in 0_u64.. {
        while said.get() - board.heard_by_all() >= WINDOW {
            sleep(Duration::from_millis(1)).await;
        }
        if Instant::now() >= end {
            break;
        }
        said.update(|said| said + 1);
        let (content, unique) = words(number, turn);
        socket.say(&content).await;
        socket.hear(&unique).await;
    }
    socket
}

/// Speaks on a schedule and answers how long after it was due each message had
/// reached everybody. `first` is the number of the first one in the room.
async fn paced(speaker: &mut Socket, board: &Board, first: usize) -> Vec<Duration> {
    let start = Instant::now() + PACE;
    let mut due = start;
    for number in 0..PACED {
        sleep_until(due.into()).await;
        let (content, unique) = words(number, "on time");
        speaker.say(&content).await;
        timeout(LOST, speaker.hear(&unique)).await.expect("no echo is lost");
        due += PACE;
    }
    let mut latencies = Vec::with_capacity(PACED);
    let mut due = start;
    for message in first..first + PACED {
        latencies.push(board.all_heard(message).await - due);
        due += PACE;
    }
    latencies
}

async fn stay_awake() {
    loop {
        tokio::task::yield_now().await;
    }
}

/// A text of the right length, and the part of it that no other has.
fn words(number: usize, what: impl std::fmt::Display) -> (String, String) {
    let unique = format!("speaker {number} says {what}.");
    (format!("{unique:-<CONTENT$}"), unique)
}

impl Outcome {
    fn print(mut self, args: &Args, bare_receivers: usize, mut bare: Bare, tungstenite: f64) {
        self.paced.sort_unstable();
        bare.paced.sort_unstable();
        let flood = &self.flood;
        let seconds = flood.elapsed.as_secs_f64();
        let rate = flood.deliveries as f64 / seconds;
        line::print(
            "fanout",
            &format!("{} receivers{}", args.receivers, if args.tls { ", TLS" } else { "" }),
            &[
                ("speakers", args.speakers as f64),
                ("messages/s", flood.messages as f64 / seconds),
                ("deliveries/s", rate),
                ("server cpu us/delivery", flood.cpu.as_secs_f64() * 1e6 / flood.deliveries as f64),
                ("paced ms p50", common::percentile_ms(&self.paced, 50)),
                ("paced ms p99", common::percentile_ms(&self.paced, 99)),
                ("paced ms max", common::percentile_ms(&self.paced, 100)),
                ("ready ms", self.ready.as_secs_f64() * 1e3),
                ("fresh rss MiB", common::mib(self.fresh_bytes)),
                ("idle KiB/socket", self.idle_bytes as f64 / 1024.0 / args.receivers as f64),
                ("server rss MiB", common::mib(self.usage.resident_bytes)),
                ("disk MiB written", common::mib(self.usage.written_bytes)),
                ("bare receivers", bare_receivers as f64),
                ("bare tcp writes/s", bare.deliveries_per_second),
                ("bare paced ms p50", common::percentile_ms(&bare.paced, 50)),
                ("bare paced ms p99", common::percentile_ms(&bare.paced, 99)),
                ("bare tungstenite deliveries/s", tungstenite),
                ("ratio to bare", rate / bare.deliveries_per_second),
            ],
        );
    }
}
