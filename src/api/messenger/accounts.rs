//! Accounts: who there is, a new one, and signing in with JWTs.

use std::sync::Arc;

use super::json::{Access, Tokens, User};
use crate::api::http::auth;
use crate::api::http::body::{InviteCode, Word, body};
use crate::api::http::context::Settings;
use crate::api::http::json_stream;
use crate::api::http::jwt;
use crate::api::http::jwt::TokenType;
use crate::api::http::reply::{Answer, created, ok, signed_by};
use crate::api::http::request::Request;
use crate::api::http::sign_in::{self, SignIn, check_registration};
use crate::chat::auth::attempts::Tried;
use crate::chat::model::id::UserId;
use crate::chat::model::name::{Email, Username};
use crate::chat::model::password::Password;
use crate::chat::model::session::Actor;
use crate::chat::model::user::{Account, NewUser};

/// Accounts read at once.
const PIECE: u32 = 100;

body! {
    /// Somebody who registers.
    Registering { username: Username, email: Email, password: Password, invite: Option<InviteCode> }
    /// The token for new ones.
    Refreshing { refresh: Word }
}

pub async fn users(actor: Actor, request: Request) -> Answer {
    let (context, mut last) = (Arc::clone(&request.context), UserId(0));
    let next = move || {
        context.app.check_signed_in(&actor)?;
        let accounts = context.app.directory(&actor, last, PIECE)?;
        last = accounts.last().map_or(last, |account| account.user.id);
        let shape = |account| json_stream::element(&user(account, email_for(&actor, account, &context.settings)));
        Ok(accounts.iter().map(shape).collect())
    };
    json_stream::stream("[", next, "]")
}

pub async fn register(mut request: Request) -> Answer {
    check_registration(&request)?;
    let Registering { username, email, password, invite } = request.body().await?;
    let new = NewUser { username, email: Some(email), password, display_name: None, is_admin: false };
    // Signing in is another request here, so no token is left behind that nobody has.
    let account = request.context.app.register_only(new, sign_in::invite(&request, invite)).await?;
    created(true, &user(&account, &account.email)).map(|response| signed_by(response, account.user.id))
}

pub async fn token(mut request: Request) -> Answer {
    auth::refuse_foreign_sign_in(&request)?;
    let mut fields = request.fields().await?;
    // This document signs in by password alone, and ignores what it does not know.
    fields.set("oauth", false);
    let who = SignIn::of(&mut fields)?.user(&request).await?;
    let user = who.user();
    let (app, settings) = (&request.context.app, &request.context.settings);
    let family = app.open_family(who, settings.jwt_refresh).await?;
    let refresh = jwt::write(app, TokenType::Refresh, user, family, settings.jwt_refresh)?;
    let access = jwt::write(app, TokenType::Access, user, family, settings.jwt_access)?;
    ok(&Tokens { refresh, access }).map(|response| signed_by(response, user))
}

pub async fn refresh(mut request: Request) -> Answer {
    auth::refuse_foreign_sign_in(&request)?;
    let Refreshing { refresh: Word(token) } = request.body().await?;
    let (app, settings) = (&request.context.app, &request.context.settings);
    let read = jwt::read(app, TokenType::Refresh, &token);
    // Counted with the attempts at the name of whose token it is; what is no token, apart.
    let tried = read.as_ref().map_or(Tried::NoToken, |(actor, _)| Tried::Name(actor.username.as_str()));
    request.context.limits.attempts.check(request.peer, tried)?;
    let (Actor { user, .. }, family) = read?;
    let access = jwt::write(app, TokenType::Access, user, family, settings.jwt_access)?;
    ok(&Access { access }).map(|response| signed_by(response, user))
}

fn user<'a>(account: &'a Account, email: &'a str) -> User<'a> {
    User { id: account.user.id.0, username: account.user.username.as_str(), email }
}

/// The address as this document prints it: one's own, and others' unless the operator hides them.
pub fn email_for<'a>(actor: &Actor, account: &'a Account, settings: &Settings) -> &'a str {
    if settings.hide_emails && account.user.id != actor.user { "" } else { &account.email }
}
