//! A certificate with its key, and how long it lives.

use std::time::Duration;

use tokio_rustls::rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{CertificateError, Error, InconsistentKeys, RootCertStore};

/// A certificate with its key.
#[derive(Debug)]
pub struct Certificate {
    pub(super) certified: CertifiedKey,
    /// How long it lives.
    pub life: Life,
}

/// When a certificate is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// Not before.
    pub begins: UnixTime,
    /// Not after.
    pub ends: UnixTime,
}

impl Life {
    /// Whether it is good at a time, in seconds since 1970.
    #[must_use]
    pub fn is_good(&self, now: u64) -> bool {
        (self.begins.as_secs()..self.ends.as_secs()).contains(&now)
    }
}

/// Why bytes are no certificate with its key.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// No `BEGIN CERTIFICATE`.
    #[error("there is no certificate in PEM")]
    NoCertificate,
    /// No `BEGIN PRIVATE KEY`, or one that needs a password.
    #[error("there is no private key in PEM that needs no password")]
    NoKey,
    /// Of another certificate.
    #[error("the key does not belong to the certificate")]
    Differ,
    /// The library refuses it.
    #[error("{0}")]
    Unusable(Error),
}

impl Certificate {
    /// Reads a chain and a key in PEM.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, Unfit> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain).collect();
        let chain = chain.map_err(|_| Unfit::NoCertificate)?;
        let life = life(chain.first().ok_or(Unfit::NoCertificate)?).map_err(Unfit::Unusable)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| Unfit::NoKey)?;
        let provider: CryptoProvider = ring::default_provider();
        let certified = CertifiedKey::from_der(chain, key, &provider).map_err(|cause| match cause {
            Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => Unfit::Differ,
            cause => Unfit::Unusable(cause),
        })?;
        Ok(Self { certified, life })
    }

    /// Whether it is for this name.
    pub fn is_for(&self, name: &str) -> bool {
        let verified = || {
            let parsed = ParsedCertificate::try_from(self.certified.cert.first()?).ok()?;
            verify_server_name(&parsed, &ServerName::try_from(name).ok()?).ok()
        };
        verified().is_some()
    }
}

/// When a certificate begins and ends. The library tells it where it refuses one for that: at the end of time all of
/// them have ended, and at its beginning none has begun.
fn life(certificate: &CertificateDer<'_>) -> Result<Life, Error> {
    let parsed = ParsedCertificate::try_from(certificate)?;
    let at = |seconds| {
        let at = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        match verify_server_cert_signed_by_trust_anchor(&parsed, &RootCertStore::empty(), &[], at, &[]) {
            Err(Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. })) => Ok(not_after),
            Err(Error::InvalidCertificate(CertificateError::NotValidYetContext { not_before, .. })) => Ok(not_before),
            Err(Error::InvalidCertificate(CertificateError::UnknownIssuer)) | Ok(()) => Ok(at),
            Err(cause) => Err(cause),
        }
    };
    Ok(Life { begins: at(0)?, ends: at(u64::MAX)? })
}
