//! When the certificate ends that HTTPS is spoken with: whoever takes a new one sets it, and monitoring reads it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio_rustls::rustls::pki_types::UnixTime;

/// How long before its end a certificate is warned of.
const NEAR: Duration = Duration::from_hours(7 * 24);

/// The end, in seconds since 1970.
#[derive(Debug)]
pub struct CertificateEnd(AtomicU64);

impl CertificateEnd {
    /// Of the first certificate.
    #[must_use]
    pub fn new(at: UnixTime) -> Self {
        Self(AtomicU64::new(at.as_secs()))
    }

    /// Another certificate took its place.
    pub fn set(&self, at: UnixTime) {
        self.0.store(at.as_secs(), Ordering::Relaxed);
    }

    /// In seconds since 1970.
    #[must_use]
    pub fn seconds(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// How long it is still good, if that is less than a week.
    #[must_use]
    pub fn near(&self) -> Option<Duration> {
        let left = Duration::from_secs(self.seconds().saturating_sub(UnixTime::now().as_secs()));
        Some(left).filter(|left| *left < NEAR)
    }
}
