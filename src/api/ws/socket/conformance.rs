//! RFC 6455 as the Autobahn testsuite asks for it: its public list of cases, written down
//! here and sent as raw bytes to the very loop that serves every dialect, over a real
//! connection, with a codec that says back what it hears.
//!
//! The numbers are Autobahn's. Left out: 12 and 13 (compression, which is never agreed on)
//! and what lies above this server's own limit of 128 KiB. Binary messages are refused
//! in words, as every dialect does, so the cases about them (1.2, 5.x and 9.2) expect those.
//! `.ci/autobahn` runs the suite itself, against a codec that has neither of these bounds.

mod case;
mod closing;
mod encoding;
mod fragments;
mod frames;
mod limits;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{Codec, Event, QUICK_CLOSE, Reader, Subscription, begin};
use crate::api::http::base::BasePath;
use crate::api::http::reply::ApiError;
use crate::api::http::stream::NetStream;
use crate::api::http::trace::RequestTrace;
use crate::api::tests::{core_with_alice, settings};
use crate::api::ws::open::OpenSocket;
use crate::api::{Api, all_routes};
use crate::chat::model::event::Scope;
use crate::chat::model::session::Actor;
use crate::chat::model::topic::Topics;
use case::{CLOSE, Case, FIN, NO_BINARY, PONG, Said, TEXT, close};

struct Echo;

impl Codec for Echo {
    const HEARS: Topics = Topics::of(&[]);

    fn encode(_event: &Event, _base: &BasePath) -> Option<String> {
        None
    }

    async fn receive(&self, text: String) -> Result<Vec<String>, ApiError> {
        Ok(vec![text])
    }

    fn refuse(_: &ApiError) -> String {
        NO_BINARY.to_owned()
    }
}

struct Server {
    api: Api,
    actor: Actor,
    _folder: tempfile::TempDir,
}

impl Server {
    async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (app, token) = core_with_alice(folder.path()).await;
        let actor = app.authenticate(token.as_str()).expect("signed in");
        Self { api: Api::new(app, settings(), all_routes()), actor, _folder: folder }
    }

    async fn subscription(&self) -> Subscription {
        self.api.context().app.subscribe(&self.actor, Scope::All, Echo::HEARS).await.expect("listening")
    }

    /// Both ends of a connection.
    async fn connection() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (client, server) = tokio::join!(TcpStream::connect(address), listener.accept());
        (client.expect("connected"), server.expect("accepted").0)
    }

    /// All that the server says to a case until it closes, and the case's own answers first;
    /// and how long it then took to end the connection, whose other end stays open.
    async fn hears(&self, case: &Case) -> (Vec<Said>, Duration) {
        let (client, server) = Self::connection().await;
        client.set_nodelay(true).expect("at once");
        let open = OpenSocket::new(Arc::clone(self.api.context()), 0, Arc::new(RequestTrace::new("case".into())));
        let subscription = self.subscription().await;
        let serving = begin(NetStream::Tcp(server), Reader::default(), subscription, Echo, usize::MAX, open);
        let (mut from, mut to) = client.into_split();
        let is_closed = matches!(case.expected.last(), Some(Said::Close(_)));
        let closing = if is_closed { Vec::new() } else { close(1000, b"") };
        let (sent, chop) = (case.sent.clone(), if case.chop == 0 { case.sent.len().max(1) } else { case.chop });
        let writing = tokio::spawn(async move {
            for piece in sent.chunks(chop).chain([closing.as_slice()]) {
                // It may have been closed meanwhile, as some cases ask.
                if to.write_all(piece).await.is_err() {
                    break;
                }
            }
            to
        });
        let mut heard = Vec::new();
        loop {
            let said = read(&mut from).await;
            let is_over = matches!(said, Said::Close(_));
            heard.push(said);
            if is_over {
                break;
            }
        }
        let closed = Instant::now();
        assert_eq!(from.read(&mut [0]).await.expect("an end"), 0, "{}: nothing after a close", case.name);
        let lingered = closed.elapsed();
        drop((from, writing.await));
        serving.await.expect("no panic");
        (heard, lingered)
    }
}

/// A frame of the server's: whole, without a mask or reserved bits, in the shortest form.
async fn read(from: &mut (impl AsyncReadExt + Unpin)) -> Said {
    let first = from.read_u8().await.expect("a frame");
    assert_eq!(first & 0xf0, FIN, "whole, and no reserved bit");
    let length = match from.read_u8().await.expect("a length") {
        short @ 0..=125 => u64::from(short),
        126 => u64::from(from.read_u16().await.expect("a length")),
        127 => from.read_u64().await.expect("a length"),
        _ => panic!("a server does not mask"),
    };
    let mut payload = vec![0; usize::try_from(length).expect("a length")];
    from.read_exact(&mut payload).await.expect("a payload");
    match first & 0x0f {
        TEXT => Said::Text(payload),
        PONG => Said::Pong(payload),
        CLOSE => Said::Close(payload.first_chunk().map(|code| u16::from_be_bytes(*code))),
        other => panic!("opcode {other}"),
    }
}

async fn all_pass(cases: Vec<Case>) {
    let server = Server::start().await;
    let mut quickest = Duration::MAX;
    for case in cases {
        let heard = tokio::time::timeout(Duration::from_secs(20), server.hears(&case)).await;
        let (heard, lingered) = heard.unwrap_or_else(|_| panic!("{} hangs", case.name));
        quickest = quickest.min(lingered);
        let mut expected = case.expected.clone();
        if !matches!(expected.last(), Some(Said::Close(_))) {
            expected.push(Said::Close(Some(1000)));
        }
        assert!(heard == expected, "{}: {:?} after {} frames", case.name, heard.last(), heard.len());
    }
    // RFC 6455, 7.1.1: it is the server that ends the connection. The machine may be busy, but not at every case.
    assert!(quickest < QUICK_CLOSE / 2, "the server leaves the end to the client: {quickest:?}");
}
