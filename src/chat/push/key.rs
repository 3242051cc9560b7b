//! The key that push services know the server by. It is made once, since a browser's subscription is to one key,
//! and lies in the database under the server's secret: so it comes along in backups and replicas, and a stolen
//! database alone pushes nothing.

use ring::error::Unspecified;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};

use crate::chat::app::App;
use crate::chat::model::error::{Error, Result};
use crate::chat::model::token::Keys;
use crate::chat::store;

/// It is the server's, and nobody else's.
const WHOSE: &[u8] = &[];

impl App {
    /// The private key for P-256, as PKCS #8; made if there is none.
    pub async fn push_key(&self) -> Result<Vec<u8>> {
        let kept = self.store.read(store::push::state)?;
        if let Some((sealed, _)) = kept {
            if let Some(key) = open(&self.keys, &sealed) {
                return Ok(key);
            }
            tracing::warn!(
                "the key of pushes is of another secret: a new one is made, and devices have to subscribe again"
            );
        }
        let (key, sealed) = make(&self.keys).map_err(|Unspecified| {
            tracing::error!("no key of pushes could be made");
            Error::Internal
        })?;
        self.store
            .write(move |tx| {
                // What subscribed to another key is refused by its push service.
                store::push::delete_all(tx)?;
                store::push::set_key(tx, &sealed)
            })
            .await?;
        Ok(key)
    }
}

/// A key, and the same sealed.
fn make(keys: &Keys) -> std::result::Result<(Vec<u8>, Vec<u8>), Unspecified> {
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())?;
    Ok((key.as_ref().to_vec(), keys.push_seal().seal(key.as_ref(), WHOSE)?))
}

fn open(keys: &Keys, sealed: &[u8]) -> Option<Vec<u8>> {
    keys.push_seal().open(sealed, WHOSE)
}

#[cfg(test)]
mod tests {
    use super::{Keys, make, open};

    #[test]
    fn a_key_opens_under_its_own_secret_alone_and_whole() {
        let keys = Keys::new(b"one secret");
        let (key, sealed) = make(&keys).expect("a key");
        assert_eq!(open(&keys, &sealed), Some(key.clone()));
        assert_eq!(open(&Keys::new(b"another secret"), &sealed), None);
        assert_eq!(open(&keys, &sealed[..sealed.len() - 1]), None);
        assert_eq!(open(&keys, b""), None);
        assert!(!sealed.windows(32).any(|part| key.windows(32).any(|other| part == other)), "it is sealed");
    }
}
