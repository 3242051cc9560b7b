//! The packages alone, as a yardstick: the same crates with none of the server's work. The bench is
//! started again as a process of its own, so that its memory and its start can be told.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, exit};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _};
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use rusqlite::Connection;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use warp::Filter as _;
use warp::filters::BoxedFilter;
use warp::http::{Method, StatusCode};
use warp::reply::{WithStatus, with_status};

use super::stored::{self, Writer};

/// What is to be served, in the environment of a bench that is such a server.
const SERVED: &str = "FIRESIDE_BENCH_SERVED";

/// What such a server does.
#[derive(Clone, Copy)]
pub enum Yardstick {
    /// warp answers so many bytes to every request.
    Answers(usize),
    /// tokio-tungstenite takes every connection as a WebSocket and says nothing on it.
    Sockets,
    /// warp stores every post in SQLite, and then answers.
    Posts,
    /// tokio-tungstenite stores what is said on every WebSocket in SQLite, and then says it there.
    Echoes,
    /// warp reads a page of a server's database for every request.
    Pages,
}

impl Yardstick {
    /// This program again, as that server.
    pub fn program(self) -> Command {
        let mut command = Command::new(env::current_exe().expect("this program"));
        let name = match self {
            Self::Answers(bytes) => bytes.to_string(),
            Self::Sockets => "sockets".into(),
            Self::Posts => "posts".into(),
            Self::Echoes => "echoes".into(),
            Self::Pages => "pages".into(),
        };
        command.env(SERVED, name);
        command
    }

    /// What becomes of a connection, by its number.
    fn serves(self, data: &Path, database: PathBuf) -> Box<dyn Fn(TcpStream, i64) -> BoxFuture<'static, ()>> {
        let writer = || Writer::start(&data.join("stored.db"));
        let routes = match self {
            Self::Sockets => return Box::new(|stream, _| hold(stream).boxed()),
            Self::Echoes => {
                let writer = writer();
                return Box::new(move |stream, number| writer.clone().echo(stream, number).boxed());
            }
            Self::Answers(bytes) => answers(bytes),
            Self::Posts => posts(writer()),
            Self::Pages => pages(database),
        };
        Box::new(move |stream, _| answer_all(stream, routes.clone()).boxed())
    }

    fn named(name: &str) -> Self {
        match name {
            "sockets" => Self::Sockets,
            "posts" => Self::Posts,
            "echoes" => Self::Echoes,
            "pages" => Self::Pages,
            bytes => Self::Answers(bytes.parse().expect("a number of bytes")),
        }
    }
}

/// Bytes of what a WebSocket reads into; 128 KiB, if the library is not told.
const BUFFER: usize = 4096;

/// To be called first in a bench that starts one: where this is the bench started again, it serves until
/// it is told to stop. It has the server's own arguments, of which the last is the folder of its database.
pub fn serve_if_asked() {
    let Ok(name) = env::var(SERVED) else { return };
    let data = PathBuf::from(env::args_os().next_back().expect("a folder"));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(serve(Yardstick::named(&name), &data));
    exit(0);
}

async fn serve(yardstick: Yardstick, data: &Path) {
    std::fs::create_dir_all(data).expect("a folder");
    let database = data.join("fireside.db");
    let connection = Connection::open(&database).expect("a database");
    connection
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; SELECT count(*) FROM sqlite_schema")
        .unwrap();
    let serve = yardstick.serves(data, database);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    println!("listening on http://{}", listener.local_addr().expect("an address"));
    let mut stop = signal(SignalKind::terminate()).expect("a signal");
    for number in 1_i64.. {
        let (stream, _) = tokio::select! {
            accepted = listener.accept() => accepted.expect("a connection"),
            _ = stop.recv() => return,
        };
        stream.set_nodelay(true).expect("TCP_NODELAY");
        tokio::spawn(serve(stream, number));
    }
}

async fn hold(stream: TcpStream) {
    let config = WebSocketConfig::default().read_buffer_size(BUFFER).write_buffer_size(0);
    let mut socket = tokio_tungstenite::accept_async_with_config(stream, Some(config)).await.expect("a handshake");
    while let Some(Ok(_)) = socket.next().await {}
}

fn answers(bytes: usize) -> BoxedFilter<(WithStatus<String>,)> {
    let body = "-".repeat(bytes);
    // Whoever posts is answered 201, as the server does.
    let answer = move |method, _| {
        let status = if method == Method::POST { StatusCode::CREATED } else { StatusCode::OK };
        with_status(body.clone(), status)
    };
    warp::method().and(warp::body::bytes()).map(answer).boxed()
}

fn posts(writer: Writer) -> BoxedFilter<(WithStatus<String>,)> {
    let post = move |body: Bytes| {
        let writer = writer.clone();
        async move { with_status(writer.post(body.to_vec()).await, StatusCode::CREATED) }
    };
    warp::body::bytes().then(post).boxed()
}

fn pages(database: PathBuf) -> BoxedFilter<(WithStatus<String>,)> {
    let page = move |query: String| {
        let before = query.rsplit('=').next().and_then(|before| before.parse().ok()).expect("a message");
        with_status(stored::page(&database, before), StatusCode::OK)
    };
    warp::query::raw().map(page).boxed()
}

async fn answer_all(stream: TcpStream, routes: BoxedFilter<(WithStatus<String>,)>) {
    let service = TowerToHyperService::new(warp::service(routes));
    // A client that leaves is no failure.
    drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
}
