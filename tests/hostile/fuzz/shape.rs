//! What an answer must look like, whatever was asked.

use serde_json::Value;

use super::wire::{Case, Reply, shown};

/// Words that only the inside knows.
const INSIDE: &[&str] =
    &["panicked", "rusqlite", "SQLITE", "no such column", "src/", "/tmp/", "fireside.db", "carol's secret"];

/// Statuses of the server's own that are stated: busy, and full.
const STATED: &[u16] = &[503, 507];

#[track_caller]
pub fn is_decent(case: &Case, reply: &Reply) {
    let body = String::from_utf8_lossy(&reply.body);
    let what = || format!("{}\n----\n{} {:?}\n{body}", shown(&case.bytes), reply.status, reply.headers);
    assert!(reply.status < 500 || STATED.contains(&reply.status), "{}", what());
    assert!(reply.status != 503 || reply.header("retry-after").is_some(), "{}", what());
    for word in INSIDE {
        assert!(!body.contains(word), "{word} in {}", what());
    }
    assert!(!reply.header("location").is_some_and(|place| place.contains("evil")), "{}", what());
    // The HTTP library's own refusals of what is no HTTP have no body and few headers.
    let is_ours = reply.header("x-request-id").is_some();
    assert!(is_ours || [400, 414, 431].contains(&reply.status), "{}", what());
    if !is_ours {
        return;
    }
    assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{}", what());
    if is_a_page(reply) {
        let asked = String::from_utf8_lossy(&case.bytes).to_ascii_lowercase();
        assert!(reply.status == 404 && asked.contains("text/html"), "{}", what());
        assert!(dialect(&case.path).is_empty() && !case.path.starts_with("/api/"), "{}", what());
        assert!(case.is_head || body.starts_with("<!doctype html>"), "{}", what());
    } else if reply.status >= 400 && !case.is_head {
        assert_eq!(reply.header("content-type"), Some("application/json"), "{}", what());
        let error: Value = serde_json::from_slice(&reply.body).unwrap_or_else(|_| panic!("no JSON: {}", what()));
        assert!(is_an_error(&case.path, reply.status, &error), "{}", what());
    }
}

/// What a browser is shown that goes where nothing is, outside of the APIs.
fn is_a_page(reply: &Reply) -> bool {
    reply.status >= 400 && reply.header("content-type").is_some_and(|kind| kind.starts_with("text/html"))
}

/// In whose words a path is refused.
fn dialect(path: &str) -> &str {
    if let Some(rest) = path.strip_prefix("/d/") {
        return rest.split(['/', '?']).next().unwrap_or_default();
    }
    match path.split('/').nth(1).filter(|_| path.matches('/').count() > 1) {
        Some("messages") => "messaging",
        Some("accounts" | "profiles" | "messenger") => "messenger",
        _ => "",
    }
}

fn is_an_error(path: &str, status: u16, error: &Value) -> bool {
    let says = |name: &str| error[name].as_str().is_some_and(|text| !text.trim().is_empty());
    match dialect(path) {
        "messaging" if status == 400 => says("error") && has_sentences(&error["details"]),
        "messaging" => says("detail") && error.as_object().is_some_and(|error| error.len() == 1),
        "messenger" => {
            says("detail") || says("error") || says("message") || has_sentences(error) || is_sentences(error)
        }
        _ => says("error") && says("message") && error["detail"] == error["message"],
    }
}

/// Sentences by field.
fn has_sentences(fields: &Value) -> bool {
    fields.as_object().is_some_and(|fields| !fields.is_empty() && fields.values().all(is_sentences))
}

fn is_sentences(list: &Value) -> bool {
    list.as_array().is_some_and(|list| !list.is_empty() && list.iter().all(Value::is_string))
}

/// Something that a socket of a dialect says: an event, or an error in its shape. What was
/// wrong is never the server.
#[track_caller]
pub fn is_decent_frame(dialect: &str, text: &str) {
    let frame: Value = serde_json::from_str(text).unwrap_or_else(|_| panic!("{dialect}: no JSON: {text}"));
    assert!(!text.contains("Internal server error") && !text.contains("\"internal\""), "{dialect}: {text}");
    let says = |frame: &Value, name: &str| frame[name].as_str().is_some_and(|text| !text.is_empty());
    let is_known = match dialect {
        "rooms" if frame["type"] == "error" => says(&frame["data"], "code") && says(&frame["data"], "message"),
        "rooms" => says(&frame, "type"),
        "messaging" if frame["type"] == "error" => says(&frame, "code") && says(&frame, "message"),
        "messaging" => says(&frame, "type"),
        "inbox" => says(&frame, "error") || (says(&frame, "sender") && says(&frame, "receiver")),
        "directs" => {
            frame["error"] == "An error occurred while processing your message" || says(&frame["message"], "sender")
        }
        "messenger" => says(&frame, "error") || says(&frame, "user"),
        other => panic!("{other} has no socket"),
    };
    assert!(is_known, "{dialect}: {text}");
}
