//! How many requests a second are answered: messages stored, and pages read.
//!
//! `cargo bench --bench rest -- [--connections 32] [--seconds 5] [--messages 100000]`
//!
//! Each connection is kept alive and sends its next request when the last was answered.
//! First each posts 100 bytes again and again, to a chat of its own; then each asks for
//! the newest 50 of one chat of 100,000, and then for 50 from another place each time, which
//! no cache has. In the end the server must have stored exactly
//! what it acknowledged. The yardsticks are warp alone, answering as many bytes, and warp with
//! SQLite, which stores each post or reads each page. Three lines of figures come out, in words and as JSON.

mod common;

use std::path::Path;
use std::time::{Duration, Instant};

use clap::Parser;
use common::CONTENT;
use common::bare::{self, Yardstick};
use common::http::Http;
use common::line;
use common::rest::Rest;
use common::server::{Server, Usage};
use common::world::{self, World};
use tokio::task::JoinSet;

/// Connections and caches fill before the clock runs.
const WARM_UP: Duration = Duration::from_secs(1);
/// How long the yardstick is held at most.
const YARDSTICK: Duration = Duration::from_secs(2);

#[derive(Clone, Copy, Parser)]
#[command(about = "Requests a second")]
struct Args {
    /// Connections, each with one request at a time.
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// How long each part takes.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Messages in the chat that is read.
    #[arg(long, default_value_t = 100_000)]
    messages: i64,
    /// Cargo passes this to every bench.
    #[arg(long = "bench", hide = true)]
    _bench: bool,
}

fn main() {
    bare::serve_if_asked();
    let args = Args::parse();
    common::raise_open_files();
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder on the disk");
    let data = folder.path().join("data");
    Server::start(&data).stop();
    World { chats: 1, messages: args.messages, elsewhere: 0, crowd: 0 }.fill(&data.join("fireside.db"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(run(args, &data));
}

async fn run(args: Args, data: &Path) {
    let server = Server::start(data);
    let rest = Rest::new(server.addr);
    let token = world::token(1);
    let mut rooms = Vec::with_capacity(args.connections);
    for number in 0..args.connections {
        rooms.push(rest.make_room(&token, &format!("room {number}")).await);
    }

    let length = Duration::from_secs(args.seconds);
    let warm = measure(args, &server, &rooms, WARM_UP, Asking::Posts).await;
    let posts = measure(args, &server, &rooms, length, Asking::Posts).await;
    let mut stored = 0;
    for room in &rooms {
        stored += rest.count(&token, *room).await;
    }
    assert_eq!(usize::try_from(stored).unwrap(), warm.times.len() + posts.times.len(), "messages stored, acknowledged");
    measure(args, &server, &rooms, WARM_UP, Asking::Pages).await;
    let newest = measure(args, &server, &rooms, length, Asking::Pages).await;
    let anywhere = measure(args, &server, &rooms, length, Asking::Anywhere).await;
    server.stop();

    for (what, part, asking, stored) in [
        ("posts", posts, Asking::Posts, Some(Yardstick::Posts)),
        ("newest 50", newest, Asking::Pages, None),
        ("50 from anywhere", anywhere, Asking::Anywhere, Some(Yardstick::Pages)),
    ] {
        let hold = async |yardstick: Yardstick, folder: &Path| {
            let bare = Server::start_by(yardstick.program(), folder);
            let part = measure(args, &bare, &rooms, length.min(YARDSTICK), asking).await;
            part.times.len() as f64 / part.elapsed.as_secs_f64()
        };
        let mut bare =
            vec![("bare warp requests/s", hold(Yardstick::Answers(part.bytes), &data.with_extension("bare")).await)];
        if let Some(stored) = stored {
            // Pages are read from what the server has stored.
            bare.push(("bare warp and SQLite requests/s", hold(stored, data).await));
        }
        part.print(what, args, &bare);
    }
}

#[derive(Clone, Copy)]
enum Asking {
    Posts,
    Pages,
    Anywhere,
}

/// What one part brought.
struct Part {
    times: Vec<Duration>,
    /// Of the last answer's body.
    bytes: usize,
    elapsed: Duration,
    before: Usage,
    after: Usage,
}

async fn measure(args: Args, server: &Server, rooms: &[u64], length: Duration, asking: Asking) -> Part {
    let before = server.usage();
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for room in rooms.iter().copied().take(args.connections) {
        let addr = server.addr;
        tasks.spawn(async move {
            ask(args, Http::connect(addr, &world::token(1)).await, room, start + length, asking).await
        });
    }
    let (mut times, mut bytes) = (Vec::new(), 0);
    while let Some(task) = tasks.join_next().await {
        let (taken, last) = task.expect("no connection fails");
        times.extend(taken);
        bytes = last;
    }
    Part { times, bytes, elapsed: start.elapsed(), before, after: server.usage() }
}

async fn ask(args: Args, mut http: Http, room: u64, end: Instant, asking: Asking) -> (Vec<Duration>, usize) {
    let path = match asking {
        Asking::Posts => format!("/api/rooms/{room}/messages/"),
        Asking::Pages | Asking::Anywhere => "/messages/api/chats/1/messages/?page_size=50".to_owned(),
    };
    let body = format!(r#"{{"content":"{:-<CONTENT$}"}}"#, "");
    let (mut times, mut bytes, mut turn) = (Vec::new(), 0, i64::try_from(room).unwrap());
    while Instant::now() < end {
        let asked = Instant::now();
        bytes = match asking {
            Asking::Posts => http.post(&path, &body).await,
            Asking::Pages => http.get(&path).await,
            Asking::Anywhere => {
                // A prime step, so that all parts of the chat have their turn.
                turn += 1_000_003;
                http.get(&format!("{path}&before={}", 51 + turn % (args.messages - 50))).await
            }
        };
        times.push(asked.elapsed());
    }
    (times, bytes)
}

impl Part {
    fn print(mut self, what: &str, args: Args, bare: &[(&str, f64)]) {
        self.times.sort_unstable();
        let requests = self.times.len() as f64;
        let mut figures = vec![
            ("requests/s", requests / self.elapsed.as_secs_f64()),
            ("ms p50", common::percentile_ms(&self.times, 50)),
            ("ms p99", common::percentile_ms(&self.times, 99)),
            ("ms max", common::percentile_ms(&self.times, 100)),
            ("server cpu us/request", (self.after.cpu - self.before.cpu).as_secs_f64() * 1e6 / requests),
            ("server rss MiB", common::mib(self.after.resident_bytes)),
            ("disk bytes/request", (self.after.written_bytes - self.before.written_bytes) as f64 / requests),
        ];
        figures.extend(bare);
        line::print("rest", &format!("{what}, {} connections", args.connections), &figures);
    }
}
