//! The certificate that HTTPS is spoken with: read at the start, and again when its files change.
//!
//! Connections keep what they began with. A pair of files that does not fit, as while one of the two has been
//! replaced, changes nothing.

mod certificate;
mod names;

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::RwLock;
use sha2::{Digest, Sha256};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::UnixTime;
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{Error, ServerConfig};

use crate::api::http::certificate::CertificateEnd;
pub use certificate::{Certificate, Life, Unfit};
pub use names::NamedCertificates;

/// The one protocol inside TLS.
const HTTP: &[u8] = b"http/1.1";
/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Bytes that one of the files may have.
const MAX_FILE: u64 = 1024 * 1024;
/// How often a certificate is warned of that ends soon.
const WARN_EVERY: Duration = Duration::from_hours(24);

/// The two files, in PEM.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The server's certificate, and those between it and an authority.
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// Why HTTPS cannot be spoken with these files.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// One of them is not there, say.
    #[error("{0} cannot be read: {1}")]
    Unreadable(PathBuf, io::Error),
    /// No `BEGIN CERTIFICATE`.
    #[error("{0} holds no certificate in PEM")]
    NoCertificate(PathBuf),
    /// No `BEGIN PRIVATE KEY`, or one that needs a password.
    #[error("{0} holds no private key in PEM that needs no password")]
    NoKey(PathBuf),
    /// Of another certificate.
    #[error("the key in {0} does not belong to the certificate in {1}")]
    Differ(PathBuf, PathBuf),
    /// Nobody would accept it.
    #[error("the certificate in {0} has expired")]
    Expired(PathBuf),
    /// The library refuses one of them.
    #[error("{0} cannot be used: {1}")]
    Unusable(PathBuf, Error),
}

/// The certificate that new connections get.
pub struct TlsCertificate {
    files: TlsFiles,
    current: Arc<Current>,
    /// Of the files' bytes as they were last read, whether they were taken or not.
    digest: [u8; 32],
    end: Arc<CertificateEnd>,
}

/// It signs handshakes, whatever name is asked for: there is one certificate.
struct Current(RwLock<Arc<CertifiedKey>>);

impl fmt::Debug for Current {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a certificate")
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read()))
    }
}

struct Pair {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl TlsCertificate {
    /// Reads the files. It blocks.
    pub fn read(files: TlsFiles) -> Result<Self, TlsError> {
        let pair = files.read()?;
        let Certificate { certified, life } = files.certified(&pair)?;
        let current = Arc::new(Current(RwLock::new(Arc::new(certified))));
        let end = CertificateEnd::default();
        end.set(life.begins, life.ends);
        Ok(Self { digest: pair.digest(), files, current, end: Arc::new(end) })
    }

    /// When it ends, or the one that has taken its place by then.
    pub fn end(&self) -> Arc<CertificateEnd> {
        Arc::clone(&self.end)
    }

    /// What listeners speak TLS by: versions 1.2 and 1.3, HTTP/1.1 inside.
    pub fn config(&self) -> Result<Arc<ServerConfig>, TlsError> {
        config(Arc::clone(&self.current) as Arc<dyn ResolvesServerCert>, &[HTTP])
            .map_err(|cause| TlsError::Unusable(self.files.certificate.clone(), cause))
    }

    /// Takes the files when they change, at the latest when `told` resolves, and warns before the certificate's end.
    /// For ever.
    pub async fn follow(mut self, mut told: impl AsyncFnMut()) {
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut warning = EndWarning::default();
        let mut last_error = String::new();
        loop {
            warning.look(&self.end, &self.files.certificate.display());
            tokio::select! {
                _ = looks.tick() => {}
                () = told() => {}
            }
            let files = self.files.clone();
            let digest = self.digest;
            let look = tokio::task::spawn_blocking(move || files.changed(digest));
            let error = match look.await {
                Ok(Ok(None)) => continue,
                Ok(Ok(Some((_, Ok(new))))) if self.is_early(&new.life) => {
                    Some("it has yet to begin, and the old one is good".to_owned())
                }
                Ok(Ok(Some((digest, taken)))) => {
                    self.digest = digest;
                    self.take(taken)
                }
                Ok(Err(cause)) => Some(cause.to_string()),
                Err(_) => None,
            };
            let error = error.unwrap_or_default();
            if error != last_error && !error.is_empty() {
                tracing::warn!(cause = error, "a new certificate for HTTPS is not taken, the old one stays");
            }
            last_error = error;
        }
    }

    /// Whether it would take the place of a better one. Its turn comes with the next look after it has begun.
    fn is_early(&self, new: &Life) -> bool {
        let now = UnixTime::now().as_secs();
        new.begins.as_secs() > now && !self.end.is_early() && self.end.seconds() > now
    }

    fn take(&mut self, taken: Result<Certificate, TlsError>) -> Option<String> {
        match taken {
            Ok(Certificate { certified, life }) => {
                *self.current.0.write() = Arc::new(certified);
                self.end.set(life.begins, life.ends);
                tracing::info!("a new certificate for HTTPS is taken");
                None
            }
            Err(cause) => Some(cause.to_string()),
        }
    }
}

/// A digest of both files, and what they come to.
type Change = ([u8; 32], Result<Certificate, TlsError>);

impl TlsFiles {
    /// What the files hold if that is something else than before.
    fn changed(&self, digest: [u8; 32]) -> Result<Option<Change>, TlsError> {
        let pair = self.read()?;
        let new = pair.digest();
        Ok((new != digest).then(|| (new, self.certified(&pair))))
    }

    fn read(&self) -> Result<Pair, TlsError> {
        Ok(Pair { certificate: read(&self.certificate)?, key: read(&self.key)? })
    }

    /// A certificate with its key.
    fn certified(&self, pair: &Pair) -> Result<Certificate, TlsError> {
        let (certificate, key) = (|| self.certificate.clone(), || self.key.clone());
        let read = Certificate::from_pem(&pair.certificate, &pair.key).map_err(|cause| match cause {
            Unfit::NoCertificate => TlsError::NoCertificate(certificate()),
            Unfit::NoKey => TlsError::NoKey(key()),
            Unfit::Differ => TlsError::Differ(key(), certificate()),
            Unfit::Unusable(cause) => TlsError::Unusable(certificate(), cause),
        })?;
        if read.life.ends.as_secs() < UnixTime::now().as_secs() {
            return Err(TlsError::Expired(certificate()));
        }
        Ok(read)
    }
}

impl Pair {
    fn digest(&self) -> [u8; 32] {
        let both =
            Sha256::new().chain_update(Sha256::digest(&self.certificate)).chain_update(Sha256::digest(&self.key));
        both.finalize().into()
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_FILE).read_to_end(&mut bytes));
    read.map_err(|cause| TlsError::Unreadable(path.to_owned(), cause))?;
    Ok(bytes)
}

/// Versions 1.2 and 1.3, and these protocols inside.
fn config(certificates: Arc<dyn ResolvesServerCert>, inside: &[&[u8]]) -> Result<Arc<ServerConfig>, Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])?
        .with_no_client_auth()
        .with_cert_resolver(certificates);
    config.alpn_protocols = inside.iter().map(|protocol| protocol.to_vec()).collect();
    Ok(Arc::new(config))
}

/// Warns of a certificate that ends soon, now and then.
#[derive(Debug, Default)]
pub struct EndWarning(Option<Instant>);

impl EndWarning {
    /// Warns if it is time to.
    pub fn look(&mut self, end: &CertificateEnd, what: &dyn fmt::Display) {
        if let Some(left) = end.near()
            && self.0.is_none_or(|at| at.elapsed() >= WARN_EVERY)
        {
            let hours = left.as_secs() / 3600;
            tracing::warn!(hours, path = %what, "the certificate for HTTPS ends soon");
            self.0 = Some(Instant::now());
        }
    }
}
