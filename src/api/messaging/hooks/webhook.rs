//! What a hook sends, as Standard Webhooks has it: an id that stays the same at each attempt, a time, and a signature
//! over both and the body.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::Sha256;

use super::payload::{cut, text};
use super::slack;
use crate::api::http::base::BasePath;
use crate::api::messaging::frame::Frame;
use crate::chat::model::delivery::{Attempt, Delivery, Happening, SigningKey};
use crate::chat::model::hook::HookEvent;
use crate::chat::model::id::{ChatId, UserId};
use crate::chat::model::name::MessageText;
use crate::chat::model::time::Timestamp;
use crate::outbound::{Answer, Call, Failure, Outbound};

/// How long a receiver may take.
const DEADLINE: Duration = Duration::from_secs(5);
/// Bytes of an answer that are read: more than the longest message takes.
const MAX_ANSWER: usize = 64 * 1024;
/// What a test is called.
const TEST: &str = "test";

#[derive(Serialize)]
struct Payload<'a, D> {
    #[serde(rename = "type")]
    kind: &'a str,
    timestamp: String,
    data: D,
}

/// What is sent of an event: the frame that the socket has for it.
pub fn body_of(delivery: &Delivery, base: &BasePath) -> String {
    let data = match &delivery.what {
        Happening::Created(message) => Frame::new_message(message, &[], None, base),
        Happening::Updated(message, marks) => Frame::message_updated(message, marks, base),
        Happening::Deleted(chat, message, seq) => {
            Frame::MessageDeleted { chat: chat.0, seq: seq.0, message_id: message.0 }
        }
        Happening::Added(chat, user) => Frame::MemberAdded { chat: chat.0, user_id: user.0 },
        Happening::Removed(chat, user) => Frame::MemberRemoved { chat: chat.0, user_id: user.0 },
    };
    let event: HookEvent = delivery.what.event();
    written(&Payload { kind: event.as_str(), timestamp: delivery.at.to_string(), data })
}

/// What a test sends.
pub fn body_of_test(chat: ChatId, now: Timestamp) -> String {
    written(&Payload { kind: TEST, timestamp: now.to_string(), data: json!({ "chat": chat.0 }) })
}

/// Nothing in these shapes can fail to be written.
fn written<D: Serialize>(payload: &Payload<'_, D>) -> String {
    serde_json::to_string(payload).unwrap_or_default()
}

/// Sends a body for somebody, and says what came of it; with what was answered, if it was taken.
pub async fn send(
    way: &Outbound,
    user: Option<UserId>,
    url: &str,
    key: &SigningKey,
    webhook_id: &str,
    now: Timestamp,
    body: String,
) -> (Attempt, Option<Answer>) {
    let begun = Instant::now();
    let answered = match way.accepts(url) {
        Some(target) => way.post(&target, Call { user, ..call(key, webhook_id, now, body) }).await,
        None => Err(Failure::Refused),
    };
    let ms = i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX);
    match answered {
        Ok(answer) if (200..300).contains(&answer.status) => {
            (Attempt { status: Some(answer.status), ms, error: None }, Some(answer))
        }
        Ok(Answer { status, .. }) => {
            (Attempt { status: Some(status), ms, error: Some(format!("it answered {status}")) }, None)
        }
        Err(failure) => (Attempt { status: None, ms, error: Some(failure.to_string()) }, None),
    }
}

fn call(key: &SigningKey, webhook_id: &str, now: Timestamp, body: String) -> Call {
    let time = now.seconds();
    let headers = vec![
        ("content-type", "application/json".to_owned()),
        ("webhook-id", webhook_id.to_owned()),
        ("webhook-timestamp", time.to_string()),
        ("webhook-signature", signature(key, webhook_id, time, &body)),
    ];
    Call { user: None, headers, body: body.into(), deadline: DEADLINE, max_answer: MAX_ANSWER }
}

fn signature(key: &SigningKey, webhook_id: &str, time: i64, body: &str) -> String {
    // HMAC takes keys of every length, so this cannot fail.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&key.0) else { return String::new() };
    mac.update(format!("{webhook_id}.{time}.").as_bytes());
    mac.update(body.as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

/// What the bot says, where a receiver answers with words: `text` is Slack's markup, as it is where it comes in.
pub fn reply(answer: &Answer, max: usize) -> Option<MessageText> {
    let Ok(Value::Object(object)) = serde_json::from_str::<Value>(&answer.text) else { return None };
    let words = match (text(&object, "text"), text(&object, "content")) {
        (Some(text), _) => slack::words(&json!({ "text": text }).as_object().cloned()?),
        (None, Some(content)) => content.to_owned(),
        (None, None) => return None,
    };
    MessageText::parse_filled(&cut(&words.replace('\0', "\u{fffd}"), max), max).ok()
}

#[cfg(test)]
mod tests {
    use super::{Answer, SigningKey, reply, signature};

    #[test]
    fn a_signature_is_as_the_standard_has_it() {
        // The example of the specification's libraries.
        let key = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, key).expect("base64");
        let mut padded = [0; 32];
        padded[..bytes.len()].copy_from_slice(&bytes);
        // HMAC fills short keys up with zeros, so that this is the same key.
        let signed =
            signature(&SigningKey(padded), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert!(SigningKey(padded).shown().starts_with("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
    }

    #[test]
    fn an_answer_speaks_where_it_has_words_and_nothing_else_does() {
        let said = |text: &str| {
            let answer = Answer { status: 200, retry_after: None, text: text.to_owned() };
            reply(&answer, 10).map(|text| text.as_str().to_owned())
        };
        assert_eq!(said(r#"{"text": " pong "}"#).as_deref(), Some("pong"));
        assert_eq!(said(r#"{"content": "**b**"}"#).as_deref(), Some("**b**"));
        assert_eq!(said(r#"{"text": "*b*"}"#).as_deref(), Some("**b**"));
        assert_eq!(said(r#"{"content": "much too long"}"#).as_deref(), Some("much too…"));
        for silent in ["", "ok", "{}", "[]", r#"{"text": 7}"#, r#"{"text": " "}"#, r#"{"message": "received"}"#, "{"] {
            assert_eq!(said(silent), None, "{silent}");
        }
    }
}
