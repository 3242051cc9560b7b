//! JSON Schemas of what clients send, in the words of [`Fields`](crate::api::http::body::Fields):
//! a request is read field by field, so its schema is written field by field beside it.
//!
//! What the server sends has its schema from the structs that are serialized.

use serde_json::{Map, Value, json};

use crate::chat::model::message::MAX_ATTACHMENTS;
use crate::chat::model::name::{MAX_EMAIL, MAX_EMOJI, MAX_IDEMPOTENCY_KEY, MAX_USERNAME};
use crate::chat::model::password::{MAX_PASSWORD, MIN_PASSWORD};
use crate::chat::model::preview::Side;

/// A JSON Schema.
pub type Shape = Value;

/// A field of an object.
#[derive(Clone)]
pub struct Field {
    name: &'static str,
    shape: Shape,
    is_required: bool,
}

impl Field {
    /// Whether it is called so.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.name == name
    }
}

/// A field that has to be there.
pub fn need(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, is_required: true }
}

/// A field that may be missing.
pub fn may(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, is_required: false }
}

/// An object as it is in JSON, where `null` unsets an optional field.
pub fn sent(fields: &[Field]) -> Shape {
    written(fields, |field| if field.is_required { field.shape.clone() } else { nullable(field.shape.clone()) })
}

/// An object in which fields are there or not, and nothing else: an answer, a frame, a form.
pub fn object(fields: &[Field]) -> Shape {
    written(fields, |field| field.shape.clone())
}

fn written(fields: &[Field], shape: impl Fn(&Field) -> Shape) -> Shape {
    let properties: Map<String, Value> = fields.iter().map(|field| (field.name.to_owned(), shape(field))).collect();
    let required: Vec<&str> = fields.iter().filter(|field| field.is_required).map(|field| field.name).collect();
    if required.is_empty() {
        return json!({ "type": "object", "properties": properties });
    }
    json!({ "type": "object", "properties": properties, "required": required })
}

/// What says in a sentence what it is for.
pub fn described(mut shape: Shape, sentence: &str) -> Shape {
    if let Value::Object(shape) = &mut shape {
        shape.insert("description".into(), sentence.into());
    }
    shape
}

/// Or `null`.
pub fn nullable(shape: Shape) -> Shape {
    any_of([shape, json!({ "type": "null" })])
}

/// One of several shapes; what is alike stands once.
pub fn any_of(shapes: impl IntoIterator<Item = Shape>) -> Shape {
    let mut alternatives: Vec<Shape> = Vec::new();
    for shape in shapes {
        let inner = match shape {
            Value::Object(mut one) if one.len() == 1 && one.contains_key("anyOf") => match one.remove("anyOf") {
                Some(Value::Array(inner)) => inner,
                other => other.into_iter().collect(),
            },
            other => vec![other],
        };
        for one in inner {
            if !alternatives.contains(&one) {
                alternatives.push(one);
            }
        }
    }
    match alternatives.len() {
        1 => alternatives.remove(0),
        _ => json!({ "anyOf": alternatives }),
    }
}

pub fn list(items: Shape) -> Shape {
    json!({ "type": "array", "items": items })
}

/// How large a small picture of a picture may be.
pub fn preview_sizes() -> Shape {
    json!({ "type": "integer", "enum": Side::ALL.map(Side::pixels) })
}

/// Exactly this text.
pub fn word(text: &str) -> Shape {
    json!({ "const": text })
}

/// Any text.
pub fn string() -> Shape {
    json!({ "type": "string" })
}

/// Text of at most so many characters.
pub fn text(max: usize) -> Shape {
    json!({ "type": "string", "maxLength": max })
}

/// The same, and not blank.
pub fn filled(max: usize) -> Shape {
    json!({ "type": "string", "minLength": 1, "maxLength": max, "pattern": r"\S" })
}

/// Text that is not blank, however long.
pub fn not_blank() -> Shape {
    json!({ "type": "string", "minLength": 1, "pattern": r"\S" })
}

/// The text of a message. How long it may be is the operator's to say.
pub fn message_text() -> Shape {
    let sentence = "Trimmed, and not blank. `limits.message_characters` of `/api/server/` says how long it may be.";
    described(not_blank(), sentence)
}

/// The text of a message that may carry attachments instead.
pub fn caption() -> Shape {
    described(string(), "May be missing or blank on a message with attachments.")
}

/// The text that an edit puts in the old one's place.
pub fn new_text() -> Shape {
    described(string(), "May be blank on a message with attachments.")
}

/// One of these texts.
pub fn one_of(words: &[&str]) -> Shape {
    json!({ "enum": words })
}

/// Whatever JSON there is.
pub fn any() -> Shape {
    json!({})
}

/// A file.
pub fn bytes() -> Shape {
    json!({ "type": "string", "format": "binary" })
}

/// A whole number, as the server writes it.
pub fn number() -> Shape {
    json!({ "type": "integer", "format": "int64" })
}

/// A whole number in a query.
pub fn whole_number() -> Shape {
    json!({ "type": "integer", "minimum": i64::MIN, "maximum": i64::MAX })
}

/// A whole number, or its digits as text.
pub fn integer(min: i64, max: i64) -> Shape {
    let digits =
        json!({ "type": "string", "pattern": r"^\s*[+-]?[0-9]{1,18}\s*$", "description": "The digits of one." });
    any_of([json!({ "type": "integer", "minimum": min, "maximum": max }), digits])
}

/// The id of something.
pub fn id() -> Shape {
    integer(1, i64::MAX)
}

/// Up to which message: what is no id is as before the first.
pub fn upto() -> Shape {
    integer(i64::MIN, i64::MAX)
}

/// Ids, at most so many.
pub fn ids(max: usize) -> Shape {
    json!({ "type": "array", "items": id(), "maxItems": max })
}

/// Files on a message.
pub fn attachments() -> Shape {
    described(ids(MAX_ATTACHMENTS), "Ids of files that you uploaded and have not attached before.")
}

/// True or false, or a word for it.
pub fn boolean() -> Shape {
    let words = ["true", "1", "on", "yes", "false", "0", "off", "no"];
    any_of([json!({ "type": "boolean" }), one_of(&words)])
}

/// A name to be taken.
pub fn username() -> Shape {
    let sentence = "Letters, digits and `_ . + -` of one script; begins and ends with a letter, a digit or `_`; \
        not all digits. Unique without regard to case.";
    described(filled(MAX_USERNAME), sentence)
}

/// An e-mail address.
pub fn email() -> Shape {
    json!({ "type": "string", "format": "email", "maxLength": MAX_EMAIL })
}

/// A password to be set.
pub fn password() -> Shape {
    let sentence = format!("{MIN_PASSWORD} to {MAX_PASSWORD} bytes in UTF-8.");
    described(json!({ "type": "string", "maxLength": MAX_PASSWORD, "format": "password" }), &sentence)
}

/// The code of an invitation.
pub fn invite() -> Shape {
    described(any(), "The code of an invitation, needed where `registration` of `/api/server/` is `invite`.")
}

/// A password that is tried.
pub fn attempt() -> Shape {
    json!({ "type": "string", "format": "password" })
}

pub fn emoji() -> Shape {
    let sentence = format!("One emoji of at most {MAX_EMOJI} bytes in UTF-8.");
    described(json!({ "type": "string", "minLength": 1, "maxLength": MAX_EMOJI }), &sentence)
}

/// What makes a send safe to repeat.
pub fn client_id() -> Shape {
    let sentence = "Any key of your own: a resend with the same one answers the first message and tells nobody again.";
    described(filled(MAX_IDEMPOTENCY_KEY), sentence)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{any_of, boolean, may, need, nullable, object, sent, string};

    #[test]
    fn optional_fields_are_nullable_in_json_and_absent_elsewhere() {
        let fields = [need("a", string()), may("b", string())];
        assert_eq!(sent(&fields)["properties"]["b"], json!({"anyOf": [{"type": "string"}, {"type": "null"}]}));
        assert_eq!(object(&fields)["properties"]["b"], json!({"type": "string"}));
        assert_eq!(sent(&fields)["required"], json!(["a"]));
    }

    #[test]
    fn alternatives_are_flat_and_different() {
        assert_eq!(any_of([string(), string()]), string());
        assert_eq!(nullable(boolean())["anyOf"].as_array().expect("a list").len(), 3);
    }
}
