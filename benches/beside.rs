//! What others feel of somebody who asks for a lot at little cost, and what memory stays of a crowd.
//!
//! `cargo bench --bench beside -- [--seconds 10] [--members 4900] [--sending 120] [--only crowd]`
//!
//! A member of another chat posts and reads there, one request after the other, first alone and
//! then beside each of these, again and again for as long: somebody renames a group in which
//! all members listen; 16 connections ask for page 4,000,000 of a million messages; 60 uploads send
//! 10 MiB of the head of a part. Then, on a fresh server, 64 senders send, and the server's memory is
//! read at its start, while they do, and in the half minute after. A line for each comes out, in words and as JSON.

mod common;

use std::cell::Cell;
use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::{Parser, ValueEnum};
use common::http::Http;
use common::line;
use common::rest::Rest;
use common::senders::{self, Sender};
use common::server::Server;
use common::wire;
use common::world::{self, World};
use common::{mib, percentile_ms, raise_open_files};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::task::{JoinSet, LocalSet};

/// Who posts and reads as usual, and where: nobody of the large group.
const ORDINARY: (i64, i64) = (2, 2);
const MESSAGES: i64 = 1_000_000;
const READERS: usize = 16;
const UPLOADS: usize = 60;
const HEAD: usize = 10 * 1024 * 1024;
const SENDERS: usize = 64;
/// How long after the last message memory is read for the last time.
const AFTER: Duration = Duration::from_secs(30);
/// How often memory is looked at.
const LOOK: Duration = Duration::from_millis(100);
const MIB: f64 = (1 << 20) as f64;

#[derive(Parser)]
#[command(about = "What others feel of an attack")]
struct Args {
    /// How long each of them goes on.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Members of the group that is renamed.
    #[arg(long, default_value_t = 4_900)]
    members: i64,
    /// How long the senders send, in seconds.
    #[arg(long, default_value_t = 120)]
    sending: u64,
    /// The senders alone: no attack.
    #[arg(long)]
    only: Option<Only>,
    /// Cargo passes this to every bench.
    #[arg(long = "bench", hide = true)]
    _bench: bool,
}

fn main() {
    let args = Args::parse();
    raise_open_files();
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder on the disk");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    if args.only.is_none() {
        attack(&args, folder.path(), &runtime);
    }
    LocalSet::new().block_on(&runtime, crowd(&args, &folder.path().join("crowd")));
}

#[derive(Clone, Copy, ValueEnum)]
enum Only {
    Crowd,
}

fn attack(args: &Args, folder: &Path, runtime: &Runtime) {
    let data = folder.join("data");
    Server::start(&data).stop();
    let world = World { chats: 20, messages: MESSAGES, elsewhere: 100, crowd: args.members - 2 };
    world.fill(&data.join("fireside.db"));
    LocalSet::new().block_on(runtime, disturb(args, world, &data));
}

async fn disturb(args: &Args, world: World, data: &Path) {
    let server = Rc::new(Server::start(data));
    let spell = Duration::from_secs(args.seconds);
    let listened = listen(server.addr, world).await;

    let felt = Felt::begins(&server);
    tokio::time::sleep(spell).await;
    felt.ends("nothing", "").await;

    let (felt, before) = (Felt::begins(&server), listened.get());
    let renames = rename(server.addr, spell).await;
    // What changed within a second is told together.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let told = (listened.get() - before) as f64 / MIB;
    let members = args.members;
    felt.ends("renames", &format!("{renames} of a group of {members}, {told:.0} MiB told")).await;

    let felt = Felt::begins(&server);
    let pages = read_past_the_end(server.addr, spell).await;
    felt.ends("pages", &format!("{pages} past the end of {MESSAGES} messages")).await;

    let felt = Felt::begins(&server);
    let heads = send_heads(server.addr, spell).await;
    felt.ends("heads", &format!("{heads} of 10 MiB, {UPLOADS} at once")).await;
}

/// Somebody who posts and reads, on a thread of their own, and the server's memory meanwhile.
struct Felt {
    is_over: Arc<AtomicBool>,
    ordinary: std::thread::JoinHandle<Vec<Duration>>,
    watch: tokio::task::JoinHandle<u64>,
}

impl Felt {
    fn begins(server: &Rc<Server>) -> Self {
        let (is_over, server) = (Arc::new(AtomicBool::new(false)), Rc::clone(server));
        let (told, host) = (Arc::clone(&is_over), server.addr);
        let ordinary = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(as_usual(host, &told))
        });
        let told = Arc::clone(&is_over);
        let watch = tokio::task::spawn_local(async move {
            let mut most = 0;
            while !told.load(Ordering::Relaxed) {
                most = most.max(server.usage().resident_bytes);
                tokio::time::sleep(LOOK).await;
            }
            most
        });
        Self { is_over, ordinary, watch }
    }

    async fn ends(self, beside: &str, done: &str) {
        self.is_over.store(true, Ordering::Relaxed);
        let most = self.watch.await.expect("it was watched");
        let mut times = self.ordinary.join().expect("all was answered");
        times.sort_unstable();
        line::print(
            "beside",
            &format!("{beside}: {done}"),
            &[
                ("others' ms p50", percentile_ms(&times, 50)),
                ("others' ms p99", percentile_ms(&times, 99)),
                ("others' ms max", percentile_ms(&times, 100)),
                ("others' requests", times.len() as f64),
                ("rss MiB at most", mib(most)),
            ],
        );
    }
}

async fn as_usual(host: SocketAddr, is_over: &AtomicBool) -> Vec<Duration> {
    let (person, chat) = ORDINARY;
    let path = format!("/api/rooms/{chat}/messages/");
    let mut line = Http::connect(host, &world::token(person)).await;
    let mut times = Vec::new();
    while !is_over.load(Ordering::Relaxed) {
        let asked = Instant::now();
        line.post(&path, r#"{"content":"as usual"}"#).await;
        times.push(asked.elapsed());
        let asked = Instant::now();
        line.get(&path).await;
        times.push(asked.elapsed());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    times
}

/// Everybody of the crowd listens; how many bytes they have heard so far.
async fn listen(host: SocketAddr, world: World) -> Rc<Cell<u64>> {
    let heard = Rc::new(Cell::new(0));
    for person in world.first_of_crowd()..=world.people() {
        let (stream, first) = wire::connect_to(host, "/messages/ws/", &world::token(person)).await;
        let heard = Rc::clone(&heard);
        heard.set(heard.get() + first.len() as u64);
        tokio::task::spawn_local(drain(stream, heard));
    }
    heard
}

async fn drain(mut stream: TcpStream, heard: Rc<Cell<u64>>) {
    let mut scrap = vec![0; 4_096];
    while let Ok(read) = stream.read(&mut scrap).await
        && read > 0
    {
        heard.set(heard.get() + read as u64);
    }
}

async fn rename(host: SocketAddr, spell: Duration) -> usize {
    let (client, begun, mut renames) = (reqwest::Client::new(), Instant::now(), 0);
    while begun.elapsed() < spell {
        let request = client.patch(format!("http://{host}/messages/api/chats/1/"));
        let title = serde_json::json!({ "title": format!("name {renames}") });
        let answer = request.header("Authorization", format!("Token {}", world::token(1))).json(&title).send().await;
        assert!(answer.expect("an answer").status().is_success(), "the group is renamed");
        renames += 1;
    }
    renames
}

async fn read_past_the_end(host: SocketAddr, spell: Duration) -> usize {
    let mut tasks = JoinSet::new();
    for number in 0..READERS {
        let path = ["/api/rooms/1/messages/", "/messages/api/chats/1/messages/"][number % 2];
        tasks.spawn(async move {
            let mut line = Http::connect(host, &world::token(1)).await;
            let (begun, mut pages) = (Instant::now(), 0);
            while begun.elapsed() < spell {
                line.get_nothing(&format!("{path}?page=4000000")).await;
                pages += 1;
            }
            pages
        });
    }
    tasks.join_all().await.into_iter().sum()
}

async fn send_heads(host: SocketAddr, spell: Duration) -> usize {
    let mut tasks = JoinSet::new();
    for _ in 0..UPLOADS {
        tasks.spawn(async move {
            let (begun, mut heads) = (Instant::now(), 0);
            while begun.elapsed() < spell {
                send_head(host).await;
                heads += 1;
            }
            heads
        });
    }
    tasks.join_all().await.into_iter().sum()
}

/// Sends as much of it as the server takes, and reads what it is told.
async fn send_head(host: SocketAddr) {
    let (mut from, mut to) = TcpStream::connect(host).await.expect("the server accepts").into_split();
    let begin = format!(
        "POST /api/files/upload/ HTTP/1.1\r\nHost: {host}\r\nAuthorization: Token {}\r\nConnection: close\r\n\
         Content-Type: multipart/form-data; boundary=edge\r\nContent-Length: {HEAD}\r\n\r\n\
         --edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\nX-More: ",
        world::token(1)
    );
    let sending = tokio::spawn(async move {
        let piece = [b'x'; 16 * 1024];
        let mut begun = to.write_all(begin.as_bytes()).await;
        for _ in 0..HEAD / piece.len() {
            if begun.is_err() {
                return;
            }
            begun = to.write_all(&piece).await;
        }
    });
    let mut answer = Vec::new();
    // Refused in the midst of what is sent, it may be reset before it is read.
    let read = from.read_to_end(&mut answer).await;
    assert!(read.is_err() || answer.starts_with(b"HTTP/1.1 4"), "{}", String::from_utf8_lossy(&answer));
    sending.abort();
}

async fn crowd(args: &Args, data: &Path) {
    let server = Rc::new(Server::start(data));
    let rest = Rest::new(server.addr);
    // What the start needed goes within its first seconds.
    tokio::time::sleep(Duration::from_secs(15)).await;
    let fresh = server.usage().resident_bytes;
    let tokens = rest.register(SENDERS).await;
    let mut people = Vec::new();
    for (number, token) in tokens.iter().enumerate() {
        let room = rest.make_room(token, &format!("room {number}")).await;
        people.push(Sender::open(server.addr, room, token, number).await);
    }
    let is_over = Arc::new(AtomicBool::new(false));
    let (told, watched) = (Arc::clone(&is_over), Rc::clone(&server));
    let watch = tokio::task::spawn_local(async move {
        let mut most = 0;
        while !told.load(Ordering::Relaxed) {
            most = most.max(watched.usage().resident_bytes);
            tokio::time::sleep(LOOK).await;
        }
        most
    });
    let sent = senders::spell(people, Duration::from_secs(args.sending)).await;
    is_over.store(true, Ordering::Relaxed);
    let (most, messages) = (watch.await.expect("it was watched"), sent.latencies.len());
    drop(sent);
    let mut after = Vec::new();
    for _ in 0..3 {
        tokio::time::sleep(AFTER / 3).await;
        after.push(mib(server.usage().resident_bytes));
    }
    line::print(
        "beside",
        &format!("crowd: {SENDERS} senders for {} s", args.sending),
        &[
            ("messages", messages as f64),
            ("rss MiB at the start", mib(fresh)),
            ("rss MiB at most", mib(most)),
            ("rss MiB after 10 s", after[0]),
            ("rss MiB after 20 s", after[1]),
            ("rss MiB after 30 s", after[2]),
        ],
    );
}
