//! Certificates of several names, which an authority gives while the server runs. A name that none was given for, and
//! whoever asks for no name, gets none: the handshake fails.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use parking_lot::RwLock;
use tokio_rustls::rustls::crypto::ring::sign::any_supported_type;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{Error, ServerConfig};

use super::certificate::{Certificate, Life};
use super::{HTTP, config};
use crate::api::http::certificate::CertificateEnd;

/// What an authority speaks that wants to see by TLS who a name belongs to (RFC 8737), and nobody else.
const PROOF: &[u8] = b"acme-tls/1";

/// The certificates that new connections get, by the name that they ask for.
pub struct NamedCertificates {
    by_name: RwLock<HashMap<String, Option<Named>>>,
    proofs: RwLock<HashMap<String, Arc<CertifiedKey>>>,
    end: Arc<CertificateEnd>,
}

struct Named {
    certified: Arc<CertifiedKey>,
    life: Life,
}

impl NamedCertificates {
    /// Names in lower case, none of which has a certificate yet.
    pub fn new(names: &[String]) -> Self {
        let by_name = names.iter().map(|name| (name.clone(), None)).collect();
        Self { by_name: RwLock::new(by_name), proofs: RwLock::default(), end: Arc::default() }
    }

    /// When the first of them ends.
    pub fn end(&self) -> Arc<CertificateEnd> {
        Arc::clone(&self.end)
    }

    /// What listeners speak TLS by.
    pub fn config(self: &Arc<Self>) -> Result<Arc<ServerConfig>, Error> {
        config(Arc::clone(self) as Arc<dyn ResolvesServerCert>, &[HTTP, PROOF])
    }

    /// Gives new connections that ask for `name` this certificate. Open ones keep what they have.
    pub fn set(&self, name: &str, certificate: Certificate) {
        let Certificate { certified, life } = certificate;
        let mut by_name = self.by_name.write();
        by_name.insert(name.to_owned(), Some(Named { certified: Arc::new(certified), life }));
        // Where a name has none yet, that is told.
        let lives: Option<Vec<Life>> = by_name.values().map(|named| named.as_ref().map(|named| named.life)).collect();
        let lives = lives.unwrap_or_default();
        let (begins, ends) = (lives.iter().map(|life| life.begins).max(), lives.iter().map(|life| life.ends).min());
        if let Some((begins, ends)) = begins.zip(ends) {
            self.end.set(begins, ends);
        }
    }

    /// How long the certificate of `name` lives.
    pub fn life(&self, name: &str) -> Option<Life> {
        let by_name = self.by_name.read();
        Some(by_name.get(name)?.as_ref()?.life)
    }

    /// Shows an authority this certificate when it asks by TLS for a proof of `name`.
    pub fn prove(&self, name: &str, der: CertificateDer<'static>, key: PrivateKeyDer<'static>) -> Result<(), Error> {
        // What the library would check of it, it cannot read: the proof is an extension that it does not know.
        let certified = CertifiedKey::new(vec![der], any_supported_type(&key)?);
        self.proofs.write().insert(name.to_owned(), Arc::new(certified));
        Ok(())
    }

    pub fn end_proof(&self, name: &str) {
        self.proofs.write().remove(name);
    }
}

impl fmt::Debug for NamedCertificates {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("certificates by name")
    }
}

impl ResolvesServerCert for NamedCertificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name()?.to_ascii_lowercase();
        // An authority offers nothing else.
        let mut offers = hello.alpn().into_iter().flatten();
        if offers.next() == Some(PROOF) && offers.next().is_none() {
            return self.proofs.read().get(&name).cloned();
        }
        let by_name = self.by_name.read();
        Some(Arc::clone(&by_name.get(&name)?.as_ref()?.certified))
    }
}
