//! HTTPS with a certificate that is made for the run.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::wire::dial;

/// Makes a certificate that the program serves with, and a client that trusts it.
pub fn certify(program: &mut Command, data: &Path) -> TlsConnector {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    let (cert, key) = (data.with_extension("cert.pem"), data.with_extension("key.pem"));
    std::fs::write(&cert, made.cert.pem()).expect("a file");
    std::fs::write(&key, made.signing_key.serialize_pem()).expect("a file");
    program.env("FIRESIDE_TLS_CERT", cert).env("FIRESIDE_TLS_KEY", key);
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).expect("a certificate");
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

/// A connection over TLS.
pub async fn secure(client: &TlsConnector, addr: SocketAddr) -> TlsStream<TcpStream> {
    let tcp = dial(addr).await;
    let name = ServerName::try_from("localhost").expect("a name");
    client.connect(name, tcp).await.expect("a handshake")
}
