//! An account's key: ES256, as every authority takes it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::failure::Failure;

/// What signs the requests of an account.
pub(super) struct AccountKey {
    pair: EcdsaKeyPair,
    random: SystemRandom,
}

impl AccountKey {
    /// A new one, in PKCS#8.
    pub fn generate() -> Result<Vec<u8>, Failure> {
        EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
            .map(|pkcs8| pkcs8.as_ref().to_vec())
            .map_err(|_| Failure::Own("no key could be made".to_owned()))
    }

    /// Reads one in PKCS#8.
    pub fn read(pkcs8: &[u8]) -> Option<Self> {
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8, &random).ok()?;
        Some(Self { pair, random })
    }

    /// The public half. The order and the want of spaces are RFC 7638's, since its digest names the key.
    fn public(&self) -> String {
        let point = self.pair.public_key().as_ref();
        // 4, and two coordinates.
        let (x, y) = point.get(1..).unwrap_or_default().split_at(point.len() / 2);
        format!(r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#, encode(x), encode(y))
    }

    /// What shows that whoever answers for `token` has this key.
    pub fn authorization(&self, token: &str) -> String {
        format!("{token}.{}", encode(&Sha256::digest(self.public())))
    }

    /// A request's body: `payload`, or nothing, signed for `url` by this account, or by the key where there is none
    /// yet.
    pub fn sign(&self, url: &str, nonce: &str, account: Option<&str>, payload: &str) -> Result<String, Failure> {
        let by = match account {
            Some(account) => format!(r#""kid":{}"#, json!(account)),
            None => format!(r#""jwk":{}"#, self.public()),
        };
        let head = format!(r#"{{"alg":"ES256",{by},"nonce":{},"url":{}}}"#, json!(nonce), json!(url));
        let (head, payload) = (encode(head.as_bytes()), encode(payload.as_bytes()));
        let signature = self.pair.sign(&self.random, format!("{head}.{payload}").as_bytes());
        let signature = signature.map_err(|_| Failure::Own("a request could not be signed".to_owned()))?;
        Ok(json!({"protected": head, "payload": payload, "signature": encode(signature.as_ref())}).to_string())
    }
}

/// Base64 as JSON Web Signatures have it.
pub(super) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use ring::signature::{ECDSA_P256_SHA256_FIXED, KeyPair, UnparsedPublicKey};
    use serde_json::Value;

    use super::AccountKey;

    #[test]
    fn what_is_signed_can_be_verified_by_the_key_that_it_names() {
        let key = AccountKey::read(&AccountKey::generate().expect("a key")).expect("the same key");
        let body = key.sign("https://ca.example/\"x\"", "n\\1", None, r#"{"a":1}"#).expect("signed");
        let body: Value = serde_json::from_str(&body).expect("JSON");
        let part = |name: &str| body[name].as_str().expect("text").to_owned();
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).expect("base64");
        let head: Value = serde_json::from_slice(&decode(&part("protected"))).expect("JSON");
        assert_eq!(head["url"], "https://ca.example/\"x\"");
        assert_eq!((&head["nonce"], &head["alg"]), (&"n\\1".into(), &"ES256".into()));
        assert_eq!(decode(&part("payload")), br#"{"a":1}"#);
        let coordinates = ["x", "y"].map(|name| decode(head["jwk"][name].as_str().expect("text")));
        let point = [&[4][..], &coordinates[0], &coordinates[1]].concat();
        assert_eq!(point, key.pair.public_key().as_ref());
        let signed = format!("{}.{}", part("protected"), part("payload"));
        let verified = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
        assert!(verified.verify(signed.as_bytes(), &decode(&part("signature"))).is_ok());
        assert_eq!(key.authorization("t").len(), 2 + 43);
        assert!(AccountKey::read(b"nothing").is_none());
    }
}
