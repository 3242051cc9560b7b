//! Who sends a push: RFC 8292. A push service takes pushes to a subscription by the key alone that it was made for.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::json;

/// How long a signed word is good: half of the 24 hours that it may be, since clocks differ.
const LIFE: Duration = Duration::from_hours(12);

/// The server's key, and whom to write to about it.
pub struct VapidKey {
    pair: EcdsaKeyPair,
    public: String,
    contact: String,
}

impl VapidKey {
    /// Of PKCS #8.
    pub fn new(key: &[u8], contact: String) -> Option<Self> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key, &SystemRandom::new()).ok()?;
        let public = URL_SAFE_NO_PAD.encode(pair.public_key());
        Some(Self { pair, public, contact })
    }

    pub fn public(&self) -> &str {
        &self.public
    }

    /// The header for a push service.
    pub fn authorization(&self, origin: &str, now: SystemTime) -> Option<String> {
        let now = now.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        let head = json!({ "typ": "JWT", "alg": "ES256" });
        // A minute less: theirs may be behind.
        let end = (now + LIFE).as_secs() - 60;
        let claims = json!({ "aud": origin, "exp": end, "sub": self.contact });
        let signed = [head, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes()).ok()?;
        Some(format!("vapid t={signed}.{}, k={}", URL_SAFE_NO_PAD.encode(signature), self.public))
    }
}
