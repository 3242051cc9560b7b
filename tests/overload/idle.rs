//! Connections that dawdle: told so or closed, while ordinary users go on.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::ordinary::{Ordinary, PATIENCE, everybody_was_here};
use crate::world::Fireside;
use crate::world::machine::{mebibytes, resident_bytes, say, scale, settles};

/// How a hostile connection dawdles, and what it is told before the end.
#[derive(Clone, Copy, Debug)]
enum Dawdler {
    /// Says nothing at all.
    Silent,
    /// Begins a head and stops.
    HalfHead,
    /// A byte of the head every second.
    Trickle,
    /// Announces a body and stops within.
    HalfBody,
    /// Asks for a socket and never ends the head.
    HalfHandshake,
}

const ALL: [Dawdler; 5] =
    [Dawdler::Silent, Dawdler::HalfHead, Dawdler::Trickle, Dawdler::HalfBody, Dawdler::HalfHandshake];
/// A head has 10 s, a body 15 s.
const LONGEST: Duration = Duration::from_secs(25);

impl Dawdler {
    fn bytes(self, token: &str) -> String {
        match self {
            Self::Silent => String::new(),
            Self::HalfHead | Self::Trickle => "GET /api/rooms/ HTTP/1.1\r\nHost: x\r\nX-A: ".to_owned(),
            Self::HalfBody => format!(
                "POST /api/rooms/ HTTP/1.1\r\nHost: x\r\nAuthorization: Token {token}\r\n\
                 Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{\"name\":"
            ),
            Self::HalfHandshake => {
                "GET /messages/ws/ HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n".to_owned()
            }
        }
    }

    /// What it was told, and how long it was let.
    async fn dawdles(self, mut tcp: TcpStream, token: String) -> (Self, String, Duration) {
        let begun = Instant::now();
        tcp.write_all(self.bytes(&token).as_bytes()).await.unwrap();
        let (mut from, mut to) = tcp.split();
        let mut told = Vec::new();
        let trickle = async {
            loop {
                tokio::time::sleep(Duration::from_secs(1)).await;
                if matches!(self, Self::Trickle) && to.write_all(b"a").await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        };
        tokio::select! {
            // A reset is an end as well.
            read = tokio::time::timeout(LONGEST, from.read_to_end(&mut told)) => {
                assert!(read.is_ok(), "{self:?} was let for {:?}", begun.elapsed());
            }
            () = trickle => {}
        }
        (self, String::from_utf8_lossy(&told).into_owned(), begun.elapsed())
    }
}

#[tokio::test]
async fn whoever_dawdles_is_closed_and_nobody_else_notices() {
    let fireside = Fireside::start_with(&["--log-level", "error"]).await;
    let alice = fireside.registers("alice").await;
    everybody_was_here(&fireside).await;
    let ordinary = Ordinary::begins(&fireside, "before").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let unloaded = ordinary.ends().await;
    let before = resident_bytes(&fireside);
    let count = scale(250, 5_000);
    let mut hostile = JoinSet::new();
    for number in 0..count {
        let dawdler = ALL[number % ALL.len()];
        let tcp = fireside.connects().await;
        hostile.spawn(dawdler.dawdles(tcp, alice.token.clone()));
    }
    // Before anybody's password is hashed, which takes more memory than all of them.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let most = resident_bytes(&fireside);
    let ordinary = Ordinary::begins(&fireside, "during").await;
    let (mut told_so, mut closed, mut longest) = (0, 0, Duration::ZERO);
    while let Some(ended) = hostile.join_next().await {
        let (dawdler, told, took) = ended.unwrap();
        longest = longest.max(took);
        if matches!(dawdler, Dawdler::HalfBody) {
            assert!(told.starts_with("HTTP/1.1 408 "), "{dawdler:?} was told {told:?}");
        }
        if told.starts_with("HTTP/1.1 408 ") {
            told_so += 1;
        } else {
            assert!(told.is_empty(), "{dawdler:?} was told {told:?}");
            closed += 1;
        }
    }
    let felt = ordinary.ends().await;
    assert!(felt.requests > 10, "{felt}");
    assert!(felt.p99 < PATIENCE, "{felt}");
    let per = most.saturating_sub(before) / u64::try_from(count).unwrap();
    assert!(per < 64 * 1024, "{per} bytes of memory each");
    let after = settles(&fireside, before).await;
    say(&format!(
        "{count} that dawdle: {told_so} told 408, {closed} closed, all within {longest:?}; memory {} MiB before, {} MiB \
         with them, {} MiB after; ordinary users before: {unloaded}, beside them: {felt}",
        mebibytes(before),
        mebibytes(most),
        mebibytes(after),
    ));
}
