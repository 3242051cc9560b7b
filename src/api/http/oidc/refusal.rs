//! Why a sign-in by the provider came to nothing: in JSON, or as a page that leads back.

use warp::http::header::{CONTENT_TYPE, HeaderValue};

use super::attempt::Stale;
use crate::api::http::browser::wants_page;
use crate::api::http::language::{self, Language};
use crate::api::http::reply::{Answer, ApiError, Response, problem};
use crate::api::http::request::Request;
use crate::chat::model::error::{Error, Rule};
use crate::chat::model::identity::ATTEMPT_LIFE;
use crate::oidc::Failure;

/// What people are told. What exactly went wrong is for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It was begun elsewhere, or too long ago, or it came back before.
    State,
    /// The provider is away.
    Away,
    /// The provider signed nobody in.
    Declined,
    /// What it says is not believed.
    Untrusted,
    /// There is no account, and none is made.
    Closed,
    /// The account may not sign in.
    Disabled,
    /// Another account here is linked to it.
    Taken,
    /// The account is linked already.
    Linked,
    /// Whoever began to link has signed out.
    SignedOut,
    /// Anybody could have begun to link.
    Plain,
}

/// One of these, or what every request may fail by.
#[derive(Debug)]
pub enum Refusal {
    /// One of these.
    Known(Why),
    /// What every request may fail by.
    Other(ApiError),
}

impl Why {
    /// The client's word for it, behind the `#`.
    fn word(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Away => "away",
            Self::Declined => "declined",
            Self::Untrusted => "untrusted",
            Self::Closed => "closed",
            Self::Disabled => "disabled",
            Self::Taken => "taken",
            Self::Linked => "linked",
            Self::SignedOut => "signed-out",
            Self::Plain => "plain",
        }
    }

    fn sentence(self, language: Language) -> &'static str {
        match language {
            Language::English => self.in_english(),
            Language::Russian => self.in_russian(),
        }
    }

    fn in_english(self) -> &'static str {
        match self {
            Self::State => "This sign-in was begun in another browser, took too long or was used already. Try again.",
            Self::Away => "The sign-in service cannot be reached. Try again later.",
            Self::Declined => "The sign-in service did not sign you in.",
            Self::Untrusted => "The sign-in service gave an answer that cannot be trusted.",
            Self::Closed => "You have no account on this server. Ask its administrator for one.",
            Self::Disabled => "Your account has been disabled.",
            Self::Taken => "Another account here is linked to this one.",
            Self::Linked => "Your account is linked already.",
            Self::SignedOut => "You have been signed out meanwhile. Sign in and try again.",
            Self::Plain => "Accounts are linked over HTTPS alone.",
        }
    }

    fn in_russian(self) -> &'static str {
        match self {
            Self::State => "Вход начат в другом браузере, длился слишком долго или уже завершён. Попробуйте ещё раз.",
            Self::Away => "Служба входа недоступна. Попробуйте позже.",
            Self::Declined => "Служба входа вас не впустила.",
            Self::Untrusted => "Ответу службы входа нельзя доверять.",
            Self::Closed => "У вас нет аккаунта на этом сервере. Обратитесь к администратору.",
            Self::Disabled => "Ваш аккаунт отключён.",
            Self::Taken => "К этой учётной записи уже привязан другой аккаунт.",
            Self::Linked => "Ваш аккаунт уже привязан.",
            Self::SignedOut => "Тем временем вы вышли. Войдите и попробуйте ещё раз.",
            Self::Plain => "Аккаунты привязываются только по HTTPS.",
        }
    }

    fn error(self) -> ApiError {
        match self {
            Self::Closed => Error::RegistrationClosed.into(),
            other => ApiError::Malformed(other.in_english().into()),
        }
    }
}

impl Refusal {
    /// The same as every API fails, without a page.
    pub fn error(self) -> ApiError {
        match self {
            Self::Known(why) => why.error(),
            Self::Other(error) => error,
        }
    }

    /// The answer to a browser that came back, or to a program.
    pub fn answer(self, request: &Request) -> Answer {
        match self {
            Self::Known(why) if wants_page(request) => Ok(page(request, why)),
            other => Err(other.error()),
        }
    }
}

/// Leads to the client, which says it in its own language; what stands here is for a browser without scripts.
fn page(request: &Request, why: Why) -> Response {
    let language = language::preferred(request.header("accept-language").unwrap_or_default());
    let back = match language {
        Language::English => "Back",
        Language::Russian => "Назад",
    };
    let (place, sentence) = (format!("{}#oidc-{}", request.base().at("/login/"), why.word()), why.sentence(language));
    let text = format!(
        "<!doctype html><meta charset=\"utf-8\"><title>Fireside</title>\
         <meta http-equiv=\"refresh\" content=\"0; url={place}\"><p>{sentence}</p><p><a href=\"{place}\">{back}</a></p>"
    );
    let mut response = Response::new(text.into());
    *response.status_mut() = problem(&why.error()).status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response
}

impl From<Why> for Refusal {
    fn from(why: Why) -> Self {
        Self::Known(why)
    }
}

impl From<Stale> for Refusal {
    fn from(stale: Stale) -> Self {
        match stale {
            Stale::Unknown => Why::State.into(),
            Stale::TooMany => Error::Busy { retry_after: ATTEMPT_LIFE }.into(),
        }
    }
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self::Other(error)
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error {
            Error::RegistrationClosed => Why::Closed.into(),
            Error::InvalidCredentials => Why::Disabled.into(),
            Error::CredentialRevoked => Why::SignedOut.into(),
            Error::Invalid(Rule::LinkedElsewhere) => Why::Taken.into(),
            Error::Invalid(Rule::LinkedAlready) => Why::Linked.into(),
            other => Self::Other(other.into()),
        }
    }
}

/// The log has what people are not told.
impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        tracing::warn!(target: "oidc", %failure, "nobody is signed in");
        match failure {
            Failure::Away(_) => Why::Away.into(),
            Failure::Refused(_) => Why::Declined.into(),
            Failure::Untrusted(_) => Why::Untrusted.into(),
            Failure::Busy => Error::Busy { retry_after: std::time::Duration::from_secs(1) }.into(),
        }
    }
}
