//! Secrets that sign somebody in, and those that are derived rather than kept.

use std::fmt;
use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::delivery::SigningKey;
use super::seal::SealKey;

/// A secret that signs somebody in: 40 hex characters, or 64 in a URL. It prints as nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// 20 random bytes.
    pub fn random() -> Self {
        Self(hex::encode(rand::random::<[u8; 20]>()))
    }

    /// 32 random bytes, in 64 hex characters: for a secret that stands in a URL.
    pub fn random_of_256_bits() -> Self {
        Self(hex::encode(rand::random::<[u8; 32]>()))
    }

    /// A secret that is none: whoever knows the name can make it.
    pub(in crate::chat) fn of_trial(name: &str) -> Self {
        Self(hex::encode(&Sha256::digest(format!("fireside trial {name}"))[..20]))
    }

    /// What is sent to its owner.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// The server's secret, and what is derived from it.
#[derive(Clone)]
pub(in crate::chat) struct Keys(Arc<[u8]>);

impl Keys {
    pub fn new(secret: &[u8]) -> Self {
        Self(secret.into())
    }

    pub fn account_token(&self, nonce: &[u8]) -> Token {
        Token(hex::encode(&self.derive("account token", nonce)[..20]))
    }

    pub fn group_invite_code(&self, nonce: &[u8]) -> Token {
        Token(hex::encode(&self.derive("group invitation", nonce)[..20]))
    }

    pub fn hook_secret(&self, nonce: &[u8]) -> SigningKey {
        SigningKey(self.derive("outgoing hook", nonce))
    }

    pub fn csrf_token(&self, session_key: &str) -> Token {
        Token(hex::encode(&self.derive("csrf token", session_key.as_bytes())[..20]))
    }

    /// What a session is known by that a trusted proxy's word opens: nobody is ever sent it.
    pub fn proxy_session(&self, name: &str) -> Token {
        Token(hex::encode(&self.derive("proxy session", name.as_bytes())[..20]))
    }

    pub fn jwt_key(&self) -> [u8; 32] {
        self.derive("json web token", &[])
    }

    /// What the secrets of second factors are sealed with.
    pub fn factor_key(&self) -> SealKey {
        SealKey::new(self.derive("second factor", &[]))
    }

    /// What the key that push services know the server by is sealed with.
    pub fn push_seal(&self) -> SealKey {
        SealKey::new(self.derive("push key", &[]))
    }

    /// A key for one purpose, never the secret itself.
    fn derive(&self, purpose: &str, input: &[u8]) -> [u8; 32] {
        // HMAC takes keys of every length, so this cannot fail.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return [0; 32] };
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(input);
        mac.finalize().into_bytes().into()
    }
}

/// All that the database keeps of a secret.
pub(in crate::chat) fn secret_hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::{Keys, Token};

    #[test]
    fn the_account_token_depends_on_secret_and_nonce_alone() {
        let keys = Keys::new(b"one secret");
        let token = keys.account_token(b"nonce");
        assert_eq!(token.as_str().len(), 40);
        assert_eq!(token, keys.account_token(b"nonce"));
        assert_ne!(token, keys.account_token(b"other"));
        assert_ne!(token, Keys::new(b"other secret").account_token(b"nonce"));
        assert_ne!(token, keys.csrf_token("nonce"), "purposes do not mix");
    }

    #[test]
    fn a_token_does_not_print() {
        let token = Token::random();
        assert!(!format!("{token:?}").contains(token.as_str()));
    }
}
