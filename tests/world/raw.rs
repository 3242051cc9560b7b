//! HTTP written by hand, for what no proper client would send.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::Fireside;

const WAIT: Duration = Duration::from_secs(5);

/// All that came back before the server closed the connection.
#[derive(Debug)]
pub struct RawAnswer {
    pub bytes: Vec<u8>,
}

impl Fireside {
    pub async fn connects(&self) -> TcpStream {
        TcpStream::connect(self.address()).await.unwrap()
    }

    /// Sends bytes and reads until the server closes. The bytes should ask
    /// for that with `Connection: close`, unless the server must do it anyway.
    pub async fn hears_bytes(&self, bytes: &[u8]) -> RawAnswer {
        let (mut from, mut to) = self.connects().await.into_split();
        let bytes = bytes.to_vec();
        // A server may answer and hang up before it has read everything.
        let sending = tokio::spawn(async move {
            to.write_all(&bytes).await.ok();
            to
        });
        let answer = read_to_end(&mut from).await;
        sending.abort();
        answer
    }

    /// A request with a body, its length included.
    pub async fn hears_request(&self, head: &str, body: &[u8]) -> RawAnswer {
        let mut bytes = format!(
            "{head}\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
            self.address(),
            body.len()
        )
        .into_bytes();
        bytes.extend_from_slice(body);
        self.hears_bytes(&bytes).await
    }
}

async fn read_to_end(from: &mut (impl tokio::io::AsyncRead + Unpin)) -> RawAnswer {
    let mut bytes = Vec::new();
    let mut chunk = [0; 8192];
    loop {
        match tokio::time::timeout(WAIT, from.read(&mut chunk)).await {
            Ok(Ok(0) | Err(_)) => return RawAnswer { bytes },
            Ok(Ok(count)) => bytes.extend_from_slice(&chunk[..count]),
            // It answered and listens on: whatever it waits for, it is not ours.
            Err(_) if !bytes.is_empty() => return RawAnswer { bytes },
            Err(_) => panic!("the server neither answered nor closed"),
        }
    }
}

impl RawAnswer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The status of the first answer; nothing if there was none.
    pub fn status(&self) -> Option<u16> {
        let text = self.text();
        text.strip_prefix("HTTP/1.1 ").or_else(|| text.strip_prefix("HTTP/1.0 "))?.get(..3)?.parse().ok()
    }

    pub fn header(&self, name: &str) -> Option<String> {
        let text = self.text();
        let (head, _) = text.split_once("\r\n\r\n")?;
        head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    }

    pub fn body(&self) -> String {
        let text = self.text();
        text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default()
    }

    /// The JSON body of an answer that is not chunked.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body()).unwrap_or_else(|error| panic!("not JSON ({error}): {}", self.text()))
    }

    /// A refusal in the envelope of the `/api/…` dialects.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) {
        assert_eq!(self.status(), Some(status), "{}", self.text());
        assert_eq!(self.json()["error"], code, "{}", self.text());
    }
}
