//! Signing in by a provider of OpenID Connect: what a browser is sent with, and what is made of what it brings back.
//!
//! The answers of the provider are judged in [`oidc`](crate::oidc), and accounts are the chat's. Here stands what is
//! between: [`attempt`], the state of a sign-in that is under way, [`configured`], the operator's provider, and
//! [`refusal`], what people are told that failed.

pub mod attempt;
pub mod configured;
pub mod refusal;

use std::sync::Arc;

use super::browser;
use super::context::Registration;
use super::forwarded::is_loopback;
use super::reply::ApiError;
use super::request::Request;
use crate::chat::model::error::Error;
use crate::chat::model::id::CredentialId;
use crate::chat::model::identity::{Identity, Stranger};
use crate::oidc::{Challenge, Redeemed};
use attempt::Attempt;
use configured::Oidc;
use refusal::{Refusal, Why};

/// Where a browser comes back to.
pub const CALLBACK: &str = "/login/oidc/callback/";

/// The provider, where there is one.
pub fn provider(request: &Request) -> Result<&Arc<Oidc>, ApiError> {
    request.context.settings.oidc.as_ref().ok_or(ApiError::Chat(Error::ProviderOff))
}

/// Begins a sign-in: where the browser goes, and the cookie that it has to bring back.
pub async fn begin(
    request: &Request,
    next: Option<String>,
    link: Option<CredentialId>,
) -> Result<(String, String), Refusal> {
    let oidc = provider(request)?;
    check_may_link(request, link)?;
    let now = request.context.app.now().0 / 1000;
    let next = next.filter(|path| browser::may_be_next(path, request.base())).unwrap_or_default();
    let (attempt, cookie) = oidc.attempts.begin(next, link, now);
    let address = oidc.provider.address(&challenge(&attempt, &callback(request))).await?;
    Ok((address, cookie))
}

/// Who came back with the browser, and to what.
pub async fn finish(request: &Request) -> Result<(Attempt, Redeemed), Refusal> {
    let oidc = provider(request)?;
    let now = request.context.app.now().0 / 1000;
    let (state, cookie) = (request.query("state"), request.cookie(browser::attempt_cookie(request)));
    let attempt = oidc.attempts.take(state, cookie.as_deref(), now)?;
    check_may_link(request, attempt.link)?;
    // Before anything is sent to anybody: the code of another provider is not this one's business.
    oidc.provider.check_issuer(request.query("iss")).await?;
    if let Some(error) = request.query("error") {
        tracing::info!(target: "oidc", error = format!("{error:.100?}"), "the provider signed nobody in");
        return Err(Why::Declined.into());
    }
    let code = request.query("code").filter(|code| !code.is_empty()).ok_or(Why::State)?;
    let redeemed = oidc.provider.redeem(code, &challenge(&attempt, &callback(request)), now).await?;
    Ok((attempt, redeemed))
}

/// Over plain HTTP a page of a neighbouring name can plant an attempt, and whoever came back with it would be linked to
/// the account of whom it is. Beside a browser that is on this machine there is no such name.
fn check_may_link(request: &Request, link: Option<CredentialId>) -> Result<(), Refusal> {
    let url = request.base_url();
    let is_here =
        url.strip_prefix("http://").is_none_or(|rest| is_loopback(rest.split('/').next().unwrap_or_default()));
    let may = link.is_none() || is_here || request.context.settings.dev_feed.is_some();
    if may { Ok(()) } else { Err(Why::Plain.into()) }
}

/// What an account would be made of, if one may be: the provider is asked for more only about strangers.
pub async fn stranger(
    request: &Request,
    oidc: &Oidc,
    who: &Redeemed,
    identity: &Identity,
) -> Result<Option<Stranger>, Refusal> {
    if request.context.app.is_known(identity)? {
        return Ok(None);
    }
    let is_open = request.context.settings.registration == Registration::Open;
    let profile = oidc.provider.profile(who).await?;
    Ok(oidc.stranger(&profile, is_open))
}

fn callback(request: &Request) -> String {
    format!("{}{CALLBACK}", request.base_url())
}

fn challenge<'a>(attempt: &'a Attempt, redirect_uri: &'a str) -> Challenge<'a> {
    Challenge { redirect_uri, state: &attempt.state, nonce: &attempt.nonce, verifier: &attempt.verifier }
}
