//! Secrets that have to be read again, sealed for the database: whoever has that alone reads none of them.

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::error::Unspecified;

/// What secrets of one purpose are sealed with. Its own secret is in no database.
pub(in crate::chat) struct SealKey([u8; 32]);

impl SealKey {
    pub fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// The nonce, then the sealed secret: each time anew. It opens for `whose` alone, so that no row opens as another's.
    pub fn seal(&self, secret: &[u8], whose: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let nonce = rand::random::<[u8; NONCE_LEN]>();
        let mut sealed = secret.to_vec();
        self.cipher()?.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(whose), &mut sealed)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// `None`: it was sealed with another key, or for somebody else, or is not whole.
    pub fn open(&self, sealed: &[u8], whose: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let (nonce, mut sealed) = (Nonce::assume_unique_for_key(*nonce), sealed.to_vec());
        let secret = self.cipher().ok()?.open_in_place(nonce, Aad::from(whose), &mut sealed).ok()?;
        Some(secret.to_vec())
    }

    fn cipher(&self) -> Result<LessSafeKey, Unspecified> {
        UnboundKey::new(&CHACHA20_POLY1305, &self.0).map(LessSafeKey::new)
    }
}

#[cfg(test)]
mod tests {
    use super::SealKey;

    #[test]
    fn a_secret_opens_by_its_key_for_whom_it_was_sealed_and_whole() {
        let (key, secret) = (SealKey::new([1; 32]), b"a secret of some length");
        let sealed = key.seal(secret, b"alice").expect("sealed");
        assert_eq!(key.open(&sealed, b"alice"), Some(secret.to_vec()));
        assert_eq!(SealKey::new([2; 32]).open(&sealed, b"alice"), None);
        assert_eq!(key.open(&sealed, b"bob"), None);
        assert_eq!(key.open(&sealed[..sealed.len() - 1], b"alice"), None);
        assert_eq!(key.open(b"short", b"alice"), None);
        assert_eq!(key.open(b"", b"alice"), None);
        assert!(!sealed.windows(8).any(|part| secret.windows(8).any(|clear| clear == part)), "it is sealed");
        assert_ne!(sealed, key.seal(secret, b"alice").expect("sealed"), "each time anew");
    }
}
