//! What is text, and how soon it is told that something is none.

use super::all_pass;
use super::case::{CONTINUATION, Case, NO_TEXT, TEXT, case, fragments, frame, says, text};

/// Sequences of 6.6 to 6.22 that are UTF-8: first and last of each length, beside the
/// surrogates, noncharacters.
const VALID: &[&[u8]] = &[
    "κόσμε".as_bytes(),
    b"\x00",
    b"\x7f",
    b"\xc2\x80",
    b"\xdf\xbf",
    b"\xe0\xa0\x80",
    b"\xed\x9f\xbf",
    b"\xee\x80\x80",
    b"\xef\xbf\xbd",
    b"\xef\xbf\xbe",
    b"\xef\xbf\xbf",
    b"\xf0\x90\x80\x80",
    b"\xf0\x9f\xbf\xbe",
    b"\xf3\xbf\xbf\xbf",
    b"\xf4\x8f\xbf\xbf",
];

/// Sequences that are not: cut short, loose, too long for what they mean, surrogates, beyond.
const INVALID: &[&[u8]] = &[
    b"\xce",
    b"\xce\xba\xe1\xbd",
    b"\xf8\x88\x80\x80\x80",
    b"\xfc\x84\x80\x80\x80\x80",
    b"\xf7\xbf\xbf\xbf",
    b"\xfb\xbf\xbf\xbf\xbf",
    b"\xfd\xbf\xbf\xbf\xbf\xbf",
    b"\xf4\x90\x80\x80",
    b"\x80",
    b"\xbf",
    b"\x80\xbf",
    b"\x80\xbf\x80\xbf\x80\xbf\x80",
    b"\xc0 \xc1 ",
    b"\xe0 \xe1 ",
    b"\xf0 \xf1 ",
    b"\xc0",
    b"\xe0\x80",
    b"\xf0\x80\x80",
    b"\xdf",
    b"\xef\xbf",
    b"\xf7\xbf\xbf",
    b"\xc0\xe0\x80\xf0\x80\x80",
    b"\xfe",
    b"\xff",
    b"\xfe\xfe\xff\xff",
    b"\xc0\xaf",
    b"\xe0\x80\xaf",
    b"\xf0\x80\x80\xaf",
    b"\xf8\x80\x80\x80\xaf",
    b"\xc1\xbf",
    b"\xe0\x9f\xbf",
    b"\xf0\x8f\xbf\xbf",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    b"\xed\xad\xbf",
    b"\xed\xae\x80",
    b"\xed\xbf\xbf",
    b"\xed\xa0\x80\xed\xb0\x80",
    b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80\x65\x64\x69\x74\x65\x64",
];

/// 6: what is text.
fn encoding() -> Vec<Case> {
    let hello = "Hello-µ@ßöäüàá-UTF-8!!".as_bytes();
    let singly = |bytes: &[u8]| fragments(&bytes.chunks(1).collect::<Vec<_>>());
    let begun = |piece: &[u8]| {
        let whole = text(["κόσμε".as_bytes(), piece, b"edited"].concat());
        whole[..whole.len() - "edited".len()].to_vec()
    };
    let spoiled = |piece: &[u8]| [frame(TEXT, "κόσμε"), frame(CONTINUATION, piece)].concat();
    let mut cases = vec![
        case("6.1.1", &[text("")], &[says("")]),
        case("6.1.2", &[fragments(&[b"", b"", b""])], &[says("")]),
        case("6.1.3", &[fragments(&[b"", b"middle", b""])], &[says("middle")]),
        case("6.2.1", &[text(hello)], &[says(hello)]),
        case("6.2.2", &[fragments(&[&hello[..12], &hello[12..]])], &[says(hello)]),
        case("6.2.3", &[singly(hello)], &[says(hello)]),
        // Fail fast: the message never ends, and the fault is told all the same.
        case("6.4.1", &[spoiled(b"\xf4\x90\x80\x80")], &[NO_TEXT]),
        case("6.4.2", &[spoiled(b"\xf4\x90")], &[NO_TEXT]),
        // The same within one frame, of which the rest never comes.
        case("6.4.3", &[begun(b"\xf4\x90\x80\x80")], &[NO_TEXT]),
        case("6.4.4", &[begun(b"\xf4\x90")], &[NO_TEXT]),
    ];
    for (number, bytes) in VALID.iter().enumerate() {
        cases.push(case(format!("6 valid {number}"), &[text(bytes)], &[says(*bytes)]));
        cases.push(case(format!("6 valid {number} singly"), &[singly(bytes)], &[says(*bytes)]));
    }
    for (number, bytes) in INVALID.iter().enumerate() {
        cases.push(case(format!("6 invalid {number}"), &[text(bytes), text("x")], &[NO_TEXT]));
        cases.push(case(format!("6 invalid {number} singly"), &[singly(bytes), text("x")], &[NO_TEXT]));
    }
    cases
}

#[tokio::test]
async fn text_is_utf_8_and_fails_as_soon_as_it_is_not() {
    all_pass(encoding()).await;
}
