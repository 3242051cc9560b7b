//! Requests written by hand, many at once on one connection, and answers cut from it.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;

/// Whoever is not answered by then hangs.
const DEADLINE: Duration = Duration::from_secs(20);

/// One case: what is sent, and what is to be known of it.
pub struct Case {
    pub bytes: Vec<u8>,
    pub path: String,
    pub is_head: bool,
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}

/// Bytes of a connection that were not cut into answers yet.
struct Incoming {
    from: OwnedReadHalf,
    bytes: Vec<u8>,
}

/// Why there is no further answer.
#[derive(Debug)]
pub enum Silence {
    Closed,
    Hangs,
}

impl Incoming {
    async fn more(&mut self) -> Result<(), Silence> {
        let mut piece = [0; 16 * 1024];
        match tokio::time::timeout(DEADLINE, self.from.read(&mut piece)).await {
            Err(_) => Err(Silence::Hangs),
            Ok(Ok(0) | Err(_)) => Err(Silence::Closed),
            Ok(Ok(count)) => {
                self.bytes.extend_from_slice(&piece[..count]);
                Ok(())
            }
        }
    }

    async fn take(&mut self, count: usize) -> Result<Vec<u8>, Silence> {
        while self.bytes.len() < count {
            self.more().await?;
        }
        Ok(self.bytes.drain(..count).collect())
    }

    async fn take_through(&mut self, mark: &[u8]) -> Result<Vec<u8>, Silence> {
        loop {
            if let Some(at) = self.bytes.windows(mark.len()).position(|window| window == mark) {
                return self.take(at + mark.len()).await;
            }
            self.more().await?;
        }
    }

    async fn reply(&mut self, is_head: bool) -> Result<Reply, Silence> {
        let head = String::from_utf8_lossy(&self.take_through(b"\r\n\r\n").await?).into_owned();
        let status = head.get(9..12).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("{head}"));
        let headers: Vec<(String, String)> = head
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let mut reply = Reply { status, headers, body: Vec::new() };
        if is_head || status < 200 || [204, 304].contains(&status) {
            return Ok(reply);
        }
        reply.body = match reply.header("content-length").map(|length| length.parse().unwrap()) {
            Some(length) => self.take(length).await?,
            None if reply.header("transfer-encoding") == Some("chunked") => self.chunks().await?,
            None => Vec::new(),
        };
        Ok(reply)
    }

    async fn chunks(&mut self) -> Result<Vec<u8>, Silence> {
        let mut body = Vec::new();
        loop {
            let line = String::from_utf8_lossy(&self.take_through(b"\r\n").await?).into_owned();
            let size = usize::from_str_radix(line.trim(), 16).unwrap_or_else(|_| panic!("a chunk of {line:?}"));
            body.extend(self.take(size).await?);
            self.take(2).await?;
            if size == 0 {
                return Ok(body);
            }
        }
    }
}

/// Asks all of it on one connection, and on another what that one was closed before.
pub async fn ask(address: &str, cases: &[Case]) -> Vec<Reply> {
    let mut replies: Vec<Reply> = Vec::new();
    while replies.len() < cases.len() {
        let left = &cases[replies.len()..];
        let (from, mut to) = TcpStream::connect(address).await.unwrap().into_split();
        let all: Vec<u8> = left.iter().flat_map(|case| case.bytes.clone()).collect();
        let writing = tokio::spawn(async move {
            // It may be closed before everything is sent; the rest goes over another.
            to.write_all(&all).await.ok();
            to
        });
        let mut incoming = Incoming { from, bytes: Vec::new() };
        let before = replies.len();
        for case in left {
            match incoming.reply(case.is_head).await {
                Ok(reply) => {
                    let is_last = reply.header("connection") == Some("close");
                    replies.push(reply);
                    if is_last {
                        break;
                    }
                }
                Err(Silence::Closed) => break,
                Err(Silence::Hangs) => panic!("no answer in time: {}", shown(&case.bytes)),
            }
        }
        writing.abort();
        assert!(replies.len() > before, "closed without an answer: {}", shown(&left[0].bytes));
    }
    replies
}

/// Sends bytes that are hardly HTTP and no more. Closed in time, with the statuses that came.
pub async fn break_in(address: &str, bytes: &[u8]) -> Vec<u16> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.ok();
    stream.shutdown().await.ok();
    let (from, _to) = stream.into_split();
    let mut incoming = Incoming { from, bytes: Vec::new() };
    let mut statuses = Vec::new();
    loop {
        match incoming.take_through(b"HTTP/1.1 ").await {
            Ok(_) => {
                let status = incoming.take(3).await.unwrap_or_default();
                statuses.push(String::from_utf8_lossy(&status).parse().unwrap_or(0));
            }
            Err(Silence::Closed) => return statuses,
            Err(Silence::Hangs) => panic!("left open: {}", shown(bytes)),
        }
    }
}

/// Bytes for a report, cut where they get long.
pub fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    if text.len() < 3000 { text.into_owned() } else { format!("{}…", text.chars().take(3000).collect::<String>()) }
}
