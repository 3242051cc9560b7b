//! The fields of a body, of JSON or a form, and what is wrong with them.

use serde_json::{Map, Value};

use super::json;
use crate::api::http::reply::{ApiError, Violations};
use crate::chat::model::name::rule::Violation;
use crate::chat::model::name::{IdempotencyKey, MessageText};

/// Fields, and what was found wrong with them so far.
///
/// Getters note what is wrong and return `None`; [`Fields::complete`] ends with the
/// values or with all the faults at once.
#[derive(Debug, Default)]
pub struct Fields {
    values: Map<String, Value>,
    is_form: bool,
    /// Longest message, in characters. Nothing is a message to fields that were told of none.
    max_message: usize,
    faults: Violations,
}

impl Fields {
    /// Fields of a JSON object.
    pub fn of_json(bytes: &[u8]) -> Result<Self, ApiError> {
        json(bytes).and_then(Self::of_value)
    }

    /// Fields of a value that has to be an object.
    pub fn of_value(value: Value) -> Result<Self, ApiError> {
        match value {
            Value::Object(values) => Ok(Self { values, ..Self::default() }),
            _ => Err(ApiError::Malformed("The body is not a JSON object.".into())),
        }
    }

    /// Fields of a form; a name that repeats is a list.
    pub fn of_form(pairs: Vec<(String, String)>) -> Self {
        let mut values = Map::new();
        for (name, text) in pairs {
            match values.get_mut(&name) {
                None => drop(values.insert(name, Value::String(text))),
                Some(Value::Array(list)) => list.push(Value::String(text)),
                Some(first) => *first = Value::Array(vec![first.take(), Value::String(text)]),
            }
        }
        Self { values, is_form: true, ..Self::default() }
    }

    /// The same, in which messages are at most so many characters long.
    #[must_use]
    pub fn up_to(self, max_message: usize) -> Self {
        Self { max_message, ..self }
    }

    /// Puts a value into a field that came another way.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.values.insert(name.to_owned(), value.into());
    }

    /// Whether a field is there at all, `null` too.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// Whether a field is there as `null`.
    pub fn is_null(&self, name: &str) -> bool {
        self.values.get(name).is_some_and(Value::is_null)
    }

    /// A value of any type, `null` too; absence is `None`.
    pub fn any(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    /// A value of any type; `null` and absence are `None`.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.any(name).filter(|value| !value.is_null())
    }

    /// Text that may be missing.
    pub fn text(&mut self, name: &str) -> Option<String> {
        match self.value(name)? {
            Value::String(text) => Some(text.clone()),
            // A form's field that repeats: the last one counts where one is meant.
            Value::Array(list) if self.is_form => list.last()?.as_str().map(str::to_owned),
            _ => self.fault(name, "Not a valid string."),
        }
    }

    /// Text that may be missing, parsed.
    pub fn parse<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, Violation>) -> Option<T> {
        let text = self.text(name)?;
        match parse(&text) {
            Ok(value) => Some(value),
            Err(Violation(sentence)) => self.fault(name, sentence),
        }
    }

    /// Text that has to be there, parsed.
    pub fn require<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, Violation>) -> Option<T> {
        if self.demand(name) { self.parse(name, parse) } else { None }
    }

    /// A whole number, or its digits as text, that may be missing.
    pub fn integer(&mut self, name: &str) -> Option<i64> {
        match self.value(name).map(integer)? {
            Some(number) => Some(number),
            None => self.fault(name, "A valid integer is required."),
        }
    }

    /// A whole number that has to be there.
    pub fn require_integer(&mut self, name: &str) -> Option<i64> {
        if self.demand(name) { self.integer(name) } else { None }
    }

    /// True or false, that may be missing.
    pub fn boolean(&mut self, name: &str) -> Option<bool> {
        let read = match self.value(name)? {
            Value::Bool(value) => Some(*value),
            Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "1" | "on" | "yes" => Some(true),
                "false" | "0" | "off" | "no" => Some(false),
                _ => None,
            },
            _ => None,
        };
        if read.is_none() { self.fault(name, "Must be a valid boolean.") } else { read }
    }

    /// A list of whole numbers with at most `max` entries, that may be missing.
    pub fn integers(&mut self, name: &str, max: usize) -> Option<Vec<i64>> {
        let value = self.value(name)?;
        let read: Option<Vec<i64>> = match value {
            Value::Array(list) => list.iter().map(integer).collect(),
            // In a form, one value is a list of one.
            Value::String(_) if self.is_form => integer(value).map(|number| vec![number]),
            _ => return self.fault(name, "Expected a list of items."),
        };
        match read {
            None => self.fault(name, "A valid integer is required."),
            Some(list) if list.len() > max => {
                self.fault(name, format!("Ensure this field has no more than {max} elements."))
            }
            list => list,
        }
    }

    /// The text of a message that has to be there, and may be blank.
    pub fn require_message(&mut self, name: &str) -> Option<MessageText> {
        if self.demand(name) { self.message(name) } else { None }
    }

    /// The text of a message that may be missing, and may be blank.
    pub fn message(&mut self, name: &str) -> Option<MessageText> {
        let max = self.max_message;
        self.parse(name, |text| MessageText::parse(text, max))
    }

    /// The text of a message that may not be blank.
    pub fn require_filled_message(&mut self, name: &str) -> Option<MessageText> {
        let max = self.max_message;
        self.require(name, |text| MessageText::parse_filled(text, max))
    }

    /// The text of a message that may be missing: it is blank then.
    pub fn caption(&mut self, name: &str) -> Option<MessageText> {
        if self.value(name).is_none() { MessageText::parse("", self.max_message).ok() } else { self.message(name) }
    }

    /// The key of a send that is to happen once: `client_id`, or the header.
    pub fn idempotency_key(&mut self, header: Option<&str>) -> Option<IdempotencyKey> {
        match (self.parse("client_id", IdempotencyKey::parse), header) {
            (Some(key), _) => Some(key),
            (None, None) => None,
            (None, Some(header)) => match IdempotencyKey::parse(header) {
                Ok(key) => Some(key),
                Err(fault) => self.fault("Idempotency-Key", fault.0),
            },
        }
    }

    /// Notes what is wrong with a field.
    pub fn fault<T>(&mut self, name: &str, sentence: impl Into<String>) -> Option<T> {
        self.faults.push((name.to_owned(), sentence.into()));
        None
    }

    /// Ends with an error if anything was wrong so far.
    pub fn check(&mut self) -> Result<(), ApiError> {
        if self.faults.is_empty() { Ok(()) } else { Err(ApiError::Fields(std::mem::take(&mut self.faults))) }
    }

    /// Ends with what was required, or with everything that was wrong.
    pub fn complete<W: Whole>(&mut self, parts: W) -> Result<W::Values, ApiError> {
        self.check()?;
        parts.whole().ok_or(ApiError::Malformed("A field is missing.".into()))
    }

    /// Notes what is wrong where a field is missing or `null`; whether it is there.
    pub fn demand(&mut self, name: &str) -> bool {
        let missing = match self.values.get(name) {
            None => "This field is required.",
            Some(Value::Null) => "This field may not be null.",
            Some(_) => return true,
        };
        self.fault::<()>(name, missing);
        false
    }
}

/// A number, or its digits as text.
fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// Required values, all there or not.
pub trait Whole {
    /// Without the options.
    type Values;
    /// All of them, if each is there.
    fn whole(self) -> Option<Self::Values>;
}

impl<A> Whole for Option<A> {
    type Values = A;
    fn whole(self) -> Option<A> {
        self
    }
}

impl<A, B> Whole for (Option<A>, Option<B>) {
    type Values = (A, B);
    fn whole(self) -> Option<(A, B)> {
        self.0.zip(self.1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::{ApiError, Fields};
    use crate::api::http::body::tests::any_json;
    use crate::api::http::request::pairs;

    fn fields(json: &str) -> Fields {
        Fields::of_json(json.as_bytes()).expect("an object")
    }

    #[test]
    fn numbers_come_as_text_too_but_text_not_as_numbers() {
        let mut fields = fields(r#"{"a":7,"b":"7","c":"x","d":7}"#);
        assert_eq!((fields.integer("a"), fields.integer("b")), (Some(7), Some(7)));
        assert!(fields.check().is_ok());
        assert_eq!((fields.integer("c"), fields.text("d")), (None, None));
        let Err(ApiError::Fields(faults)) = fields.check() else { panic!("two faults") };
        assert_eq!(faults.iter().map(|(field, _)| field.as_str()).collect::<Vec<_>>(), ["c", "d"]);
    }

    #[test]
    fn a_form_repeats_the_key_of_a_list() {
        let pairs = |names: &[&str]| names.iter().map(|value| ("ids".to_owned(), (*value).to_owned())).collect();
        assert_eq!(Fields::of_form(pairs(&["1", "2"])).integers("ids", 9), Some(vec![1, 2]));
        assert_eq!(Fields::of_form(pairs(&["1"])).integers("ids", 9), Some(vec![1]));
        assert_eq!(fields(r#"{"ids":"1"}"#).integers("ids", 9), None, "JSON has real lists");
        assert_eq!(fields(r#"{"ids":[1,2,3]}"#).integers("ids", 2), None, "too many");
    }

    #[test]
    fn null_is_unset_where_a_field_is_optional() {
        let mut fields = fields(r#"{"a":null}"#);
        assert_eq!(fields.text("a"), None);
        assert!(fields.check().is_ok());
        assert_eq!(fields.require_integer("a"), None);
        assert!(fields.check().is_err());
    }

    proptest! {
        /// Any bytes are fields or a failure; every getter on any field takes any value.
        #[test]
        fn any_bytes_are_fields_or_a_failure(bytes in proptest::collection::vec(any::<u8>(), 0..300), value in any_json()) {
            drop(Fields::of_json(&bytes));
            drop(Fields::of_form(pairs(&bytes)));
            let json = serde_json::json!({ "a": value });
            let mut fields = Fields::of_value(json).expect("an object");
            let is_there = fields.value("a").is_some();
            let got = [
                fields.text("a").is_some(),
                fields.integer("a").is_some(),
                fields.boolean("a").is_some(),
                fields.integers("a", 3).is_some(),
            ];
            // What was there and was not got was noted.
            let missed = got.iter().filter(|got| is_there && !**got).count();
            match fields.check() {
                Ok(()) => prop_assert_eq!(missed, 0),
                Err(ApiError::Fields(faults)) => prop_assert_eq!(faults.len(), missed),
                Err(other) => panic!("{other:?}"),
            }
        }

        /// A form's pairs come back as they were sent.
        #[test]
        fn a_form_is_read_as_it_was_written(value in any::<String>(), number in any::<i64>()) {
            let mut form = form_urlencoded::Serializer::new(String::new());
            let body = form.append_pair("text", &value).append_pair("number", &number.to_string()).finish();
            let mut fields = Fields::of_form(pairs(body.as_bytes()));
            prop_assert_eq!((fields.text("text"), fields.integer("number")), (Some(value), Some(number)));
        }
    }
}
