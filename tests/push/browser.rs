//! A browser's side of a subscription: its keys, and how it reads what was encrypted for them (RFC 8188, RFC 8291).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::elliptic_curve::sec1::ToEncodedPoint;
use p256::{PublicKey, SecretKey};
use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::hmac::{HMAC_SHA256, Key, sign};
use serde_json::{Value, json};

pub struct BrowserKeys {
    secret: SecretKey,
    auth: [u8; 16],
}

impl BrowserKeys {
    pub fn new() -> Self {
        let secret = loop {
            if let Ok(secret) = SecretKey::from_slice(&rand::random::<[u8; 32]>()) {
                break secret;
            }
        };
        Self { secret, auth: rand::random() }
    }

    fn public(&self) -> Vec<u8> {
        self.secret.public_key().to_encoded_point(false).as_bytes().to_vec()
    }

    /// As `PushSubscription.toJSON()` has them.
    pub fn json(&self) -> Value {
        json!({"p256dh": URL_SAFE_NO_PAD.encode(self.public()), "auth": URL_SAFE_NO_PAD.encode(self.auth)})
    }

    /// What a body says to this browser.
    pub fn decrypts(&self, body: &[u8]) -> Result<Vec<u8>, String> {
        let (salt, rest) = body.split_at_checked(16).ok_or("no salt")?;
        let (record, rest) = rest.split_first_chunk::<4>().ok_or("no size of records")?;
        let (length, rest) = rest.split_first().ok_or("no key")?;
        let (theirs, sealed) = rest.split_at_checked((*length).into()).ok_or("half a key")?;
        if sealed.len() > u32::from_be_bytes(*record) as usize {
            return Err("more than one record".to_owned());
        }
        let point = PublicKey::from_sec1_bytes(theirs).map_err(|cause| cause.to_string())?;
        let shared = p256::ecdh::diffie_hellman(self.secret.to_nonzero_scalar(), point.as_affine());
        // HKDF of RFC 5869, by hand: each of the three needs one block.
        let block = |key: &[u8], parts: &[&[u8]]| {
            sign(&Key::new(HMAC_SHA256, key), &[parts.concat(), vec![1]].concat()).as_ref().to_vec()
        };
        let extract = |salt: &[u8], input: &[u8]| sign(&Key::new(HMAC_SHA256, salt), input).as_ref().to_vec();
        let of_both = extract(&self.auth, shared.raw_secret_bytes());
        let input = block(&of_both, &[b"WebPush: info\0", &self.public(), theirs]);
        let of_message = extract(salt, &input);
        let key = block(&of_message, &[b"Content-Encoding: aes128gcm\0"]);
        let nonce = block(&of_message, &[b"Content-Encoding: nonce\0"]);
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key[..16]).map_err(|cause| cause.to_string())?);
        let nonce = Nonce::try_assume_unique_for_key(&nonce[..12]).map_err(|cause| cause.to_string())?;
        let mut opened = sealed.to_vec();
        let text = key.open_in_place(nonce, Aad::empty(), &mut opened).map_err(|_| "it is for another browser")?;
        let end = text.iter().rposition(|byte| *byte != 0).ok_or("nothing but padding")?;
        if text[end] == 2 { Ok(text[..end].to_vec()) } else { Err("no last record".to_owned()) }
    }
}
