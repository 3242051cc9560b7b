//! What every dialect's login takes, and whom it lets in; who may register.

use super::auth;
use super::body::{DisplayName, Fields, InviteCode, MaybeBlank, body};
use super::context::Registration;
use super::forwarded::is_loopback;
use super::openapi::shape::{self, Field, may};
use super::reply::ApiError;
use super::request::Request;
use crate::chat::auth::attempts::Tried;
use crate::chat::auth::invite::Invite;
use crate::chat::auth::sign_in::Verified;
use crate::chat::model::error::{Denial, Error};
use crate::chat::model::id::UserId;
use crate::chat::model::label::Label;
use crate::chat::model::name::rule::is_unseen;
use crate::chat::model::name::{Email, Username};
use crate::chat::model::password::Password;
use crate::chat::model::second_factor::Otp;
use crate::chat::model::user::NewUser;

/// An attempt to sign in: names or addresses to try (either field may hold either),
/// and a password.
pub struct SignIn {
    logins: Vec<String>,
    password: Password,
    is_blank: bool,
    oauth: bool,
    otp: Option<Otp>,
    /// A token of the operator's provider, beside `oauth`.
    id_token: Option<String>,
}

impl SignIn {
    /// Reads `username` and/or `email`, `password`, `otp`, `oauth` and `id_token`.
    pub fn of(fields: &mut Fields) -> Result<Self, ApiError> {
        let logins: Vec<String> = [fields.text("username"), fields.text("email")]
            .into_iter()
            .flatten()
            .map(|login| login.trim().to_owned())
            .filter(|login| !login.is_empty())
            .collect();
        // Either will do, so one alone may be null; with neither, the one that was sent is named.
        if fields.value("username").is_none() && fields.value("email").is_none() {
            let sent = if !fields.has("username") && fields.has("email") { "email" } else { "username" };
            fields.demand(sent);
        }
        let oauth = fields.boolean("oauth").unwrap_or(false);
        let otp = fields.text("otp").and_then(|text| Otp::parse(&text));
        let password = if oauth {
            Some(fields.text("password").unwrap_or_default())
        } else {
            fields.require("password", |text| Ok(text.to_owned()))
        };
        let id_token = if oauth { fields.text("id_token").filter(|token| !token.is_empty()) } else { None };
        let password = fields.complete(password)?;
        let (is_blank, password) = (password.is_empty(), Password::attempt(&password));
        Ok(Self { logins, is_blank, password, oauth, otp, id_token })
    }

    /// The same fields, described.
    pub fn described() -> Vec<Field> {
        let (password, oauth) = (may("password", shape::attempt()), may("oauth", shape::boolean()));
        let sentence = "A code of the second factor, or for recovery: needed by whoever has one.";
        let otp = may("otp", shape::described(shape::string(), sentence));
        let sentence = "Beside `oauth`: an ID token of the server's OpenID Connect provider.";
        let id_token = may("id_token", shape::described(shape::string(), sentence));
        vec![may("username", shape::string()), may("email", shape::string()), password, otp, oauth, id_token]
    }

    /// Who it is, if the password is theirs. Why not is never told: an unknown name, a
    /// wrong or empty password and a disabled account answer alike, in like time. Of a second
    /// factor only those are told who know the password.
    ///
    /// What is refused as too often is counted by what was typed, so that the refusal tells
    /// nothing that the actor did not know. Attempts at an account by its other names add up
    /// in silence: whoever knows a name and an address has no more of them than who knows
    /// one, but a 429 at the second after five tries at the first would tell that both are
    /// one account. So what goes beyond is answered as a wrong password is. The right one
    /// fails too, or it would be worth guessing on; the owner who mixes both names in one
    /// minute waits for it to pass, and only in the network that the attempts came from.
    pub async fn user(self, request: &Request) -> Result<Verified, ApiError> {
        let (app, limits) = (&request.context.app, &request.context.limits);
        let tried = self.logins.first().map_or("", String::as_str);
        if let Err(too_often) = limits.attempts.check(request.peer, Tried::Name(tried)) {
            log_failure(request, tried);
            return Err(too_often.into());
        }
        if self.oauth && self.is_blank {
            let proven = self.proven_elsewhere(request, tried).await;
            if matches!(proven, Err(ApiError::OauthNotProven)) {
                log_failure(request, tried);
            }
            return Ok(proven?.labelled(device_label(request)));
        }
        check_passwords(request)?;
        // Nobody's attempts are counted like an account's: the time tells nothing.
        let account = app.user_tried(tried)?;
        let is_spent = limits.attempts.is_account_spent(request.peer, account.unwrap_or(UserId(0)));
        let checked = if account.is_some() && is_spent {
            Err(app.refuse_password(&self.logins, self.password).await)
        } else {
            app.check_password(&self.logins, self.password).await
        };
        let checked = match checked {
            Ok(who) => app.check_second_factor(who, self.otp).await,
            refused => refused,
        };
        // Codes rest after too many wrong ones.
        if matches!(checked, Err(Error::InvalidCredentials | Error::TooOften { .. })) {
            log_failure(request, tried);
        }
        Ok(checked?.labelled(device_label(request)))
    }
}

impl SignIn {
    /// Who it is by the operator's provider: by an ID token of theirs, or by a session that it has opened.
    async fn proven_elsewhere(&self, request: &Request, tried: &str) -> Result<Verified, ApiError> {
        let app = &request.context.app;
        if takes_anybodys_word(request) {
            return Ok(app.user_by_login(tried)?);
        }
        // One name, that of whom the token is about: two might be two people's.
        let oidc = request.context.settings.oidc.as_ref().filter(|_| self.logins.iter().all(|login| login == tried));
        let oidc = oidc.ok_or(ApiError::OauthNotProven)?;
        let found = match &self.id_token {
            Some(token) => {
                let claims = oidc.provider.verify(token, app.now().0 / 1000).await;
                let claims = claims.inspect_err(|failure| tracing::info!(target: "oidc", %failure, "an ID token"));
                let claims = claims.map_err(|_| ApiError::OauthNotProven)?;
                let identity = oidc.identity(&claims.sub).ok_or(ApiError::OauthNotProven)?;
                app.user_by_identity(&identity, tried)
            }
            // As every write with a cookie it repeats the session's CSRF token.
            None => {
                let actor = auth::actor(request).map_err(|error| match error {
                    ApiError::CsrfFailed(_) => error,
                    _ => ApiError::OauthNotProven,
                })?;
                app.user_by_session(&actor, &oidc.provider.config().issuer, tried)
            }
        };
        found.map_err(|error| match error {
            Error::InvalidCredentials => ApiError::OauthNotProven,
            other => other.into(),
        })
    }
}

/// Fails where the operator has passwords off: none signs in, and none is set by a link.
pub fn check_passwords(request: &Request) -> Result<(), ApiError> {
    if request.context.settings.password_login { Ok(()) } else { Err(Error::Forbidden(Denial::PasswordsOff).into()) }
}

/// Whether `"oauth":"true"` is taken without a proof. Not under a name of a stranger's, who may have led it here:
/// his page would then be the server's own to the browser of whoever tries a client out.
fn takes_anybodys_word(request: &Request) -> bool {
    let is_here = request.client.host.as_deref().is_some_and(is_loopback);
    request.context.settings.insecure_oauth_login && is_here
}

/// What the device that asks says of itself.
pub fn device_label(request: &Request) -> Label {
    Label::cut(request.header("user-agent").unwrap_or_default())
}

/// Whether an account may be made from here: from this page, as often, and if at all.
pub fn check_registration(request: &Request) -> Result<(), ApiError> {
    auth::refuse_foreign_sign_in(request)?;
    check_passwords(request)?;
    request.context.limits.attempts.check_registration(request.peer)?;
    match request.context.settings.open_registration() {
        Registration::Open | Registration::Invite => Ok(()),
        Registration::Closed => Err(Error::RegistrationClosed.into()),
    }
}

body! {
    /// Who wants an account, for which an address is not needed.
    Newcomer {
        username: Username,
        password: Password,
        display_name: MaybeBlank<DisplayName>,
        email: MaybeBlank<Email>,
        /// The code of an invitation, where registration needs one.
        invite: Option<InviteCode>,
    }
}

impl Newcomer {
    /// The account that is to be, and the code of an invitation.
    pub fn split(self) -> (NewUser, Option<InviteCode>) {
        let Self { username, password, display_name, email, invite } = self;
        let display_name = display_name.0.map(String::from);
        (NewUser { username, email: email.0, password, display_name, is_admin: false }, invite)
    }
}

/// The code of an invitation, and whether one is needed here.
pub fn invite(request: &Request, code: Option<InviteCode>) -> Invite {
    let code = code.map(|code| code.0);
    match request.context.settings.registration {
        Registration::Invite => Invite::Required(code),
        Registration::Open | Registration::Closed => Invite::Optional(code),
    }
}

/// Notes that somebody tried to prove who they are and did not: a sign-in, or a password
/// that should confirm a change. One fixed line, for programs that ban addresses by it.
pub fn log_failure(request: &Request, login: &str) {
    request.context.meters.failed_sign_ins.add(1);
    tracing::warn!(target: "auth", "auth.fail user={} ip={}", one_word(login), request.peer);
}

/// Characters of a name in the log.
const MAX_LOGGED_NAME: usize = 64;

/// What somebody typed, as one word that ends no line, no quotes and no field, and that
/// no terminal acts on: otherwise a name could write an address of its choice into the
/// line, and get that banned.
fn one_word(login: &str) -> String {
    let mut word = String::new();
    for c in login.chars().take(MAX_LOGGED_NAME) {
        if c.is_control() || c.is_whitespace() || is_unseen(c) || matches!(c, '"' | '\\' | '=') {
            word.extend(c.escape_unicode());
        } else {
            word.push(c);
        }
    }
    word
}

#[cfg(test)]
mod tests {
    use super::one_word;

    #[test]
    fn a_name_stays_one_word_of_the_line() {
        assert_eq!(one_word("alice"), "alice");
        assert_eq!(one_word("Алиса@example.com"), "Алиса@example.com");
        assert_eq!(one_word("x ip=192.0.2.1"), "x\\u{20}ip\\u{3d}192.0.2.1");
        assert_eq!(one_word("a\nb\r\t\u{1b}[2J\u{85}"), "a\\u{a}b\\u{d}\\u{9}\\u{1b}[2J\\u{85}");
        assert_eq!(one_word("\"\\\u{202e}"), "\\u{22}\\u{5c}\\u{202e}");
        assert_eq!(one_word(&"x".repeat(1_000)).len(), 64);
    }
}
