//! What people do who are not signed in: with the code of a link, or by registering.

use super::check_guess;
use super::json::{InviteView, ResetLook, SignedIn};
use crate::api::http::base::BasePath;
use crate::api::http::body::{DisplayName, FieldValue, Fields, MaybeBlank, Title, Word, body};
use crate::api::http::language::{self, Language};
use crate::api::http::openapi::shape::{self, Shape, described};
use crate::api::http::reply;
use crate::api::http::reply::{Answer, no_content, ok, signed_by};
use crate::api::http::request::Request;
use crate::api::http::sign_in::{self, Newcomer, check_passwords, check_registration, device_label};
use crate::chat::model::name::{Email, Username};
use crate::chat::model::password::Password;
use crate::chat::model::server::Beginning;
use crate::chat::model::token::Token;
use crate::chat::model::user::{Account, NewUser};

/// What stands behind the `#` of a link.
pub struct LinkCode(String);

impl FieldValue for LinkCode {
    fn read(fields: &mut Fields, name: &str) -> Option<Self> {
        Word::read(fields, name).map(|word| Self(word.0))
    }

    fn shape() -> Shape {
        described(shape::not_blank(), "What stands behind the `#` of the link.")
    }
}

body! {
    /// What somebody looks at who has a link.
    ByLink { code: LinkCode }
    /// The first administrator, and how the server begins.
    SetUp {
        code: LinkCode,
        username: Username,
        password: Password,
        email: MaybeBlank<Email>,
        display_name: MaybeBlank<DisplayName>,
        /// What the server is called. May be blank.
        name: MaybeBlank<Title>,
    }
    /// A password that is set by a link.
    NewPassword { code: LinkCode, password: Password }
}

pub async fn look_at_invite(mut request: Request) -> Answer {
    check_guess(&request)?;
    let ByLink { code } = request.body().await?;
    ok(&InviteView::from(&request.context.app.look_at_invite(&code.0)?))
}

pub async fn set_up(mut request: Request) -> Answer {
    check_guess(&request)?;
    check_passwords(&request)?;
    let SetUp { code, username, password, email, display_name, name } = request.body().await?;
    let display_name = display_name.0.map(String::from);
    let new = NewUser { username, email: email.0, password, display_name, is_admin: true };
    let beginning = Beginning { name: name.0.map(String::from), room: room_of_everybody(&request).to_owned() };
    let (account, token) = request.context.app.set_up(&code.0, new, beginning, device_label(&request)).await?;
    signed_in(&account, &token, request.base())
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
    let (new, invite) = request.body::<Newcomer>().await?.split();
    let invite = sign_in::invite(&request, invite);
    let (account, token) = request.context.app.register(new, invite, device_label(&request)).await?;
    signed_in(&account, &token, request.base())
}

fn signed_in(account: &Account, token: &Token, base: &BasePath) -> Answer {
    reply::created(true, &SignedIn::new(token, account, base)).map(|response| signed_by(response, account.user.id))
}

pub async fn look_at_reset(mut request: Request) -> Answer {
    check_guess(&request)?;
    check_passwords(&request)?;
    let ByLink { code } = request.body().await?;
    let (username, expires_at) = request.context.app.look_at_reset(&code.0)?;
    ok(&ResetLook { username: username.as_str(), expires_at: expires_at.to_string() })
}

pub async fn reset(mut request: Request) -> Answer {
    check_guess(&request)?;
    check_passwords(&request)?;
    let NewPassword { code, password } = request.body().await?;
    request.context.app.reset_password(&code.0, password).await?;
    no_content()
}
