//! Bodies and the fields in them: read, or refused field by field.
#![no_main]

use fireside::fuzzing::{Fields, json, media_type, pairs};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(value) = json(bytes) {
        // Fractions may differ in their last digit: no field is one.
        assert!(json(value.to_string().as_bytes()).is_ok(), "what was read once is read again");
    }
    if let Ok(fields) = Fields::of_json(bytes) {
        look(fields);
    }
    look(Fields::of_form(pairs(bytes)));
    if let Ok(text) = std::str::from_utf8(bytes) {
        let known = media_type(Some(text));
        assert_eq!(media_type(Some(&known)), known, "a media type is written in one way");
    }
});

/// Asks for fields of every kind. What is wrong with one is told, and the rest is read.
fn look(mut fields: Fields) {
    for name in ["content", "a", ""] {
        let text = fields.text(name);
        assert!(text.is_none() || fields.has(name), "a field that is not there has no text");
        fields.integer(name);
        fields.boolean(name);
        if let Some(numbers) = fields.integers(name, 10) {
            assert!(numbers.len() <= 10, "{} numbers", numbers.len());
        }
    }
    fields.idempotency_key(None);
    drop(fields.check());
}
