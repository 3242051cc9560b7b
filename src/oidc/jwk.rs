//! A provider's public keys (RFC 7517), and what they have signed: RS256, ES256 and EdDSA, and nothing else.
//!
//! ring verifies, which TLS brings along. A key is good for one algorithm, by its kind and never by what a token
//! says, so that no public key is taken for the secret of an HMAC.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::Deserialize;
use serde_json::Value;

/// Keys that are looked at; no provider has a tenth of it.
const MAX_KEYS: usize = 100;

/// What a token may be signed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Rs256,
    Es256,
    EdDsa,
}

impl Algorithm {
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "RS256" => Some(Self::Rs256),
            "ES256" => Some(Self::Es256),
            "EdDSA" => Some(Self::EdDsa),
            _ => None,
        }
    }
}

/// The keys of a provider that are of use here.
#[derive(Deserialize)]
#[serde(from = "Jwks")]
pub(super) struct Keys(Vec<Key>);

struct Key {
    id: Option<String>,
    algorithm: Algorithm,
    public: Public,
}

enum Public {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256(Vec<u8>),
    Ed25519(Vec<u8>),
}

#[derive(Deserialize)]
struct Jwks {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

/// What cannot be read is of a kind that is not known here, and no fault of the others.
impl From<Jwks> for Keys {
    fn from(jwks: Jwks) -> Self {
        let read = |value| serde_json::from_value::<Jwk>(value).ok().and_then(Key::of);
        Self(jwks.keys.into_iter().take(MAX_KEYS).filter_map(read).collect())
    }
}

impl Keys {
    /// Whether one of them signed this; `None`: none of them is the one that is named.
    pub fn verify(&self, id: Option<&str>, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> Option<bool> {
        let is_meant = |key: &&Key| key.algorithm == algorithm && (id.is_none() || key.id.as_deref() == id);
        let mut meant = self.0.iter().filter(is_meant).peekable();
        meant.peek()?;
        let is_signed = meant.any(|key| key.public.verify(message, signature));
        // A token that names no key may be of one that is new.
        if id.is_none() && !is_signed { None } else { Some(is_signed) }
    }
}

impl Key {
    fn of(jwk: Jwk) -> Option<Self> {
        if jwk.usage.is_some_and(|usage| usage != "sig") {
            return None;
        }
        let bytes = |text: Option<String>| URL_SAFE_NO_PAD.decode(text?.trim_end_matches('=')).ok();
        let (algorithm, public) = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("RSA", _) => (Algorithm::Rs256, Public::Rsa { n: bytes(jwk.n)?, e: bytes(jwk.e)? }),
            ("EC", Some("P-256")) => {
                let point = [vec![4], bytes(jwk.x)?, bytes(jwk.y)?].concat();
                (Algorithm::Es256, Public::P256(point))
            }
            ("OKP", Some("Ed25519")) => (Algorithm::EdDsa, Public::Ed25519(bytes(jwk.x)?)),
            _ => return None,
        };
        let is_for_it = jwk.alg.is_none_or(|alg| Algorithm::named(&alg) == Some(algorithm));
        is_for_it.then_some(Self { id: jwk.kid, algorithm, public })
    }
}

impl Public {
    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        let verified = match self {
            Self::Rsa { n, e } => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
            Self::P256(point) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature),
            Self::Ed25519(key) => UnparsedPublicKey::new(&ED25519, key).verify(message, signature),
        };
        verified.is_ok()
    }
}
