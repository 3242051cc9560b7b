//! Registering, signing in and out, and users.

use super::files;
use super::json::{Account, PAGE_SIZE, SignedIn, User};
use crate::api::http::body::multipart::MULTIPART;
use crate::api::http::body::{
    Attempt, Bio, Body, DisplayName, Fields, InviteCode, MaybeBlank, MaybeNull, body, media_type,
};
use crate::api::http::reply::{self, Answer, ApiError, no_content, ok, signed_by};
use crate::api::http::request::Request;
use crate::api::http::sign_in::{self, SignIn, check_registration, device_label, log_failure};
use crate::api::http::{auth, page};
use crate::chat::auth::attempts::Tried;
use crate::chat::model::error::{Denial, Error};
use crate::chat::model::id::{FileId, UserId};
use crate::chat::model::name::{Email, Username};
use crate::chat::model::password::Password;
use crate::chat::model::session::Actor;
use crate::chat::model::user::{self, NewUser, ProfileChange};

body! {
    /// Somebody who registers.
    Registering {
        username: Username,
        email: Email,
        password: Password,
        display_name: MaybeBlank<DisplayName>,
        invite: Option<InviteCode>,
    }
    /// A password that takes another's place.
    ChangedPassword { old_password: Attempt, new_password: Password }
    /// What of a profile is to be otherwise.
    ChangedProfile {
        display_name: Option<DisplayName>,
        bio: Option<Bio>,
        /// Needs `current_password`.
        email: Option<Email>,
        current_password: Option<Attempt>,
        /// The id of an image that you uploaded; `null` takes it away.
        avatar: MaybeNull<FileId>,
    }
}

pub async fn register(mut request: Request) -> Answer {
    check_registration(&request)?;
    let Registering { username, email, password, display_name, invite } = request.body().await?;
    // A name that is blank is no name, and so the username stands in.
    let display_name = display_name.0.map(String::from);
    let new = NewUser { username, email: Some(email), password, display_name, is_admin: false };
    let invite = sign_in::invite(&request, invite);
    let (account, token) = request.context.app.register(new, invite, device_label(&request)).await?;
    let body = SignedIn { token: token.as_str(), user: Account::new(&account, request.base()) };
    reply::created(true, &body).map(|response| signed_by(response, account.user.id))
}

pub async fn login(mut request: Request) -> Answer {
    auth::refuse_foreign_sign_in(&request)?;
    let mut fields = request.fields().await?;
    let sign_in = SignIn::of(&mut fields)?;
    let who = sign_in.user(&request).await?;
    let user = who.user();
    let token = request.context.app.sign_in(who).await?;
    let actor = request.context.app.authenticate(token.as_str())?;
    let account = request.context.app.my_account(&actor)?;
    ok(&SignedIn { token: token.as_str(), user: Account::new(&account, request.base()) })
        .map(|response| signed_by(response, user))
}

pub async fn logout(actor: Actor, request: Request) -> Answer {
    request.context.app.sign_out(&actor).await?;
    no_content()
}

pub async fn logout_all(actor: Actor, request: Request) -> Answer {
    request.context.app.sign_out_everywhere(&actor).await?;
    no_content()
}

pub async fn change_password(actor: Actor, mut request: Request) -> Answer {
    let ChangedPassword { old_password: Attempt(old), new_password: new } = request.body().await?;
    // A stolen token must not be a way to try passwords.
    request.context.limits.attempts.check(request.peer, Tried::Account(actor.user))?;
    let changed = request.context.app.change_password(&actor, old, new).await;
    changed.map_err(|error| refused(&request, &actor, "old_password", error))?;
    no_content()
}

pub async fn me(actor: Actor, request: Request) -> Answer {
    ok(&Account::new(&request.context.app.my_account(&actor)?, request.base()))
}

pub async fn users(actor: Actor, request: Request) -> Answer {
    let page = page::asked(&request, PAGE_SIZE)?;
    let users = request.context.app.users(&actor, page).await?;
    let users = page::listing(&request, page, users)?;
    ok(&users.write(|user| User::new(user, request.base())))
}

pub async fn user(actor: Actor, request: Request) -> Answer {
    let id = UserId(request.id(0)?);
    if id == actor.user {
        return me(actor, request).await;
    }
    ok(&User::new(&request.context.app.user(&actor, id)?, request.base()))
}

pub async fn change_profile(actor: Actor, request: Request) -> Answer {
    let id = UserId(request.id(0)?);
    if id != actor.user {
        request.context.app.user(&actor, id)?;
        return Err(Error::Forbidden(Denial::OthersProfile).into());
    }
    change_own_profile(actor, request).await
}

pub async fn change_own_profile(actor: Actor, mut request: Request) -> Answer {
    let (mut fields, sent) = if media_type(request.header("content-type")) == MULTIPART {
        files::profile_form(&actor, &mut request).await?
    } else {
        (request.fields().await?, None)
    };
    let changed = change(&actor, &request, &mut fields).await;
    if let (Err(_), Some(avatar)) = (&changed, sent) {
        request.context.app.discard_file(&actor, avatar).await;
    }
    ok(&Account::new(&changed?, request.base()))
}

async fn change(actor: &Actor, request: &Request, fields: &mut Fields) -> Result<user::Account, ApiError> {
    let change = ChangedProfile::read(fields)?.checked()?;
    if change.email.is_some() {
        request.context.limits.attempts.check(request.peer, Tried::Account(actor.user))?;
    }
    let changed = request.context.app.change_profile(actor, change).await;
    changed.map_err(|error| refused(request, actor, "current_password", error))
}

impl ChangedProfile {
    fn checked(self) -> Result<ProfileChange, ApiError> {
        let email = match (self.email, self.current_password) {
            (Some(_), None) => return Err(ApiError::field("current_password", "This field is required.")),
            (email, password) => email.zip(password.map(|attempt| attempt.0)),
        };
        let (display_name, bio) = (self.display_name.map(String::from), self.bio.map(String::from));
        Ok(ProfileChange { display_name, bio, email, avatar: self.avatar.0 })
    }
}

/// Whoever holds a stolen token may try passwords here: a wrong one is noted like a sign-in.
fn refused(request: &Request, actor: &Actor, field: &str, error: Error) -> ApiError {
    match error {
        Error::WrongPassword => {
            log_failure(request, actor.username.as_str());
            ApiError::field(field, error.to_string())
        }
        other => other.into(),
    }
}
