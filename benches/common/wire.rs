//! Just enough of RFC 6455 for a load generator. A full client would parse and
//! allocate as much as the server does, and the bench would measure itself.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;

use super::tls::secure;

pub const TEXT: u8 = 0x1;
pub const CLOSE: u8 = 0x8;
pub const PING: u8 = 0x9;
pub const PONG: u8 = 0xA;

/// The masking exists for the sake of proxies; one key is as good as another
/// here, and not zero, so that the server has the work it always has.
const MASK: [u8; 4] = [0x9d, 0x3a, 0x71, 0xc4];

/// What plain TCP and TLS have in common.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A socket of a room, for whoever wants to read what is said there.
pub struct Socket {
    stream: Box<dyn Stream>,
    received: Vec<u8>,
    taken: usize,
    outgoing: Vec<u8>,
}

impl Socket {
    pub async fn open(addr: SocketAddr, room: u64, token: &str) -> Self {
        let (stream, received) = connect(addr, room, token).await;
        Self { stream: Box::new(stream), received, taken: 0, outgoing: Vec::new() }
    }

    /// Over TLS if there is a client for it.
    pub async fn open_by(client: Option<&TlsConnector>, addr: SocketAddr, room: u64, token: &str) -> Self {
        match client {
            None => Self::open(addr, room, token).await,
            Some(client) => Self::open_secure(client, addr, room, token).await,
        }
    }

    /// The same over TLS.
    pub async fn open_secure(client: &TlsConnector, addr: SocketAddr, room: u64, token: &str) -> Self {
        let mut stream = secure(client, addr).await;
        let received = upgrade(&mut stream, addr, &format!("/ws/room/{room}/"), token).await;
        Self { stream: Box::new(stream), received, taken: 0, outgoing: Vec::new() }
    }

    /// Says something in the room.
    pub async fn say(&mut self, content: &str) {
        let frame = format!(r#"{{"type":"chat_message","data":{{"content":"{content}"}}}}"#);
        self.send(TEXT, frame.as_bytes()).await;
    }

    /// Waits for the next frame that holds `content` and answers the whole of it.
    pub async fn hear(&mut self, content: &str) -> &[u8] {
        loop {
            let (start, end) = self.next_text().await;
            let text = std::str::from_utf8(&self.received[start..end]).expect("UTF-8");
            assert!(!text.starts_with(r#"{"type":"error""#), "the server says {text}");
            if text.contains(content) {
                return &self.received[start..end];
            }
        }
    }

    async fn send(&mut self, opcode: u8, payload: &[u8]) {
        self.outgoing.clear();
        masked(opcode, payload, &mut self.outgoing);
        self.stream.write_all(&self.outgoing).await.expect("the server reads");
    }

    /// Where the next text frame's payload lies in `received`. Nothing is lost
    /// when this is dropped half-way.
    async fn next_text(&mut self) -> (usize, usize) {
        loop {
            let rest = &self.received[self.taken..];
            let whole = Header::read(rest).filter(|header| rest.len() >= header.whole());
            let Some(header) = whole else {
                self.receive().await;
                continue;
            };
            let start = self.taken + header.length;
            let end = start + header.payload;
            self.taken = end;
            match header.opcode {
                TEXT => return (start, end),
                PING => {
                    let payload = self.received[start..end].to_vec();
                    self.send(PONG, &payload).await;
                }
                CLOSE => panic!("closed with {:?}", close_code(&self.received[start..end])),
                _ => {}
            }
        }
    }

    async fn receive(&mut self) {
        self.received.drain(..self.taken);
        self.taken = 0;
        let read = self.stream.read_buf(&mut self.received).await.expect("the server writes");
        assert!(read > 0, "the server hung up");
    }
}

/// Appends a frame as a client sends it.
pub fn masked(opcode: u8, payload: &[u8], frame: &mut Vec<u8>) {
    head(opcode, payload.len(), 0x80, frame);
    frame.extend_from_slice(&MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, key)| byte ^ key));
}

/// Appends a frame's header; the bit says that a mask follows.
pub fn head(opcode: u8, length: usize, mask_bit: u8, frame: &mut Vec<u8>) {
    frame.push(0x80 | opcode);
    match u8::try_from(length) {
        Ok(short) if short < 126 => frame.push(mask_bit | short),
        _ => {
            frame.push(mask_bit | 126);
            frame.extend(u16::try_from(length).expect("a short message").to_be_bytes());
        }
    }
}

/// What a frame says about itself before its payload.
pub struct Header {
    pub opcode: u8,
    /// Bytes of the header itself; a server's frames have no mask.
    pub length: usize,
    pub payload: usize,
}

impl Header {
    /// The header that `bytes` begin with, once it is there as a whole.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let opcode = bytes.first()? & 0x0F;
        let (length, payload) = match bytes.get(1)? & 0x7F {
            126 => (4, u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?).into()),
            127 => {
                let long = u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?);
                (10, usize::try_from(long).expect("a frame that fits into memory"))
            }
            short => (2, usize::from(short)),
        };
        Some(Self { opcode, length, payload })
    }

    /// Bytes of header and payload.
    pub fn whole(&self) -> usize {
        self.length + self.payload
    }
}

/// Why the other side closes, if it says so.
pub fn close_code(payload: &[u8]) -> Option<u16> {
    Some(u16::from_be_bytes(payload.get(..2)?.try_into().ok()?))
}

/// Connects to a room's socket. The bytes that come with it were read after the
/// handshake's answer and belong to the first frames.
pub async fn connect(addr: SocketAddr, room: u64, token: &str) -> (TcpStream, Vec<u8>) {
    connect_to(addr, &format!("/ws/room/{room}/"), token).await
}

/// The same of a socket that is no room's.
pub async fn connect_to(addr: SocketAddr, path: &str, token: &str) -> (TcpStream, Vec<u8>) {
    let mut stream = dial(addr).await;
    let rest = upgrade(&mut stream, addr, path, token).await;
    (stream, rest)
}

/// Connections from one loopback address, which has some 28,000 ports for them.
const FROM_ONE_ADDRESS: u32 = 20_000;
/// The first of the ports that are named where there are more: the kernel would look for each among all.
const FIRST_PORT: u16 = 10_000;

/// A connection, from another loopback address after so many.
pub async fn dial(addr: SocketAddr) -> TcpStream {
    static DIALLED: AtomicU32 = AtomicU32::new(0);
    let number = DIALLED.fetch_add(1, Ordering::Relaxed);
    let stream = if number < FROM_ONE_ADDRESS {
        TcpStream::connect(addr).await
    } else {
        let from = Ipv4Addr::from(u32::from(Ipv4Addr::LOCALHOST) + number / FROM_ONE_ADDRESS);
        let port = FIRST_PORT + u16::try_from(number % FROM_ONE_ADDRESS).expect("a port");
        let socket = TcpSocket::new_v4().expect("a file for a socket");
        socket.set_reuseaddr(true).expect("SO_REUSEADDR");
        socket.bind((from, port).into()).expect("a port of its own");
        socket.connect(addr).await
    };
    let stream = stream.expect("the server accepts");
    stream.set_nodelay(true).expect("TCP_NODELAY");
    stream
}

/// Makes a socket of a connection.
pub async fn upgrade<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    addr: SocketAddr,
    path: &str,
    token: &str,
) -> Vec<u8> {
    let hello = format!(
        "GET {path}?token={token} HTTP/1.1\r\nHost: {addr}\r\n\
         Connection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ZmlyZXNpZGUtYmVuY2gtMQ==\r\n\r\n"
    );
    stream.write_all(hello.as_bytes()).await.expect("the request leaves");
    after_the_head(stream).await
}

/// Reads the answer to the handshake; what follows it belongs to the socket.
async fn after_the_head(stream: &mut (impl AsyncRead + Unpin)) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let read = stream.read_buf(&mut bytes).await.expect("the server answers");
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            assert!(head.starts_with("HTTP/1.1 101 "), "no WebSocket: {head}");
            return bytes.split_off(end + 4);
        }
        assert!(read > 0, "the server hung up: {}", String::from_utf8_lossy(&bytes));
    }
}
