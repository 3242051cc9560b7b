//! Encryption for one browser: RFC 8291 over RFC 8188, in one record.

use ring::aead::{AES_128_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::error::Unspecified;
use ring::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use ring::rand::SystemRandom;

use crate::chat::model::push::PushKeys;

/// Bytes of a record, and so of the whole body but its head: push services take 4,096.
const RECORD: u32 = 4_096;
const SALT_LEN: usize = 16;
const SECRET_LEN: usize = 32;

/// What a browser with these keys can read, and nobody else. `None`: its key is none.
pub fn encrypt(keys: &PushKeys, text: &[u8]) -> Option<Vec<u8>> {
    let own = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new()).ok()?;
    let public = own.compute_public_key().ok()?;
    let salt = rand::random::<[u8; SALT_LEN]>();
    let theirs = UnparsedPublicKey::new(&ECDH_P256, &keys.p256dh);
    let agreed = agree_ephemeral(own, &theirs, |shared| Agreed::new(shared, keys, public.as_ref(), &salt));
    let Agreed { key, nonce } = agreed.ok()?.ok()?;
    let mut sealed = text.to_vec();
    // Here the last record ends; what would follow is padding.
    sealed.push(2);
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut sealed).ok()?;
    let mut body = salt.to_vec();
    body.extend(RECORD.to_be_bytes());
    body.push(u8::try_from(public.as_ref().len()).ok()?);
    body.extend(public.as_ref());
    body.extend(sealed);
    Some(body)
}

/// What both sides make of the secret that they share.
struct Agreed {
    key: LessSafeKey,
    nonce: [u8; NONCE_LEN],
}

impl Agreed {
    fn new(shared: &[u8], keys: &PushKeys, public: &[u8], salt: &[u8; SALT_LEN]) -> Result<Self, Unspecified> {
        let mut secret = [0; SECRET_LEN];
        let of_browser = Salt::new(HKDF_SHA256, &keys.auth).extract(shared);
        fill(&of_browser, &[b"WebPush: info\0", &keys.p256dh, public], &mut secret)?;
        let of_message = Salt::new(HKDF_SHA256, salt).extract(&secret);
        let key = UnboundKey::from(of_message.expand(&[b"Content-Encoding: aes128gcm\0"], &AES_128_GCM)?);
        let mut nonce = [0; NONCE_LEN];
        fill(&of_message, &[b"Content-Encoding: nonce\0"], &mut nonce)?;
        Ok(Self { key: LessSafeKey::new(key), nonce })
    }
}

fn fill(from: &Prk, info: &[&[u8]], out: &mut [u8]) -> Result<(), Unspecified> {
    from.expand(info, Bytes(out.len()))?.fill(out)
}

/// So many bytes.
struct Bytes(usize);

impl KeyType for Bytes {
    fn len(&self) -> usize {
        self.0
    }
}

#[cfg(test)]
pub(super) mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use ring::aead::{Aad, Nonce};

    use super::{Agreed, PushKeys, encrypt};

    fn bytes<const N: usize>(text: &str) -> [u8; N] {
        URL_SAFE_NO_PAD.decode(text).expect("base64").try_into().expect("as many bytes")
    }

    pub fn keys() -> PushKeys {
        PushKeys {
            p256dh: bytes("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"),
            auth: bytes("BTBZMqHH6r4Tts7J_aSIgg"),
        }
    }

    /// The example of RFC 8291, section 5.
    #[test]
    fn the_example_of_the_standard_is_made_of_its_secrets() {
        let shared = bytes::<32>("kyrL1jIIOHEzg3sM2ZWRHDRB62YACZhhSlknJ672kSs");
        let public =
            bytes::<65>("BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8");
        let salt = bytes("DGv6ra1nlYgDCS1FRnbzlw");
        let Agreed { key, nonce } = Agreed::new(&shared, &keys(), &public, &salt).expect("agreed");
        let mut text = b"When I grow up, I want to be a watermelon\x02".to_vec();
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut text).expect("sealed");
        let expected = "8pfeW0KbunFT06SuDKoJH9Ql87S1QUrdirN6GcG7sFz1y1sqLgVi1VhjVkHsUoEsbI_0LpXMuGvnzQ";
        assert_eq!(URL_SAFE_NO_PAD.encode(text), expected);
    }

    #[test]
    fn what_is_no_point_of_the_curve_is_no_key() {
        assert!(encrypt(&keys(), b"").is_some_and(|body| body.len() == 16 + 4 + 1 + 65 + 1 + 16));
        for place in [0, 1, 64] {
            let mut wrong = keys();
            wrong.p256dh[place] ^= 1;
            assert_eq!(encrypt(&wrong, b""), None, "byte {place}");
        }
        assert_eq!(encrypt(&PushKeys { p256dh: [0; 65], auth: [0; 16] }, b""), None);
    }
}
