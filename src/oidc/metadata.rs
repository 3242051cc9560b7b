//! What a provider says of itself (OpenID Connect Discovery 1.0), and its keys.

use std::sync::Arc;

use bytes::Bytes;
use serde::Deserialize;

use super::jwk::Keys;
use super::{Failure, Provider, away, call, read};
use crate::outbound::Target;

/// Below the issuer.
const WELL_KNOWN: &str = ".well-known/openid-configuration";

/// Where it is asked what.
#[derive(Deserialize)]
pub(super) struct Metadata {
    issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    jwks_uri: String,
    pub userinfo_endpoint: Option<String>,
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

/// All that is kept of it.
pub(super) struct Known {
    pub metadata: Metadata,
    pub keys: Keys,
}

impl Metadata {
    /// The header is what everybody has to know (RFC 6749, 2.3.1); some say that they do not.
    pub fn takes_secret_in_body(&self) -> bool {
        self.token_endpoint_auth_methods_supported.as_ref().is_some_and(|methods| {
            let has = |method: &str| methods.iter().any(|known| known == method);
            has("client_secret_post") && !has("client_secret_basic")
        })
    }
}

impl Known {
    pub async fn fetch(provider: &Provider) -> Result<Arc<Self>, Failure> {
        let issuer = &provider.config.issuer;
        let place = format!("{}/{WELL_KNOWN}", issuer.trim_end_matches('/'));
        let metadata: Metadata = get(provider, &provider.endpoint(&place)?, "the description").await?;
        if metadata.issuer != *issuer {
            return Err(Failure::Untrusted(format!("it calls itself {:.200?} and not {issuer:?}", metadata.issuer)));
        }
        // Browsers go there, and nobody is to send them to a script or in the clear.
        provider.endpoint(&metadata.authorization_endpoint)?;
        let keys = get(provider, &provider.endpoint(&metadata.jwks_uri)?, "the keys").await?;
        Ok(Arc::new(Self { metadata, keys }))
    }
}

async fn get<T: for<'de> Deserialize<'de>>(provider: &Provider, from: &Target, what: &str) -> Result<T, Failure> {
    let headers = vec![("accept", "application/json".to_owned())];
    let answer = provider.outbound.get(from, call(headers, Bytes::new())).await.map_err(away)?;
    read(what, &answer)
}
