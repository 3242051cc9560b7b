//! Headers of every answer, in one place.

use std::time::Duration;

use warp::http::Method;
use warp::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, LINK,
    REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, VARY, X_CONTENT_TYPE_OPTIONS,
};

use crate::api::http::context::Settings;
use crate::api::http::reply::Response;
use crate::api::http::trace::RequestTrace;
use crate::chat::model::rate::RateUsage;

/// The header with the request's id, also in the log.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

const FIXED: [(HeaderName, &str); 5] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(self), microphone=(self), display-capture=(self), geolocation=()",
    ),
];

/// What a page may not do that is none: an answer of the API, opened in a browser.
const NO_PAGE: &str = "default-src 'none'; frame-ancestors 'none'";

/// How long a browser may go by a preflight, in seconds.
const PREFLIGHT_SECONDS: &str = "600";

/// Adds what every answer has. What a handler set itself stays.
pub(super) fn add(
    response: &mut Response,
    method: &Method,
    request: &HeaderMap,
    settings: &Settings,
    trace: &RequestTrace,
) {
    let origin = request.get("origin").filter(|origin| {
        settings.any_origin || settings.cors_origins.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes())
    });
    let headers = response.headers_mut();
    for (name, value) in FIXED {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(id) = HeaderValue::from_str(&trace.id) {
        headers.insert(REQUEST_ID, id);
    }
    note(headers, trace);
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(NO_PAGE));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if settings.public_url.as_deref().is_some_and(|url| url.starts_with("https://")) {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    if settings.any_origin || !settings.cors_origins.is_empty() {
        // Also where the answer is for nobody else: a cache must not give it to a listed page.
        headers.append(VARY, HeaderValue::from_static("Origin"));
    }
    if let Some(origin) = origin {
        share(headers, origin.clone());
        if *method == Method::OPTIONS && request.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
            permit(headers, request.get(ACCESS_CONTROL_REQUEST_HEADERS));
        }
    }
}

/// What was noted of the limits that counted the request (the IETF's draft of `RateLimit`), and of the parts of a list
/// around the one that it got (RFC 8288).
fn note(headers: &mut HeaderMap, trace: &RequestTrace) {
    let notes = trace.notes();
    let usages = |write: fn(&RateUsage) -> String| notes.usages.iter().map(write).collect::<Vec<_>>().join(", ");
    let links = notes.links.iter().map(|(relation, url)| format!("<{url}>; rel=\"{relation}\""));
    let noted = [
        (RATE_LIMIT, usages(|s| format!("\"{}\";r={};t={}", s.name, s.remaining, whole_seconds(s.reset)))),
        (RATE_LIMIT_POLICY, usages(|s| format!("\"{}\";q={};w={}", s.name, s.quota, whole_seconds(s.window)))),
        (LINK, links.collect::<Vec<_>>().join(", ")),
    ];
    for (name, value) in noted {
        if let Ok(value) = HeaderValue::from_str(&value)
            && !value.is_empty()
        {
            headers.insert(name, value);
        }
    }
}

/// Rounded up: after so many it is over.
fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

/// For a page of another origin that the operator listed, with the cookies of whoever looks at it: a write with a
/// cookie needs the token against forgery there as well.
fn share(headers: &mut HeaderMap, origin: HeaderValue) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    headers.insert(
        ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("ETag, Link, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id"),
    );
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin"));
}

/// For its preflights: every header that it asks for, since clients have their own.
fn permit(headers: &mut HeaderMap, asked: Option<&HeaderValue>) {
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE"));
    if let Some(asked) = asked {
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
    }
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(PREFLIGHT_SECONDS));
}
