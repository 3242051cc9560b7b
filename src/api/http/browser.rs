//! Signing in with a cookie, and avatars: what the page relies on and several documents name.
//!
//! These stand under the prefix of each dialect too whose document names them.

mod document;

use std::time::Duration;

use cookie::{Cookie, CookieBuilder, SameSite};
use schemars::JsonSchema;
use serde::Serialize;
use warp::http::header::{HeaderValue, LOCATION, SET_COOKIE};
use warp::http::{Method, StatusCode};

use super::account::Account;
use super::auth::{self, CSRF_COOKIE, SESSION_COOKIE};
use super::base::BasePath;
use super::limit::Rate;
use super::reply::{Answer, Response, json as answer, no_content, with_credential};
use super::request::Request;
use super::route::Route;
use super::sign_in::SignIn;
use super::{download, preview};
use crate::chat::model::identity::ATTEMPT_LIFE;
use crate::chat::model::session::{Actor, CredentialKind, SESSION_LIFE, Session};
use crate::chat::model::token::Token;
use crate::chat::model::user;

/// Where a browser signs in.
pub fn sign_in() -> Route {
    sign_in_at("/login/")
}

/// The same at another path, which a system's own client calls.
pub fn sign_in_at(pattern: &'static str) -> Route {
    Route::open(Method::POST, pattern, login).doc(document::login)
}

/// Where it signs out.
pub fn sign_out() -> Route {
    sign_out_at("/logout/")
}

/// The same at another path.
pub fn sign_out_at(pattern: &'static str) -> Route {
    Route::without_factor(Method::POST, pattern, Rate::Free, logout).doc(document::logout)
}

/// What a write with the cookie has to repeat.
pub fn csrf_token_at(pattern: &'static str) -> Route {
    Route::open(Method::GET, pattern, csrf_token).doc(document::csrf_token)
}

/// Where the pictures are that users are shown with.
pub fn avatars() -> Route {
    Route::open(Method::GET, "/media/user_images/{name}", avatar).doc(document::avatar)
}

/// Who is signed in.
#[derive(JsonSchema, Serialize)]
pub struct SessionUser<'a> {
    user: Account<'a>,
}

#[derive(JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
struct CsrfToken<'a> {
    csrf_token: &'a str,
}

async fn login(mut request: Request) -> Answer {
    auth::refuse_foreign_sign_in(&request)?;
    let mut fields = request.fields().await?;
    let next = fields.text("next").or_else(|| request.query("next").map(str::to_owned));
    let sign_in = SignIn::of(&mut fields)?;
    let who = sign_in.user(&request).await?;
    let app = &request.context.app;
    let session = app.open_session(who).await?;
    let account = app.my_account(&app.authenticate(session.key.as_str())?)?;
    if !wants_page(&request) {
        return Ok(signed_in(StatusCode::OK, &account, &session, &request));
    }
    let next = next.filter(|path| may_be_next(path, request.base()));
    Ok(with_session(redirect(&next.unwrap_or_else(|| request.base().at("/"))), &session, &request))
}

/// Tells who is signed in, with the session's cookies.
pub fn signed_in(status: StatusCode, account: &user::Account, session: &Session, request: &Request) -> Response {
    let user = SessionUser { user: Account::new(account, request.base()) };
    with_session(answer(status, &user), session, request)
}

/// Who is not signed in gets one that opens nothing: clients ask before they sign in, and send it along.
async fn csrf_token(request: Request) -> Answer {
    let app = &request.context.app;
    let is_session = |key: &String| app.authenticate(key).is_ok_and(|actor| actor.kind == CredentialKind::Session);
    let key = request.cookie(SESSION_COOKIE).filter(is_session);
    let token = key.map_or_else(Token::random, |key| app.csrf_token(&key));
    let mut response = answer(StatusCode::OK, &CsrfToken { csrf_token: token.as_str() });
    set_csrf_cookie(&mut response, &token, &request);
    with_credential(Ok(response))
}

async fn logout(actor: Actor, request: Request) -> Answer {
    request.context.app.sign_out(&actor).await?;
    let mut response = if wants_page(&request) { redirect(&request.base().at("/")) } else { no_content()? };
    for name in [SESSION_COOKIE, CSRF_COOKIE] {
        set_cookie(&mut response, cookie(name, "", Duration::ZERO, request.base()));
    }
    Ok(response)
}

async fn avatar(request: Request) -> Answer {
    let file = request.context.app.avatar(request.param(0))?;
    // The name changes with the picture, so whoever has it may keep it.
    let cache = "public, max-age=31536000, immutable";
    match preview::asked(&request)? {
        Some(side) => preview::send(&request, &file, side, None, cache).await,
        None => download::send(&request, &file, None, cache).await,
    }
}

/// Whether a person's browser asks, and not a program.
#[must_use]
pub fn wants_page(request: &Request) -> bool {
    request.header("accept").is_some_and(|accept| accept.contains("text/html"))
}

/// Whether a sign-in may lead there.
#[must_use]
pub fn may_be_next(path: &str, base: &BasePath) -> bool {
    is_same_site(path) && base.inside(path).is_some()
}

/// A path of this site and nothing that a browser reads as another's: `//` and `/\`
/// begin a host, and browsers drop control characters before they look.
fn is_same_site(path: &str) -> bool {
    let mut start = path.chars();
    start.next() == Some('/')
        && !matches!(start.next(), Some('/' | '\\'))
        && !path.contains(|c: char| c.is_control() || c == '\\')
}

/// 302 to a path of this site, or to where somebody signs in.
pub fn redirect(path: &str) -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::FOUND;
    let encoded = percent_encoding::utf8_percent_encode(path, percent_encoding::CONTROLS).to_string();
    if let Ok(location) = HeaderValue::from_str(&encoded) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

fn is_https(request: &Request) -> bool {
    request.base_url().starts_with("https://")
}

/// With the cookies of a session.
#[must_use]
pub fn with_session(mut response: Response, session: &Session, request: &Request) -> Response {
    let https = is_https(request);
    let key = cookie(SESSION_COOKIE, session.key.as_str(), SESSION_LIFE, request.base()).http_only(true).secure(https);
    set_cookie(&mut response, key);
    set_csrf_cookie(&mut response, &session.csrf, request);
    response
}

/// What the cookie of a sign-in that is under way elsewhere is called. Over HTTPS no page of a neighbouring name can
/// plant one (RFC 6265bis, 4.1.3.2): whoever went on with another's attempt would be signed in as them, or link an
/// account of theirs to another's.
pub fn attempt_cookie(request: &Request) -> &'static str {
    if is_https(request) { "__Host-oidc" } else { "oidc" }
}

/// Sets the cookie of a sign-in that is under way elsewhere, or takes it away if it is empty. The way back is a
/// link of another site, along which a browser sends it.
pub fn set_attempt(response: &mut Response, value: &str, request: &Request) {
    let (life, https) = (if value.is_empty() { Duration::ZERO } else { ATTEMPT_LIFE }, is_https(request));
    // Of the whole host, or browsers refuse a cookie that is called so.
    let path = if https { "/".to_owned() } else { request.base().at("/login/oidc/") };
    set_cookie(
        response,
        cookie(attempt_cookie(request), value, life, request.base()).path(path).http_only(true).secure(https),
    );
}

/// The page's own script has to read this one, to repeat it in a header.
fn set_csrf_cookie(response: &mut Response, token: &Token, request: &Request) {
    let cookie = cookie(CSRF_COOKIE, token.as_str(), SESSION_LIFE, request.base());
    set_cookie(response, cookie.secure(is_https(request)));
}

fn cookie<'a>(name: &'a str, value: &'a str, life: Duration, base: &BasePath) -> CookieBuilder<'a> {
    let age = cookie::time::Duration::try_from(life).unwrap_or(cookie::time::Duration::MAX);
    Cookie::build((name, value)).path(base.at("/")).max_age(age).same_site(SameSite::Lax)
}

fn set_cookie(response: &mut Response, cookie: CookieBuilder<'_>) {
    if let Ok(value) = HeaderValue::from_str(&cookie.build().to_string()) {
        response.headers_mut().append(SET_COOKIE, value);
    }
}

#[cfg(test)]
mod tests {
    use super::is_same_site;

    #[test]
    fn a_sign_in_leads_to_this_site_alone() {
        for own in ["/", "/rooms/1?x=y#z", "/login/"] {
            assert!(is_same_site(own), "{own}");
        }
        for other in ["", "//evil", "/\\evil", "https://evil", "\\evil", "/\t/evil", "javascript:alert(1)", "/a\\b"] {
            assert!(!is_same_site(other), "{other}");
        }
    }
}
