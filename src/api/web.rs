//! What no document has but every dialect and the page rely on: signing in with a
//! cookie, avatars, and how the server is.
//!
//! | | path | |
//! |---|---|---|
//! | POST | `/login/`, `/logout/` | a session: cookies, for browsers |
//! | GET | `/media/user_images/{name}` | an avatar |
//!
//! These stand under the prefix of each dialect too whose document names them.
//!
//! | | path | |
//! |---|---|---|
//! | GET | `/api/server/` | version, limits, features; how the request was seen; helpers of calls; whether one administers |
//! | GET | `/openapi.json`, `/api/schema/`, `/d/{dialect}/openapi.json` | the documents, made from the routes |
//! | GET | `/healthz`, `/readyz` | the process lives; requests should be sent here |
//! | GET | `/metrics` | the figures, for administrators of the server |

mod document;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use warp::http::header::{HeaderValue, LOCATION, RETRY_AFTER, SET_COOKIE};
use warp::http::{Method, StatusCode};

use super::auth::{self, CSRF_COOKIE, SESSION_COOKIE};
use super::forwarded::Forwarding;
use super::ice::IceServer;
use super::limit::Rate;
use super::openapi::published;
use super::reply::{Answer, Response, envelope, envelope_shape, json as answer, no_content, ok};
use super::request::Request;
use super::route::{Dialect, Route};
use super::sign_in::SignIn;
use super::{Registration, base, body, download, metrics, page};
use crate::chat::backup::Health;
use crate::chat::readiness::{self, Unready};
use crate::chat::session::{Asker, SESSION_LIFE, Session};
use crate::chat::{message, room};

/// The routes beside the documents.
pub fn dialect() -> Dialect {
    let get = Method::GET;
    let routes = vec![
        sign_in(),
        sign_out(),
        avatars(),
        Route::open(get.clone(), "/api/server/", server).doc(document::server),
        Route::open(get.clone(), "/openapi.json", published::whole).doc(document::openapi),
        Route::open(get.clone(), "/api/schema/", published::whole).doc(document::openapi),
        Route::open(get.clone(), "/d/{dialect}/openapi.json", published::of).doc(document::of_dialect),
        Route::open(get.clone(), "/healthz", health).doc(document::health),
        Route::open(get.clone(), "/readyz", ready).doc(document::ready),
        Route::new(get, "/metrics", Rate::Free, metrics).doc(document::metrics),
    ];
    // Without a name: this is no document, and so has no place of its own under `/d/`.
    Dialect { name: "", routes, render: envelope, errors: envelope_shape, prefixes: &[] }
}

/// Where a browser signs in.
pub fn sign_in() -> Route {
    Route::open(Method::POST, "/login/", login).doc(document::login)
}

/// Where it signs out.
pub fn sign_out() -> Route {
    Route::new(Method::POST, "/logout/", Rate::Free, logout).doc(document::logout)
}

/// Where the pictures are that users are shown with.
pub fn avatars() -> Route {
    Route::open(Method::GET, "/media/user_images/{name}", avatar).doc(document::avatar)
}

#[derive(JsonSchema, Serialize)]
#[schemars(rename = "SessionUser")]
struct User<'a> {
    id: i64,
    username: &'a str,
    email: &'a str,
    display_name: &'a str,
}

/// What this server is.
#[derive(JsonSchema, Serialize)]
struct Server<'a> {
    name: &'static str,
    version: &'static str,
    #[schemars(extend("enum" = ["open", "invite", "closed"]))]
    registration: &'static str,
    dialects: &'a [&'static str],
    limits: Limits,
    /// The server's clock.
    time: String,
    /// Where people reach the server.
    url: String,
    seen: Seen<'a>,
    /// Helpers of calls, as `RTCPeerConnection` takes them: for whoever is signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    ice_servers: Option<Vec<IceServer<'a>>>,
    /// Who asks, for whoever is signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<Oneself>,
}

/// Who asks.
#[derive(JsonSchema, Serialize)]
struct Oneself {
    id: i64,
    /// Administers the server.
    is_admin: bool,
}

/// How this very request was seen, so that who set up a proxy can tell what it says.
#[derive(JsonSchema, Serialize)]
struct Seen<'a> {
    address: String,
    #[schemars(extend("enum" = ["http", "https"]))]
    scheme: &'static str,
    host: Option<&'a str>,
    /// Whether a proxy said anything about its client, and was believed.
    #[schemars(extend("enum" = ["absent", "believed", "ignored"]))]
    forwarded: &'static str,
}

/// How much there may be of what.
#[derive(JsonSchema, Serialize)]
struct Limits {
    message_characters: usize,
    upload_bytes: u64,
    body_bytes: usize,
    frame_bytes: usize,
    attachments: usize,
    stored_bytes: u64,
    members: u32,
    page_size: u32,
}

/// A backup that failed is a word here and no 503: the server does its work, and who took
/// it away from people would make two troubles of one.
#[derive(JsonSchema, Serialize)]
struct Ready {
    #[schemars(extend("const" = "ready"))]
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["ok", "failed", "overdue"]))]
    backup: Option<&'static str>,
    /// Nothing is deleted for its age until the operator confirms the clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("const" = "doubted"))]
    clock: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replication_lag_seconds: Option<u64>,
}

/// Why no requests should be sent here.
#[derive(JsonSchema, Serialize)]
struct NotReady<'a> {
    #[schemars(extend("const" = "unavailable"))]
    error: &'static str,
    message: &'a str,
    /// The same as `message`.
    detail: &'a str,
    #[schemars(extend("const" = "unready"))]
    status: &'static str,
    #[schemars(extend("enum" = ["stopping", "disk", "database"]))]
    check: &'static str,
}

async fn login(mut request: Request) -> Answer {
    auth::refuse_foreign_sign_in(&request)?;
    let mut fields = request.fields().await?;
    let next = fields.text("next").or_else(|| request.query("next").map(str::to_owned));
    let sign_in = SignIn::of(&mut fields)?;
    let who = sign_in.user(&request).await?;
    let chat = &request.context.chat;
    let session = chat.open_session(who).await?;
    let account = chat.my_account(&chat.authenticate(session.key.as_str())?)?;
    let response = if wants_page(&request) {
        redirect(
            &next.filter(|path| is_same_site(path) && base::inside(path).is_some()).unwrap_or_else(|| base::at("/")),
        )
    } else {
        let user = User {
            id: account.user.id.0,
            username: account.user.username.as_str(),
            email: &account.email,
            display_name: &account.user.display_name,
        };
        answer(StatusCode::OK, &json!({ "user": user }))
    };
    Ok(with_cookies(response, &session, is_https(&request)))
}

async fn logout(asker: Asker, request: Request) -> Answer {
    request.context.chat.sign_out(&asker).await?;
    let mut response = if wants_page(&request) { redirect(&base::at("/")) } else { no_content()? };
    for name in [SESSION_COOKIE, CSRF_COOKIE] {
        set_cookie(&mut response, &format!("{name}=; Path={}; Max-Age=0; SameSite=Lax", base::at("/")));
    }
    Ok(response)
}

async fn avatar(request: Request) -> Answer {
    let file = request.context.chat.avatar(request.param(0))?;
    // The name changes with the picture, so whoever has it may keep it.
    download::send(&request, &file, None, "public, max-age=31536000, immutable").await
}

async fn health(_request: Request) -> Answer {
    ok(&json!({ "status": "ok" }))
}

async fn ready(request: Request) -> Answer {
    let chat = &request.context.chat;
    // Before what this asks for is written itself.
    let lag = chat.replication_lag();
    let Err(unready) = chat.readiness().await else {
        return ok(&Ready {
            status: "ready",
            backup: chat.backups().map(|backups| word(backups.health)),
            clock: chat.clock_doubt().map(|_| "doubted"),
            replication_lag_seconds: lag.map(|lag| lag.as_secs()),
        });
    };
    let check = match unready {
        Unready::Stopping => "stopping",
        Unready::DiskFull => "disk",
        Unready::Database | Unready::Locked => "database",
    };
    let why = unready.to_string();
    let body = NotReady { error: "unavailable", message: &why, detail: &why, status: "unready", check };
    let mut response = answer(StatusCode::SERVICE_UNAVAILABLE, &body);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(readiness::DEADLINE.as_secs()));
    Ok(response)
}

/// Without the reason, which is for the log and for administrators: everybody may ask this.
fn word(health: Health) -> &'static str {
    match health {
        Health::Well => "ok",
        Health::Failed => "failed",
        Health::Overdue => "overdue",
    }
}

async fn metrics(asker: Asker, request: Request) -> Answer {
    metrics::answer_for(&request.context, &asker).await
}

async fn server(request: Request) -> Answer {
    let settings = &request.context.settings;
    let registration = match settings.registration {
        Registration::Open => "open",
        Registration::Invite => "invite",
        Registration::Closed => "closed",
    };
    let (now, front) = (request.context.chat.now(), &request.front);
    let asker = auth::asker(&request).ok();
    let is_admin = asker.as_ref().map(|asker| request.context.chat.is_admin(asker)).transpose()?;
    // For the signed-in alone: each credential is bandwidth that the operator pays for.
    let ice_servers = asker.as_ref().map(|asker| settings.ice.servers(asker.user, now));
    let user = asker.as_ref().zip(is_admin).map(|(asker, is_admin)| Oneself { id: asker.user.0, is_admin });
    ok(&Server {
        name: "Fireside",
        version: env!("CARGO_PKG_VERSION"),
        registration,
        dialects: &request.context.names,
        limits: Limits {
            message_characters: settings.max_message,
            upload_bytes: settings.max_upload,
            body_bytes: body::MAX_BODY,
            frame_bytes: super::frame::MAX_MESSAGE,
            attachments: message::MAX_ATTACHMENTS,
            stored_bytes: request.context.chat.quota().user,
            members: room::MAX_MEMBERS,
            page_size: page::MAX_PAGE_SIZE,
        },
        time: now.to_string(),
        url: request.base_url(),
        seen: Seen {
            address: front.address.to_string(),
            scheme: if front.is_https { "https" } else { "http" },
            host: front.host.as_deref(),
            forwarded: match front.forwarding {
                Forwarding::Absent => "absent",
                Forwarding::Believed => "believed",
                Forwarding::Ignored => "ignored",
            },
        },
        ice_servers,
        user,
    })
}

/// Whether a person's browser asks, and not a program.
fn wants_page(request: &Request) -> bool {
    request.header("accept").is_some_and(|accept| accept.contains("text/html"))
}

/// A path of this site and nothing that a browser reads as another's: `//` and `/\`
/// begin a host, and browsers drop control characters before they look.
fn is_same_site(path: &str) -> bool {
    let mut start = path.chars();
    start.next() == Some('/')
        && !matches!(start.next(), Some('/' | '\\'))
        && !path.contains(|c: char| c.is_control() || c == '\\')
}

fn redirect(path: &str) -> Response {
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

fn with_cookies(mut response: Response, session: &Session, https: bool) -> Response {
    let secure = if https { "; Secure" } else { "" };
    let (age, path) = (SESSION_LIFE.as_secs(), base::at("/"));
    let (key, csrf) = (session.key.as_str(), session.csrf.as_str());
    set_cookie(
        &mut response,
        &format!("{SESSION_COOKIE}={key}; Path={path}; Max-Age={age}; HttpOnly; SameSite=Lax{secure}"),
    );
    // The page's own script has to read this one, to repeat it in a header.
    set_cookie(&mut response, &format!("{CSRF_COOKIE}={csrf}; Path={path}; Max-Age={age}; SameSite=Lax{secure}"));
    response
}

fn set_cookie(response: &mut Response, cookie: &str) {
    if let Ok(value) = HeaderValue::from_str(cookie) {
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
