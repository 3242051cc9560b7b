//! What people do who are not signed in: with the code of a link, or by registering.

use super::check_guess;
use super::json::{InviteView, ResetLook, SignedIn};
use crate::api::http::language::{self, Language};
use crate::api::http::reply;
use crate::api::http::reply::{Answer, no_content, ok, signed_by};
use crate::api::http::request::Request;
use crate::api::http::sign_in::{check_registration, device_label, invite, newcomer};
use crate::chat::model::name::{self, Email, Username};
use crate::chat::model::password::Password;
use crate::chat::model::server::Beginning;
use crate::chat::model::token::Token;
use crate::chat::model::user::{Account, NewUser};

pub async fn look_at_invite(mut request: Request) -> Answer {
    check_guess(&request)?;
    let mut fields = request.fields().await?;
    let code = fields.require("code", |text| Ok(text.trim().to_owned()));
    let code = fields.complete(code)?;
    ok(&InviteView::from(&request.context.app.look_at_invite(&code)?))
}

pub async fn set_up(mut request: Request) -> Answer {
    check_guess(&request)?;
    let mut fields = request.fields().await?;
    let code = fields.require("code", |text| Ok(text.trim().to_owned()));
    let username = fields.require("username", Username::parse);
    let password = fields.require("password", Password::parse);
    let email = fields.parse_unless_blank("email", Email::parse);
    let display_name = fields.parse_unless_blank("display_name", name::display_name);
    let name = fields.parse_unless_blank("name", name::title);
    let (code, username, password) = fields.complete((code, username, password))?;
    let new = NewUser { username, email, password, display_name, is_admin: true };
    let beginning = Beginning { name, room: room_of_everybody(&request).to_owned() };
    let (account, token) = request.context.app.set_up(&code, new, beginning, device_label(&request)).await?;
    signed_in(&account, &token)
}

/// The title of the room that everybody is in, in the language of whoever makes it.
fn room_of_everybody(request: &Request) -> &'static str {
    match language::preferred(request.header("accept-language").unwrap_or_default()) {
        Language::English => "Everyone",
        Language::Russian => "Общий чат",
    }
}

/// Like that of the rooms document, without the need for an address.
pub async fn register(mut request: Request) -> Answer {
    check_registration(&request)?;
    let mut fields = request.fields().await?;
    let new = newcomer(&mut fields)?;
    let invite = invite(&request, &fields);
    let (account, token) = request.context.app.register(new, invite, device_label(&request)).await?;
    signed_in(&account, &token)
}

fn signed_in(account: &Account, token: &Token) -> Answer {
    reply::created(true, &SignedIn::new(token, account)).map(|response| signed_by(response, account.user.id))
}

pub async fn look_at_reset(mut request: Request) -> Answer {
    check_guess(&request)?;
    let mut fields = request.fields().await?;
    let code = fields.require("code", |text| Ok(text.trim().to_owned()));
    let code = fields.complete(code)?;
    let (username, expires_at) = request.context.app.look_at_reset(&code)?;
    ok(&ResetLook { username: username.as_str(), expires_at: expires_at.to_string() })
}

pub async fn reset(mut request: Request) -> Answer {
    check_guess(&request)?;
    let mut fields = request.fields().await?;
    let code = fields.require("code", |text| Ok(text.trim().to_owned()));
    let password = fields.require("password", Password::parse);
    let (code, password) = fields.complete((code, password))?;
    request.context.app.reset_password(&code, password).await?;
    no_content()
}
