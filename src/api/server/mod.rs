//! Administering the server: what no document has, under `/api/server/`.
//!
//! The handlers stand in a file per noun; this one is the table.

mod bots;
mod document;
mod invites;
mod json;
mod oidc;
mod people;
mod public;
mod push;
mod second_factor;
mod sessions;
mod settings;
mod status;
mod storage;
mod users;

use std::future::Future;

use warp::http::Method;

use super::http::auth;
use super::http::limit::Rate;
use super::http::reply::{Answer, ApiError};
use super::http::request::Request;
use super::http::route::{Dialect, Route};
use crate::chat::auth::attempts::Tried;
use crate::chat::model::admin::Administrator;

/// The routes.
pub fn dialect() -> Dialect {
    Dialect::of_server(vec![
        Route::open(Method::POST, "/api/server/invites/look/", public::look_at_invite).doc(document::look_at_invite),
        Route::open(Method::POST, "/api/server/setup/", public::set_up).doc(document::set_up),
        Route::open(Method::POST, "/api/server/register/", public::register).doc(document::register),
        Route::open(Method::POST, "/api/server/reset/look/", public::look_at_reset).doc(document::look_at_reset),
        Route::open(Method::POST, "/api/server/reset/", public::reset).doc(document::reset),
        Route::new(Method::GET, "/api/server/people/", Rate::Free, people::list).doc(document::people),
        Route::new(Method::GET, "/api/server/sessions/", Rate::Free, sessions::list).doc(document::sessions),
        Route::new(Method::DELETE, "/api/server/sessions/{id}/", Rate::Free, sessions::end).doc(document::end_session),
        second_factor::look(),
        second_factor::start(),
        second_factor::confirm(),
        second_factor::end(),
        Route::new(Method::GET, "/api/server/bots/", Rate::Free, bots::list).doc(bots::list_document),
        Route::new(Method::POST, "/api/server/bots/", Rate::Free, bots::create).doc(bots::create_document),
        Route::new(Method::DELETE, "/api/server/bots/{id}/", Rate::Free, bots::delete).doc(bots::delete_document),
        Route::new(Method::GET, "/api/server/push/", Rate::Free, push::list).doc(push::list_document),
        Route::new(Method::POST, "/api/server/push/", Rate::Free, push::subscribe).doc(push::subscribe_document),
        Route::new(Method::DELETE, "/api/server/push/{id}/", Rate::Free, push::end).doc(push::end_document),
        Route::new(Method::POST, "/api/server/push/{id}/test/", Rate::Free, push::test).doc(push::test_document),
        Route::new(Method::GET, oidc::LINK, Rate::Free, oidc::look).doc(oidc::look_document),
        Route::new(Method::POST, oidc::LINK, Rate::Free, oidc::link).doc(oidc::link_document),
        Route::new(Method::DELETE, oidc::LINK, Rate::Free, oidc::unlink).doc(oidc::unlink_document),
        admin(Method::GET, "/api/server/users/", users::list).doc(document::users),
        admin(Method::POST, "/api/server/users/", users::create).doc(document::add_user),
        admin(Method::PATCH, "/api/server/users/{id}/", users::change).doc(document::change_user),
        admin(Method::POST, "/api/server/users/{id}/reset/", users::reset).doc(document::link_reset),
        admin(Method::POST, "/api/server/users/{id}/sign-out/", users::sign_out).doc(document::sign_out),
        admin(Method::DELETE, "/api/server/users/{id}/second-factor/", users::remove_second_factor)
            .doc(document::remove_second_factor),
        admin(Method::PATCH, "/api/server/settings/", settings::change).doc(document::settings),
        admin(Method::GET, "/api/server/invites/", invites::list).doc(document::invites),
        admin(Method::POST, "/api/server/invites/", invites::create).doc(document::invite),
        admin(Method::DELETE, "/api/server/invites/{id}/", invites::revoke).doc(document::revoke_invite),
        admin(Method::GET, "/api/server/status/", status::status).doc(document::status),
        admin(Method::GET, "/api/server/storage/", storage::storage).doc(document::storage),
        admin(Method::PATCH, "/api/server/chats/{id}/", storage::retain).doc(document::retain),
        admin(Method::GET, "/api/server/audit/", status::audit).doc(document::audit),
    ])
}

/// For admins. The core checks the right again with the deed; here it comes before the
/// body is read, so that others learn nothing of what would be wrong with theirs.
fn admin<F, Fut>(method: Method, pattern: &'static str, handler: F) -> Route
where
    F: Fn(Administrator, Request) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Answer> + Send + 'static,
{
    Route::new(method, pattern, Rate::Free, move |actor, request: Request| {
        let handler = handler.clone();
        async move {
            let by = Administrator::Admin(actor);
            request.context.app.check_admin(&by)?;
            handler(by, request).await
        }
    })
}

/// What the links lead to: a page of the client. The code stands behind the `#`, which a
/// browser sends to nobody.
fn link(request: &Request, page: &str, code: &str) -> String {
    format!("{}/{page}#{code}", request.base_url())
}

/// Guesses at codes are as few as guesses at passwords, and come from no page of a stranger's.
fn check_guess(request: &Request) -> Result<(), ApiError> {
    auth::refuse_foreign_sign_in(request)?;
    Ok(request.context.limits.attempts.check(request.peer, Tried::Code)?)
}
