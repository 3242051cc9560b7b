//! `messenger`: profiles, friends and chatrooms, with JWTs.
//!
//! The handlers stand in a file per noun; this one is the table. What the system's own client calls
//! beside it stands in `client`.

mod accounts;
mod chatrooms;
mod client;
mod document;
mod json;
mod messages;
mod profiles;
mod socket;

use serde_json::json;
use warp::http::Method;
use warp::http::header::WWW_AUTHENTICATE;

use super::http::browser;
use super::http::limit::Rate;
use super::http::reply::{ApiError, Problem, Response, problem};
use super::http::route::{Dialect, Route};
use crate::chat::model::error::{Error, Rule};

/// The dialect's name, routes and errors.
pub fn dialect() -> Dialect {
    let free = Rate::Free;
    let messages = "/messenger/api/chatrooms/{room_name}/messages/";
    let routes = vec![
        Route::new(Method::GET, "/accounts/api/users/", free, accounts::users).doc(document::users),
        Route::open(Method::POST, "/accounts/api/users/", accounts::register).doc(document::register),
        Route::open(Method::POST, "/accounts/api/token/", accounts::token).doc(document::token),
        Route::open(Method::POST, "/accounts/api/token/refresh/", accounts::refresh).doc(document::refresh),
        Route::new(Method::GET, "/profiles/api/profile/", free, profiles::mine).doc(document::mine),
        Route::new(Method::GET, "/profiles/api/posts/", free, profiles::posts).doc(document::posts),
        Route::new(Method::POST, "/profiles/api/posts/", free, profiles::publish).doc(document::publish),
        Route::new(Method::GET, "/profiles/api/search-user/", free, profiles::search).doc(document::search),
        Route::new(Method::POST, "/profiles/api/add-friend/", free, profiles::add_friend).doc(document::add_friend),
        Route::new(Method::POST, "/profiles/api/remove-friend/", free, profiles::remove_friend)
            .doc(document::remove_friend),
        Route::new(Method::GET, "/messenger/api/chatrooms/", free, chatrooms::visible).doc(document::visible),
        Route::new(Method::POST, "/messenger/api/chatrooms/", free, chatrooms::create).doc(document::create),
        Route::new(Method::GET, "/messenger/api/user/chatrooms/", free, chatrooms::mine).doc(document::mine_rooms),
        Route::new(Method::GET, messages, free, messages::history).doc(document::history),
        Route::new(Method::POST, messages, free, messages::post).doc(document::post),
        Route::socket("/messenger/ws/ws/chat/{room_name}/", socket::open).doc(document::socket),
        browser::avatars().below(),
    ];
    Dialect {
        prefixes: &["/accounts/", "/profiles/", "/messenger/"],
        client: Some(client::layer()),
        ..Dialect::new("messenger", routes, render, document::errors)
    }
}

/// A failure in this document's words.
fn render(failure: &ApiError) -> Response {
    let mut problem = problem(failure);
    for (name, value) in &mut problem.headers {
        if *name == WWW_AUTHENTICATE {
            "Bearer".clone_into(value);
        }
    }
    match failure {
        ApiError::Chat(error) => refusal(error, &problem),
        ApiError::OauthNotProven => problem.answer(&json!({ "detail": json::NO_ACCOUNT })),
        ApiError::Fields(_)
        | ApiError::Malformed(_)
        | ApiError::NotSignedIn
        | ApiError::CsrfFailed(_)
        | ApiError::ForeignOrigin
        | ApiError::ForeignHost
        | ApiError::NoSuchPath
        | ApiError::MethodNotAllowed(_)
        | ApiError::NotAHandshake
        | ApiError::InvalidPage
        | ApiError::TooLarge
        | ApiError::UnsupportedMediaType
        | ApiError::TooSlow
        | ApiError::RangeNotSatisfiable(_) => plain(&problem),
    }
}

/// What the core said no to. Where the document speaks Russian, so does its error.
fn refusal(error: &Error, problem: &Problem) -> Response {
    match error {
        Error::NotMember => problem.answer(&json!({ "error": json::ACCESS_DENIED })),
        Error::InvalidCredentials => problem.answer(&json!({ "detail": json::NO_ACCOUNT })),
        Error::CredentialRevoked => problem.answer(&json!({ "detail": "Token is invalid", "code": "token_not_valid" })),
        Error::SecondFactorRequired | Error::SecondFactorMissing => {
            problem.answer(&json!({ "detail": problem.message, "code": problem.code }))
        }
        Error::UnknownUser => problem.answer(&json!({ "username": ["Пользователь с таким именем не найден."] })),
        Error::Invalid(rule) => match rule {
            Rule::FriendSelf => problem.answer(&json!({ "message": "Нельзя добавить в друзья самого себя." })),
            Rule::FriendAlready => problem.answer(&json!({ "message": "Пользователь уже в списке друзей." })),
            Rule::FriendNot => problem.answer(&json!({ "message": "Пользователь не является другом." })),
            Rule::BlankMessage
            | Rule::Attachments
            | Rule::ReplyTo
            | Rule::Avatar
            | Rule::MaxMembers
            | Rule::Reactions
            | Rule::DescriptionLength
            | Rule::CandidateLength
            | Rule::InviteRequired
            | Rule::InviteDead
            | Rule::MessageOfChat
            | Rule::TooFarBack
            | Rule::JoinRooms
            | Rule::InviteChat
            | Rule::LastAdmin
            | Rule::GroupAdmin
            | Rule::WrongCode
            | Rule::NoFactorStarted
            | Rule::LinkedElsewhere
            | Rule::LinkedAlready => plain(problem),
        },
        Error::NotFound
        | Error::SearchOff
        | Error::PushOff
        | Error::ProviderOff
        | Error::Forbidden(_)
        | Error::WrongPassword
        | Error::RegistrationClosed
        | Error::SecondFactorOn
        | Error::UsernameTaken
        | Error::EmailTaken
        | Error::ChatFull
        | Error::KeyReused
        | Error::NotInCall
        | Error::LimitReached { .. }
        | Error::StorageFull
        | Error::TooOften { .. }
        | Error::Busy { .. }
        | Error::Internal => plain(problem),
    }
}

/// `{"field":["…"]}` where fields are to blame, else `{"detail":"…"}`.
fn plain(problem: &Problem) -> Response {
    if problem.fields.is_empty() {
        problem.answer(&json!({ "detail": problem.message }))
    } else {
        problem.answer(&problem.details())
    }
}
