//! Users, as administrators see and change them.

use warp::http::StatusCode;

use super::json::PAGE_SIZE;
use super::json::{ResetLink, User};
use super::link;
use crate::api::http::body::{DisplayName, body};
use crate::api::http::page;
use crate::api::http::reply::{Answer, json, no_content, ok};
use crate::api::http::request::Request;
use crate::api::http::sign_in::check_passwords;
use crate::chat::model::admin::{Administrator, UserChange};
use crate::chat::model::id::UserId;
use crate::chat::model::name::{Email, Username};
use crate::chat::model::password::Password;
use crate::chat::model::user::NewUser;

body! {
    /// Somebody for whom an administrator makes an account.
    AddedUser {
        username: Username,
        password: Password,
        email: Option<Email>,
        display_name: Option<DisplayName>,
        is_admin: Option<bool>,
    }
    /// What an administrator changes of a user.
    ChangedUser { is_disabled: Option<bool>, is_admin: Option<bool> }
}

pub async fn list(by: Administrator, request: Request) -> Answer {
    let page = page::asked(&request, PAGE_SIZE)?;
    let part = request.query("search").unwrap_or_default();
    let users = request.context.app.managed_users(&by, part, page).await?;
    let users = page::listing(&request, page, users)?;
    ok(&users.write(User::from))
}

pub async fn create(by: Administrator, mut request: Request) -> Answer {
    let AddedUser { username, password, email, display_name, is_admin } = request.body().await?;
    let display_name = display_name.map(String::from);
    let new = NewUser { username, email, password, display_name, is_admin: is_admin.unwrap_or(false) };
    let made = request.context.app.add_user(&by, new).await?;
    Ok(json(StatusCode::CREATED, &User::from(&made)))
}

pub async fn change(by: Administrator, mut request: Request) -> Answer {
    let id = UserId(request.id(0)?);
    let ChangedUser { is_disabled, is_admin } = request.body().await?;
    let change = UserChange { is_disabled, is_admin };
    ok(&User::from(&request.context.app.change_user(&by, id, change).await?))
}

pub async fn reset(by: Administrator, request: Request) -> Answer {
    check_passwords(&request)?;
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

pub async fn remove_second_factor(by: Administrator, request: Request) -> Answer {
    request.context.app.remove_second_factor(&by, UserId(request.id(0)?)).await?;
    no_content()
}
