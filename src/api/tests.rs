//! Every failure in the words of every dialect: what the front door cannot always bring
//! about, since a disk has to be full for it or a writer stuck.

use std::path::Path;
use std::time::Duration;

use http_body_util::BodyExt;
use serde_json::Value;
use warp::http::{Method, StatusCode};

use super::dialects;
use super::http::base::BasePath;
use super::http::context::{Registration, Settings};
use super::http::ice::Ice;
use super::http::limit::RateLimits;
use super::http::reply::{ApiError, problem};
use crate::chat::auth::invite::Invite;
use crate::chat::model::bot::BotMakers;
use crate::chat::model::error::{Denial, Error, Rule};
use crate::chat::model::label::Label;
use crate::chat::model::time::Clock;
use crate::chat::model::token::Token;
use crate::chat::tests::new_user;
use crate::chat::{App, Config, Durability};

/// As a server has them that nobody has told otherwise, without limits.
pub(crate) fn settings() -> Settings {
    let off = "off".parse().expect("a limit");
    Settings {
        public_url: None,
        base_path: BasePath::default(),
        push: None,
        ice: Ice::default(),
        cors_origins: Vec::new(),
        any_origin: false,
        certificate: None,
        faults: None,
        dev_feed: None,
        registration: Registration::Open,
        bots: BotMakers::default(),
        max_upload: 1 << 20,
        max_message: 10_000,
        ws_history: None,
        hide_emails: false,
        password_login: true,
        oidc: None,
        user_header: None,
        insecure_oauth_login: false,
        hook_allow: Vec::new(),
        jwt_access: Duration::from_secs(60),
        jwt_refresh: Duration::from_secs(600),
        limits: RateLimits { auth: off, api: off, upload: off, ws: off },
    }
}

/// A core on a folder, and the token of alice, who is alone in it.
pub(crate) async fn core_with_alice(folder: &Path) -> (App, Token) {
    let config = Config { durability: Durability::Normal, clock: Clock::system(), ..Config::of(folder) };
    let app = App::open(config).expect("opened");
    let registered = app.register(new_user("alice"), Invite::Optional(None), Label::default()).await;
    let (_, token) = registered.expect("an account");
    (app, token)
}

fn failures() -> Vec<ApiError> {
    let wait = Duration::from_millis(1500);
    let from_core = [
        Error::NotFound,
        Error::NotMember,
        Error::Forbidden(Denial::NotOwner),
        Error::RegistrationClosed,
        Error::InvalidCredentials,
        Error::CredentialRevoked,
        Error::WrongPassword,
        Error::UsernameTaken,
        Error::EmailTaken,
        Error::UnknownUser,
        Error::Invalid(Rule::BlankMessage),
        Error::ChatFull,
        Error::NotInCall,
        Error::KeyReused,
        Error::ProviderOff,
        Error::LimitReached { what: "chats", max: 500 },
        Error::StorageFull,
        Error::TooOften { retry_after: wait },
        Error::Busy { retry_after: wait },
        Error::Internal,
    ];
    let mut failures: Vec<ApiError> = from_core.into_iter().map(ApiError::Chat).collect();
    failures.extend([
        ApiError::field("name", "Wrong."),
        ApiError::Malformed("Broken.".into()),
        ApiError::NotSignedIn,
        ApiError::OauthNotProven,
        ApiError::CsrfFailed("CSRF token missing."),
        ApiError::ForeignOrigin,
        ApiError::ForeignHost,
        ApiError::NoSuchPath,
        ApiError::MethodNotAllowed(vec![Method::GET]),
        ApiError::NotAHandshake,
        ApiError::InvalidPage,
        ApiError::TooLarge,
        ApiError::UnsupportedMediaType,
        ApiError::TooSlow,
        ApiError::RangeNotSatisfiable(9),
    ]);
    failures
}

/// Some sentence for a person stands in it.
fn says_something(dialect: &str, is_clients: bool, status: StatusCode, body: &Value) -> bool {
    let says = |name: &str| body[name].as_str().is_some_and(|text| !text.trim().is_empty());
    let by_field = |fields: &Value| fields.as_object().is_some_and(|fields| fields.values().all(Value::is_array));
    match dialect {
        "rooms" if is_clients && by_field(body) => true,
        "messaging" if status == StatusCode::BAD_REQUEST => says("error") && by_field(&body["details"]),
        "messaging" if status == StatusCode::INTERNAL_SERVER_ERROR => says("error"),
        "messaging" => says("detail"),
        "messenger" => says("detail") || says("error") || says("message") || by_field(body),
        _ => says("error") && says("message") && body["detail"] == body["message"],
    }
}

#[tokio::test]
async fn every_dialect_renders_every_failure_with_its_status_and_headers() {
    for (dialect, is_clients) in dialects().iter().flat_map(|dialect| [(dialect, false), (dialect, true)]) {
        for failure in failures() {
            let what = format!("{} {failure:?}", dialect.name);
            let expected = problem(&failure);
            let response = dialect.renderer(is_clients)(&failure);
            // In messaging a room that one sees from outside is not there.
            let is_hidden = dialect.name == "messaging" && matches!(failure, ApiError::Chat(Error::NotMember));
            let status = if is_hidden { StatusCode::NOT_FOUND } else { expected.status };
            assert_eq!(response.status(), status, "{what}");
            for (name, value) in &expected.headers {
                let sent = response.headers().get(name).and_then(|value| value.to_str().ok());
                let is_scheme = *name == warp::http::header::WWW_AUTHENTICATE;
                assert!(sent.is_some_and(|sent| is_scheme || sent == value), "{what}: {name} {sent:?}");
            }
            let bytes = response.into_body().collect().await.expect("a body").to_bytes();
            let body: Value = serde_json::from_slice(&bytes).expect(&what);
            assert!(says_something(dialect.name, is_clients, status, &body), "{what}: {body}");
        }
    }
}

#[test]
fn busy_and_full_are_told_from_a_fault() {
    let status = |error| problem(&ApiError::Chat(error)).status.as_u16();
    let busy = problem(&ApiError::Chat(Error::Busy { retry_after: Duration::from_millis(1500) }));
    assert_eq!(busy.status.as_u16(), 503);
    assert_eq!(busy.headers.first().map(|(_, value)| value.as_str()), Some("2"), "rounded up");
    assert_eq!((status(Error::StorageFull), status(Error::Internal)), (507, 500));
}

#[test]
fn each_codec_has_a_place_for_its_frames() {
    assert!(super::routes::codecs(&dialects()).len() <= crate::chat::MAX_CODECS);
}
