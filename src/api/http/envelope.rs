//! The shape of errors that most dialects share.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::openapi::doc::Shapes;
use super::openapi::shape::Shape;
use super::reply::{ApiError, Problem, Response, SECOND_FACTOR_REQUIRED, problem};

/// What went wrong: a word for programs, a sentence for people, and sentences by field
/// where fields are to blame.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Error")]
struct Envelope<'a> {
    #[schemars(extend("enum" = CODES))]
    error: &'a str,
    message: &'a str,
    /// The same as `message`.
    detail: &'a str,
    #[serde(skip_serializing_if = "Map::is_empty")]
    #[schemars(with = "std::collections::BTreeMap<String, Vec<String>>")]
    details: Map<String, Value>,
    /// The same as `error`, where a second factor is asked for: in this field every API says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("const" = SECOND_FACTOR_REQUIRED))]
    code: Option<&'static str>,
}

/// Every code that [`problem`] gives: the documents list them.
pub const CODES: [&str; 19] = [
    "authentication_required",
    "invalid_credentials",
    SECOND_FACTOR_REQUIRED,
    "csrf_failed",
    "permission_denied",
    "not_found",
    "method_not_allowed",
    "validation_error",
    "room_full",
    "not_in_call",
    "conflict",
    "too_large",
    "unsupported_media_type",
    "timeout",
    "rate_limited",
    "upgrade_required",
    "insufficient_storage",
    "unavailable",
    "internal",
];

/// The schema of [`envelope`]s, whatever their status.
pub fn envelope_shape(shapes: &mut Shapes, _status: u16) -> Shape {
    shapes.of::<Envelope<'_>>()
}

/// The shape of errors under `/api/`: inbox, directs, rooms, and where no dialect is nearer.
pub fn envelope(failure: &ApiError) -> Response {
    enveloped(&problem(failure))
}

/// The same for a problem whose words a dialect has changed.
pub fn enveloped(problem: &Problem) -> Response {
    let (message, details) = (problem.message.as_ref(), problem.details());
    let code = Some(problem.code).filter(|code| *code == SECOND_FACTOR_REQUIRED);
    problem.answer(&Envelope { error: problem.code, message, detail: message, details, code })
}
