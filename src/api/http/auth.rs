//! Who is asking: the same answer for every endpoint of every dialect.

use warp::http::Method;

use super::jwt::{self, TokenType};
use super::reply::Failure;
use super::request::Request;
use crate::chat::model::error::Error;
use crate::chat::model::session::{Asker, CredentialKind};

/// The name of the session's cookie.
pub const SESSION_COOKIE: &str = "sessionid";
/// The name of the cookie with the session's CSRF token.
pub const CSRF_COOKIE: &str = "csrftoken";
/// What a write with the session's cookie alone has to carry.
pub const CSRF_HEADER: &str = "x-csrftoken";
/// The WebSocket subprotocol that announces a token.
pub const TOKEN_PROTOCOL: &str = "token";

/// Who makes this request: by the `Authorization` header, else by the cookie. A header
/// that opens nothing is the end of it: there is no falling back.
pub fn asker(request: &Request) -> Result<Asker, Failure> {
    match explicit(request)? {
        Some(asker) => Ok(asker),
        None => by_cookie(request),
    }
}

/// Who opens this socket: also by `?token=` or a `token` subprotocol, since a browser
/// cannot set a header there.
pub fn socket_asker(request: &Request) -> Result<Asker, Failure> {
    let header = explicit(request)?;
    let protocol = protocol_token(request).map(|secret| by_secret(request, secret)).transpose()?;
    let query = request.query("token").map(|secret| by_secret(request, secret)).transpose()?;
    match header.or(protocol).or(query) {
        Some(asker) => Ok(asker),
        None => {
            // A browser sends the cookie along with whatever page opens the socket.
            let asker = by_cookie(request)?;
            refuse_foreign_origin(request)?;
            Ok(asker)
        }
    }
}

/// Whoever signs in or registers from a stranger's page would be signed in as whom that page wants. Where everybody
/// may be anybody, every page may.
pub fn refuse_foreign_sign_in(request: &Request) -> Result<(), Failure> {
    if request.context.settings.any_origin { Ok(()) } else { refuse_foreign_origin(request) }
}

/// What a browser's cookie goes along with has to come from a page of the server's own.
fn refuse_foreign_origin(request: &Request) -> Result<(), Failure> {
    if request.is_from_own_origin() { Ok(()) } else { Err(Failure::ForeignOrigin) }
}

/// The token in `Sec-WebSocket-Protocol: token, <t>`.
#[must_use]
pub fn protocol_token(request: &Request) -> Option<&str> {
    let mut protocols = request.header("sec-websocket-protocol")?.split(',').map(str::trim);
    protocols.next().filter(|first| *first == TOKEN_PROTOCOL)?;
    protocols.next()
}

fn explicit(request: &Request) -> Result<Option<Asker>, Failure> {
    let Some(header) = request.headers.get("authorization") else { return Ok(None) };
    let secret = header
        .to_str()
        .ok()
        .and_then(|text| text.trim().split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("token") || scheme.eq_ignore_ascii_case("bearer"));
    let (_, secret) = secret.ok_or(Failure::Chat(Error::CredentialRevoked))?;
    by_secret(request, secret.trim()).map(Some)
}

/// A token, or a JWT, which alone has two dots. A session's key is for the cookie alone, where the CSRF token guards it.
fn by_secret(request: &Request, secret: &str) -> Result<Asker, Failure> {
    if secret.matches('.').count() == 2 {
        return Ok(jwt::read(&request.context.chat, TokenType::Access, secret)?);
    }
    let asker = request.context.chat.authenticate(secret)?;
    match asker.kind {
        CredentialKind::Account | CredentialKind::Device => Ok(asker),
        CredentialKind::Session | CredentialKind::Refresh => Err(Error::CredentialRevoked.into()),
    }
}

fn by_cookie(request: &Request) -> Result<Asker, Failure> {
    let key = request.cookie(SESSION_COOKIE).ok_or(Failure::NotSignedIn)?;
    let asker = request.context.chat.authenticate(&key).map_err(|_| Failure::NotSignedIn)?;
    if asker.kind != CredentialKind::Session {
        return Err(Failure::NotSignedIn);
    }
    let reads = matches!(request.method, Method::GET | Method::HEAD | Method::OPTIONS);
    if !reads {
        check_csrf(request, &key)?;
    }
    Ok(asker)
}

/// A cookie goes along with whatever page makes the request; the token does not.
fn check_csrf(request: &Request, session_key: &str) -> Result<(), Failure> {
    refuse_foreign_origin(request)?;
    let sent = request.header(CSRF_HEADER).ok_or(Failure::CsrfFailed("CSRF token missing."))?;
    let cookie = request.cookie(CSRF_COOKIE).ok_or(Failure::CsrfFailed("CSRF cookie not set."))?;
    let expected = request.context.chat.csrf_token(session_key);
    if sent != cookie || sent != expected.as_str() {
        return Err(Failure::CsrfFailed("CSRF token incorrect."));
    }
    Ok(())
}
