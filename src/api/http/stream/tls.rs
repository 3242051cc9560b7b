//! TLS under a connection: rustls between the calls of a stream and its TCP connection.
//!
//! Whoever publishes an event writes it to many connections then and there, so reading and writing share one session
//! behind a lock that is never held while waiting. At most one record waits encrypted for a connection that has no
//! room: who writes more is told so as on plain TCP, and every limit on what nobody reads holds here too.

use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use parking_lot::Mutex;
use socket2::SockRef;
use tokio::io::{AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::rustls::{ServerConfig, ServerConnection};

/// Bytes that are encrypted before they are on their way: what a record holds at most.
const MAX_UNSENT: usize = 16 * 1024;

/// Bytes that the first read of a connection takes. A whole request fits that was meant for another port.
const FIRST_READ: usize = 4 * 1024;

/// The first byte of everything that begins a TLS connection (RFC 8446, 5.1).
const HANDSHAKE: u8 = 0x16;

/// What a client is told that speaks plain HTTP to a port that speaks TLS.
const NOT_TLS: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 42\r\n\
    Connection: close\r\n\r\nThis port speaks HTTPS alone: use https://";

/// A TCP connection that speaks TLS, from its first byte on.
#[derive(Debug)]
pub struct TlsStream {
    tcp: TcpStream,
    session: Mutex<Session>,
}

#[derive(Debug)]
struct Session {
    tls: ServerConnection,
    /// The first bytes were those of a handshake.
    has_begun: bool,
    /// There may be decrypted bytes that nobody has read.
    holds_plaintext: bool,
    /// Encrypted bytes that the connection took.
    sent: u64,
}

impl TlsStream {
    /// Awaits a handshake on an accepted connection.
    pub fn new(tcp: TcpStream, config: Arc<ServerConfig>) -> io::Result<Self> {
        let mut tls = ServerConnection::new(config).map_err(io::Error::other)?;
        tls.set_buffer_limit(Some(MAX_UNSENT));
        let session = Session { tls, has_begun: false, holds_plaintext: false, sent: 0 };
        Ok(Self { tcp, session: Mutex::new(session) })
    }

    pub fn tcp(&self) -> &TcpStream {
        &self.tcp
    }

    /// Encrypted bytes that the connection has taken so far.
    pub fn sent(&self) -> u64 {
        self.session.lock().sent
    }

    /// Whether encrypted bytes wait for room. An empty write sends them.
    pub fn has_unsent(&self) -> bool {
        self.session.lock().tls.wants_write()
    }

    /// Waits until there may be something to read.
    pub async fn readable(&self) -> io::Result<()> {
        if self.session.lock().holds_plaintext {
            return Ok(());
        }
        self.tcp.readable().await
    }

    /// Decrypts and reads what is there.
    pub fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut session = self.session.lock();
        loop {
            // The answers of a handshake and of TLS itself: whoever only reads sends them too.
            or_no_room(session.push(&mut Ready(&self.tcp)))?;
            match session.tls.reader().read(buffer) {
                Ok(read) => {
                    session.holds_plaintext = read > 0 && read == buffer.len();
                    return Ok(read);
                }
                // Its client closed TCP alone, as many do. HTTP and WebSockets have ends of their own.
                Err(cause) if cause.kind() == ErrorKind::UnexpectedEof => return Ok(0),
                Err(cause) if cause.kind() != ErrorKind::WouldBlock => return Err(cause),
                Err(_) => session.holds_plaintext = false,
            }
            session.pull(&self.tcp)?;
        }
    }

    /// Encrypts and writes what there is room for.
    pub fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.session.lock().write(&[IoSlice::new(bytes)], &mut Ready(&self.tcp))
    }

    /// The same of several pieces.
    pub fn try_write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.session.lock().write(slices, &mut Ready(&self.tcp))
    }

    /// Like `try_write`, but asks the system whether there is room, and not the runtime.
    pub fn send_now(&self, bytes: &[u8]) -> io::Result<usize> {
        self.session.lock().write(&[IoSlice::new(bytes)], &mut Now(SockRef::from(&self.tcp)))
    }

    /// Says that nothing follows, if there is room for that, and ends what is written.
    pub fn end_writing(&self) -> io::Result<()> {
        let mut session = self.session.lock();
        session.say_end();
        let now = SockRef::from(&self.tcp);
        or_no_room(session.push(&mut Now(SockRef::from(&self.tcp))))?;
        now.shutdown(std::net::Shutdown::Write)
    }

    /// Reads once there is something, and goes on with the handshake until then.
    pub fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            if !self.session.lock().holds_plaintext {
                while self.session.lock().is_stuck() && self.tcp.poll_write_ready(cx)?.is_ready() {
                    or_no_room(self.session.lock().push(&mut Ready(&self.tcp)))?;
                }
                ready!(self.tcp.poll_read_ready(cx))?;
            }
            match self.try_read(buffer.initialize_unfilled()) {
                Ok(read) => {
                    buffer.advance(read);
                    return Poll::Ready(Ok(()));
                }
                Err(cause) if cause.kind() == ErrorKind::WouldBlock => {}
                Err(cause) => return Poll::Ready(Err(cause)),
            }
        }
    }

    /// Writes once there is room.
    pub fn poll_write(&self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.tcp.poll_write_ready(cx))?;
            match self.try_write_vectored(slices) {
                Err(cause) if cause.kind() == ErrorKind::WouldBlock => {}
                written => return Poll::Ready(written),
            }
        }
    }

    pub fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.has_unsent() {
            ready!(self.tcp.poll_write_ready(cx))?;
            or_no_room(self.session.lock().push(&mut Ready(&self.tcp)))?;
        }
        Poll::Ready(Ok(()))
    }

    /// Says that nothing follows, and ends what is written.
    pub fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.session.lock().say_end();
        ready!(self.poll_flush(cx))?;
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}

impl Session {
    /// Whether the handshake waits for room, so that reading alone would not go on with it.
    fn is_stuck(&self) -> bool {
        self.tls.is_handshaking() && self.tls.wants_write()
    }

    /// Nothing follows. To whoever has not shaken hands it would be noise behind what he was told.
    fn say_end(&mut self) {
        if !self.tls.is_handshaking() {
            self.tls.send_close_notify();
        }
    }

    /// Sends what is encrypted. `WouldBlock`: there was no room for all of it.
    fn push(&mut self, out: &mut impl Write) -> io::Result<()> {
        while self.tls.wants_write() {
            self.sent += self.tls.write_tls(out)? as u64;
        }
        Ok(())
    }

    /// Encrypts no more than a record, and nothing before the last one has gone.
    fn write(&mut self, slices: &[IoSlice<'_>], out: &mut impl Write) -> io::Result<usize> {
        if self.tls.is_handshaking() {
            // Nothing is said before there is a key; it would wait without a bound.
            return Err(ErrorKind::NotConnected.into());
        }
        self.push(out)?;
        let taken = self.tls.writer().write_vectored(slices)?;
        or_no_room(self.push(out))?;
        Ok(taken)
    }

    /// Takes in what the connection has, and decrypts it.
    fn pull(&mut self, tcp: &TcpStream) -> io::Result<()> {
        if self.has_begun {
            self.tls.read_tls(&mut Ready(tcp))?;
        } else {
            self.begin(tcp)?;
        }
        if let Err(cause) = self.tls.process_new_packets() {
            // The alert that tells the client why, if there is room.
            or_no_room(self.push(&mut Ready(tcp)))?;
            return Err(io::Error::new(ErrorKind::InvalidData, cause));
        }
        Ok(())
    }

    /// The first bytes, which may be of somebody who does not know that this is TLS.
    fn begin(&mut self, tcp: &TcpStream) -> io::Result<()> {
        let mut first = [0; FIRST_READ];
        let read = tcp.try_read(&mut first)?;
        let mut rest = first.get(..read).unwrap_or_default();
        match rest.first() {
            Some(&HANDSHAKE) | None => self.has_begun = true,
            Some(letter) => {
                if letter.is_ascii_uppercase() {
                    tcp.try_write(NOT_TLS)?;
                }
                return Err(io::Error::new(ErrorKind::InvalidData, "it does not begin with a TLS handshake"));
            }
        }
        loop {
            // An empty read is how rustls learns of the connection's end.
            self.tls.read_tls(&mut rest)?;
            if rest.is_empty() {
                return Ok(());
            }
        }
    }
}

/// No room is no error where what is left goes out later.
fn or_no_room(pushed: io::Result<()>) -> io::Result<()> {
    match pushed {
        Err(cause) if cause.kind() == ErrorKind::WouldBlock => Ok(()),
        pushed => pushed,
    }
}

/// Reads and writes what the runtime believes to be there or to have room.
struct Ready<'a>(&'a TcpStream);

impl Read for Ready<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buffer)
    }
}

impl Write for Ready<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes what the system has room for.
struct Now<'a>(SockRef<'a>);

impl Write for Now<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.send(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.send_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
