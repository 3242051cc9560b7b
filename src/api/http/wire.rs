//! The raw connection that requests and sockets stand on.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use super::backlog::{Backlog, PATIENCE_WHEN_SHORT};
use super::stream::NetStream;
use super::trace::Permit;

/// How long the head of a request may take from its first byte, and the first byte of
/// the first request from the connection's opening.
pub const HEAD_DEADLINE: Duration = Duration::from_secs(10);

/// How long a connection is read on after a request was refused whose body still comes.
const LINGER: Duration = Duration::from_secs(2);

/// How long the bytes of an answer may make no progress, unless the operator says otherwise.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// Bytes of an answer that the kernel takes beyond what the other end has room for. It would
/// take megabytes, and a slow reader would be far behind what counts as progress here.
const MAX_UNSENT: u32 = 128 * 1024;

/// What the service tells its connection about the request in hand.
#[derive(Clone, Default)]
pub struct Progress(Arc<Flags>);

#[derive(Default)]
struct Flags {
    answering: AtomicBool,
    /// The request's body has not been read to its end.
    unread: AtomicBool,
}

impl Progress {
    /// A request's head is whole, and it is being answered until what this returns is dropped.
    pub fn begin(&self, has_body: bool) -> Answering {
        self.0.unread.store(has_body, Ordering::Release);
        self.0.answering.store(true, Ordering::Release);
        Answering(self.clone())
    }

    /// Its body was read to the end.
    pub fn read_body(&self) {
        self.0.unread.store(false, Ordering::Release);
    }

    /// Whether it was answered before its body had come, so that no other can follow.
    pub fn is_unread(&self) -> bool {
        self.0.unread.load(Ordering::Acquire)
    }

    fn is_answering(&self) -> bool {
        self.0.answering.load(Ordering::Acquire)
    }
}

/// Whoever asked may have ended their side of the connection: it is kept for the answer.
pub struct Answering(Progress);

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.0.answering.store(false, Ordering::Release);
    }
}

/// Since when an answer stands still, what the connection had taken of it, and when that is looked at again.
struct Stalled {
    since: Instant,
    sent: u64,
    look: Pin<Box<Sleep>>,
}

/// A connection that ends when the head of a request dawdles. The HTTP library has
/// one timer for that and for a connection that idles between requests; here the two
/// are apart, so that one may idle for long but not dawdle.
///
/// It also ends when nobody reads an answer: the HTTP library would wait for ever.
pub struct Wire {
    /// There until the connection is taken over or dropped.
    tcp: Option<NetStream>,
    progress: Progress,
    /// When the head that is coming in must be whole.
    deadline: Option<Pin<Box<Sleep>>>,
    /// How long an answer may stand still while there is room for others.
    patience: Duration,
    /// Where it waits.
    backlog: Arc<Backlog>,
    /// An answer that stands still.
    stalled: Option<Stalled>,
    /// Something was written and is not sent yet.
    is_writing: bool,
    /// The other end has ended what it sends, which is to be known when it is answered: whoever waits for that.
    held: Option<Waker>,
    /// And how long until then a body is waited for, which may have come before.
    ending: Option<Pin<Box<Sleep>>>,
    /// The connection's permit, which it keeps until it is closed.
    permit: Option<Permit>,
}

impl Wire {
    /// Takes an accepted connection, whose answers may stand still for so long.
    pub fn new(
        tcp: NetStream,
        progress: Progress,
        (backlog, patience): (Arc<Backlog>, Duration),
        permit: Option<Permit>,
    ) -> Self {
        if let Err(cause) = tcp.cap_unsent(MAX_UNSENT) {
            tracing::debug!(%cause, "a connection is gone already");
        }
        let deadline = Some(Box::pin(tokio::time::sleep(HEAD_DEADLINE)));
        Self {
            tcp: Some(tcp),
            progress,
            deadline,
            patience,
            backlog,
            stalled: None,
            is_writing: false,
            held: None,
            ending: None,
            permit,
        }
    }

    /// The connection itself, for a socket that keeps its own time, and where what it does not read is counted.
    #[must_use]
    pub fn into_stream(mut self) -> Option<(NetStream, Arc<Backlog>)> {
        Some((self.tcp.take()?, Arc::clone(&self.backlog)))
    }

    fn is_late(&mut self, cx: &mut Context<'_>) -> bool {
        self.deadline.as_mut().is_some_and(|deadline| deadline.as_mut().poll(cx).is_ready())
    }

    /// Whether it is not to be known yet that nothing more is sent: somebody is being answered, and has sent all that
    /// belongs to it. Whether they have, only whoever reads it knows, a little later.
    fn holds_end(&mut self, cx: &mut Context<'_>) -> bool {
        if !self.progress.is_answering() && !self.is_writing {
            return false;
        }
        self.held = Some(cx.waker().clone());
        let ending = self.ending.get_or_insert_with(|| Box::pin(tokio::time::sleep(LINGER)));
        !self.progress.is_unread() || ending.as_mut().poll(cx).is_pending()
    }

    fn tcp(&mut self) -> io::Result<Pin<&mut NetStream>> {
        self.tcp.as_mut().map(Pin::new).ok_or(io::ErrorKind::NotConnected.into())
    }

    /// Passes on what a write came to, unless the answer has stood still for too long.
    fn or_stalled<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let sent = self.tcp.as_ref().map_or(0, NetStream::sent);
        let now = Instant::now();
        // Room may run short while it stands still, so it is looked at every few seconds.
        let pause = self.patience.min(PATIENCE_WHEN_SHORT);
        let stalled = self.stalled.get_or_insert_with(|| {
            let look = Box::pin(tokio::time::sleep(pause));
            Stalled { since: now, sent, look }
        });
        if stalled.sent != sent {
            // A part of a record went: it is read, if slowly.
            (stalled.since, stalled.sent) = (now, sent);
        }
        while stalled.look.as_mut().poll(cx).is_ready() {
            let until = stalled.since + self.backlog.patience(self.patience);
            if until <= now {
                return self.give_up();
            }
            stalled.look.as_mut().reset(until.min(now + pause));
        }
        Poll::Pending
    }

    fn give_up<T>(&self) -> Poll<io::Result<T>> {
        // The kernel would keep for minutes what it holds for a client that is not there.
        if let Some(Err(cause)) = self.tcp.as_ref().map(NetStream::reset_when_closed) {
            tracing::debug!(%cause, "a connection is gone already");
        }
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

/// To close over bytes that nobody read would reset the connection, and whoever sent
/// too much would never read why it was refused.
impl Drop for Wire {
    fn drop(&mut self) {
        let unread = self.progress.is_unread();
        let permit = self.permit.take();
        if let (true, Some(tcp), Ok(runtime)) = (unread, self.tcp.take(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(async move {
                linger(&tcp, LINGER).await;
                drop(permit);
            });
        }
    }
}

/// Reads a connection's last bytes and throws them away, until its other end closes or
/// the time is over.
pub async fn linger(tcp: &NetStream, within: Duration) {
    let drained = async {
        loop {
            // Whoever sends without a pause must not keep a thread to itself, nor the time from passing.
            tokio::task::coop::consume_budget().await;
            // Of this call alone: whatever lives across a wait is held by every connection that lingers.
            let read = tcp.try_read(&mut [0; 4096]);
            match read {
                Ok(0) => return,
                Ok(_) => {}
                Err(cause) if cause.kind() == io::ErrorKind::WouldBlock => {
                    if tcp.readable().await.is_err() {
                        return;
                    }
                }
                Err(_) => return,
            }
        }
    };
    if tokio::time::timeout(within, drained).await.is_err() {
        tracing::trace!("a client kept its end open");
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let wire = &mut *self;
        if wire.progress.is_answering() {
            wire.deadline = None;
        }
        let before = buffer.filled().len();
        let polled = wire.tcp()?.poll_read(cx, buffer);
        let has_read = polled.is_ready() && buffer.filled().len() > before;
        // The end of a request: the HTTP library would take it for the end of whoever asked, and answer nobody.
        if matches!(polled, Poll::Ready(Ok(()))) && !has_read && wire.holds_end(cx) {
            return Poll::Pending;
        }
        if has_read && !wire.progress.is_answering() && wire.deadline.is_none() {
            wire.deadline = Some(Box::pin(tokio::time::sleep_until(Instant::now() + HEAD_DEADLINE)));
        }
        if polled.is_pending() && wire.is_late(cx) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        polled
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.is_writing = true;
        let written = self.tcp()?.poll_write(cx, bytes);
        self.or_stalled(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.is_writing = true;
        let written = self.tcp()?.poll_write_vectored(cx, slices);
        self.or_stalled(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.as_ref().is_some_and(NetStream::is_write_vectored)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = self.tcp()?.poll_flush(cx);
        if flushed.is_ready() {
            self.is_writing = false;
            if !self.progress.is_answering()
                && let Some(reader) = self.held.take()
            {
                reader.wake();
            }
        }
        self.or_stalled(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.progress.is_unread() {
            // A client that still sends reads an end of the stream as the end of everything.
            // It closes when it has read the answer, or the lingering does.
            return Poll::Ready(Ok(()));
        }
        let ended = self.tcp()?.poll_shutdown(cx);
        self.or_stalled(cx, ended)
    }
}
