//! One keep-alive connection, and no more of HTTP than the server's own answers need:
//! a full client would cost more than what it measures.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A connection on which one request follows the other.
pub struct Http {
    stream: TcpStream,
    host: SocketAddr,
    token: String,
    received: Vec<u8>,
    outgoing: Vec<u8>,
}

impl Http {
    pub async fn connect(host: SocketAddr, token: &str) -> Self {
        let stream = TcpStream::connect(host).await.expect("the server accepts");
        stream.set_nodelay(true).expect("TCP_NODELAY");
        Self { stream, host, token: token.to_owned(), received: Vec::new(), outgoing: Vec::new() }
    }

    /// Asks for a path and answers how long the answer's body is.
    pub async fn get(&mut self, path: &str) -> usize {
        let token =
            if self.token.is_empty() { String::new() } else { format!("Authorization: Token {}\r\n", self.token) };
        let head = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n{token}\r\n", self.host);
        self.exchange(head.as_bytes(), &[], "200").await
    }

    /// Asks for a path that may be refused: whether it was not.
    pub async fn is_got(&mut self, path: &str) -> bool {
        let head = format!("GET {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Token {}\r\n\r\n", self.host, self.token);
        self.answer(head.as_bytes(), &[]).await.0 == "200"
    }

    /// What a path answers, as text.
    pub async fn body(&mut self, path: &str) -> String {
        let length = self.get(path).await;
        String::from_utf8_lossy(&self.received[self.received.len() - length..]).into_owned()
    }

    /// Waits until all that was said is found by search.
    pub async fn until_searchable(&mut self) {
        while !self.body("/messages/api/search/?q=anything").await.contains("\"indexed\":1.0") {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Asks for a path at which nothing is.
    pub async fn get_nothing(&mut self, path: &str) {
        let head = format!("GET {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Token {}\r\n\r\n", self.host, self.token);
        self.exchange(head.as_bytes(), &[], "404").await;
    }

    /// Sends JSON to a path, which has to make something of it.
    pub async fn post(&mut self, path: &str, body: &str) -> usize {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Token {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n",
            self.host,
            self.token,
            body.len()
        );
        self.exchange(head.as_bytes(), body.as_bytes(), "201").await
    }

    /// The same to a path of its own rights, which takes it and makes nothing that has an address.
    pub async fn tell(&mut self, path: &str, body: &str) -> usize {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            self.host,
            body.len()
        );
        self.exchange(head.as_bytes(), body.as_bytes(), "200").await
    }

    async fn exchange(&mut self, head: &[u8], body: &[u8], status: &str) -> usize {
        let (answered, length) = self.answer(head, body).await;
        assert_eq!(answered, status, "{}", String::from_utf8_lossy(&self.received));
        length
    }

    /// The status, and how long the body is.
    async fn answer(&mut self, head: &[u8], body: &[u8]) -> (String, usize) {
        self.outgoing.clear();
        self.outgoing.extend_from_slice(head);
        self.outgoing.extend_from_slice(body);
        self.stream.write_all(&self.outgoing).await.expect("the server reads");
        self.received.clear();
        loop {
            let read = self.stream.read_buf(&mut self.received).await.expect("the server answers");
            assert!(read > 0, "the server hung up");
            let Some(end) = self.received.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
            let head = std::str::from_utf8(&self.received[..end]).expect("a head in ASCII");
            let (status, length) = (head.get(9..12).unwrap_or_default().to_owned(), content_length(head));
            let came = self.received.len() - end - 4;
            // What comes in pieces has no length, and an end.
            let is_whole = length.map_or_else(|| self.received.ends_with(b"\r\n0\r\n\r\n"), |length| came >= length);
            if is_whole {
                return (status, length.unwrap_or(came));
            }
        }
    }
}

fn content_length(head: &str) -> Option<usize> {
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    let length = lines.find(|(name, _)| name.eq_ignore_ascii_case("content-length"))?;
    Some(length.1.parse().expect("a number"))
}
