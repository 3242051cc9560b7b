//! Certificates made for a test, and a client that trusts them alone.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_tungstenite::WebSocketStream;

use crate::world::Fireside;
use crate::world::raw::RawAnswer;

/// A folder with `cert.pem` and `key.pem`.
pub struct Certificates {
    folder: TempDir,
}

impl Certificates {
    /// With a pair for `localhost` in place.
    pub fn new() -> (Self, CertificateDer<'static>) {
        let certificates = Self { folder: TempDir::new().unwrap() };
        let first = certificates.renews();
        (certificates, first)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts a new pair in place of the old one.
    pub fn renews(&self) -> CertificateDer<'static> {
        self.makes(Duration::from_hours(24 * 365 * 100))
    }

    /// A pair that ends so long after 1970.
    pub fn makes(&self, end: Duration) -> CertificateDer<'static> {
        self.makes_between(Duration::from_hours(24 * 365 * 30), end)
    }

    /// A pair that begins and ends so long after 1970.
    pub fn makes_between(&self, begin: Duration, end: Duration) -> CertificateDer<'static> {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.not_before = date_time_ymd(1970, 1, 1) + begin;
        params.not_after = date_time_ymd(1970, 1, 1) + end;
        let certificate = params.self_signed(&key).unwrap();
        std::fs::write(self.path("key.pem"), key.serialize_pem()).unwrap();
        std::fs::write(self.path("cert.pem"), certificate.pem()).unwrap();
        certificate.der().clone()
    }

    /// What the server is started with.
    pub fn flags(&self) -> [String; 4] {
        let path = |name| self.path(name).display().to_string();
        ["--tls-cert".to_owned(), path("cert.pem"), "--tls-key".to_owned(), path("key.pem")]
    }

    /// A server that speaks HTTPS with them.
    pub async fn serve(&self, more: &[&str]) -> Fireside {
        let flags = self.flags();
        let flags: Vec<&str> = flags.iter().map(String::as_str).chain(more.iter().copied()).collect();
        Fireside::start_with(&flags).await
    }
}

/// Somebody who trusts one certificate.
#[derive(Clone)]
pub struct Visitor {
    pub address: String,
    /// Whom they ask for.
    name: String,
    config: ClientConfig,
}

impl Visitor {
    pub fn of(fireside: &Fireside, trusts: &CertificateDer<'static>) -> Self {
        Self::at(fireside.address(), "localhost", trusts)
    }

    /// Of whatever is at an address, which they call so.
    pub fn at(address: &str, name: &str, trusts: &CertificateDer<'static>) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(trusts.clone()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self { address: address.to_owned(), name: name.to_owned(), config }
    }

    /// The same who offers these protocols inside TLS.
    pub fn offering(mut self, protocols: &[&str]) -> Self {
        self.config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        self
    }

    pub async fn tries(&self) -> std::io::Result<TlsStream<TcpStream>> {
        let tcp = TcpStream::connect(&self.address).await?;
        tcp.set_nodelay(true)?;
        let name = ServerName::try_from(self.name.clone()).unwrap();
        TlsConnector::from(Arc::new(self.config.clone())).connect(name, tcp).await
    }

    pub async fn connects(&self) -> TlsStream<TcpStream> {
        self.tries().await.expect("a certificate that is trusted")
    }

    /// Sends a request and reads until the server has closed.
    pub async fn asks(&self, head: &str, body: &str) -> RawAnswer {
        let mut stream = self.connects().await;
        let request = format!(
            "{head}\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.name,
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        let ended = stream.read_to_end(&mut bytes).await;
        let answer = RawAnswer { bytes };
        // Of a body that was refused unread the end is not said, since a client may still send it.
        assert!(ended.is_ok() || answer.status() >= Some(400), "the end is not TLS's own: {ended:?}");
        answer
    }

    /// A new account's token.
    pub async fn registers(&self, username: &str) -> String {
        let account = json!({"username": username, "email": format!("{username}@example.org"),
            "password": format!("correct horse {username}")});
        let answer = self.asks("POST /api/auth/register/ HTTP/1.1", &account.to_string()).await;
        assert_eq!(answer.status(), Some(201), "{}", answer.text());
        answer.json()["token"].as_str().unwrap().to_owned()
    }

    /// With a token, as JSON.
    pub async fn does(&self, token: &str, line: &str, body: &Value) -> Value {
        let answer = self.asks(&format!("{line} HTTP/1.1\r\nAuthorization: Token {token}"), &body.to_string()).await;
        assert!(matches!(answer.status(), Some(200 | 201)), "{}", answer.text());
        answer.json()
    }

    pub async fn opens(&self, path: &str, token: &str) -> WebSocketStream<TlsStream<TcpStream>> {
        let url = format!("wss://{}{path}?token={token}", self.name);
        tokio_tungstenite::client_async(url, self.connects().await).await.expect("a socket").0
    }
}
