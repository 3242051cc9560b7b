//! `inbox`: messages between two usernames.
//!
//! Groups do not exist here.

mod document;
mod json;
mod messages;
mod socket;

use warp::http::Method;

use super::http::auth;
use super::http::envelope::{envelope_shape, enveloped};
use super::http::limit::Rate;
use super::http::reply::{Answer, ApiError, Response, ok, problem, signed_by, with_credential};
use super::http::request::Request;
use super::http::route::{Dialect, Route};
use super::http::sign_in::SignIn;
use crate::chat::model::error::Error;
use crate::chat::model::session::Actor;
use json::SignedIn;

/// The dialect's name, routes and errors.
pub fn dialect() -> Dialect {
    let free = Rate::Free;
    let routes = vec![
        Route::open(Method::POST, "/api/auth/login/", login).doc(document::login),
        Route::new(Method::GET, "/api/token/", free, token).doc(document::token),
        Route::new(Method::POST, "/api/token/rotate/", free, rotate).doc(document::rotate),
        Route::new(Method::GET, "/api/messages/", free, messages::list).doc(document::list),
        Route::new(Method::POST, "/api/messages/", free, messages::send).doc(document::send),
        Route::new(Method::POST, "/api/messages/{id}/update_message/", free, messages::update).doc(document::update),
        Route::new(Method::DELETE, "/api/messages/{id}/delete_message/", free, messages::delete).doc(document::delete),
        Route::socket("/ws/chat/{username}/", socket::open).doc(document::socket).when(names_a_user),
    ];
    Dialect::new("inbox", routes, render, envelope_shape)
}

/// At the root, `/ws/chat/` with a number is another document's.
fn names_a_user(request: &Request) -> bool {
    request.param(0).bytes().any(|byte| !byte.is_ascii_digit())
}

/// The shared envelope; whom a message goes to is `receiver` here.
fn render(failure: &ApiError) -> Response {
    match failure {
        ApiError::Chat(Error::UnknownUser) => {
            enveloped(&problem(&ApiError::field("receiver", Error::UnknownUser.to_string())))
        }
        other => enveloped(&problem(other)),
    }
}

async fn login(mut request: Request) -> Answer {
    auth::refuse_foreign_sign_in(&request)?;
    let mut fields = request.fields().await?;
    let sign_in = SignIn::of(&mut fields)?;
    let who = sign_in.user(&request).await?;
    let user = who.user();
    let app = &request.context.app;
    let token = app.sign_in(who).await?;
    let account = app.my_account(&app.authenticate(token.as_str())?)?;
    ok(&SignedIn::new(&token, &account)).map(|response| signed_by(response, user))
}

async fn token(actor: Actor, request: Request) -> Answer {
    let token = request.context.app.account_token(&actor)?;
    with_credential(ok(&serde_json::json!({ "token": token.as_str() })))
}

async fn rotate(actor: Actor, request: Request) -> Answer {
    let token = request.context.app.rotate_account_token(&actor).await?;
    with_credential(ok(&serde_json::json!({ "token": token.as_str() })))
}
