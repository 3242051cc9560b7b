//! Asking a server as a browser far away would: HTTP, TLS and WebSockets by its URL.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, Limited, StreamBody};
use hyper::body::Frame;
use hyper::client::conn::http1;
use hyper::header::{HOST, HeaderName, HeaderValue};
use hyper::http::request::Builder;
use hyper::{HeaderMap, Request, Uri};
use hyper_util::rt::TokioIo;
use rustls_native_certs::load_native_certs;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_tungstenite::WebSocketStream;

use crate::api::http::forwarded;

/// How long a connection, and an answer, may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// Largest answer that is read, in bytes.
const MAX_ANSWER: usize = 256 * 1024;
/// Bytes of an upload that are handed over at once.
const PIECE: u64 = 64 * 1024;

/// A server's public address, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Whether it is asked over TLS.
    pub is_https: bool,
    /// Its name or address, without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Name and port as they stand in the URL.
    pub authority: String,
    /// The path below which it lives: nothing, or like `/chat`.
    pub base: String,
}

impl Target {
    /// Takes `https://chat.example.org` or `http://127.0.0.1:8000/chat` apart.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not like https://chat.example.org or https://example.org/chat");
        let uri: Uri = text.parse().map_err(|_| wrong())?;
        let is_https = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(wrong()),
        };
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@')).ok_or_else(wrong)?;
        if uri.query().is_some() || forwarded::host(authority.as_str()).is_none() {
            return Err(wrong());
        }
        Ok(Self {
            is_https,
            host: authority.host().trim_matches(['[', ']']).to_owned(),
            port: authority.port_u16().unwrap_or(if is_https { 443 } else { 80 }),
            authority: authority.as_str().to_ascii_lowercase(),
            base: uri.path().trim_end_matches('/').to_owned(),
        })
    }

    /// As a browser writes it into `Origin`.
    pub fn origin(&self) -> String {
        let scheme = if self.is_https { "https" } else { "http" };
        let usual = if self.is_https { ":443" } else { ":80" };
        format!("{scheme}://{}", self.authority.strip_suffix(usual).unwrap_or(&self.authority))
    }
}

/// An answer, read whole.
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl Answer {
    /// A header that is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// What TLS and plain TCP have in common.
pub trait Stream: AsyncRead + AsyncWrite + Send {}
impl<S: AsyncRead + AsyncWrite + Send> Stream for S {}
pub type Connection = Pin<Box<dyn Stream>>;

/// Asks one server, with a connection for each question.
pub struct Client {
    pub target: Target,
    tls: TlsConnector,
}

impl Client {
    /// Trusts what the machine trusts: `SSL_CERT_FILE` names other authorities.
    pub fn new(target: Target) -> io::Result<Self> {
        let mut roots = RootCertStore::empty();
        let (_, unusable) = roots.add_parsable_certificates(load_native_certs().certs);
        if unusable > 0 {
            tracing::debug!(unusable, "some authorities are not understood");
        }
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { target, tls: TlsConnector::from(Arc::new(config)) })
    }

    async fn connect(&self) -> io::Result<Connection> {
        let Target { host, port, .. } = &self.target;
        let tcp = within(PATIENCE, TcpStream::connect((host.as_str(), *port))).await?;
        if !self.target.is_https {
            return Ok(Box::pin(tcp));
        }
        let name = ServerName::try_from(host.clone()).map_err(io::Error::other)?;
        Ok(Box::pin(within(PATIENCE, self.tls.connect(name, tcp)).await?))
    }

    /// What `path` of the server answers.
    pub async fn get(&self, path: &str, headers: &[(&'static str, &str)]) -> io::Result<Answer> {
        self.ask("GET", path, headers, Full::default().boxed(), PATIENCE).await
    }

    /// Sends a small body.
    pub async fn post(&self, path: &str, headers: &[(&'static str, &str)], body: &'static str) -> io::Result<Answer> {
        self.ask("POST", path, headers, Full::from(body).boxed(), PATIENCE).await
    }

    /// Uploads a file of so many zeros.
    pub async fn upload(&self, path: &str, token: Option<&str>, size: u64, within: Duration) -> io::Result<Answer> {
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
    ) -> io::Result<Answer> {
        let request = self.request(&format!("{}{path}", self.target.base), headers)?.method(method);
        let request = request.body(body).map_err(io::Error::other)?;
        let io = TokioIo::new(self.connect().await?);
        within(patience, async {
            let (mut sender, connection) = http1::handshake(io).await.map_err(io::Error::other)?;
            let driving = tokio::spawn(connection);
            let answer = sender.send_request(request).await.map_err(cause_of)?;
            let (head, body) = answer.into_parts();
            let body = Limited::new(body, MAX_ANSWER).collect().await.map_err(io::Error::other)?.to_bytes();
            driving.abort();
            Ok(Answer { status: head.status.as_u16(), headers: head.headers, body })
        })
        .await
    }

    fn request(&self, uri: &str, headers: &[(&'static str, &str)]) -> io::Result<Builder> {
        let mut request = Request::builder().uri(uri).header(HOST, &self.target.authority);
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).map_err(io::Error::other)?;
            request = request.header(HeaderName::from_static(name), value);
        }
        Ok(request)
    }

    /// Opens a WebSocket as a page of the server would.
    pub async fn socket(&self, path: &str, token: Option<&str>) -> io::Result<WebSocketStream<Connection>> {
        let scheme = if self.target.is_https { "wss" } else { "ws" };
        let uri = format!("{scheme}://{}{}{path}", self.target.authority, self.target.base);
        let origin = self.target.origin();
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
        let request = self.request(&uri, &headers)?.body(()).map_err(io::Error::other)?;
        let connection = self.connect().await?;
        let opening = tokio_tungstenite::client_async(request, connection);
        within(PATIENCE, async { opening.await.map(|(socket, _)| socket).map_err(io::Error::other) }).await
    }
}

/// hyper says that something went wrong; what it was stands behind that.
fn cause_of(error: hyper::Error) -> io::Error {
    match std::error::Error::source(&error) {
        Some(cause) => io::Error::other(format!("{error}: {cause}")),
        None => io::Error::other(error),
    }
}

async fn within<T>(patience: Duration, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(patience, work).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::Target;

    #[test]
    fn a_url_is_taken_apart() {
        let target = Target::parse("https://Chat.example.org").expect("a URL");
        assert_eq!((target.host.as_str(), target.port, target.base.as_str()), ("Chat.example.org", 443, ""));
        assert_eq!(target.origin(), "https://chat.example.org");
        let target = Target::parse("http://[::1]:8000/chat/").expect("a URL");
        assert_eq!((target.host.as_str(), target.port, target.base.as_str()), ("::1", 8000, "/chat"));
        assert_eq!(target.origin(), "http://[::1]:8000");
        for bad in ["", "chat.example.org", "ftp://x", "https://", "/chat", "http://u:p@h/", "http://h/?x"] {
            assert!(Target::parse(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_an_address_or_refused(noise in any::<String>(), near in "https?://[a-z0-9.:\\[\\]@-]{0,16}(/[a-z/?]{0,6})?") {
            for text in [noise, near] {
                let Ok(target) = Target::parse(&text) else { continue };
                prop_assert!(!target.host.is_empty() && !target.base.ends_with('/'), "{text}");
                let again = Target::parse(&format!("{}{}", target.origin(), target.base)).expect("its own words");
                prop_assert_eq!((again.is_https, again.port, again.base), (target.is_https, target.port, target.base));
                prop_assert_eq!(again.host.to_ascii_lowercase(), target.host.to_ascii_lowercase());
            }
        }
    }
}
