//! What the socket loop does with a codec that fails.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tracing_subscriber::fmt::MakeWriter;

use super::{Codec, QUICK_CLOSE, begin};
use crate::api::http::base::BasePath;
use crate::api::http::reply::ApiError;
use crate::api::http::stream::NetStream;
use crate::api::http::trace::RequestTrace;
use crate::api::tests::{core_with_alice, settings};
use crate::api::ws::frame::Reader;
use crate::api::ws::open::OpenSocket;
use crate::api::{Api, all_routes};
use crate::chat::App;
use crate::chat::model::event::Event;
use crate::chat::model::event::Scope;
use crate::chat::model::topic::Topics;
use crate::chat::subscription::Subscription;

/// A dialect with a fault in it.
struct Faulty;

impl Codec for Faulty {
    const HEARS: Topics = Topics::of(&[]);

    fn encode(_: &Event, _: &BasePath) -> Option<String> {
        None
    }

    async fn receive(&self, text: String) -> Result<Vec<String>, ApiError> {
        assert_ne!(text, "boom", "the fault");
        Ok(vec![text])
    }

    fn refuse(_: &ApiError) -> String {
        String::new()
    }
}

/// A log that is kept in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        Write::write(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// A core in which alice listens, twice.
async fn alice_listens(folder: &std::path::Path) -> (App, [Subscription; 2]) {
    let (app, token) = core_with_alice(folder).await;
    let alice = app.authenticate(token.as_str()).expect("signed in");
    let first = app.subscribe(&alice, Scope::All, Faulty::HEARS).await.expect("listens");
    let second = app.subscribe(&alice, Scope::All, Faulty::HEARS).await.expect("listens");
    (app, [first, second])
}

/// Both ends of a connection: the server's, and the client's.
async fn connection() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("an address");
    let client = TcpStream::connect(listener.local_addr().expect("bound")).await.expect("connected");
    (listener.accept().await.expect("accepted").0, client)
}

/// A client's text frame. A mask of zeros leaves the text as it is.
fn frame(text: &str) -> Vec<u8> {
    let mut frame = vec![0x81, 0x80 | u8::try_from(text.len()).expect("short"), 0, 0, 0, 0];
    frame.extend(text.as_bytes());
    frame
}

#[tokio::test]
async fn a_panic_ends_its_socket_alone_and_is_said_to_both_sides() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_writer(log.clone()).with_ansi(false).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let folder = tempfile::tempdir().expect("a folder");
    let (app, subscription) = alice_listens(folder.path()).await;
    let api = Api::new(app, settings(), all_routes());
    let mut clients = Vec::new();
    for (subscription, id) in subscription.into_iter().zip(["first-request", "second-request"]) {
        let (tcp, client) = connection().await;
        let open = OpenSocket::new(Arc::clone(api.context()), 0, Arc::new(RequestTrace::new(id.into())));
        begin(NetStream::Tcp(tcp), Reader::default(), subscription, Faulty, 0, open);
        clients.push(client);
    }
    clients[0].write_all(&frame("boom")).await.expect("sent");
    let mut heard = [0; 4];
    clients[0].read_exact(&mut heard).await.expect("a close frame");
    assert_eq!(heard, [0x88, 2, 0x03, 0xf3], "closed with 1011");
    clients[1].write_all(&frame("well?")).await.expect("sent");
    let mut heard = [0; 7];
    clients[1].read_exact(&mut heard).await.expect("an answer");
    assert_eq!(&heard[2..], b"well?", "the other one lives");
    let ended: Vec<_> = api.context().meters.closed().filter(|(_, count)| *count > 0).collect();
    assert_eq!(ended, [("1011".to_owned(), 1)]);
    let log = log.text();
    assert!(log.contains("a socket panicked") && log.contains("first-request"), "{log}");
    assert!(!log.contains("second-request"), "{log}");
}

#[tokio::test]
async fn a_close_of_the_server_ends_the_connection_when_it_is_answered() {
    let folder = tempfile::tempdir().expect("a folder");
    let (app, subscription) = alice_listens(folder.path()).await;
    let api = Api::new(app.clone(), settings(), all_routes());
    let mut clients = Vec::new();
    for subscription in subscription {
        let (tcp, client) = connection().await;
        let open = OpenSocket::new(Arc::clone(api.context()), 0, Arc::new(RequestTrace::new("request".into())));
        begin(NetStream::Tcp(tcp), Reader::default(), subscription, Faulty, 0, open);
        clients.push(client);
    }
    app.close_sockets().await;
    let (mut quickest, mut waits) = (Duration::MAX, false);
    for mut client in clients {
        let mut heard = [0; 4];
        client.read_exact(&mut heard).await.expect("a close frame");
        assert_eq!(heard, [0x88, 2, 0x03, 0xf4], "closed with 1012");
        waits |= timeout(Duration::from_millis(20), client.read(&mut heard)).await.is_err();
        client.write_all(&frame("and one more thing")).await.expect("sent");
        client.write_all(&[0x88, 0x82, 0, 0, 0, 0, 0x03, 0xf4]).await.expect("answered");
        let answered = Instant::now();
        assert_eq!(client.read(&mut heard).await.expect("an end"), 0, "nothing is said after a close");
        quickest = quickest.min(answered.elapsed());
    }
    assert!(waits, "the server does not wait for the answer");
    assert!(quickest < QUICK_CLOSE / 2, "the server leaves the end to the client: {quickest:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_without_an_end_keeps_nobody_from_closing_its_socket() {
    let folder = tempfile::tempdir().expect("a folder");
    let (app, [subscription, other]) = alice_listens(folder.path()).await;
    drop(other);
    let api = Api::new(app.clone(), settings(), all_routes());
    let (tcp, client) = connection().await;
    let open = OpenSocket::new(Arc::clone(api.context()), 0, Arc::new(RequestTrace::new("request".into())));
    let socket = begin(NetStream::Tcp(tcp), Reader::default(), subscription, Faulty, 0, open);
    let mut client = client.into_std().expect("a plain connection");
    client.set_nonblocking(false).expect("blocking");
    let flood = std::thread::spawn(move || {
        let (begin, go_on) = ([0x01, 0x80, 0, 0, 0, 0], [0x00, 0x80, 0, 0, 0, 0].repeat(10_000));
        // It goes on until the server has had enough.
        let mut sent = client.write_all(&begin);
        while sent.is_ok() {
            sent = client.write_all(&go_on);
        }
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!socket.is_finished(), "that alone breaks no rule");
    timeout(Duration::from_secs(10), app.close_sockets()).await.expect("it ends while it is flooded");
    socket.await.expect("no panic");
    flood.join().expect("no panic");
}
