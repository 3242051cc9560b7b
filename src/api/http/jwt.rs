//! JSON Web Tokens: HS256 and nothing else, each bound to a family that can be ended.
//!
//! A token carries `token_type`, `exp`, `iat`, `jti` and `user_id`; its `jti` begins with
//! the hash by which its family is kept, so that an ended family ends its tokens at once.

use std::sync::Once;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::crypto::{CryptoProvider, JwkUtils, JwtSigner, JwtVerifier};
use jsonwebtoken::errors::{ErrorKind, Result as JwtResult};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use signature::{Signer, Verifier};

use crate::chat::App;
use crate::chat::model::error::Error;
use crate::chat::model::id::UserId;
use crate::chat::model::session::{Actor, Family};

/// What a token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenType {
    /// Requests.
    Access,
    /// Getting a new access token, and nothing else.
    Refresh,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    token_type: TokenType,
    exp: i64,
    iat: i64,
    jti: String,
    user_id: i64,
}

/// Writes a token of a family.
pub fn write(app: &App, kind: TokenType, user: UserId, family: Family, life: Duration) -> Result<String, Error> {
    install();
    let now = app.now();
    let claims = Claims {
        token_type: kind,
        exp: now.plus(life).0 / 1000,
        iat: now.0 / 1000,
        jti: format!("{}.{}", hex::encode(family.0), hex::encode(rand::random::<[u8; 16]>())),
        user_id: user.0,
    };
    let key = EncodingKey::from_secret(&app.jwt_key());
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).map_err(|cause| {
        tracing::error!(%cause, "a JWT was not written");
        Error::Internal
    })
}

/// Whom a token signs in, if it is of this kind, in time, and its family lasts.
pub fn read(app: &App, kind: TokenType, token: &str) -> Result<(Actor, Family), Error> {
    install();
    let mut validation = Validation::new(Algorithm::HS256);
    validation.leeway = 0;
    // The core's clock tells the time, below.
    validation.validate_exp = false;
    let key = DecodingKey::from_secret(&app.jwt_key());
    let revoked = Error::CredentialRevoked;
    let claims = jsonwebtoken::decode::<Claims>(token, &key, &validation).map_err(|_| revoked.clone())?.claims;
    if claims.token_type != kind || claims.exp <= app.now().0 / 1000 {
        return Err(revoked);
    }
    let mut family = Family([0; 32]);
    let named = claims.jti.split('.').next().unwrap_or_default();
    hex::decode_to_slice(named, &mut family.0).map_err(|_| revoked.clone())?;
    let actor = app.actor_of_family(family)?;
    if actor.user.0 == claims.user_id { Ok((actor, family)) } else { Err(revoked) }
}

/// Gives the library the one algorithm that is used here, from the crates that are
/// here already; its own choices would bring eighty more.
fn install() {
    static INSTALLED: Once = Once::new();
    static PROVIDER: CryptoProvider = CryptoProvider {
        signer_factory: |algorithm, key| Ok(Box::new(Hs256::new(*algorithm, key.try_get_hmac_secret()?)?)),
        verifier_factory: |algorithm, key| Ok(Box::new(Hs256::new(*algorithm, key.try_get_hmac_secret()?)?)),
        jwk_utils: JwkUtils::new_unimplemented(),
    };
    INSTALLED.call_once(|| {
        if PROVIDER.install_default().is_err() {
            tracing::debug!("another provider of JWT algorithms was installed before");
        }
    });
}

struct Hs256(Hmac<Sha256>);

impl Hs256 {
    fn new(algorithm: Algorithm, secret: &[u8]) -> JwtResult<Self> {
        if algorithm != Algorithm::HS256 {
            return Err(ErrorKind::InvalidAlgorithm.into());
        }
        Hmac::new_from_slice(secret).map(Self).map_err(|_| ErrorKind::InvalidKeyFormat.into())
    }
}

impl Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        Ok(self.0.clone().chain_update(message).finalize().into_bytes().to_vec())
    }
}

impl Verifier<Vec<u8>> for Hs256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        self.0.clone().chain_update(message).verify_slice(signature).map_err(|_| signature::Error::new())
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

#[cfg(test)]
mod tests;
