//! The bytes of answers that wait to be written, on all connections together.
//!
//! An answer stays in memory until its client has read it, and a client may take its time
//! (see [`wire`](super::wire)). So what waits is counted: beyond a bound, what is made whole is
//! refused, and what is made piece by piece is made when there is room again.

use std::collections::HashMap;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;
use warp::http::Method;

use super::wire::Answering;
use crate::chat::auth::attempts::network;

/// Bytes that may wait on all connections together, unless the operator says otherwise.
pub const MAX_WAITING: u64 = 64 * 1024 * 1024;
/// The part of them that may wait for one network: others' answers have the rest.
const SHARES: u64 = 4;
/// What the answers to writes may take beyond that. Those are refused before they are done, and
/// what readers leave waiting must not keep anybody from posting.
const FOR_WRITES: u64 = 2;
/// An answer that is not longer is not counted: the number of connections bounds those.
const MAX_UNCOUNTED: usize = 4 * 1024;
/// When whoever was refused may come back.
pub const BUSY_RETRY: Duration = Duration::from_secs(5);

/// How long an answer may stand still while more than half of all is taken: whoever reads makes progress sooner,
/// and whoever does not makes room for those who do.
pub const PATIENCE_WHEN_SHORT: Duration = Duration::from_secs(10);

/// What waits.
pub struct Backlog {
    max: u64,
    waiting: Mutex<Usage>,
    freed: Arc<Notify>,
}

#[derive(Default)]
struct Usage {
    all: u64,
    /// By network, where something waits for it.
    by_network: HashMap<IpAddr, u64>,
}

/// Whose answer it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// Somebody in this network.
    Network(IpAddr),
    /// A process of this machine, which may stand for any number of others.
    Machine,
}

impl Reader {
    /// Who asks from this address.
    #[must_use]
    pub fn at(address: IpAddr) -> Self {
        match network(address) {
            local if local.is_loopback() || address.to_canonical().is_loopback() => Self::Machine,
            network => Self::Network(network),
        }
    }
}

impl Backlog {
    /// Where nothing waits yet, and so many bytes may.
    #[must_use]
    pub fn new(max: u64) -> Arc<Self> {
        Arc::new(Self { max, waiting: Mutex::default(), freed: Arc::default() })
    }

    /// Whether a request may be answered at all: one that writes is not done if nobody could be told.
    #[must_use]
    pub fn takes(&self, reader: Reader, method: &Method) -> bool {
        is_reading(method) || self.has_room(reader, self.max.saturating_mul(FOR_WRITES))
    }

    /// Whether there is room for what was answered to a request. A short answer always has some.
    #[must_use]
    pub fn holds(&self, reader: Reader, method: &Method, body: &impl Body) -> bool {
        let is_short = body.size_hint().exact().is_none_or(|size| size <= MAX_UNCOUNTED as u64);
        is_short || !is_reading(method) || self.has_room(reader, self.max)
    }

    /// Room is there as long as the bound is not reached: the longest answer is beyond it once, and
    /// none is too long for ever.
    ///
    /// A network that has as much waiting as is left gets no more: a few that never read
    /// cannot take it all, and whoever has nothing waiting is answered beside them.
    fn has_room(&self, reader: Reader, max: u64) -> bool {
        let waiting = self.waiting.lock();
        let of_reader = match reader {
            Reader::Network(network) => waiting.by_network.get(&network).copied().unwrap_or(0),
            Reader::Machine => 0,
        };
        of_reader < (max / SHARES).min(max.saturating_sub(waiting.all))
    }

    /// How long an answer may stand still, of the time that it has while there is room.
    #[must_use]
    pub fn patience(&self, usual: Duration) -> Duration {
        let is_short = self.waiting.lock().all > self.max / 2;
        if is_short { usual.min(PATIENCE_WHEN_SHORT) } else { usual }
    }

    /// Resolves when there is room for a piece.
    pub async fn room(&self, reader: Reader) {
        loop {
            // Told of what is freed from here on, so that nothing is missed between the look and the wait.
            let freed = self.freed.notified();
            if self.has_room(reader, self.max) {
                return;
            }
            freed.await;
        }
    }

    /// Counts a piece until all who hold it have let go of it.
    pub fn count(self: &Arc<Self>, reader: Reader, bytes: Bytes) -> Bytes {
        if bytes.len() <= MAX_UNCOUNTED {
            return bytes;
        }
        let mut waiting = self.waiting.lock();
        waiting.all += bytes.len() as u64;
        if let Reader::Network(network) = reader {
            *waiting.by_network.entry(network).or_default() += bytes.len() as u64;
        }
        drop(waiting);
        Bytes::from_owner(MeteredPiece { bytes, reader, backlog: Arc::clone(self) })
    }
}

fn is_reading(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// A piece that waits.
struct MeteredPiece {
    bytes: Bytes,
    reader: Reader,
    backlog: Arc<Backlog>,
}

impl AsRef<[u8]> for MeteredPiece {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for MeteredPiece {
    fn drop(&mut self) {
        let size = self.bytes.len() as u64;
        let mut waiting = self.backlog.waiting.lock();
        waiting.all -= size;
        if let Reader::Network(network) = self.reader
            && let Some(of_network) = waiting.by_network.get_mut(&network)
        {
            *of_network -= size;
            if *of_network == 0 {
                waiting.by_network.remove(&network);
            }
        }
        drop(waiting);
        self.backlog.freed.notify_waiters();
    }
}

/// The body of an answer, whose bytes are counted while they wait.
pub struct MeteredBody<B> {
    body: B,
    /// Where they are counted, and for whom; `None`: the process keeps these bytes anyway.
    counted: Option<(Arc<Backlog>, Reader)>,
    /// Until there is room for the next piece.
    room: Option<Pin<Box<OwnedNotified>>>,
    /// Until it is over.
    _answering: Option<Answering>,
}

impl<B: Body> MeteredBody<B> {
    /// A body that is counted in `backlog`.
    pub fn new(body: B, counted: Option<(Arc<Backlog>, Reader)>, answering: Option<Answering>) -> Self {
        Self { body, counted, room: None, _answering: answering }
    }

    /// Resolves when the next piece may be made. One that is there already is not waited for.
    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some((backlog, reader)) = self.counted.as_ref().filter(|_| self.body.size_hint().exact().is_none()) else {
            return Poll::Ready(());
        };
        loop {
            if let Some(room) = &mut self.room {
                std::task::ready!(room.as_mut().poll(cx));
            }
            // Told of what is freed from here on, so that nothing is missed between the look and the wait.
            let room = Arc::clone(&backlog.freed).notified_owned();
            if backlog.has_room(*reader, backlog.max) {
                self.room = None;
                return Poll::Ready(());
            }
            self.room = Some(Box::pin(room));
        }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for MeteredBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        std::task::ready!(self.poll_room(cx));
        let frame = std::task::ready!(Pin::new(&mut self.body).poll_frame(cx));
        let counted = self.counted.as_ref();
        let count = |bytes| match counted {
            Some((backlog, reader)) => backlog.count(*reader, bytes),
            None => bytes,
        };
        Poll::Ready(frame.map(|frame| frame.map(|frame| frame.map_data(count))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::sync::Arc;
    use std::time::Duration;

    use bytes::Bytes;
    use futures_util::stream;
    use http_body_util::{BodyExt, Full};
    use warp::Reply;
    use warp::http::Method;

    use super::{Backlog, MAX_UNCOUNTED, MeteredBody, Reader};

    const PIECE: usize = 2 * MAX_UNCOUNTED;

    fn at(address: &str) -> Reader {
        Reader::at(address.parse::<IpAddr>().expect("an address"))
    }

    fn piece(length: usize) -> Bytes {
        vec![b' '; length].into()
    }

    /// Room for so many pieces.
    fn backlog(pieces: usize) -> Arc<Backlog> {
        Backlog::new((pieces * PIECE) as u64)
    }

    #[test]
    fn what_waits_is_counted_until_all_have_let_go_of_it() {
        let backlog = backlog(1);
        let (machine, full) = (at("127.0.0.1"), Full::new(piece(PIECE)));
        let waiting = backlog.count(machine, piece(PIECE));
        let again = waiting.clone();
        drop(waiting);
        assert!(!backlog.holds(machine, &Method::GET, &full), "somebody still holds it");
        assert!(backlog.holds(machine, &Method::GET, &Full::new(piece(MAX_UNCOUNTED))), "what is short has room");
        assert!(backlog.takes(machine, &Method::POST) && backlog.holds(machine, &Method::POST, &full));
        let more = backlog.count(machine, piece(PIECE));
        assert!(!backlog.takes(machine, &Method::POST), "not done, since nobody could be told");
        assert!(backlog.takes(machine, &Method::GET), "what can be refused when it is done");
        drop((again, more));
        assert!(backlog.holds(machine, &Method::GET, &full) && backlog.takes(machine, &Method::POST));
        assert_eq!(backlog.waiting.lock().all, 0);
    }

    #[test]
    fn one_network_has_a_part_of_it() {
        let (backlog, full) = (backlog(8), Full::new(piece(PIECE)));
        let mut held: Vec<Bytes> =
            ["2001:db8::1", "2001:db8::ffff"].map(|address| backlog.count(at(address), piece(PIECE))).into();
        assert!(!backlog.holds(at("2001:db8::2"), &Method::GET, &full), "a quarter of eight");
        assert!(backlog.holds(at("2001:db8:0:1::1"), &Method::GET, &full), "another network");
        held.extend((0..5).map(|_| backlog.count(at("::1"), piece(PIECE))));
        assert!(backlog.holds(at("127.0.0.2"), &Method::GET, &full), "the machine has no part, but all");
        held.clear();
        assert!(backlog.waiting.lock().by_network.is_empty());
    }

    #[test]
    fn a_few_networks_cannot_take_it_all() {
        let (backlog, full) = (backlog(64), Full::new(piece(PIECE)));
        let mut held = Vec::new();
        for network in 0..4 {
            let silent = at(&format!("10.0.{network}.1"));
            assert_eq!(backlog.patience(Duration::from_secs(60)).as_secs(), if network < 3 { 60 } else { 10 });
            while backlog.holds(silent, &Method::GET, &full) {
                held.push(backlog.count(silent, piece(PIECE)));
            }
        }
        assert_eq!(held.len(), 16 + 16 + 16 + 8, "the last has no more than it leaves");
        assert!(backlog.holds(at("10.0.9.1"), &Method::GET, &full), "somebody else is answered meanwhile");
        assert_eq!(backlog.patience(Duration::from_secs(2)).as_secs(), 2, "it grows for nobody");
        held.clear();
        assert_eq!(backlog.patience(Duration::from_secs(60)).as_secs(), 60);
    }

    #[tokio::test(start_paused = true)]
    async fn a_piece_is_made_when_there_is_room() {
        let (backlog, machine) = (backlog(1), at("127.0.0.1"));
        let body = || {
            let pieces = stream::iter([Ok::<_, std::io::Error>(piece(PIECE)), Ok(piece(1))]);
            let body = warp::reply::stream(pieces).into_response().into_body();
            MeteredBody::new(body, Some((Arc::clone(&backlog), machine)), None)
        };
        let (mut first, mut second) = (body(), body());
        let held = first.frame().await;
        let waits = tokio::spawn(async move { second.frame().await.is_some() });
        assert!(tokio::time::timeout(Duration::from_secs(60), first.frame()).await.is_err(), "there is no room");
        assert!(!waits.is_finished());
        drop(held);
        assert!(waits.await.expect("no panic"), "whoever waits is told of the room");
        assert!(first.frame().await.is_some());
    }
}
