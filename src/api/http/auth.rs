//! Who is asking: the same answer for every endpoint of every dialect.
//!
//! What a credential does not say, a trusted proxy may (`--user-header`), before a cookie does. A browser sends along
//! what lets it through that proxy as it does a cookie, whatever page asks, and so the origin counts as with one.

use warp::http::Method;

use super::context::Registration;
use super::jwt::{self, TokenType};
use super::reply::ApiError;
use super::request::Request;
use crate::chat::model::error::Error;
use crate::chat::model::label::Label;
use crate::chat::model::session::{Actor, CredentialKind};

/// The name of the session's cookie.
pub const SESSION_COOKIE: &str = "sessionid";
/// The name of the cookie with the session's CSRF token.
pub const CSRF_COOKIE: &str = "csrftoken";
/// What a write with the session's cookie alone has to carry.
pub const CSRF_HEADER: &str = "x-csrftoken";
/// The WebSocket subprotocol that announces a token.
pub const TOKEN_PROTOCOL: &str = "token";

/// Who makes this request: by the `Authorization` header, else by a trusted proxy's word, else by the cookie. A header
/// that opens nothing is the end of it: there is no falling back.
pub fn actor(request: &Request) -> Result<Actor, ApiError> {
    match explicit(request)? {
        Some(actor) => Ok(actor),
        None => by_browser(request),
    }
}

/// The same, if they have the second factor that the server may ask of them.
pub fn settled_actor(request: &Request) -> Result<Actor, ApiError> {
    let actor = actor(request)?;
    request.context.app.check_factor_of(&actor)?;
    Ok(actor)
}

/// Whom a trusted proxy names, if the operator lets it and nothing better says who asks. Whoever has no account yet
/// gets one, where strangers may.
pub async fn named_by_proxy(request: &Request) -> Result<Option<Result<Actor, ApiError>>, ApiError> {
    let settings = &request.context.settings;
    let Some(header) = settings.user_header.as_ref().filter(|_| request.client.is_by_proxy) else { return Ok(None) };
    let mut lines = request.headers.get_all(header).iter();
    let (first, second) = (lines.next(), lines.next());
    let Some(line) = first else { return Ok(None) };
    let name = std::str::from_utf8(line.as_bytes()).ok().map(|name| name.trim_matches([' ', '\t']));
    // Two that a proxy has joined to one line are two: the first may be its client's own. And a name with any other
    // white space in it would come to be the name without.
    let is_bad = |c: char| c == ',' || (c.is_whitespace() && c != ' ');
    let name = name.filter(|name| second.is_none() && !name.contains(is_bad));
    let name = name.ok_or_else(|| ApiError::Malformed(format!("The header {header} has one name in it.").into()))?;
    if name.is_empty() || request.headers.contains_key("authorization") {
        return Ok(None);
    }
    let may_register = settings.registration == Registration::Open;
    let label = Label::cut(request.header("user-agent").unwrap_or_default());
    // In a box, since it makes an account and is large: else every request would carry its room, and copy it.
    let named = Box::pin(request.context.app.actor_named(name, may_register, label));
    Ok(Some(named.await.map_err(ApiError::from)))
}

/// Who opens this socket: also by `?token=` or a `token` subprotocol, since a browser
/// cannot set a header there.
pub fn socket_actor(request: &Request) -> Result<Actor, ApiError> {
    let actor = any_socket_actor(request)?;
    request.context.app.check_factor_of(&actor)?;
    Ok(actor)
}

fn any_socket_actor(request: &Request) -> Result<Actor, ApiError> {
    let header = explicit(request)?;
    let protocol = protocol_token(request).map(|secret| by_secret(request, secret)).transpose()?;
    let query = request.query("token").map(|secret| by_secret(request, secret)).transpose()?;
    match header.or(protocol).or(query) {
        Some(actor) => Ok(actor),
        None => {
            // A browser sends the cookie along with whatever page opens the socket.
            let actor = by_browser(request)?;
            refuse_foreign_origin(request)?;
            Ok(actor)
        }
    }
}

/// Whoever signs in or registers from a stranger's page would be signed in as whom that page wants. Where everybody
/// may be anybody, every page may.
pub fn refuse_foreign_sign_in(request: &Request) -> Result<(), ApiError> {
    if request.context.settings.any_origin { Ok(()) } else { refuse_foreign_origin(request) }
}

/// What a browser's cookie goes along with has to come from a page of the server's own.
fn refuse_foreign_origin(request: &Request) -> Result<(), ApiError> {
    if request.is_from_own_origin() { Ok(()) } else { Err(ApiError::ForeignOrigin) }
}

/// The token in `Sec-WebSocket-Protocol: token, <t>`.
pub fn protocol_token(request: &Request) -> Option<&str> {
    let mut protocols = request.header("sec-websocket-protocol")?.split(',').map(str::trim);
    protocols.next().filter(|first| *first == TOKEN_PROTOCOL)?;
    protocols.next()
}

fn explicit(request: &Request) -> Result<Option<Actor>, ApiError> {
    let mut lines = request.headers.get_all("authorization").iter();
    let Some(header) = lines.next() else { return Ok(None) };
    // Of two, a proxy may have looked at the other.
    if lines.next().is_some() {
        return Err(ApiError::Chat(Error::CredentialRevoked));
    }
    let secret = header
        .to_str()
        .ok()
        .and_then(|text| text.trim().split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("token") || scheme.eq_ignore_ascii_case("bearer"));
    let (_, secret) = secret.ok_or(ApiError::Chat(Error::CredentialRevoked))?;
    by_secret(request, secret.trim()).map(Some)
}

/// A token, or a JWT, which alone has two dots. A session's key is for the cookie alone, where the CSRF token guards it.
fn by_secret(request: &Request, secret: &str) -> Result<Actor, ApiError> {
    if secret.matches('.').count() == 2 {
        return Ok(jwt::read(&request.context.app, TokenType::Access, secret)?.0);
    }
    let actor = request.context.app.authenticate(secret)?;
    match actor.kind {
        CredentialKind::Account | CredentialKind::Device => Ok(actor),
        CredentialKind::Session | CredentialKind::Refresh => Err(Error::CredentialRevoked.into()),
    }
}

fn by_browser(request: &Request) -> Result<Actor, ApiError> {
    match &request.named {
        Some(actor) => {
            refuse_foreign_write(request)?;
            actor.clone()
        }
        None => by_cookie(request),
    }
}

/// A page of another site makes the browser write with whatever lets it through the proxy; there is no session whose
/// token it could be asked for. Browsers name the page's origin with every write; where none is named, they may still
/// say that it is another's.
fn refuse_foreign_write(request: &Request) -> Result<(), ApiError> {
    if reads(request) {
        return Ok(());
    }
    refuse_foreign_origin(request)?;
    if is_said_to_be_foreign(request) { Err(ApiError::ForeignOrigin) } else { Ok(()) }
}

/// Whether a browser says that a page of elsewhere asks, and not which.
pub fn is_said_to_be_foreign(request: &Request) -> bool {
    let is_foreign = request.header("sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none"));
    is_foreign && !request.headers.contains_key("origin")
}

fn reads(request: &Request) -> bool {
    matches!(request.method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn by_cookie(request: &Request) -> Result<Actor, ApiError> {
    let key = request.cookie(SESSION_COOKIE).ok_or(ApiError::NotSignedIn)?;
    let actor = request.context.app.authenticate(&key).map_err(|_| ApiError::NotSignedIn)?;
    if actor.kind != CredentialKind::Session {
        return Err(ApiError::NotSignedIn);
    }
    if !reads(request) {
        check_csrf(request, &key)?;
    }
    Ok(actor)
}

/// A cookie goes along with whatever page makes the request; the token does not.
fn check_csrf(request: &Request, session_key: &str) -> Result<(), ApiError> {
    refuse_foreign_origin(request)?;
    let sent = request.header(CSRF_HEADER).ok_or(ApiError::CsrfFailed("CSRF token missing."))?;
    let cookie = request.cookie(CSRF_COOKIE).ok_or(ApiError::CsrfFailed("CSRF cookie not set."))?;
    let expected = request.context.app.csrf_token(session_key);
    if sent != cookie || sent != expected.as_str() {
        return Err(ApiError::CsrfFailed("CSRF token incorrect."));
    }
    Ok(())
}
