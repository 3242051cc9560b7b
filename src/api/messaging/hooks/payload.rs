//! What a program sends, read as whoever wrote it: plain text, an object of one of the known
//! shapes, or a form around one. A shape is known by its fields, since programs are given one URL.

use serde_json::{Map, Value};

use super::{discord, github, monitor, slack};
use crate::api::http::body::{self, media_type};
use crate::api::http::reply::ApiError;
use crate::api::http::request::{Request, pairs};
use crate::chat::model::name::MessageText;

/// The field that is named where there is nothing to say.
pub const FIELD: &str = "text";

/// Whose shape the URL promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writer {
    /// Nobody's: the body tells.
    Unknown,
    /// Slack's.
    Slack,
    /// Discord's.
    Discord,
}

/// An object of a payload.
pub type Object = Map<String, Value>;

/// Reads the body as a message. What is too long is cut.
pub async fn read(request: &mut Request, writer: Writer) -> Result<MessageText, ApiError> {
    let kind = media_type(request.header("content-type"));
    let event = request.header("x-github-event").map(str::to_owned);
    let bytes = request.bytes().await?;
    let words = match value(&kind, &bytes)? {
        Value::String(text) => text,
        Value::Object(object) => words(&object, writer, event.as_deref()),
        _ => return Err(ApiError::Malformed("A hook takes an object or text.".into())),
    };
    let max = request.context.settings.max_message;
    let text = MessageText::parse(&cut(&words.replace('\0', "\u{fffd}"), max), max);
    let text = text.map_err(|fault| ApiError::field(FIELD, fault.0))?;
    if text.as_str().is_empty() { Err(ApiError::field(FIELD, "There is nothing to say.")) } else { Ok(text) }
}

fn value(kind: &str, bytes: &[u8]) -> Result<Value, ApiError> {
    match kind {
        "text/plain" => {
            let text = std::str::from_utf8(bytes).map_err(|_| ApiError::Malformed("The text is not UTF-8.".into()))?;
            Ok(Value::from(text))
        }
        // `curl -d` calls everything a form.
        "application/x-www-form-urlencoded" if !bytes.starts_with(b"{") => form(bytes),
        "" | "application/json" | "application/x-www-form-urlencoded" => body::json(bytes),
        kind if kind.ends_with("+json") => body::json(bytes),
        _ => Err(ApiError::UnsupportedMediaType),
    }
}

fn form(bytes: &[u8]) -> Result<Value, ApiError> {
    if bytes.split(|byte| *byte == b'&').count() > body::MAX_VALUES {
        return Err(ApiError::Malformed(format!("A body may have {} values at most.", body::MAX_VALUES).into()));
    }
    let fields = pairs(bytes);
    match fields.iter().find(|(name, _)| name == "payload") {
        Some((_, payload)) => body::json(payload.as_bytes()),
        None => Ok(Value::Object(fields.into_iter().map(|(name, text)| (name, text.into())).collect())),
    }
}

fn words(object: &Object, writer: Writer, event: Option<&str>) -> String {
    let promised = match writer {
        Writer::Slack => slack::words(object),
        Writer::Discord => discord::words(object),
        Writer::Unknown => String::new(),
    };
    if promised.is_empty() { words_of_any(object, event) } else { promised }
}

fn words_of_any(object: &Object, event: Option<&str>) -> String {
    let has = |name| object.contains_key(name);
    match event {
        Some(event) => github::words(event, object),
        None if has("embeds") => discord::words(object),
        None if has("attachments") || has("blocks") => slack::words(object),
        None if text(object, "content").is_some() => discord::words(object),
        None if text(object, "text").is_some() => slack::words(object),
        None => monitor::words(object),
    }
}

/// At most so many characters, the last of which says that there were more.
pub fn cut(words: &str, max: usize) -> String {
    let words = words.trim();
    if words.chars().count() <= max {
        return words.to_owned();
    }
    let kept: String = words.chars().take(max.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// A field that has text in it.
pub fn text<'a>(object: &'a Object, name: &str) -> Option<&'a str> {
    object.get(name)?.as_str().map(str::trim).filter(|text| !text.is_empty())
}

/// A field that is an object.
pub fn object<'a>(object: &'a Object, name: &str) -> Option<&'a Object> {
    object.get(name)?.as_object()
}

/// The objects in a field that is a list.
pub fn objects<'a>(object: &'a Object, name: &str) -> impl Iterator<Item = &'a Object> {
    object.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
}

/// Words that lead somewhere: `label (url)`, or the URL alone.
pub fn link(label: &str, url: Option<&str>) -> String {
    match url {
        None => label.to_owned(),
        Some(url) if label.is_empty() || label == url => url.to_owned(),
        Some(url) => format!("{label} ({url})"),
    }
}

/// Words in bold that lead somewhere.
pub fn heading(label: &str, url: Option<&str>) -> String {
    link(&format!("**{}**", label.replace("**", "").replace('\n', " ")), url)
}

/// Lines of which some may be missing.
pub fn lines(parts: impl IntoIterator<Item = Option<String>>) -> String {
    let parts = parts.into_iter().flatten().filter(|part| !part.trim().is_empty());
    parts.collect::<Vec<_>>().join("\n")
}

/// A sign in front of words, if there is one.
pub fn signed(sign: Option<&str>, words: &str) -> String {
    match sign {
        Some(sign) if !words.is_empty() => format!("{sign} {words}"),
        _ => words.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, proptest};
    use serde_json::Value;

    use super::{Writer, cut, value, words};

    #[test]
    fn what_is_too_long_is_cut_where_it_says_so() {
        assert_eq!(cut("short", 5), "short");
        assert_eq!(cut("longer", 5), "long…");
        assert_eq!(cut("длинное слово", 9), "длинное…");
    }

    proptest! {
        /// Whatever is sent is said or refused, in any shape and about any event.
        #[test]
        fn any_body_is_words_or_refused(
            name in "(text|content|title|message|msg|alerts|embeds|attachments|blocks|commits|monitor)",
            inner in "(text|fields|elements|labels|title|value|color|type|url)",
            noise in "[<>|*`~&;@#!a-z \\\\\"-]{0,40}", number in any::<i64>(),
        ) {
            let noise = Value::from(noise);
            for body in [
                format!(r#"{{"{name}":{noise}}}"#),
                format!(r#"{{"{name}":{number}}}"#),
                format!(r#"{{"{name}":[{noise},{{"{inner}":{noise}}},{{"{inner}":{number}}},[{{"{inner}":{{}}}}]]}}"#),
                format!(r#"{{"{name}":{{"{inner}":[{noise}]}},"text":{noise},"color":{noise}}}"#),
            ] {
                let Ok(Value::Object(object)) = value("application/json", body.as_bytes()) else { continue };
                for writer in [Writer::Unknown, Writer::Slack, Writer::Discord] {
                    for event in [None, Some("push"), Some("issues"), Some("workflow_run")] {
                        prop_assert!(words(&object, writer, event).len() < 20_000);
                    }
                }
            }
        }
    }
}
