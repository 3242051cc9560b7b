//! What came of a request that has no object to show: that it is done, or why not.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::api::http::reply::{Problem, SECOND_FACTOR_REQUIRED};

/// What became of a reaction.
#[derive(JsonSchema, Serialize)]
pub struct Toggled<'a> {
    #[schemars(extend("enum" = ["added", "removed"]))]
    pub action: &'static str,
    pub emoji: &'a str,
    pub message_id: i64,
}

/// That something was done, and to how many.
#[derive(JsonSchema, Serialize)]
pub struct Done {
    #[schemars(extend("const" = "success"))]
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    marked_count: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    added_count: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unread_count: Option<i64>,
}

impl Done {
    pub fn plainly() -> Self {
        Self { status: "success", marked_count: None, added_count: None, unread_count: None }
    }

    pub fn marked(count: i64) -> Self {
        Self { marked_count: Some(count), ..Self::plainly() }
    }

    pub fn unread(count: i64) -> Self {
        Self { unread_count: Some(count), ..Self::plainly() }
    }

    pub fn added(count: i64) -> Self {
        Self { added_count: Some(count), ..Self::plainly() }
    }
}

/// A refusal that blames fields, or the request as a whole.
#[derive(JsonSchema, Serialize)]
pub struct Invalid {
    #[schemars(extend("const" = "Invalid request"))]
    error: &'static str,
    #[schemars(with = "std::collections::BTreeMap<String, Vec<String>>")]
    details: Map<String, Value>,
}

impl Invalid {
    pub fn of(problem: &Problem) -> Self {
        let mut details = problem.details();
        if details.is_empty() {
            details.insert("non_field_errors".to_owned(), Value::from(vec![problem.message.as_ref()]));
        }
        Self { error: "Invalid request", details }
    }
}

/// Any other refusal.
#[derive(JsonSchema, Serialize)]
pub struct Detail<'a> {
    detail: &'a str,
    /// Where a second factor is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("const" = SECOND_FACTOR_REQUIRED))]
    code: Option<&'static str>,
}

impl<'a> Detail<'a> {
    pub fn of(problem: &'a Problem) -> Self {
        let code = Some(problem.code).filter(|code| *code == SECOND_FACTOR_REQUIRED);
        Self { detail: &problem.message, code }
    }
}

/// A fault of the server.
#[derive(JsonSchema, Serialize)]
pub struct Fault {
    #[schemars(extend("const" = "Internal server error"))]
    error: &'static str,
}

impl Default for Fault {
    fn default() -> Self {
        Self { error: "Internal server error" }
    }
}
