//! One's own second factor. Whoever has to have one, and has none yet, reaches these.

mod picture;

use schemars::JsonSchema;
use serde::Serialize;
use warp::http::Method;

use crate::api::http::body::{Attempt, Body, FieldValue, Fields, body};
use crate::api::http::limit::Rate;
use crate::api::http::openapi::doc::Doc;
use crate::api::http::openapi::shape::{self, Shape, described};
use crate::api::http::reply::{Answer, ApiError, no_content, ok, with_credential};
use crate::api::http::request::Request;
use crate::api::http::route::Route;
use crate::api::http::sign_in::log_failure;
use crate::chat::auth::attempts::Tried;
use crate::chat::model::error::Error;
use crate::chat::model::second_factor::{FactorState, Otp, RECOVERY_CODES};
use crate::chat::model::server::UNNAMED;
use crate::chat::model::session::Actor;

/// A code as somebody typed it; `None`: a blank one.
pub struct Code(Option<Otp>);

impl FieldValue for Code {
    fn read(fields: &mut Fields, name: &str) -> Option<Self> {
        fields.text(name).map(|text| Self(Otp::parse(&text)))
    }

    fn shape() -> Shape {
        described(shape::string(), "Six digits, as the app shows them.")
    }
}

body! {
    /// Whoever changes their second factor.
    Confirmed {
        /// Blank where the account has none.
        password: Attempt,
    }
    /// The first code of the app.
    FirstCode { otp: Code }
}

/// Whether one has a second factor.
#[derive(JsonSchema, Serialize)]
struct State {
    on: bool,
    /// Recovery codes that were not used yet.
    recovery_codes_left: u32,
}

impl From<FactorState> for State {
    fn from(state: FactorState) -> Self {
        Self { on: state.is_on, recovery_codes_left: state.recovery_codes_left }
    }
}

/// What an app has to know.
#[derive(JsonSchema, Serialize)]
struct Started<'a> {
    /// In base32, to be typed in.
    secret: &'a str,
    /// The same with who it is for.
    #[schemars(extend("pattern" = "^otpauth://totp/"))]
    uri: &'a str,
    /// `uri` as a QR code: an SVG.
    qr: &'a str,
}

/// What signs in when the app is lost.
#[derive(JsonSchema, Serialize)]
struct Recovery {
    #[schemars(extend("minItems" = RECOVERY_CODES, "maxItems" = RECOVERY_CODES))]
    recovery_codes: Vec<String>,
}

pub fn look() -> Route {
    let answer = |actor: Actor, request: Request| async move {
        ok(&State::from(request.context.app.second_factor(actor.user)?))
    };
    Route::without_factor(Method::GET, "/api/server/second-factor/", Rate::Free, answer).doc(|doc: &mut Doc| {
        doc.does("Ask whether I have a second factor").answers::<State>(200, "Whether sign-ins ask for a code.");
    })
}

pub fn start() -> Route {
    Route::without_factor(Method::POST, "/api/server/second-factor/start/", Rate::Free, make).doc(|doc: &mut Doc| {
        doc.does("Begin with a second factor: make a secret for an authenticator app (TOTP)")
            .note("It counts for nothing until the app's first code is confirmed. Beginning again makes another.")
            .takes(&Confirmed::table())
            .answers::<Started<'_>>(200, "The secret. It is shown here alone.")
            .limited("sign-in")
            .refuses(&[400, 409]);
    })
}

pub fn confirm() -> Route {
    Route::without_factor(Method::POST, "/api/server/second-factor/confirm/", Rate::Free, turn_on).doc(
        |doc: &mut Doc| {
            doc.does("Turn the second factor on")
                .note("By a code of the app. From then on every sign-in with the password needs one in `otp`.")
                .takes(&FirstCode::table())
                .answers::<Recovery>(200, "Codes for when the app is lost, each good once. They are shown here alone.")
                .refuses(&[400]);
        },
    )
}

pub fn end() -> Route {
    Route::without_factor(Method::POST, "/api/server/second-factor/end/", Rate::Free, turn_off).doc(|doc: &mut Doc| {
        doc.does("Turn the second factor off")
            .takes(&Confirmed::table())
            .answers_nothing(204, "The password alone signs in.")
            .limited("sign-in")
            .refuses(&[400]);
    })
}

async fn make(actor: Actor, mut request: Request) -> Answer {
    let Confirmed { password: Attempt(password) } = request.body().await?;
    check_guess(&actor, &request)?;
    let app = &request.context.app;
    let started = app.start_second_factor(&actor, password).await;
    let secret = started.map_err(|error| refused(&actor, &request, error))?;
    let name = app.about()?.name;
    let uri = secret.uri(name.as_deref().unwrap_or(UNNAMED), actor.username.as_str());
    let qr = picture::drawn(&uri);
    with_credential(ok(&Started { secret: &secret.to_base32(), uri: &uri, qr: &qr }))
}

async fn turn_on(actor: Actor, mut request: Request) -> Answer {
    let FirstCode { otp: Code(otp) } = request.body().await?;
    let recovery_codes = request.context.app.confirm_second_factor(&actor, otp).await?;
    with_credential(ok(&Recovery { recovery_codes }))
}

async fn turn_off(actor: Actor, mut request: Request) -> Answer {
    let Confirmed { password: Attempt(password) } = request.body().await?;
    check_guess(&actor, &request)?;
    let ended = request.context.app.end_second_factor(&actor, password).await;
    ended.map_err(|error| refused(&actor, &request, error))?;
    no_content()
}

/// A stolen token must not be a way to try passwords.
fn check_guess(actor: &Actor, request: &Request) -> Result<(), ApiError> {
    Ok(request.context.limits.attempts.check(request.peer, Tried::Account(actor.user))?)
}

fn refused(actor: &Actor, request: &Request, error: Error) -> ApiError {
    if error == Error::WrongPassword {
        log_failure(request, actor.username.as_str());
    }
    error.into()
}
