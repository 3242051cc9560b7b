//! Answers: JSON, and what went wrong.
//!
//! [`problem`] is the one exhaustive match from a failure to status, code and words.
//! A dialect takes a [`Problem`] and writes it in its own shape, with its own words
//! where its document has some.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value};
use warp::http::header::{ALLOW, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use warp::http::{Method, StatusCode};

use crate::chat::model::error::{Error, Rule};
use crate::chat::model::id::UserId;

/// An HTTP answer.
pub type Response = warp::reply::Response;

/// What a handler makes of a request.
pub type Answer = Result<Response, ApiError>;

/// What is wrong with the fields of a request: sentences by field.
pub type Violations = Vec<(String, String)>;

/// Why a request was not done. Every dialect renders every one.
#[derive(Clone, Debug)]
pub enum ApiError {
    /// The core said no.
    Chat(Error),
    /// Fields are missing, of a wrong type, or break a rule.
    Fields(Violations),
    /// The body cannot be read as what it claims to be.
    Malformed(Cow<'static, str>),
    /// Nothing says who asks.
    NotSignedIn,
    /// A sign-in by OAuth without a proof that this server takes.
    OauthNotProven,
    /// A write with a cookie alone lacks the session's token.
    CsrfFailed(&'static str),
    /// The page that sends this is a stranger's.
    ForeignOrigin,
    /// A server for trying things out was asked by a name that is not this machine's alone.
    ForeignHost,
    /// No dialect has this path.
    NoSuchPath,
    /// The path is there, for these methods.
    MethodNotAllowed(Vec<Method>),
    /// The path is a WebSocket's.
    NotAHandshake,
    /// There is no such page of the list.
    InvalidPage,
    /// The body is larger than it may be.
    TooLarge,
    /// The body is of no type that is read here.
    UnsupportedMediaType,
    /// The body did not come in time.
    TooSlow,
    /// A byte range outside the file, whose size this is.
    RangeNotSatisfiable(u64),
}

/// The word for a second factor that is lacking: its code at a sign-in, or all of it where the server asks for one.
pub const SECOND_FACTOR_REQUIRED: &str = "second_factor_required";

impl ApiError {
    /// A thing that is not there, or not for the actor.
    pub const NOT_FOUND: Self = Self::Chat(Error::NotFound);

    /// One field that breaks a rule.
    pub fn field(name: &str, sentence: impl Into<String>) -> Self {
        Self::Fields(vec![(name.to_owned(), sentence.into())])
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        Self::Chat(error)
    }
}

/// A failure in the words that dialects share.
#[derive(Clone, Debug)]
pub struct Problem {
    pub status: StatusCode,
    /// A word for programs.
    pub code: &'static str,
    /// A sentence for people.
    pub message: Cow<'static, str>,
    /// Sentences by field.
    pub fields: Violations,
    /// What goes into headers.
    pub headers: Vec<(HeaderName, String)>,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code, message: message.into(), fields: Vec::new(), headers: Vec::new() }
    }

    fn invalid(fields: Violations) -> Self {
        Self { fields, ..Self::new(StatusCode::BAD_REQUEST, "validation_error", "Invalid request data.") }
    }

    fn with(mut self, header: HeaderName, value: impl ToString) -> Self {
        self.headers.push((header, value.to_string()));
        self
    }

    /// The answer with this body, in this problem's status and headers.
    pub fn answer(&self, body: &impl Serialize) -> Response {
        let mut response = json(self.status, body);
        for (name, value) in &self.headers {
            if let Ok(value) = HeaderValue::from_str(value) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }

    /// One sentence for a frame, which has no other place to name fields in.
    pub fn sentence(&self) -> Cow<'_, str> {
        if self.fields.is_empty() {
            return Cow::Borrowed(&self.message);
        }
        let fields = self.fields.iter().map(|(field, sentence)| format!("{field}: {sentence}"));
        Cow::Owned(fields.collect::<Vec<_>>().join(" "))
    }

    /// Sentences by field, as JSON.
    pub fn details(&self) -> Map<String, Value> {
        let mut details = Map::new();
        for (field, sentence) in &self.fields {
            let sentences = details.entry(field.clone()).or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(sentences) = sentences {
                sentences.push(sentence.clone().into());
            }
        }
        details
    }
}

/// Status, code and words of a failure. No `_`: a new failure has to find its place.
pub fn problem(failure: &ApiError) -> Problem {
    use StatusCode as S;
    match failure {
        ApiError::Chat(error) => chat_problem(error),
        ApiError::Fields(fields) => Problem::invalid(fields.clone()),
        ApiError::Malformed(sentence) => Problem::new(S::BAD_REQUEST, "validation_error", sentence.clone()),
        ApiError::NotSignedIn => unauthenticated("Authentication credentials were not provided."),
        ApiError::OauthNotProven => {
            let sentence = "User is not authenticated with Google";
            Problem::new(S::UNAUTHORIZED, "invalid_credentials", sentence).with(WWW_AUTHENTICATE, "Token")
        }
        ApiError::CsrfFailed(reason) => Problem::new(S::FORBIDDEN, "csrf_failed", format!("CSRF Failed: {reason}")),
        ApiError::ForeignOrigin => Problem::new(S::FORBIDDEN, "csrf_failed", "CSRF Failed: Origin checking failed."),
        ApiError::ForeignHost => {
            let sentence = "This server is for this machine alone: ask it as localhost or 127.0.0.1.";
            Problem::new(S::MISDIRECTED_REQUEST, "misdirected_request", sentence)
        }
        ApiError::NoSuchPath => Problem::new(S::NOT_FOUND, "not_found", "Not found."),
        ApiError::MethodNotAllowed(methods) => {
            let sentence = "This method is not allowed here.";
            Problem::new(S::METHOD_NOT_ALLOWED, "method_not_allowed", sentence).with(ALLOW, list(methods))
        }
        ApiError::NotAHandshake => {
            let sentence = "This path is a WebSocket.";
            Problem::new(S::UPGRADE_REQUIRED, "upgrade_required", sentence)
                .with(warp::http::header::UPGRADE, "websocket")
        }
        ApiError::InvalidPage => Problem::new(S::NOT_FOUND, "not_found", "Invalid page."),
        ApiError::TooLarge => Problem::new(S::PAYLOAD_TOO_LARGE, "too_large", "The request is too large."),
        ApiError::UnsupportedMediaType => {
            Problem::new(S::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "Unsupported media type in request.")
        }
        ApiError::TooSlow => Problem::new(S::REQUEST_TIMEOUT, "timeout", "The request took too long to arrive."),
        ApiError::RangeNotSatisfiable(size) => {
            let sentence = "The range is outside the file.";
            let range = format!("bytes */{size}");
            Problem::new(S::RANGE_NOT_SATISFIABLE, "validation_error", sentence)
                .with(warp::http::header::CONTENT_RANGE, range)
        }
    }
}

fn chat_problem(error: &Error) -> Problem {
    use StatusCode as S;
    let says = error.to_string();
    match error {
        Error::NotFound | Error::SearchOff | Error::PushOff | Error::ProviderOff => {
            Problem::new(S::NOT_FOUND, "not_found", says)
        }
        Error::NotMember | Error::Forbidden(_) => Problem::new(S::FORBIDDEN, "permission_denied", says),
        Error::RegistrationClosed => Problem::new(S::FORBIDDEN, "permission_denied", says),
        Error::InvalidCredentials => {
            Problem::new(S::UNAUTHORIZED, "invalid_credentials", says).with(WWW_AUTHENTICATE, "Token")
        }
        Error::SecondFactorRequired => {
            Problem::new(S::UNAUTHORIZED, SECOND_FACTOR_REQUIRED, says).with(WWW_AUTHENTICATE, "Token")
        }
        Error::SecondFactorMissing => Problem::new(S::FORBIDDEN, SECOND_FACTOR_REQUIRED, says),
        Error::CredentialRevoked => unauthenticated("Invalid token."),
        Error::WrongPassword => Problem::invalid(vec![("password".into(), says)]),
        Error::UsernameTaken => Problem::invalid(vec![("username".into(), says)]),
        Error::EmailTaken => Problem::invalid(vec![("email".into(), says)]),
        Error::UnknownUser => Problem::invalid(vec![("user_id".into(), says)]),
        Error::Invalid(rule) => Problem::invalid(vec![(field_of(*rule).into(), says)]),
        Error::ChatFull => Problem::new(S::BAD_REQUEST, "room_full", says),
        Error::NotInCall => Problem::new(S::BAD_REQUEST, "not_in_call", says),
        Error::KeyReused | Error::SecondFactorOn => Problem::new(S::CONFLICT, "conflict", says),
        Error::LimitReached { .. } => Problem::new(S::BAD_REQUEST, "validation_error", says),
        Error::StorageFull => Problem::new(S::INSUFFICIENT_STORAGE, "insufficient_storage", says),
        Error::TooOften { retry_after } => rate_limited(*retry_after),
        Error::Busy { retry_after } => {
            Problem::new(S::SERVICE_UNAVAILABLE, "unavailable", says).with(RETRY_AFTER, seconds(*retry_after))
        }
        Error::Internal => Problem::new(S::INTERNAL_SERVER_ERROR, "internal", says),
    }
}

/// The field that a rule is about, as most documents call it.
fn field_of(rule: Rule) -> &'static str {
    match rule {
        Rule::BlankMessage => "content",
        Rule::Attachments => "attachments",
        Rule::ReplyTo => "reply_to",
        Rule::MessageOfChat | Rule::TooFarBack => "message_id",
        Rule::Avatar => "avatar",
        Rule::MaxMembers => "max_participants",
        Rule::Reactions => "emoji",
        Rule::DescriptionLength => "sdp",
        Rule::CandidateLength => "candidate",
        Rule::InviteRequired | Rule::InviteDead => "invite",
        Rule::JoinRooms => "join_rooms",
        Rule::InviteChat => "chat",
        Rule::LastAdmin => "is_admin",
        Rule::GroupAdmin => "role",
        Rule::WrongCode | Rule::NoFactorStarted => "otp",
        Rule::LinkedElsewhere | Rule::LinkedAlready => "link",
        Rule::FriendSelf | Rule::FriendAlready | Rule::FriendNot => "username",
    }
}

fn rate_limited(wait: Duration) -> Problem {
    let sentence = format!("Request was throttled. Expected available in {} seconds.", seconds(wait));
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", sentence).with(RETRY_AFTER, seconds(wait))
}

fn unauthenticated(sentence: &'static str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "authentication_required", sentence).with(WWW_AUTHENTICATE, "Token")
}

fn list(methods: &[Method]) -> String {
    methods.iter().map(Method::as_str).collect::<Vec<_>>().join(", ")
}

/// Whole seconds, rounded up: whoever waits so long is let through.
fn seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

/// 200 with a JSON body.
pub fn ok(body: &impl Serialize) -> Answer {
    Ok(json(StatusCode::OK, body))
}

/// 201 with a JSON body, or 200 if it was there already.
pub fn created(is_new: bool, body: &impl Serialize) -> Answer {
    Ok(json(if is_new { StatusCode::CREATED } else { StatusCode::OK }, body))
}

/// 204.
pub fn no_content() -> Answer {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}

pub fn json(status: StatusCode, body: &impl Serialize) -> Response {
    let (status, bytes) = match serde_json::to_vec(body) {
        Ok(bytes) => (status, bytes),
        Err(cause) => {
            tracing::error!(%cause, "an answer could not be written as JSON");
            (StatusCode::INTERNAL_SERVER_ERROR, br#"{"error":"internal"}"#.to_vec())
        }
    };
    written(status, bytes)
}

/// The bytes of a body, for [`written`].
pub fn encode(body: &impl Serialize) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(body).map_err(|_| Error::Internal)
}

/// A body that is JSON already.
pub fn written(status: StatusCode, json: Vec<u8>) -> Response {
    let mut response = Response::new(json.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// 308 to a path of this site.
pub fn moved(path: &str) -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
    if let Ok(location) = HeaderValue::from_str(path) {
        response.headers_mut().insert(warp::http::header::LOCATION, location);
    }
    response
}

/// 204 with the methods that a path has.
#[must_use]
pub fn allowed(methods: &[Method]) -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    if let Ok(value) = HeaderValue::from_str(&format!("{}, OPTIONS", list(methods))) {
        response.headers_mut().insert(ALLOW, value);
    }
    response
}

/// Who signed in by this very request, for the access log.
#[derive(Clone, Copy, Debug)]
pub struct SignedBy(pub UserId);

/// Bytes that the server keeps for everybody: an answer of them takes no memory of its own.
#[derive(Clone, Copy, Debug)]
pub struct SharedBytes;

/// The answer has a code or token in it that lets somebody in, and is not compressed.
#[derive(Clone, Copy, Debug)]
pub struct CarriesCredential;

/// The same answer, marked so.
pub fn with_credential(answer: Answer) -> Answer {
    let mut response = answer?;
    response.extensions_mut().insert(CarriesCredential);
    Ok(response)
}

/// 200 with such bytes.
pub fn kept(bytes: Bytes) -> Response {
    let mut response = Response::new(bytes.into());
    response.extensions_mut().insert(SharedBytes);
    response
}

/// Notes who signed in by this very request.
#[must_use]
pub fn signed_by(mut response: Response, user: UserId) -> Response {
    response.extensions_mut().insert(SignedBy(user));
    response
}
