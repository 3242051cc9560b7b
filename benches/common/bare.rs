//! The packages alone, as a yardstick: the same crates with none of the server's work. The bench is
//! started again as a process of its own, so that its memory and its start can be told.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, exit};

use futures_util::StreamExt as _;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use rusqlite::Connection;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use warp::Filter as _;
use warp::http::{Method, StatusCode};

/// What is to be answered, in the environment of a bench that is such a server.
const ANSWER: &str = "FIRESIDE_BENCH_ANSWER";
/// In its place: WebSockets are to be held.
const SOCKETS: &str = "sockets";

/// warp, which answers so many bytes to every request.
pub fn answers(bytes: usize) -> Command {
    server(&bytes.to_string())
}

/// tokio-tungstenite, which takes every connection as a WebSocket and says nothing on it.
pub fn sockets() -> Command {
    server(SOCKETS)
}

fn server(answer: &str) -> Command {
    let mut command = Command::new(env::current_exe().expect("this program"));
    command.env(ANSWER, answer);
    command
}

/// Bytes of what a WebSocket reads into; 128 KiB, if the library is not told.
const BUFFER: usize = 4096;

/// To be called first in a bench that starts one: where this is the bench started again, it serves until
/// it is told to stop. It has the server's own arguments, of which the last is the folder of its database.
pub fn serve_if_asked() {
    let Ok(answer) = env::var(ANSWER) else { return };
    let data = PathBuf::from(env::args_os().next_back().expect("a folder"));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(serve(&answer, &data));
    exit(0);
}

async fn serve(answer: &str, data: &Path) {
    std::fs::create_dir_all(data).expect("a folder");
    let database = Connection::open(data.join("fireside.db")).expect("a database");
    database
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; SELECT count(*) FROM sqlite_schema")
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    println!("listening on http://{}", listener.local_addr().expect("an address"));
    let body = "-".repeat(answer.parse().unwrap_or_default());
    let mut stop = signal(SignalKind::terminate()).expect("a signal");
    loop {
        let (stream, _) = tokio::select! {
            accepted = listener.accept() => accepted.expect("a connection"),
            _ = stop.recv() => return,
        };
        stream.set_nodelay(true).expect("TCP_NODELAY");
        if answer == SOCKETS {
            tokio::spawn(hold(stream));
        } else {
            tokio::spawn(answer_all(stream, body.clone()));
        }
    }
}

async fn hold(stream: TcpStream) {
    let config = WebSocketConfig::default().read_buffer_size(BUFFER).write_buffer_size(0);
    let mut socket = tokio_tungstenite::accept_async_with_config(stream, Some(config)).await.expect("a handshake");
    while let Some(Ok(_)) = socket.next().await {}
}

async fn answer_all(stream: TcpStream, body: String) {
    // Whoever posts is answered 201, as the server does.
    let read = warp::method().and(warp::body::bytes()).map(move |method, _| {
        let status = if method == Method::POST { StatusCode::CREATED } else { StatusCode::OK };
        warp::reply::with_status(body.clone(), status)
    });
    let service = TowerToHyperService::new(warp::service(read));
    // A client that leaves is no failure.
    drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
}
