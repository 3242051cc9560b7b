//! Users, as administrators see and change them.

use warp::http::StatusCode;

use super::json::PAGE_SIZE;
use super::json::{ResetLink, User};
use super::link;
use crate::api::http::page;
use crate::api::http::reply::{Answer, json, no_content, ok};
use crate::api::http::request::Request;
use crate::chat::model::admin::{Administrator, UserChange};
use crate::chat::model::id::UserId;
use crate::chat::model::name;
use crate::chat::model::name::{Email, Username};
use crate::chat::model::password::Password;
use crate::chat::model::user::NewUser;

pub async fn list(by: Administrator, request: Request) -> Answer {
    let page = page::asked(&request, PAGE_SIZE)?;
    let part = request.query("search").unwrap_or_default();
    let users = request.context.app.managed_users(&by, part, page).await?;
    let users = page::listing(&request, page, users)?;
    ok(&users.write(User::from))
}

pub async fn create(by: Administrator, mut request: Request) -> Answer {
    let mut fields = request.fields().await?;
    let username = fields.require("username", Username::parse);
    let password = fields.require("password", Password::parse);
    let email = fields.parse("email", Email::parse);
    let display_name = fields.parse("display_name", name::display_name);
    let is_admin = fields.boolean("is_admin").unwrap_or(false);
    let (username, password) = fields.complete((username, password))?;
    let new = NewUser { username, email, password, display_name, is_admin };
    let made = request.context.app.add_user(&by, new).await?;
    Ok(json(StatusCode::CREATED, &User::from(&made)))
}

pub async fn change(by: Administrator, mut request: Request) -> Answer {
    let id = UserId(request.id(0)?);
    let mut fields = request.fields().await?;
    let change = UserChange { is_disabled: fields.boolean("is_disabled"), is_admin: fields.boolean("is_admin") };
    fields.check()?;
    ok(&User::from(&request.context.app.change_user(&by, id, change).await?))
}

pub async fn reset(by: Administrator, request: Request) -> Answer {
    let (code, expires_at) = request.context.app.create_reset(&by, UserId(request.id(0)?)).await?;
    let link = ResetLink {
        url: link(&request, "reset", code.as_str()),
        code: code.as_str(),
        expires_at: expires_at.to_string(),
    };
    Ok(json(StatusCode::CREATED, &link))
}

pub async fn sign_out(by: Administrator, request: Request) -> Answer {
    request.context.app.end_sessions_of(&by, UserId(request.id(0)?)).await?;
    no_content()
}
