//! Failures as the services say them whose shapes hooks take, for programs that read no other.

use schemars::JsonSchema;
use serde::Serialize;
use warp::http::StatusCode;
use warp::http::header::RETRY_AFTER;

use super::plain;
use crate::api::http::reply::{ApiError, Problem, Response, problem};

/// A word of Slack's, as text.
pub fn of_slack(failure: &ApiError) -> Response {
    let problem = problem(failure);
    let word = match problem.status {
        StatusCode::BAD_REQUEST if is_blank(&problem) => "no_text",
        StatusCode::BAD_REQUEST => "invalid_payload",
        StatusCode::NOT_FOUND => "no_service",
        StatusCode::TOO_MANY_REQUESTS => "rate_limited",
        _ => problem.code,
    };
    let mut response = problem.answer(&());
    *response.body_mut() = word.into();
    plain(response)
}

/// An error of Discord's.
pub fn of_discord(failure: &ApiError) -> Response {
    let problem = problem(failure);
    let (message, code) = match problem.status {
        StatusCode::BAD_REQUEST if is_blank(&problem) => ("Cannot send an empty message", 50_006),
        StatusCode::BAD_REQUEST => ("Invalid Form Body", 50_035),
        StatusCode::NOT_FOUND => ("Unknown Webhook", 10_015),
        StatusCode::TOO_MANY_REQUESTS => ("You are being rate limited.", 0),
        _ => (problem.message.as_ref(), 0),
    };
    let retry_after = problem.headers.iter().find(|(name, _)| name == RETRY_AFTER);
    let retry_after = retry_after.and_then(|(_, seconds)| seconds.parse().ok());
    problem.answer(&DiscordError { message, code, retry_after, global: retry_after.map(|_| false) })
}

fn is_blank(problem: &Problem) -> bool {
    problem.fields.iter().any(|(field, _)| field == super::payload::FIELD)
}

/// What Discord answers where something is wrong.
#[derive(JsonSchema, Serialize)]
pub struct DiscordError<'a> {
    message: &'a str,
    code: u32,
    /// Seconds, where it was too often.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    global: Option<bool>,
}
