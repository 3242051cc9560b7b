//! One certificate, from the order to the chain.

use std::time::Duration;

use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::time::sleep;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use super::Proofs;
use super::authority::{Authority, Reply};
use super::failure::{Failure, Problem};
use super::folder::Given;
use super::key::encode;
use crate::outbound;

/// How long until an order is looked at again: at first, and at most.
const FIRST_LOOK: Duration = Duration::from_millis(250);
const LAST_LOOK: Duration = Duration::from_secs(10);
/// Longest token of a challenge, in bytes.
const MAX_TOKEN: usize = 256;

/// How a name is proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    /// By an answer over plain HTTP.
    Http,
    /// By a certificate in a handshake.
    Tls,
}

impl Method {
    /// As ACME calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "http-01",
            Self::Tls => "tls-alpn-01",
        }
    }
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Status {
    Pending,
    Ready,
    Processing,
    Valid,
    #[serde(other)]
    Invalid,
}

#[derive(Debug, Deserialize)]
struct Order {
    status: Status,
    #[serde(default)]
    authorizations: Vec<String>,
    finalize: String,
    certificate: Option<String>,
    error: Option<Problem>,
}

#[derive(Debug, Deserialize)]
struct Authorization {
    status: Status,
    #[serde(default)]
    challenges: Vec<Challenge>,
}

#[derive(Debug, Deserialize)]
struct Challenge {
    #[serde(rename = "type")]
    kind: String,
    url: String,
    #[serde(default)]
    token: String,
    error: Option<Problem>,
}

/// Gets a certificate for `name`, which is proved by `method`. Not bounded in time.
pub(super) async fn get(
    authority: &mut Authority,
    proofs: &Proofs,
    name: &str,
    method: Method,
) -> Result<Given, Failure> {
    authority.begin().await?;
    let wanted = json!({"identifiers": [{"type": "dns", "value": name}]}).to_string();
    let url = authority.new_order();
    let (url, order): (String, Order) = authority.post(&url, &wanted).await?.made()?;
    // One name, one authorization: of a longer list nobody knows what it is for.
    for authorization in order.authorizations.iter().take(1) {
        authorize(authority, proofs, authorization, name, method).await?;
    }
    let order = wait(authority, &url, |order| matches!(order.status, Status::Ready | Status::Valid)).await?;
    let (key, request) = request(name)?;
    if order.status == Status::Ready {
        authority.post(&order.finalize, &json!({"csr": encode(&request)}).to_string()).await?;
    }
    let order = wait(authority, &url, |order| order.status == Status::Valid).await?;
    let url = order.certificate.ok_or_else(|| Failure::Broken("there is no certificate in the order".to_owned()))?;
    let chain = authority.post(&url, "").await?.body;
    Given::new(name, &key, &chain).map_err(|cause| Failure::Broken(cause.to_string()))
}

/// Lets the authority see that the name leads here.
async fn authorize(
    authority: &mut Authority,
    proofs: &Proofs,
    url: &str,
    name: &str,
    method: Method,
) -> Result<(), Failure> {
    let authorization: Authorization = authority.post(url, "").await?.read()?;
    if authorization.status == Status::Valid {
        return Ok(());
    }
    let offered = authorization.challenges.into_iter().find(|challenge| challenge.kind == method.name());
    let Some(Challenge { url: challenge, token, .. }) = offered else {
        return Err(Failure::Unproven(format!("{} is not offered", method.name())));
    };
    // It stands in a path and in what is answered there.
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !(1..=MAX_TOKEN).contains(&token.len()) || !token.bytes().all(is_plain) {
        return Err(Failure::Broken("a challenge has no token".to_owned()));
    }
    let _shown = Shown::new(proofs, method, name, &token, &authority.key.authorization(&token))?;
    authority.post(&challenge, "{}").await?;
    let mut looks = Looks::default();
    loop {
        let reply = authority.post(url, "").await?;
        let authorization: Authorization = reply.read()?;
        match authorization.status {
            Status::Valid => return Ok(()),
            Status::Pending | Status::Processing => looks.wait(&reply).await,
            Status::Ready | Status::Invalid => {
                let said = authorization.challenges.into_iter().find_map(|challenge| challenge.error);
                let words = said.map_or_else(|| "it does not say why".to_owned(), |problem| problem.words());
                return Err(Failure::Unproven(format!("by {}: {words}", method.name())));
            }
        }
    }
}

/// Looks at an order until it is as it should be, or never will be.
async fn wait(authority: &mut Authority, url: &str, is_done: impl Fn(&Order) -> bool) -> Result<Order, Failure> {
    let mut looks = Looks::default();
    loop {
        let reply = authority.post(url, "").await?;
        let order: Order = reply.read()?;
        if is_done(&order) {
            return Ok(order);
        }
        if order.status == Status::Invalid {
            let words = order.error.map_or_else(|| "the order is invalid".to_owned(), |problem| problem.words());
            return Err(Failure::Refused { words, retry_after: None });
        }
        looks.wait(&reply).await;
    }
}

/// How often something was looked at.
#[derive(Default)]
struct Looks(u32);

impl Looks {
    async fn wait(&mut self, reply: &Reply) {
        let doubled = outbound::doubled(FIRST_LOOK, self.0);
        self.0 += 1;
        sleep(reply.retry_after.unwrap_or(doubled).clamp(FIRST_LOOK, LAST_LOOK)).await;
    }
}

/// A new key, in PKCS#8, and what a certificate for it is asked for by.
fn request(name: &str) -> Result<(Vec<u8>, Vec<u8>), Failure> {
    let made = || {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(vec![name.to_owned()])?;
        params.distinguished_name = DistinguishedName::new();
        let request = params.serialize_request(&key)?;
        Ok((key.serialize_der(), request.der().to_vec()))
    };
    made().map_err(own)
}

fn own(cause: rcgen::Error) -> Failure {
    Failure::Own(format!("a certificate could not be made: {cause}"))
}

/// A proof that authorities find until this is dropped.
struct Shown<'a> {
    proofs: &'a Proofs,
    method: Method,
    what: String,
}

impl<'a> Shown<'a> {
    fn new(proofs: &'a Proofs, method: Method, name: &str, token: &str, proof: &str) -> Result<Self, Failure> {
        let what = match (method, &proofs.redirect) {
            (Method::Http, Some(redirect)) => {
                redirect.prove(token, proof.to_owned());
                token
            }
            (Method::Http, None) => return Err(Failure::Unproven("by http-01: no plain HTTP is answered".to_owned())),
            (Method::Tls, _) => {
                let key = KeyPair::generate().map_err(own)?;
                let mut params = CertificateParams::new(vec![name.to_owned()]).map_err(own)?;
                params.custom_extensions = vec![CustomExtension::new_acme_identifier(&Sha256::digest(proof))];
                let certificate = params.self_signed(&key).map_err(own)?;
                let key =
                    PrivateKeyDer::try_from(key.serialize_der()).map_err(|cause| Failure::Own(cause.to_owned()))?;
                let shown = proofs.certificates.prove(name, certificate.der().clone(), key);
                shown.map_err(|cause| Failure::Own(cause.to_string()))?;
                name
            }
        };
        Ok(Self { proofs, method, what: what.to_owned() })
    }
}

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        match (self.method, &self.proofs.redirect) {
            (Method::Http, Some(redirect)) => redirect.end_proof(&self.what),
            (Method::Http, None) => {}
            (Method::Tls, _) => self.proofs.certificates.end_proof(&self.what),
        }
    }
}
