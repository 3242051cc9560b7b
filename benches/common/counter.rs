//! A receiver that only counts: one of thousands, so it looks at the headers of
//! frames, keeps no payload, and shares one buffer with all the others.

use super::LOST;
use super::tls::secure;
use super::wire::{CLOSE, Header, PING, PONG, TEXT, close_code, connect, masked, upgrade};
use std::cell::{Cell, RefCell};
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::sleep;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Bytes read at once; more than a receiver ever finds waiting.
const BUFFER: usize = 64 * 1024;

/// What all receivers heard so far.
pub struct Board {
    receivers: u32,
    deliveries: Cell<u64>,
    /// Messages that reached every receiver: each hears all in order, so these are the first.
    heard_by_all: Cell<usize>,
    messages: RefCell<Vec<Heard>>,
    buffer: RefCell<Vec<u8>>,
}

#[derive(Clone, Copy, Default)]
struct Heard {
    by: u32,
    by_all_at: Option<Instant>,
}

impl Board {
    pub fn new(receivers: usize) -> Rc<Self> {
        Rc::new(Self {
            receivers: u32::try_from(receivers).expect("a number of sockets"),
            deliveries: Cell::new(0),
            heard_by_all: Cell::new(0),
            messages: RefCell::default(),
            buffer: RefCell::new(vec![0; BUFFER]),
        })
    }

    /// Frames that arrived, over all receivers.
    pub fn deliveries(&self) -> u64 {
        self.deliveries.get()
    }

    /// Messages that reached every receiver.
    pub fn heard_by_all(&self) -> usize {
        self.heard_by_all.get()
    }

    /// When the message, counted from 0 in the order of the room, had reached
    /// the last receiver.
    pub fn heard_by_all_at(&self, message: usize) -> Option<Instant> {
        self.messages.borrow().get(message)?.by_all_at
    }

    /// Waits until the message has reached the last receiver, and answers when it had.
    pub async fn all_heard(&self, message: usize) -> Instant {
        let give_up = Instant::now() + LOST;
        loop {
            if let Some(at) = self.heard_by_all_at(message) {
                return at;
            }
            assert!(Instant::now() < give_up, "message {message} has not reached everybody");
            sleep(Duration::from_millis(1)).await;
        }
    }

    /// Somebody heard these messages.
    pub fn heard(&self, from: usize, to: usize) {
        let mut messages = self.messages.borrow_mut();
        if messages.len() < to {
            messages.resize(to, Heard::default());
        }
        for message in &mut messages[from..to] {
            message.by += 1;
            if message.by == self.receivers {
                message.by_all_at = Some(Instant::now());
                self.heard_by_all.update(|heard| heard + 1);
            }
        }
        self.deliveries.update(|deliveries| deliveries + (to - from) as u64);
    }
}

/// Opens a socket in the room, over TLS if there is a client for it, and counts what it hears.
pub async fn listen(client: Option<&TlsConnector>, addr: SocketAddr, room: u64, token: &str, board: &Rc<Board>) {
    let board = Rc::clone(board);
    match client {
        None => {
            let (stream, first) = connect(addr, room, token).await;
            tokio::task::spawn_local(receive(stream, first, board));
        }
        Some(client) => {
            let mut stream = secure(client, addr).await;
            let first = upgrade(&mut stream, addr, &format!("/ws/room/{room}/"), token).await;
            tokio::task::spawn_local(receive_secure(stream, first, board));
        }
    }
}

/// Counts messages until the server ends the connection.
async fn receive_secure(mut stream: TlsStream<TcpStream>, mut bytes: Vec<u8>, board: Rc<Board>) {
    let mut messages = 0;
    loop {
        let (before, mut taken) = (messages, 0);
        while let Some(header) = Header::read(&bytes[taken..]).filter(|header| bytes.len() - taken >= header.whole()) {
            match header.opcode {
                TEXT => messages += 1,
                PING => {
                    let mut pong = Vec::new();
                    masked(PONG, &[], &mut pong);
                    stream.write_all(&pong).await.expect("the server reads");
                }
                CLOSE => panic!("a receiver was closed"),
                _ => {}
            }
            taken += header.whole();
        }
        bytes.drain(..taken);
        board.heard(before, messages);
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return;
        }
    }
}

/// Reads and counts until the other side ends the connection.
pub async fn receive(stream: TcpStream, first: Vec<u8>, board: Rc<Board>) {
    let mut counter = Counter::default();
    counter.feed(&first, &stream, &board);
    loop {
        stream.readable().await.expect("a socket");
        let mut buffer = board.buffer.borrow_mut();
        match stream.try_read(&mut buffer) {
            Ok(0) => return,
            Ok(read) => counter.feed(&buffer[..read], &stream, &board),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return,
            Err(error) => panic!("a receiver cannot read: {error}"),
        }
    }
}

#[derive(Default)]
struct Counter {
    /// Messages that this receiver heard.
    messages: usize,
    /// The beginning of a header whose end has not come yet.
    partial: Vec<u8>,
    /// Bytes still to come of a frame whose header was seen.
    skip: usize,
}

impl Counter {
    fn feed(&mut self, bytes: &[u8], stream: &TcpStream, board: &Board) {
        let before = self.messages;
        if self.partial.is_empty() {
            self.count(bytes, stream);
        } else {
            let mut joined = std::mem::take(&mut self.partial);
            joined.extend_from_slice(bytes);
            self.count(&joined, stream);
        }
        board.heard(before, self.messages);
    }

    fn count(&mut self, mut bytes: &[u8], stream: &TcpStream) {
        loop {
            let skipped = self.skip.min(bytes.len());
            self.skip -= skipped;
            bytes = &bytes[skipped..];
            let Some(header) = Header::read(bytes) else {
                self.partial.extend_from_slice(bytes);
                return;
            };
            match header.opcode {
                TEXT => self.messages += 1,
                PING => answer(stream),
                CLOSE => panic!("a receiver was closed with {:?}", close_code(&bytes[header.length..])),
                _ => {}
            }
            self.skip = header.whole();
        }
    }
}

/// The pong ought to carry the ping's payload, which a counter does not keep;
/// any frame proves that the receiver is alive.
fn answer(stream: &TcpStream) {
    let mut pong = Vec::new();
    masked(PONG, &[], &mut pong);
    let sent = stream.try_write(&pong).expect("room for a pong");
    assert_eq!(sent, pong.len(), "a pong in one piece");
}
