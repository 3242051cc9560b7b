//! What every dialect's login takes, and whom it lets in; who may register.

use super::Registration;
use super::body::Fields;
use super::reply::Failure;
use super::request::Request;
use crate::chat::error::Error;
use crate::chat::password::Password;
use crate::chat::session::Verified;

/// An attempt to sign in: names or addresses to try (either field may hold either),
/// and a password.
pub struct SignIn {
    logins: Vec<String>,
    password: Password,
    is_blank: bool,
    oauth: bool,
}

impl SignIn {
    /// Reads `username` and/or `email`, `password` and `oauth`.
    pub fn of(fields: &mut Fields) -> Result<Self, Failure> {
        let logins: Vec<String> = [fields.text("username"), fields.text("email")]
            .into_iter()
            .flatten()
            .map(|login| login.trim().to_owned())
            .filter(|login| !login.is_empty())
            .collect();
        if logins.is_empty() && !fields.has("username") && !fields.has("email") {
            fields.fault::<()>("username", "This field is required.");
        }
        let oauth = fields.boolean("oauth").unwrap_or(false);
        let password = if oauth {
            Some(fields.text("password").unwrap_or_default())
        } else {
            fields.require("password", |text| Ok(text.to_owned()))
        };
        let password = fields.complete(password)?;
        Ok(Self { logins, is_blank: password.is_empty(), password: Password::attempt(&password), oauth })
    }

    /// Who it is, if the password is theirs. Why not is never told: an unknown name, a
    /// wrong or empty password and a disabled account answer alike, in like time.
    pub async fn user(self, request: &Request) -> Result<Verified, Failure> {
        let (chat, settings) = (&request.context.chat, &request.context.settings);
        let tried = self.logins.first().map_or("", String::as_str);
        request.context.limits.check_sign_in(request.peer, tried)?;
        if self.oauth && self.is_blank {
            return if settings.insecure_oauth_login {
                chat.user_by_login(tried).map_err(Failure::from)
            } else {
                log_failure(request, tried);
                Err(Failure::OauthNotProven)
            };
        }
        let checked = chat.check_password(&self.logins, self.password).await;
        if matches!(checked, Err(Error::InvalidCredentials)) {
            log_failure(request, tried);
        }
        Ok(checked?)
    }
}

/// Whether an account may be made from here, as often and if at all.
pub fn check_registration(request: &Request) -> Result<(), Failure> {
    request.context.limits.check_registration(request.peer)?;
    match request.context.settings.registration {
        Registration::Open => Ok(()),
        Registration::Closed => Err(Error::RegistrationClosed.into()),
    }
}

/// One fixed line, for programs that ban addresses by it.
fn log_failure(request: &Request, login: &str) {
    let user: String = login.chars().filter(|c| !c.is_control() && !c.is_whitespace()).take(64).collect();
    tracing::warn!(target: "auth", "auth.fail user={user} ip={}", request.peer);
}
