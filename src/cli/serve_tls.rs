//! Flags of `fireside serve` that make it speak HTTPS by itself.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use super::terminal::CommandError;
use crate::api::http::certificate::CertificateEnd;
use crate::server::{Listener, TlsCertificate, TlsError, TlsFiles};

#[derive(Debug, Args)]
pub(super) struct TlsFlags {
    /// Certificate in PEM, with those between it and its authority: every TCP address of --listen speaks HTTPS and
    /// nothing else. New files are taken within 15 seconds, and no connection drops
    #[arg(long, env = "FIRESIDE_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Its private key in PEM
    #[arg(long, env = "FIRESIDE_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
}

impl TlsFlags {
    /// Whether the public URL can be one of a server that speaks HTTPS alone.
    pub fn check(&self, public_url: Option<&str>) -> Result<(), CommandError> {
        match public_url.filter(|url| self.tls_cert.is_some() && url.starts_with("http://")) {
            Some(url) => Err(misfit(&format!("--public-url {url} is not https://, which --tls-cert makes of it"))),
            None => Ok(()),
        }
    }

    /// Puts TLS on the listeners, if there is to be any, and follows the files, at once on SIGHUP. Tells when the
    /// certificate ends.
    pub fn secure(
        &self,
        listeners: Vec<Listener>,
    ) -> Result<(Vec<Listener>, Option<Arc<CertificateEnd>>), CommandError> {
        let (Some(certificate), Some(key)) = (self.tls_cert.clone(), self.tls_key.clone()) else {
            return Ok((listeners, None));
        };
        let certificate = TlsCertificate::read(TlsFiles { certificate, key }).map_err(refused)?;
        let config = certificate.config().map_err(refused)?;
        let mut told = signal(SignalKind::hangup())
            .map_err(|cause| CommandError::new(CommandError::FAILED, format!("signals cannot be heard: {cause}")))?;
        let end = certificate.end();
        tokio::spawn(certificate.follow(async move || {
            told.recv().await;
        }));
        Ok((listeners.into_iter().map(|listener| listener.with_tls(config.clone())).collect(), Some(end)))
    }
}

fn refused(cause: TlsError) -> CommandError {
    misfit(&format!("HTTPS cannot be served: {cause} (--tls-cert and --tls-key name the files)"))
}

fn misfit(sentence: &str) -> CommandError {
    CommandError::new(CommandError::CONFIGURATION, sentence)
}
