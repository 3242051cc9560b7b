//! What a browser is told, as JSON.

use serde::Serialize;

use crate::chat::model::push::Push;

/// Longest payload, in bytes: encrypted it fits into what every push service takes.
pub const MAX_PAYLOAD: usize = 3_000;
/// What stands where something was cut off.
const CUT: &str = "…";

#[derive(Serialize)]
struct Payload<'a> {
    chat: i64,
    message: i64,
    seq: i64,
    title: &'a str,
    sender: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    badge: i64,
}

/// A push that nothing was said for.
#[derive(Serialize)]
struct TestPayload<'a> {
    test: bool,
    title: &'a str,
}

/// What a browser is told of a message.
pub fn payload(push: &Push) -> Vec<u8> {
    let of = |text| {
        let Push { chat, message, seq, title, sender, badge, .. } = push;
        let payload = Payload { chat: chat.0, message: message.0, seq: seq.0, title, sender, text, badge: *badge };
        // Numbers and texts, which JSON always has words for.
        serde_json::to_vec(&payload).unwrap_or_default()
    };
    let whole = of(push.text.as_deref());
    let Some(text) = push.text.as_deref().filter(|_| whole.len() > MAX_PAYLOAD) else { return whole };
    of(Some(&cut(text, MAX_PAYLOAD.saturating_sub(of(Some(CUT)).len()))))
}

/// What a browser is told to try it.
pub fn test(title: &str) -> Vec<u8> {
    serde_json::to_vec(&TestPayload { test: true, title }).unwrap_or_default()
}

/// As much of the beginning as takes `room` bytes in JSON.
fn cut(text: &str, room: usize) -> String {
    let mut left = room;
    let fits = text.chars().take_while(|letter| match left.checked_sub(escaped(*letter)) {
        Some(rest) => {
            left = rest;
            true
        }
        None => false,
    });
    fits.collect::<String>() + CUT
}

/// Bytes of a letter in a JSON string.
fn escaped(letter: char) -> usize {
    match letter {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '\0'..='\u{1f}' => 6,
        _ => letter.len_utf8(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
    use serde_json::Value;

    use super::{MAX_PAYLOAD, payload};
    use crate::chat::model::id::{ChatId, MessageId, Seq};
    use crate::chat::model::push::Push;

    fn push(title: &str, text: Option<String>) -> Push {
        let (title, sender) = (title.to_owned(), "Ann".to_owned());
        let (chat, message, seq) = (ChatId(7), MessageId(8), Seq(9));
        Push { chat, message, seq, title, sender, text, badge: 3, is_urgent: false }
    }

    fn read(push: &Push) -> Value {
        serde_json::from_slice(&payload(push)).expect("JSON")
    }

    #[test]
    fn a_push_has_the_fields_of_the_contract() {
        let told = read(&push("Den", Some("hi".to_owned())));
        let expected = serde_json::json!({"chat": 7, "message": 8, "seq": 9, "title": "Den", "sender": "Ann",
            "text": "hi", "badge": 3});
        assert_eq!(told, expected);
        assert!(read(&push("Den", None)).get("text").is_none(), "absent, and not null");
    }

    proptest! {
        #[test]
        fn long_texts_are_cut_where_they_have_to_be(
            title in any::<String>(),
            part in "[a\"\\\\\n\u{1}é世🎉]{1,9}",
            times in 0_usize..2_000,
        ) {
            let text = part.repeat(times);
            let push = push(&title.chars().take(200).collect::<String>(), Some(text.clone()));
            let told = payload(&push);
            prop_assert!(told.len() <= MAX_PAYLOAD, "{}", told.len());
            let told_text = read(&push)["text"].as_str().expect("a text").to_owned();
            match told_text.strip_suffix('…') {
                None => prop_assert_eq!(told_text, text),
                Some(beginning) => {
                    prop_assert!(text.starts_with(beginning) && beginning.len() < text.len());
                    prop_assert!(told.len() > MAX_PAYLOAD - 6, "no more was cut than had to be: {}", told.len());
                }
            }
        }
    }
}
