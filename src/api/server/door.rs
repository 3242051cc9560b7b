//! What people do who are not signed in, with the code of a link.

use super::check_guess;
use super::json::{Look, ResetLook, SignedIn};
use crate::api::http::reply;
use crate::api::http::reply::{Answer, no_content, ok, signed_by};
use crate::api::http::request::Request;
use crate::api::http::sign_in::device_label;
use crate::chat::model::name::{Email, Username};
use crate::chat::model::password::Password;
use crate::chat::model::user::NewUser;

pub async fn look_at_invite(mut request: Request) -> Answer {
    check_guess(&request)?;
    let mut fields = request.fields().await?;
    let code = fields.require("code", |text| Ok(text.trim().to_owned()));
    let code = fields.complete(code)?;
    ok(&Look::from(&request.context.chat.look_at_invite(&code)?))
}

pub async fn set_up(mut request: Request) -> Answer {
    check_guess(&request)?;
    let mut fields = request.fields().await?;
    let code = fields.require("code", |text| Ok(text.trim().to_owned()));
    let username = fields.require("username", Username::parse);
    let password = fields.require("password", Password::parse);
    let email = if fields.text("email").is_some_and(|text| text.trim().is_empty()) {
        None
    } else {
        fields.parse("email", Email::parse)
    };
    let (code, username, password) = fields.complete((code, username, password))?;
    let new = NewUser { username, email, password, display_name: None, is_admin: true };
    let (account, token) = request.context.chat.set_up(&code, new, device_label(&request)).await?;
    let body = SignedIn::new(&token, &account);
    reply::created(true, &body).map(|response| signed_by(response, account.user.id))
}

pub async fn look_at_reset(mut request: Request) -> Answer {
    check_guess(&request)?;
    let mut fields = request.fields().await?;
    let code = fields.require("code", |text| Ok(text.trim().to_owned()));
    let code = fields.complete(code)?;
    let (username, expires_at) = request.context.chat.look_at_reset(&code)?;
    ok(&ResetLook { username: username.as_str(), expires_at: expires_at.to_string() })
}

pub async fn reset(mut request: Request) -> Answer {
    check_guess(&request)?;
    let mut fields = request.fields().await?;
    let code = fields.require("code", |text| Ok(text.trim().to_owned()));
    let password = fields.require("password", Password::parse);
    let (code, password) = fields.complete((code, password))?;
    request.context.chat.reset_password(&code, password).await?;
    no_content()
}
