//! The raw connection that requests and sockets stand on.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

/// How long the head of a request may take from its first byte, and the first byte of
/// the first request from the connection's opening.
pub const HEAD_DEADLINE: Duration = Duration::from_secs(10);

/// Whether a request is being answered, shared between the connection and its service.
#[derive(Clone, Default)]
pub struct Busy(Arc<AtomicBool>);

impl Busy {
    /// Set while a request is being answered.
    pub fn set(&self, busy: bool) {
        self.0.store(busy, Ordering::Release);
    }

    fn get(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// A TCP connection that ends when the head of a request dawdles. The HTTP library has
/// one timer for that and for a connection that idles between requests; here the two
/// are apart, so that one may idle for long but not dawdle.
pub struct Wire {
    tcp: TcpStream,
    busy: Busy,
    /// When the head that is coming in must be whole.
    deadline: Option<Pin<Box<Sleep>>>,
}

impl Wire {
    /// Takes an accepted connection.
    #[must_use]
    pub fn new(tcp: TcpStream, busy: Busy) -> Self {
        let deadline = Some(Box::pin(tokio::time::sleep(HEAD_DEADLINE)));
        Self { tcp, busy, deadline }
    }

    /// The connection itself, for a socket that keeps its own time.
    #[must_use]
    pub fn into_tcp(self) -> TcpStream {
        self.tcp
    }

    fn is_late(&mut self, cx: &mut Context<'_>) -> bool {
        self.deadline.as_mut().is_some_and(|deadline| deadline.as_mut().poll(cx).is_ready())
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let wire = &mut *self;
        if wire.busy.get() {
            wire.deadline = None;
        }
        let before = buffer.filled().len();
        let polled = Pin::new(&mut wire.tcp).poll_read(cx, buffer);
        let has_read = polled.is_ready() && buffer.filled().len() > before;
        if has_read && !wire.busy.get() && wire.deadline.is_none() {
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
        Pin::new(&mut self.tcp).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tcp).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}
