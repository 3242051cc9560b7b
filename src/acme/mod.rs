//! Certificates from a certificate authority by ACME (RFC 8555): the first, and the next ones in time.
//!
//! `key` signs, `authority` talks to the authority, `order` gets one certificate, `renewal` says when, `folder` keeps
//! what was given. Everything that an authority says is bounded in time and size, and taken for what anybody might say.

mod authority;
mod failure;
mod folder;
mod key;
mod name;
mod order;
mod renewal;
mod schedule;

use std::path::PathBuf;
use std::sync::Arc;

use crate::outbound::Target;
use crate::server::{NamedCertificates, Redirect};
pub use name::DomainName;
pub use renewal::Acme;

/// The authority that is asked unless another is named.
pub const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";

/// Whom to ask for which certificates.
#[derive(Debug)]
pub struct Options {
    /// One certificate for each.
    pub names: Vec<String>,
    /// The authority's directory.
    pub directory: Target,
    /// Where the authority may write to.
    pub email: Option<String>,
    /// Who may vouch for the authority's own HTTPS, in PEM, in place of those that the machine trusts.
    pub trusted: Option<Vec<u8>>,
    pub data: PathBuf,
}

/// Where authorities find proofs.
#[derive(Clone, Debug)]
pub struct Proofs {
    /// Of HTTP-01, where plain HTTP is answered.
    pub redirect: Option<Arc<Redirect>>,
    /// Of TLS-ALPN-01, and where certificates go.
    pub certificates: Arc<NamedCertificates>,
}
