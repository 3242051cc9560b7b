//! When the certificate ends that HTTPS is spoken with: whoever takes a new one sets it, and monitoring reads it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::RwLock;
use tokio_rustls::rustls::pki_types::UnixTime;

/// How long before its end a certificate is warned of.
const NEAR: Duration = Duration::from_hours(7 * 24);

/// Characters that are kept of why there is no new certificate.
const MAX_CAUSE: usize = 500;

/// The end, and why no other certificate takes its place. By default there is none yet.
#[derive(Debug, Default)]
pub struct CertificateEnd {
    /// In seconds since 1970; 0 while there is no certificate.
    seconds: AtomicU64,
    begins: AtomicU64,
    failure: RwLock<Option<String>>,
}

impl CertificateEnd {
    /// Another certificate took its place.
    pub fn set(&self, begins: UnixTime, ends: UnixTime) {
        self.begins.store(begins.as_secs(), Ordering::Relaxed);
        self.seconds.store(ends.as_secs(), Ordering::Relaxed);
    }

    /// Whether it has yet to begin. Nobody is given such a one, so this machine's clock is behind.
    pub fn is_early(&self) -> bool {
        self.begins.load(Ordering::Relaxed) > UnixTime::now().as_secs()
    }

    /// In seconds since 1970; 0 while there is no certificate.
    pub fn seconds(&self) -> u64 {
        self.seconds.load(Ordering::Relaxed)
    }

    /// Whether there is none, or it ends within a week.
    pub fn warning(&self) -> Option<&'static str> {
        if self.seconds() == 0 { Some("missing") } else { self.near().map(|_| "ending") }
    }

    /// Why the last try for a new one failed, in a sentence that everybody may read; `None` after one that did not.
    pub fn set_failure(&self, failure: Option<String>) {
        let failure = failure.map(|text| text.chars().take(MAX_CAUSE).collect());
        *self.failure.write() = failure;
    }

    /// Why the last try for a new one failed.
    pub fn failure(&self) -> Option<String> {
        self.failure.read().clone()
    }

    /// How long it is still good, if there is one and that is less than a week.
    pub fn near(&self) -> Option<Duration> {
        if self.seconds() == 0 {
            return None;
        }
        let left = Duration::from_secs(self.seconds().saturating_sub(UnixTime::now().as_secs()));
        Some(left).filter(|left| *left < NEAR)
    }
}
