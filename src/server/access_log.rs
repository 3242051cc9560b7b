//! The access log: a line for each request, and no secret in it.

use std::borrow::Cow;
use std::net::IpAddr;

use tokio::time::Instant;
use warp::http::Method;

use crate::api::http::reply::{Response, SignedBy};
use crate::api::http::trace::RequestTrace;

/// Digits of the shortest code that may stand in a path.
const SECRET_DIGITS: usize = 40;

/// A path without the secrets that some have in them: what looks like one is a `…`.
pub(super) fn told(path: &str) -> Cow<'_, str> {
    let is_secret = |part: &str| part.bytes().take_while(u8::is_ascii_hexdigit).count() >= SECRET_DIGITS;
    if !path.split('/').any(is_secret) {
        return path.into();
    }
    let parts: Vec<&str> = path.split('/').map(|part| if is_secret(part) { "…" } else { part }).collect();
    parts.join("/").into()
}

pub(super) fn user_of(response: &Response, trace: &RequestTrace) -> Option<i64> {
    let signed_in = response.extensions().get::<SignedBy>().map(|SignedBy(user)| *user);
    trace.user().or(signed_in).map(|user| user.0)
}

/// One line for each request: never its query, where a token may stand, and no body.
pub(super) fn log(method: &Method, path: &str, ip: IpAddr, response: &Response, begun: Instant, trace: &RequestTrace) {
    let user = user_of(response, trace);
    tracing::info!(
        target: "access",
        %method,
        path = &*told(path),
        status = response.status().as_u16(),
        ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
        user,
        %ip,
        request = trace.id,
    );
}
