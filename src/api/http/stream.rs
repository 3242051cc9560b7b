//! The stream under a connection: TCP, TLS over it or a unix socket, with what all of them can do.

mod tls;

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::BytesMut;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};

pub use tls::TlsStream;

/// What a connection's buffer grows to for a close frame where it is smaller. The system lets
/// any process have this much.
const ROOM: usize = 256 * 1024;

/// An open connection.
#[derive(Debug)]
pub enum NetStream {
    /// From some machine.
    Tcp(TcpStream),
    /// The same, encrypted.
    Tls(Box<TlsStream>),
    /// From a process of this one.
    Unix(UnixStream),
}

/// The same call on whichever it is.
macro_rules! on {
    ($line:expr, $stream:ident => $call:expr) => {
        match $line {
            NetStream::Tcp($stream) => $call,
            NetStream::Tls($stream) => $call,
            NetStream::Unix($stream) => $call,
        }
    };
}

impl NetStream {
    /// The TCP connection, where there is one.
    pub fn tcp(&self) -> Option<&TcpStream> {
        match self {
            Self::Tcp(tcp) => Some(tcp),
            Self::Tls(tls) => Some(tls.tcp()),
            Self::Unix(_) => None,
        }
    }

    /// Whether nobody on the way can read it.
    pub fn is_tls(&self) -> bool {
        matches!(self, Self::Tls(_))
    }

    /// Whether bytes were taken that have no room yet, as only TLS does. An empty write sends them.
    pub fn has_unsent(&self) -> bool {
        matches!(self, Self::Tls(tls) if tls.has_unsent())
    }

    /// Bytes that have gone of those that were taken before, which only TLS has.
    pub fn sent(&self) -> u64 {
        if let Self::Tls(tls) = self { tls.sent() } else { 0 }
    }

    /// Lets go of the task that read by polling before: the runtime keeps it, with all that it holds, until something
    /// comes.
    pub async fn forget_reader(&self) {
        poll_fn(|cx| {
            drop(match self {
                Self::Tcp(tcp) => tcp.poll_read_ready(cx),
                Self::Tls(tls) => tls.tcp().poll_read_ready(cx),
                Self::Unix(unix) => unix.poll_read_ready(cx),
            });
            Poll::Ready(())
        })
        .await;
    }

    /// Waits until there may be something to read.
    pub async fn readable(&self) -> io::Result<()> {
        on!(self, stream => stream.readable().await)
    }

    /// Waits until there may be room to write.
    pub async fn writable(&self) -> io::Result<()> {
        match self {
            Self::Tcp(tcp) => tcp.writable().await,
            Self::Tls(tls) => tls.tcp().writable().await,
            Self::Unix(unix) => unix.writable().await,
        }
    }

    pub fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        on!(self, stream => stream.try_read(buffer))
    }

    /// Reads what is there behind what the buffer holds.
    pub fn try_read_buf(&self, buffer: &mut BytesMut) -> io::Result<usize> {
        match self {
            Self::Tcp(tcp) => tcp.try_read_buf(buffer),
            Self::Unix(unix) => unix.try_read_buf(buffer),
            Self::Tls(tls) => {
                let before = buffer.len();
                // An empty read would look like the end.
                buffer.reserve(1);
                buffer.resize(buffer.capacity(), 0);
                let read = tls.try_read(buffer.get_mut(before..).unwrap_or_default());
                buffer.truncate(before + *read.as_ref().unwrap_or(&0));
                read
            }
        }
    }

    /// Writes what there is room for.
    pub fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        on!(self, stream => stream.try_write(bytes))
    }

    /// The same of several pieces.
    pub fn try_write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        on!(self, stream => stream.try_write_vectored(slices))
    }

    /// Takes half as much as the system would beyond what the other end has room for, or so
    /// many bytes. A unix socket's buffer never grows by itself.
    pub fn limit_unsent(&self, at_least: u32) -> io::Result<()> {
        let Some(tcp) = self.tcp() else { return Ok(()) };
        let tcp = SockRef::from(tcp);
        let half = u32::try_from(tcp.send_buffer_size()? / 2).unwrap_or(u32::MAX);
        set_unsent(&tcp, half.max(at_least))
    }

    /// Takes at most so many bytes beyond what the other end has room for. A unix socket's buffer is as small by itself.
    pub fn cap_unsent(&self, bytes: u32) -> io::Result<()> {
        let Some(tcp) = self.tcp() else { return Ok(()) };
        set_unsent(&SockRef::from(tcp), bytes)
    }

    /// Throws away what is unsent when it is closed.
    pub fn reset_when_closed(&self) -> io::Result<()> {
        let Some(tcp) = self.tcp() else { return Ok(()) };
        SockRef::from(tcp).set_linger(Some(Duration::ZERO))
    }

    /// Takes more than that from here on.
    pub fn make_room(&self) -> io::Result<()> {
        let socket = self.socket();
        if self.tcp().is_some() {
            set_unsent(&socket, u32::MAX)?;
        }
        if socket.send_buffer_size()? < ROOM { socket.set_send_buffer_size(ROOM) } else { Ok(()) }
    }

    /// Like `try_write`, but asks the system whether there is room, and not the runtime.
    pub fn send_now(&self, bytes: &[u8]) -> io::Result<usize> {
        if let Self::Tls(tls) = self { tls.send_now(bytes) } else { self.socket().send(bytes) }
    }

    /// Ends what is written, so that the other end knows it at once. Reading goes on.
    pub fn end_writing(&self) -> io::Result<()> {
        if let Self::Tls(tls) = self { tls.end_writing() } else { self.socket().shutdown(Shutdown::Write) }
    }

    fn socket(&self) -> SockRef<'_> {
        match self {
            Self::Tcp(tcp) => SockRef::from(tcp),
            Self::Tls(tls) => SockRef::from(tls.tcp()),
            Self::Unix(unix) => SockRef::from(unix),
        }
    }
}

#[cfg(target_os = "linux")]
fn set_unsent(tcp: &SockRef<'_>, bytes: u32) -> io::Result<()> {
    tcp.set_tcp_notsent_lowat(bytes)
}

/// Other systems have no such limit, and there may be no room for a close frame.
#[cfg(not(target_os = "linux"))]
fn set_unsent(_: &SockRef<'_>, _: u32) -> io::Result<()> {
    Ok(())
}

/// The same poll on whichever it is; TLS has its own.
macro_rules! poll {
    ($line:expr, $stream:ident => $call:expr, $tls:ident => $encrypted:expr) => {
        match $line {
            NetStream::Tcp(stream) => {
                let $stream = Pin::new(stream);
                $call
            }
            NetStream::Unix(stream) => {
                let $stream = Pin::new(stream);
                $call
            }
            NetStream::Tls($tls) => $encrypted,
        }
    };
}

impl AsyncRead for NetStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        poll!(&mut *self, stream => stream.poll_read(cx, buffer), tls => tls.poll_read(cx, buffer))
    }
}

impl AsyncWrite for NetStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        poll!(&mut *self, stream => stream.poll_write(cx, bytes), tls => tls.poll_write(cx, &[IoSlice::new(bytes)]))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        poll!(&mut *self, stream => stream.poll_write_vectored(cx, slices), tls => tls.poll_write(cx, slices))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        poll!(&mut *self, stream => stream.poll_flush(cx), tls => tls.poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        poll!(&mut *self, stream => stream.poll_shutdown(cx), tls => tls.poll_shutdown(cx))
    }
}
