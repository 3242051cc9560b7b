//! One request and its answer, over plain TCP or TLS.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::Request;
use hyper::body::Body;
use hyper::client::conn::http1;
use hyper::http::response::Parts;
use hyper_util::rt::TokioIo;
use rustls_native_certs::load_native_certs;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::Failure;
use super::target::Host;

/// Largest head of an answer, in bytes.
const MAX_HEAD: usize = 16 * 1024;
/// What is around an answer's body at most, in bytes: heads, and how chunks are told apart.
const MAX_AROUND: usize = MAX_HEAD + 64 * 1024;
/// A byte in a chunk of its own takes so many.
const MAX_PER_BYTE: usize = 8;
/// Most headers of an answer.
const MAX_HEADERS: usize = 64;

/// What TLS and plain TCP have in common.
pub trait Stream: AsyncRead + AsyncWrite + Send {}
impl<S: AsyncRead + AsyncWrite + Send> Stream for S {}
/// An open connection.
pub type Connection = Pin<Box<dyn Stream>>;

/// Trusts what the machine trusts: `SSL_CERT_FILE` names other authorities. They are read once, with the first
/// call, since most servers never make one; it blocks.
pub(super) fn trust() -> Result<TlsConnector, Failure> {
    static TRUST: OnceLock<Result<TlsConnector, String>> = OnceLock::new();
    let load = || {
        let mut roots = RootCertStore::empty();
        let (usable, unusable) = roots.add_parsable_certificates(load_native_certs().certs);
        if unusable > 0 {
            tracing::debug!(unusable, "some certificate authorities cannot be parsed");
        }
        if usable == 0 {
            tracing::warn!("this machine has no certificate authorities: nothing can be called over https");
        }
        connector(roots).map_err(|cause| cause.to_string())
    };
    TRUST.get_or_init(load).clone().map_err(Failure::Broken)
}

/// Trusts these authorities alone, in PEM.
pub(super) fn trust_alone(authorities: &[u8]) -> Option<TlsConnector> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(authorities).collect();
    let mut roots = RootCertStore::empty();
    let (usable, _) = roots.add_parsable_certificates(certificates.ok()?);
    connector(roots).ok().filter(|_| usable > 0)
}

fn connector(roots: RootCertStore) -> Result<TlsConnector, tokio_rustls::rustls::Error> {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// The same where nothing may block.
pub(super) async fn trust_unblocked() -> Result<TlsConnector, Failure> {
    tokio::task::spawn_blocking(trust).await.unwrap_or_else(|_| Err(Failure::Broken("TLS did not start".to_owned())))
}

/// TLS over a connection, with a certificate for `host`.
pub(super) async fn secure(tls: &TlsConnector, host: &Host, tcp: TcpStream) -> Result<Connection, Failure> {
    let name = match host {
        Host::Name(name) => ServerName::try_from(name.clone()).map_err(io::Error::other),
        Host::Address(address) => Ok(ServerName::from(*address)),
    };
    let secured = tls.connect(name.map_err(Failure::Tls)?, tcp).await.map_err(Failure::Tls)?;
    Ok(Box::pin(secured))
}

/// Sends a request and reads its answer: of the body the first `max_body` bytes, and then no more. The connection
/// is closed with it, also when this future is dropped.
pub(super) async fn exchange<B>(
    connection: Connection,
    request: Request<B>,
    max_body: usize,
) -> Result<(Parts, Bytes), Failure>
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut builder = http1::Builder::new();
    builder.max_buf_size(MAX_HEAD).max_headers(MAX_HEADERS);
    // hyper reads on as long as informational answers come, and counts none.
    let most = u64::try_from(max_body.saturating_mul(MAX_PER_BYTE).saturating_add(MAX_AROUND)).unwrap_or(u64::MAX);
    let (from, to) = tokio::io::split(connection);
    let connection = tokio::io::join(from.take(most), to);
    let (mut sender, connection) = builder.handshake(TokioIo::new(connection)).await.map_err(|cause| broken(&cause))?;
    // Both in this one future, so that nothing goes on behind the back of whoever gave up.
    let asked = async {
        let (head, mut body) = sender.send_request(request).await.map_err(|cause| broken(&cause))?.into_parts();
        let mut read = BytesMut::new();
        while read.len() < max_body {
            let Some(frame) = body.frame().await else { break };
            if let Ok(data) = frame.map_err(|cause| broken(&cause))?.into_data() {
                read.extend_from_slice(&data[..data.len().min(max_body - read.len())]);
            }
        }
        Ok((head, read.freeze()))
    };
    tokio::pin!(asked, connection);
    tokio::select! {
        biased;
        answer = &mut asked => answer,
        // It ends with the last byte of the answer, which may not have been taken yet.
        _ = &mut connection => asked.await,
    }
}

/// hyper says that something went wrong; what it was stands behind that.
fn broken(error: &hyper::Error) -> Failure {
    match std::error::Error::source(error) {
        Some(cause) => Failure::Broken(format!("{error}: {cause}")),
        None => Failure::Broken(error.to_string()),
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused => f.write_str("the address is not public"),
            Self::Unresolved(cause) => write!(f, "the name could not be looked up: {cause}"),
            Self::Unreachable(cause) => write!(f, "not reached: {cause}"),
            Self::Tls(cause) => write!(f, "TLS failed: {cause}"),
            Self::TimedOut => f.write_str("it took too long"),
            Self::Broken(cause) => write!(f, "no proper answer: {cause}"),
        }
    }
}
