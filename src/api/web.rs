//! What no document has but every dialect and the page rely on: signing in with a
//! cookie, avatars, and how the server is.
//!
//! | | path | |
//! |---|---|---|
//! | POST | `/login/`, `/logout/` | a session: cookies, for browsers |
//! | GET | `/media/user_images/{name}` | an avatar |
//! | GET | `/api/server/` | version, limits, features |
//! | GET | `/healthz`, `/readyz` | the process lives; a write goes through |

use serde::Serialize;
use serde_json::json;
use warp::http::header::{HeaderValue, LOCATION, SET_COOKIE};
use warp::http::{Method, StatusCode};

use super::auth::{self, CSRF_COOKIE, SESSION_COOKIE};
use super::limit::Rate;
use super::reply::{Answer, Failure, Response, envelope, json as answer, no_content, ok};
use super::request::Request;
use super::route::{Dialect, Route};
use super::sign_in::SignIn;
use super::{Registration, body, download, page};
use crate::chat::session::{Asker, SESSION_LIFE, Session};
use crate::chat::{file, message, room};

/// The routes beside the documents.
pub fn dialect() -> Dialect {
    let (get, post) = (Method::GET, Method::POST);
    let routes = vec![
        Route::open(post.clone(), "/login/", login),
        Route::new(post, "/logout/", Rate::Free, logout),
        Route::open(get.clone(), "/media/user_images/{name}", avatar),
        Route::open(get.clone(), "/api/server/", server),
        Route::open(get.clone(), "/healthz", health),
        Route::open(get, "/readyz", ready),
    ];
    // Without a name: this is no document, and so has no place of its own under `/d/`.
    Dialect { name: "", routes, render: envelope, prefixes: &[] }
}

#[derive(Serialize)]
struct User<'a> {
    id: i64,
    username: &'a str,
    email: &'a str,
    display_name: &'a str,
}

async fn login(mut request: Request) -> Answer {
    auth::refuse_foreign_origin(&request)?;
    let mut fields = request.fields().await?;
    let next = fields.text("next").or_else(|| request.query("next").map(str::to_owned));
    let sign_in = SignIn::of(&mut fields)?;
    let who = sign_in.user(&request).await?;
    let chat = &request.context.chat;
    let session = chat.open_session(who).await?;
    let account = chat.my_account(&chat.authenticate(session.key.as_str())?)?;
    let response = if wants_page(&request) {
        redirect(&next.filter(|path| is_same_site(path)).unwrap_or_else(|| "/".to_owned()))
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
    let mut response = if wants_page(&request) { redirect("/") } else { no_content()? };
    for name in [SESSION_COOKIE, CSRF_COOKIE] {
        set_cookie(&mut response, &format!("{name}=; Path=/; Max-Age=0; SameSite=Lax"));
    }
    Ok(response)
}

async fn avatar(request: Request) -> Answer {
    let file = request.context.chat.avatar(request.param(0))?;
    // The name changes with the picture, so whoever has it may keep it.
    download::send(&request, &file, "public, max-age=31536000, immutable").await
}

async fn health(_request: Request) -> Answer {
    ok(&json!({ "status": "ok" }))
}

async fn ready(request: Request) -> Answer {
    if request.context.chat.is_ready().await {
        return ok(&json!({ "status": "ready" }));
    }
    let retry_after = std::time::Duration::from_secs(1);
    Err(Failure::Chat(crate::chat::error::Error::Busy { retry_after }))
}

async fn server(request: Request) -> Answer {
    let settings = &request.context.settings;
    let registration = match settings.registration {
        Registration::Open => "open",
        Registration::Closed => "closed",
    };
    ok(&json!({
        "name": "Fireside",
        "version": env!("CARGO_PKG_VERSION"),
        "registration": registration,
        "dialects": super::names(),
        "limits": {
            "message_characters": settings.max_message,
            "upload_bytes": settings.max_upload,
            "body_bytes": body::MAX_BODY,
            "frame_bytes": super::frame::MAX_MESSAGE,
            "attachments": message::MAX_ATTACHMENTS,
            "stored_bytes": file::MAX_STORED_BYTES,
            "members": room::MAX_MEMBERS,
            "page_size": page::MAX_PAGE_SIZE,
        },
    }))
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
    let age = SESSION_LIFE.as_secs();
    let (key, csrf) = (session.key.as_str(), session.csrf.as_str());
    set_cookie(
        &mut response,
        &format!("{SESSION_COOKIE}={key}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{secure}"),
    );
    // The page's own script has to read this one, to repeat it in a header.
    set_cookie(&mut response, &format!("{CSRF_COOKIE}={csrf}; Path=/; Max-Age={age}; SameSite=Lax{secure}"));
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
