//! Names and texts: what is taken is taken again as it stands, and keeps to its length.
#![no_main]

use fireside::fuzzing::{Email, Emoji, IdempotencyKey, MessageText, Username, fold, name};
use libfuzzer_sys::fuzz_target;

const MAX_MESSAGE: usize = 100;

fuzz_target!(|raw: &str| {
    if let Ok(name) = Username::parse(raw) {
        let again = Username::parse(name.as_str()).expect("what was taken once");
        assert_eq!(again.as_str(), name.as_str());
        assert_eq!(again.key(), name.key());
        assert_eq!(name.passes_for(&again), !name.as_str().is_ascii(), "no two plain names are taken for each other");
    }
    if let Ok(email) = Email::parse(raw) {
        assert_eq!(Email::parse(email.as_str()).expect("what was taken once").key(), email.key());
    }
    if let Ok(text) = MessageText::parse(raw, MAX_MESSAGE) {
        assert!(text.as_str().chars().count() <= MAX_MESSAGE);
    }
    if let Ok(emoji) = Emoji::parse(raw) {
        assert_eq!(Emoji::parse(emoji.as_str()).expect("what was taken once").as_str(), emoji.as_str());
    }
    drop(IdempotencyKey::parse(raw));
    for parse in [name::display_name, name::title, name::description, name::post, name::bio] {
        if let Ok(taken) = parse(raw) {
            assert_eq!(parse(&taken).expect("what was taken once"), taken);
        }
    }
    let file = name::file_name(raw);
    assert!(!file.contains(['/', '\\', '\0']), "{file:?} is a path");
    assert_eq!(name::file_name(&file), file);
    assert_eq!(fold(&fold(raw)), fold(raw), "what is folded stays as it is");
});
