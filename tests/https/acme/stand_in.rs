//! What answers in a certificate authority's place, and is none.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::server::TlsStream;

use crate::https::client::Certificates;

/// What it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manners {
    /// Wants no more orders for a while.
    Limits,
    /// Says things that do not end.
    Endless,
    /// Sends whoever asks elsewhere.
    Redirects,
    /// Says what nobody understands.
    Garbage,
    /// Names places that are none.
    WrongUrls,
    /// Names places that are not public.
    Private,
    /// Wants something shown that no token is.
    OddToken,
    /// Wants to be asked again in a negative time, in no kind of JSON.
    Negative,
}

pub struct StandIn {
    port: u16,
    /// The certificate that it is trusted by.
    pub trusted: PathBuf,
    requests: Arc<AtomicUsize>,
    elsewhere: Arc<AtomicUsize>,
    _certificates: Certificates,
}

impl StandIn {
    pub async fn start(manners: Manners) -> Self {
        let (certificates, der) = Certificates::new();
        let key = PrivateKeyDer::from_pem_file(certificates.path("key.pem")).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![der], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (requests, elsewhere) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let other_port = other.local_addr().unwrap().port();
        let (counted, strays) = (Arc::clone(&requests), Arc::clone(&elsewhere));
        tokio::spawn(async move {
            while other.accept().await.is_ok() {
                strays.fetch_add(1, Ordering::Relaxed);
            }
        });
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let (acceptor, counted) = (acceptor.clone(), Arc::clone(&counted));
                tokio::spawn(async move {
                    let Ok(stream) = acceptor.accept(tcp).await else { return };
                    counted.fetch_add(1, Ordering::Relaxed);
                    // Whoever has heard enough hangs up.
                    answer(stream, manners, port, other_port).await.ok();
                });
            }
        });
        Self { port, trusted: certificates.path("cert.pem"), requests, elsewhere, _certificates: certificates }
    }

    pub fn directory(&self) -> String {
        format!("https://localhost:{}/dir", self.port)
    }

    /// How many requests have come.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }

    /// How many came to where they were sent.
    pub fn elsewhere(&self) -> usize {
        self.elsewhere.load(Ordering::Relaxed)
    }
}

async fn answer(mut stream: TlsStream<TcpStream>, manners: Manners, port: u16, other_port: u16) -> std::io::Result<()> {
    let mut request = vec![0; 16 * 1024];
    let length = stream.read(&mut request).await?;
    let request = String::from_utf8_lossy(&request[..length]).into_owned();
    let path = request.split_whitespace().nth(1).unwrap_or_default();
    let directory = |url: &str| {
        let urls = json!({"newNonce": format!("{url}nonce"), "newAccount": format!("{url}account"),
            "newOrder": format!("{url}order")});
        ok(&urls.to_string())
    };
    let said = match manners {
        Manners::Endless => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9000000000\r\n\r\n").await?;
            loop {
                stream.write_all(&[b'x'; 65_536]).await?;
            }
        }
        Manners::Redirects => {
            format!("HTTP/1.1 307 Go\r\nLocation: https://127.0.0.1:{other_port}/\r\nContent-Length: 0\r\n\r\n")
        }
        Manners::Garbage => ok("{\"newNonce\": 7, \u{7}"),
        Manners::WrongUrls => directory("gopher://\u{0} no/"),
        Manners::Private => directory(&format!("https://127.0.0.1:{other_port}/")),
        Manners::Negative => "HTTP/1.1 503 Away\r\nRetry-After: -31536000\r\nContent-Type: image/png\r\n\
                              Content-Length: 3\r\n\r\nPNG"
            .to_owned(),
        Manners::Limits | Manners::OddToken => match path {
            "/dir" => directory(&format!("https://localhost:{port}/")),
            "/nonce" => ok(""),
            "/account" => ok("{}").replace("200 OK", "201 Made\r\nLocation: https://localhost/account/1"),
            "/order" if manners == Manners::OddToken => {
                let url = |what: &str| format!("https://localhost:{port}/{what}");
                let order = json!({"status": "pending", "authorizations": [url("proof")], "finalize": url("end")});
                ok(&order.to_string()).replace("200 OK", &format!("201 Made\r\nLocation: {}", url("order/1")))
            }
            "/proof" => {
                let challenge = json!({"type": "http-01", "url": format!("https://localhost:{port}/challenge"),
                    "token": "../<script>"});
                ok(&json!({"status": "pending", "challenges": [challenge]}).to_string())
            }
            _ => ok(&json!({"type": "urn:ietf:params:acme:error:rateLimited",
                "detail": "too many certificates for chat.example.org"})
            .to_string())
            .replace("200 OK", "429 Slow\r\nRetry-After: 4000"),
        },
    };
    stream.write_all(said.as_bytes()).await?;
    stream.shutdown().await
}

fn ok(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nReplay-Nonce: n1\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}
