//! The stream under a connection: TCP or a unix socket, with what both can do.

use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::BytesMut;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};

/// What a connection's buffer grows to for a close frame where it is smaller. The system lets
/// any process have this much.
const ROOM: usize = 256 * 1024;

/// An open connection.
#[derive(Debug)]
pub enum NetStream {
    /// From some machine.
    Tcp(TcpStream),
    /// From a process of this one.
    Unix(UnixStream),
}

/// The same call on whichever it is.
macro_rules! on {
    ($line:expr, $stream:ident => $call:expr) => {
        match $line {
            NetStream::Tcp($stream) => $call,
            NetStream::Unix($stream) => $call,
        }
    };
}

impl NetStream {
    /// Waits until there may be something to read.
    pub async fn readable(&self) -> io::Result<()> {
        on!(self, stream => stream.readable().await)
    }

    /// Waits until there may be room to write.
    pub async fn writable(&self) -> io::Result<()> {
        on!(self, stream => stream.writable().await)
    }

    /// Reads what is there.
    pub fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        on!(self, stream => stream.try_read(buffer))
    }

    /// Reads what is there behind what the buffer holds.
    pub fn try_read_buf(&self, buffer: &mut BytesMut) -> io::Result<usize> {
        on!(self, stream => stream.try_read_buf(buffer))
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
        let Self::Tcp(tcp) = self else { return Ok(()) };
        let tcp = SockRef::from(tcp);
        let half = u32::try_from(tcp.send_buffer_size()? / 2).unwrap_or(u32::MAX);
        set_unsent(&tcp, half.max(at_least))
    }

    /// Takes at most so many bytes beyond what the other end has room for. A unix socket's buffer is as small by itself.
    pub fn cap_unsent(&self, bytes: u32) -> io::Result<()> {
        let Self::Tcp(tcp) = self else { return Ok(()) };
        set_unsent(&SockRef::from(tcp), bytes)
    }

    /// Throws away what is unsent when it is closed.
    pub fn reset_when_closed(&self) -> io::Result<()> {
        let Self::Tcp(tcp) = self else { return Ok(()) };
        SockRef::from(tcp).set_linger(Some(Duration::ZERO))
    }

    /// Takes more than that from here on.
    pub fn make_room(&self) -> io::Result<()> {
        let socket = on!(self, stream => SockRef::from(stream));
        if let Self::Tcp(_) = self {
            set_unsent(&socket, u32::MAX)?;
        }
        if socket.send_buffer_size()? < ROOM { socket.set_send_buffer_size(ROOM) } else { Ok(()) }
    }

    /// Like `try_write`, but asks the system whether there is room, and not the runtime.
    pub fn send_now(&self, bytes: &[u8]) -> io::Result<usize> {
        on!(self, stream => SockRef::from(stream).send(bytes))
    }

    /// Ends what is written, so that the other end knows it at once. Reading goes on.
    pub fn end_writing(&self) -> io::Result<()> {
        on!(self, stream => SockRef::from(stream).shutdown(Shutdown::Write))
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

impl AsyncRead for NetStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        on!(&mut *self, stream => Pin::new(stream).poll_read(cx, buffer))
    }
}

impl AsyncWrite for NetStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        on!(&mut *self, stream => Pin::new(stream).poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        on!(&mut *self, stream => Pin::new(stream).poll_write_vectored(cx, slices))
    }

    fn is_write_vectored(&self) -> bool {
        on!(self, stream => stream.is_write_vectored())
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        on!(&mut *self, stream => Pin::new(stream).poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        on!(&mut *self, stream => Pin::new(stream).poll_shutdown(cx))
    }
}
