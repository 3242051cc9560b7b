//! Over TLS, which nginx does: what browsers must be told, and by whom it is believed.

use std::process::Command;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::{Place, Proxy, proxies_are_here};
use crate::world::Fireside;
use crate::world::raw::RawAnswer;

/// Sends a request to `https://localhost:PORT`, trusting the proxy's own certificate.
async fn asks(proxy: &Proxy, head: &str, body: &str) -> RawAnswer {
    let pem = proxy.certificate();
    let der = Command::new("openssl").args(["x509", "-outform", "DER", "-in"]).arg(pem).output().unwrap().stdout;
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(der)).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let tcp = tokio::net::TcpStream::connect(("127.0.0.1", proxy.tls_port)).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, tcp).await.unwrap();
    let length = body.len();
    let request = format!(
        "{head}\r\nHost: localhost:{}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}",
        proxy.tls_port
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    RawAnswer { bytes }
}

async fn signs_in(proxy: &Proxy, password: &str) -> String {
    let head = format!(
        "POST /login/ HTTP/1.1\r\nOrigin: https://localhost:{}\r\nContent-Type: application/json",
        proxy.tls_port
    );
    let answer = asks(proxy, &head, &format!(r#"{{"username":"alice","password":"{password}"}}"#)).await;
    assert_eq!(answer.status(), Some(200), "{}", answer.text());
    answer.text().lines().find(|line| line.to_lowercase().starts_with("set-cookie: sessionid")).unwrap().to_owned()
}

#[tokio::test]
async fn a_cookie_over_https_stays_there() {
    if !proxies_are_here() {
        return;
    }
    let fireside = Fireside::start_with(&["--trusted-proxy", "127.0.0.1"]).await;
    let proxy = Proxy::nginx(Place::Tcp(fireside.address()), "").await;
    let alice = fireside.registers("alice").await;
    assert!(signs_in(&proxy, &alice.password).await.contains("; Secure"));
    let seen = asks(&proxy, "GET /api/server/ HTTP/1.1", "").await;
    assert!(seen.text().contains(&format!(r#""url":"https://localhost:{}""#, proxy.tls_port)), "{}", seen.text());
}

#[tokio::test]
async fn a_proxy_that_was_not_named_is_not_believed() {
    if !proxies_are_here() {
        return;
    }
    let fireside = Fireside::start_with(&["--trusted-proxy", "192.0.2.1"]).await;
    let proxy = Proxy::nginx(Place::Tcp(fireside.address()), "").await;
    let alice = fireside.registers("alice").await;
    assert!(!signs_in(&proxy, &alice.password).await.contains("Secure"));
}
