//! The stream under a connection: TCP or a unix socket, with what both can do.

use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::BytesMut;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};

/// What a unix socket's buffer grows to for a farewell, or to as much as the system lets it.
const ROOM: usize = 1024 * 1024;

/// An open connection.
#[derive(Debug)]
pub enum Line {
    /// From some machine.
    Tcp(TcpStream),
    /// From a process of this one.
    Unix(UnixStream),
}

/// The same call on whichever it is.
macro_rules! on {
    ($line:expr, $stream:ident => $call:expr) => {
        match $line {
            Line::Tcp($stream) => $call,
            Line::Unix($stream) => $call,
        }
    };
}

impl Line {
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

    /// Takes so many bytes beyond those that the other end has room for. A unix socket has
    /// a limit of its own.
    pub fn limit_unsent(&self, bytes: u32) -> io::Result<()> {
        match self {
            Self::Tcp(tcp) => SockRef::from(tcp).set_tcp_notsent_lowat(bytes),
            Self::Unix(_) => Ok(()),
        }
    }

    /// Takes more than that from here on.
    pub fn make_room(&self) -> io::Result<()> {
        match self {
            Self::Tcp(tcp) => SockRef::from(tcp).set_tcp_notsent_lowat(u32::MAX),
            Self::Unix(unix) => SockRef::from(unix).set_send_buffer_size(ROOM),
        }
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

impl AsyncRead for Line {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        on!(&mut *self, stream => Pin::new(stream).poll_read(cx, buffer))
    }
}

impl AsyncWrite for Line {
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
