//! Reading bodies: one reader with a limit and a deadline, and JSON whose nesting is bounded.

mod fields;
pub mod multipart;
mod table;
mod values;

use std::time::Duration;

use bytes::{Bytes, BytesMut};
pub use fields::Fields;
use futures_util::StreamExt;
use serde_json::Value;
pub(in crate::api) use table::body;
pub use table::{Body, Entry, FieldValue, MaybeBlank, MaybeNull};
pub use values::{Attempt, Bio, Description, DisplayName, Ids, InviteCode, PostText, Title, Within, Word};

use super::context::Context;
use super::reply::ApiError;
use super::request::{BodyStream, Request, pairs};

/// Largest body but for uploads, in bytes.
pub const MAX_BODY: usize = 256 * 1024;
/// How deep JSON may nest.
pub const MAX_DEPTH: usize = 32;
/// Values in a body: each takes hundreds of bytes as long as its request lasts, and two in a body. The most
/// that anybody needs are the thousand ids of new members.
pub const MAX_VALUES: usize = 2_048;
/// How long a body but for uploads may take.
pub const BODY_DEADLINE: Duration = Duration::from_secs(15);

impl Request {
    /// Reads the body as it is.
    pub async fn bytes(&mut self) -> Result<Bytes, ApiError> {
        if self.announces_more_than_may_be() {
            return Err(ApiError::TooLarge);
        }
        read_all(&mut self.body).await
    }

    fn announces_more_than_may_be(&self) -> bool {
        let announced = self.header("content-length").and_then(|length| length.parse::<usize>().ok());
        announced.is_some_and(|length| length > MAX_BODY)
    }

    /// Reads the body's fields, from JSON or a form of either kind.
    pub async fn fields(&mut self) -> Result<Fields, ApiError> {
        let kind = media_type(self.header("content-type"));
        if self.announces_more_than_may_be() {
            return Err(ApiError::TooLarge);
        }
        if kind == multipart::MULTIPART && self.header("content-length") != Some("0") {
            return Ok(multipart::fields(self).await?.up_to(self.context.settings.max_message));
        }
        let body = read_all(&mut self.body).await?;
        let fields = match kind.as_str() {
            _ if body.is_empty() => Fields::default(),
            "" | "application/json" => Fields::of_json(&body)?,
            "application/x-www-form-urlencoded" if body.split(|byte| *byte == b'&').count() > MAX_VALUES => {
                return Err(too_many_values());
            }
            "application/x-www-form-urlencoded" => Fields::of_form(pairs(&body)),
            _ => return Err(ApiError::UnsupportedMediaType),
        };
        Ok(fields.up_to(self.context.settings.max_message))
    }
}

impl Context {
    /// Reads the fields of a socket's frame.
    pub fn frame(&self, text: &str) -> Result<Fields, ApiError> {
        Ok(Fields::of_json(text.as_bytes())?.up_to(self.settings.max_message))
    }
}

/// The media type alone, in lower case.
pub fn media_type(header: Option<&str>) -> String {
    header.and_then(|value| value.split(';').next()).unwrap_or_default().trim().to_ascii_lowercase()
}

async fn read_all(body: &mut BodyStream) -> Result<Bytes, ApiError> {
    let mut all = BytesMut::new();
    let reading = async {
        while let Some(piece) = body.next().await {
            let piece = piece.map_err(|_| ApiError::Malformed("The body broke off.".into()))?;
            if all.len() + piece.len() > MAX_BODY {
                return Err(ApiError::TooLarge);
            }
            all.extend_from_slice(&piece);
        }
        Ok(())
    };
    match tokio::time::timeout(BODY_DEADLINE, reading).await {
        Ok(read) => read.map(|()| all.freeze()),
        Err(_) => Err(ApiError::TooSlow),
    }
}

/// Reads JSON whose nesting and whose values are bounded.
pub fn json(bytes: &[u8]) -> Result<Value, ApiError> {
    let (depth, values) = measure(bytes);
    if depth > MAX_DEPTH {
        return Err(ApiError::Malformed(format!("JSON may nest {MAX_DEPTH} deep at most.").into()));
    }
    if values > MAX_VALUES {
        return Err(too_many_values());
    }
    serde_json::from_slice(bytes).map_err(|cause| ApiError::Malformed(format!("JSON parse error: {cause}").into()))
}

fn too_many_values() -> ApiError {
    ApiError::Malformed(format!("A body may have {MAX_VALUES} values at most.").into())
}

/// How deep brackets nest, and how many values there are at most, outside of strings. Counted before
/// parsing, which recurses and takes memory for each.
fn measure(json: &[u8]) -> (usize, usize) {
    let (mut depth, mut deepest, mut values) = (0_usize, 0, 1);
    let (mut in_string, mut escaped) = (false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                values += 1;
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            b',' if !in_string => values += 1,
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    (deepest, values)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
    use proptest::strategy::Strategy;
    use serde_json::Value;

    use super::{MAX_VALUES, json, measure};

    #[test]
    fn brackets_and_commas_count_outside_of_strings() {
        assert_eq!(measure(br#"{"a":[1,{"b":2}]}"#), (3, 5));
        assert_eq!(measure(br#"{"a":"[[[[\",[[["}"#), (1, 2));
        assert_eq!(measure(&[b'['; 100]).0, 100);
    }

    #[test]
    fn so_many_values_are_read_and_no_more() {
        let list = |count: usize| format!("[{}]", vec!["{}"; count].join(","));
        assert!(json(list(MAX_VALUES / 2 - 1).as_bytes()).is_ok());
        assert!(json(list(MAX_VALUES / 2 + 1).as_bytes()).is_err());
    }

    /// JSON of any shape, up to eight deep.
    pub fn any_json() -> impl Strategy<Value = Value> {
        let leaf = proptest::prop_oneof![
            proptest::strategy::Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,20}".prop_map(Value::from),
        ];
        leaf.prop_recursive(8, 64, 6, |inner| {
            proptest::prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                proptest::collection::vec((".{0,9}", inner), 0..6)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    fn depth_of(value: &Value) -> usize {
        match value {
            Value::Array(list) => 1 + list.iter().map(depth_of).max().unwrap_or(0),
            Value::Object(fields) => 1 + fields.values().map(depth_of).max().unwrap_or(0),
            _ => 0,
        }
    }

    proptest! {
        #[test]
        fn depth_is_counted_as_it_would_be_parsed(value in any_json()) {
            prop_assert_eq!(measure(value.to_string().as_bytes()).0, depth_of(&value));
            prop_assert_eq!(super::json(value.to_string().as_bytes()).is_ok(), true);
        }

        /// Whatever nests deeper than is allowed is refused, whatever stands around it.
        #[test]
        fn what_is_too_deep_is_refused(excess in 1_usize..5_000, text in "[a-z\\\\\"]{0,9}") {
            let deep = super::MAX_DEPTH + excess;
            let json = format!("[{},{}{}]", Value::from(text), "[".repeat(deep), "]".repeat(deep));
            prop_assert!(super::json(json.as_bytes()).is_err());
        }
    }
}
