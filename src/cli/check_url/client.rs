//! Asking a server as a browser far away would: HTTP, TLS and WebSockets by its URL.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use hyper::header::{HOST, HeaderName, HeaderValue};
use hyper::http::request::Builder;
use hyper::{HeaderMap, Request};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;

use crate::outbound::{Connection, Failure, Host, Network, Outbound, Rules, Target};

/// How long a connection, and an answer, may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// Largest answer that is read, in bytes.
const MAX_ANSWER: usize = 256 * 1024;
/// Bytes of an upload that are handed over at once.
const PIECE: u64 = 64 * 1024;

/// A server's public address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    pub target: Target,
    /// The path below which it lives: nothing, or like `/chat`.
    pub base: String,
}

impl Site {
    /// Takes `https://chat.example.org` or `http://127.0.0.1:8000/chat` apart.
    pub fn parse(text: &str) -> Result<Self, String> {
        let target = Target::parse(text).filter(|target| !target.path.contains('?'));
        let target = target
            .ok_or_else(|| format!("`{text}` is not like https://chat.example.org or https://example.org/chat"))?;
        Ok(Self { base: target.path.trim_end_matches('/').to_owned(), target })
    }

    /// Whether it is this machine.
    pub fn is_local(&self) -> bool {
        match &self.target.host {
            Host::Name(name) => name == "localhost",
            Host::Address(address) => address.is_loopback(),
        }
    }
}

/// An answer, read whole.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    /// A header that is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Asks one server, with a connection for each question.
pub struct Client {
    pub site: Site,
    outbound: Outbound,
}

impl Client {
    /// Whoever types a URL may ask any address.
    pub fn new(site: Site) -> Self {
        let allowed = ["0.0.0.0/0", "::/0"].iter().filter_map(|network| network.parse::<Network>().ok()).collect();
        Self { site, outbound: Outbound::new(Rules { allowed, may_use_http: true, at_once: 1 }) }
    }

    /// What `path` of the server answers.
    pub async fn get(&self, path: &str, headers: &[(&'static str, &str)]) -> Result<Answer, Failure> {
        self.ask("GET", path, headers, Full::default().boxed(), PATIENCE).await
    }

    /// Sends a small body.
    pub async fn post(
        &self,
        path: &str,
        headers: &[(&'static str, &str)],
        body: &'static str,
    ) -> Result<Answer, Failure> {
        self.ask("POST", path, headers, Full::from(body).boxed(), PATIENCE).await
    }

    /// Uploads a file of so many zeros.
    pub async fn upload(
        &self,
        path: &str,
        token: Option<&str>,
        size: u64,
        within: Duration,
    ) -> Result<Answer, Failure> {
        const HEAD: &str = "--check\r\nContent-Disposition: form-data; name=\"file\"; filename=\"check\"\r\n\r\n";
        const TAIL: &str = "\r\n--check--\r\n";
        let zeros = stream::unfold(size, |left| async move {
            let piece = left.min(PIECE);
            let zeros = Bytes::from(vec![0; usize::try_from(piece).unwrap_or(0)]);
            (left > 0).then(|| (zeros, left - piece))
        });
        let head = stream::iter([Bytes::from_static(HEAD.as_bytes())]);
        let tail = stream::iter([Bytes::from_static(TAIL.as_bytes())]);
        let pieces = futures_util::StreamExt::chain(futures_util::StreamExt::chain(head, zeros), tail);
        let frames = futures_util::StreamExt::map(pieces, |piece| Ok::<_, Infallible>(Frame::data(piece)));
        let length = (size + (HEAD.len() + TAIL.len()) as u64).to_string();
        let bearer = token.map(|token| format!("Token {token}"));
        let mut headers =
            vec![("content-type", "multipart/form-data; boundary=check"), ("content-length", length.as_str())];
        headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
        self.ask("POST", path, &headers, BodyExt::boxed(StreamBody::new(frames)), within).await
    }

    async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&'static str, &str)],
        body: BoxBody<Bytes, Infallible>,
        patience: Duration,
    ) -> Result<Answer, Failure> {
        let request = self.request(&format!("{}{path}", self.site.base), headers)?.method(method);
        let request = request.body(body).map_err(broken)?;
        let answer = self.outbound.send(&self.site.target, request, MAX_ANSWER);
        let (head, body) = timeout(patience, answer).await.map_err(|_| Failure::TimedOut)??;
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, body })
    }

    fn request(&self, uri: &str, headers: &[(&'static str, &str)]) -> Result<Builder, Failure> {
        let mut request = Request::builder().uri(uri).header(HOST, &self.site.target.authority);
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).map_err(broken)?;
            request = request.header(HeaderName::from_static(name), value);
        }
        Ok(request)
    }

    /// Opens a WebSocket as a page of the server would.
    pub async fn socket(&self, path: &str, token: Option<&str>) -> Result<WebSocketStream<Connection>, Failure> {
        let Site { target, base } = &self.site;
        let scheme = if target.is_https { "wss" } else { "ws" };
        let uri = format!("{scheme}://{}{base}{path}", target.authority);
        let origin = target.origin();
        let protocol = token.map(|token| format!("token, {token}"));
        let mut headers = vec![
            ("origin", origin.as_str()),
            ("connection", "Upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
        ];
        let key = tokio_tungstenite::tungstenite::handshake::client::generate_key();
        headers.push(("sec-websocket-key", &key));
        headers.extend(protocol.as_deref().map(|protocol| ("sec-websocket-protocol", protocol)));
        let request = self.request(&uri, &headers)?.body(()).map_err(broken)?;
        let opening = async {
            let connection = self.outbound.connect(target).await?;
            tokio_tungstenite::client_async(request, connection).await.map_err(broken)
        };
        timeout(PATIENCE, opening).await.map_err(|_| Failure::TimedOut)?.map(|(socket, _)| socket)
    }
}

fn broken(cause: impl ToString) -> Failure {
    Failure::Broken(cause.to_string())
}

#[cfg(test)]
mod tests {
    use super::Site;

    #[test]
    fn a_site_may_live_below_a_path() {
        let base = |url: &str| Site::parse(url).map(|site| site.base);
        assert_eq!(base("https://Chat.example.org").as_deref(), Ok(""));
        assert_eq!(base("http://[::1]:8000/chat/").as_deref(), Ok("/chat"));
        for bad in ["", "chat.example.org", "ftp://x", "https://", "/chat", "http://u:p@h/", "http://h/?x"] {
            assert!(Site::parse(bad).is_err(), "{bad}");
        }
    }
}
