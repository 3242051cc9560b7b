//! The bytes of answers that wait to be written, on all connections together.
//!
//! An answer stays in memory until its client has read it, and a client may take its time
//! (see [`wire`](super::wire)). So what waits is counted: beyond a bound, what is made whole is
//! refused, and what is made piece by piece is made when there is room again. The answers to writes have room of
//! their own, so that neither what is read nor what is written takes the other's.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use hyper::body::{Body, Frame, SizeHint};
use parking_lot::Mutex;
use tokio::sync::Notify;
use warp::Reply;
use warp::http::Method;

use super::reply::Response;
use super::wire::Answering;
use crate::chat::model::network::network;

/// Bytes that may wait on all connections together, unless the operator says otherwise.
pub const MAX_WAITING: u64 = 64 * 1024 * 1024;
/// The part of them that may wait for one network: others' answers have the rest.
const SHARES: u64 = 4;
/// The answers to writes have so many times as much. Where there is no room, a write is refused before it is done.
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
    waiting: Mutex<Waiting>,
    freed: Notify,
}

#[derive(Default)]
struct Waiting {
    reads: Usage,
    writes: Usage,
}

impl Waiting {
    fn of(&mut self, reader: Reader) -> &mut Usage {
        if reader.has_written { &mut self.writes } else { &mut self.reads }
    }
}

#[derive(Default)]
struct Usage {
    all: u64,
    /// By network, where something waits for it.
    by_network: HashMap<IpAddr, u64>,
}

/// Whose answer it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reader {
    /// `None`: a process of this machine, which may stand for any number of others.
    network: Option<IpAddr>,
    has_written: bool,
}

impl Reader {
    /// Who asks from this address, to read.
    pub fn at(address: IpAddr) -> Self {
        let network = network(address);
        let is_local = network.is_loopback() || address.to_canonical().is_loopback();
        Self { network: Some(network).filter(|_| !is_local), has_written: false }
    }

    /// Whether it is the answer to what was done already.
    #[must_use]
    pub const fn has_written(self) -> bool {
        self.has_written
    }

    /// The same of a request by this method.
    #[must_use]
    pub fn by(self, method: &Method) -> Self {
        Self { has_written: !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS), ..self }
    }
}

impl Backlog {
    /// Where nothing waits yet, and so many bytes may.
    pub fn new(max: u64) -> Arc<Self> {
        Arc::new(Self { max, waiting: Mutex::default(), freed: Notify::new() })
    }

    /// Whether a request may be answered at all: one that writes is not done if nobody could be told.
    #[must_use]
    pub fn takes(&self, reader: Reader) -> bool {
        !reader.has_written || self.has_room(reader)
    }

    /// Whether there is room for what was answered to a request. A short answer always has some.
    #[must_use]
    pub fn holds(&self, reader: Reader, body: &impl Body) -> bool {
        let is_short = body.size_hint().exact().is_none_or(|size| size <= MAX_UNCOUNTED as u64);
        is_short || self.has_room(reader)
    }

    /// Room is there as long as the bound is not reached: the longest answer is beyond it once, and
    /// none is too long for ever.
    ///
    /// A network that has as much waiting as is left gets no more: a few that never read
    /// cannot take it all, and whoever has nothing waiting is answered beside them.
    fn has_room(&self, reader: Reader) -> bool {
        let max = if reader.has_written { self.max.saturating_mul(FOR_WRITES) } else { self.max };
        let mut waiting = self.waiting.lock();
        let usage = waiting.of(reader);
        let of_network = reader.network.and_then(|network| usage.by_network.get(&network)).copied().unwrap_or(0);
        of_network < (max / SHARES).min(max.saturating_sub(usage.all))
    }

    /// How long an answer may stand still, of the time that it has while there is room.
    pub fn patience(&self, usual: Duration) -> Duration {
        let waiting = self.waiting.lock();
        let is_short = waiting.reads.all + waiting.writes.all > self.max / 2;
        drop(waiting);
        if is_short { usual.min(PATIENCE_WHEN_SHORT) } else { usual }
    }

    /// Resolves when there is room for a piece.
    pub async fn room(self: Arc<Self>, reader: Reader) {
        loop {
            // Told of what is freed from here on, so that nothing is missed between the look and the wait.
            let freed = self.freed.notified();
            if self.has_room(reader) {
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
        let usage = waiting.of(reader);
        usage.all += bytes.len() as u64;
        if let Some(network) = reader.network {
            *usage.by_network.entry(network).or_default() += bytes.len() as u64;
        }
        drop(waiting);
        Bytes::from_owner(MeteredPiece { bytes, reader, backlog: Arc::clone(self) })
    }
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
        let usage = waiting.of(self.reader);
        usage.all -= size;
        if let Some(network) = self.reader.network
            && let Some(of_network) = usage.by_network.get_mut(&network)
        {
            *of_network -= size;
            if *of_network == 0 {
                usage.by_network.remove(&network);
            }
        }
        drop(waiting);
        self.backlog.freed.notify_waiters();
    }
}

/// An answer for which there is no room to what is done already: its head, and the end of the connection.
pub fn cut(answer: Response) -> Response {
    let (head, _) = answer.into_parts();
    let broken = stream::once(async { Err::<Bytes, _>(io::Error::from(io::ErrorKind::TimedOut)) });
    Response::from_parts(head, warp::reply::stream(broken).into_response().into_body())
}

/// The body of an answer, whose bytes are counted while they wait.
pub struct MeteredBody<B> {
    body: B,
    /// Where they are counted, and for whom; `None`: the process keeps these bytes anyway.
    counted: Option<(Arc<Backlog>, Reader)>,
    /// Until there is room for the next piece.
    room: Option<Pin<Box<dyn Future<Output = ()> + Send + Sync>>>,
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
        let room = self.room.get_or_insert_with(|| Box::pin(Arc::clone(backlog).room(*reader)));
        std::task::ready!(room.as_mut().poll(cx));
        self.room = None;
        Poll::Ready(())
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
        assert!(!backlog.holds(machine, &full), "somebody still holds it");
        assert!(backlog.holds(machine, &Full::new(piece(MAX_UNCOUNTED))), "what is short has room");
        let writing = machine.by(&Method::POST);
        assert!(
            backlog.takes(writing) && backlog.holds(writing, &full),
            "what is read takes no room from what is written"
        );
        let more = [backlog.count(writing, piece(PIECE)), backlog.count(writing, piece(PIECE))];
        assert!(!backlog.takes(writing) && !backlog.holds(writing, &full), "not done, since nobody could be told");
        assert!(backlog.takes(machine), "what can be refused when it is done");
        drop(again);
        assert!(backlog.holds(machine, &full), "nor the other way");
        drop(more);
        assert!(backlog.takes(writing));
        let waiting = backlog.waiting.lock();
        assert_eq!((waiting.reads.all, waiting.writes.all), (0, 0));
    }

    #[test]
    fn writes_of_one_network_have_a_part_of_it_too() {
        let (backlog, full) = (backlog(8), Full::new(piece(PIECE)));
        let (silent, other) = (at("10.0.0.1").by(&Method::PATCH), at("10.0.1.1"));
        let mut held = Vec::new();
        while backlog.holds(silent, &full) {
            held.push(backlog.count(silent, piece(PIECE)));
        }
        assert_eq!(held.len(), 4, "a quarter of sixteen");
        assert!(!backlog.takes(silent));
        assert!(backlog.takes(other.by(&Method::PATCH)) && backlog.holds(other, &full));
    }

    #[tokio::test]
    async fn an_answer_that_is_cut_has_its_head_and_no_end() {
        let response = warp::reply::with_status("done", warp::http::StatusCode::CREATED).into_response();
        let response = super::cut(response);
        assert_eq!(response.status(), 201);
        assert!(response.into_body().collect().await.is_err());
    }

    #[test]
    fn one_network_has_a_part_of_it() {
        let (backlog, full) = (backlog(8), Full::new(piece(PIECE)));
        let mut held: Vec<Bytes> =
            ["2001:db8::1", "2001:db8::ffff"].map(|address| backlog.count(at(address), piece(PIECE))).into();
        assert!(!backlog.holds(at("2001:db8::2"), &full), "a quarter of eight");
        assert!(backlog.holds(at("2001:db8:0:1::1"), &full), "another network");
        held.extend((0..5).map(|_| backlog.count(at("::1"), piece(PIECE))));
        assert!(backlog.holds(at("127.0.0.2"), &full), "the machine has no part, but all");
        held.clear();
        assert!(backlog.waiting.lock().reads.by_network.is_empty());
    }

    #[test]
    fn a_few_networks_cannot_take_it_all() {
        let (backlog, full) = (backlog(64), Full::new(piece(PIECE)));
        let mut held = Vec::new();
        for network in 0..4 {
            let silent = at(&format!("10.0.{network}.1"));
            assert_eq!(backlog.patience(Duration::from_secs(60)).as_secs(), if network < 3 { 60 } else { 10 });
            while backlog.holds(silent, &full) {
                held.push(backlog.count(silent, piece(PIECE)));
            }
        }
        assert_eq!(held.len(), 16 + 16 + 16 + 8, "the last has no more than it leaves");
        assert!(backlog.holds(at("10.0.9.1"), &full), "somebody else is answered meanwhile");
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
