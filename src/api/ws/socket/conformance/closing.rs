//! How a connection ends.

use super::all_pass;
use super::case::{CLOSE, CONTINUATION, Case, FAILED, FIN, NO_TEXT, Said, TEXT, case, close, frame, ping, says, text};
use crate::api::ws::frame::MAX_MESSAGE;

/// 7: closing.
fn closing() -> Vec<Case> {
    let closed = |code| Said::Close(Some(code));
    let big = "*".repeat(MAX_MESSAGE);
    let mut cases = vec![
        case("7.1.1", &[text("Hello World!"), close(1000, b"")], &[says("Hello World!"), closed(1000)]),
        case("7.1.2", &[close(1000, b""), close(1000, b"")], &[closed(1000)]),
        case("7.1.3", &[close(1000, b""), ping("late")], &[closed(1000)]),
        case("7.1.4", &[close(1000, b""), text("late")], &[closed(1000)]),
        case("7.1.5", &[frame(TEXT, "one"), close(1000, b""), frame(FIN | CONTINUATION, "two")], &[closed(1000)]),
        case("7.1.6", &[text(&big), text("Hello"), close(1000, b"")], &[says(big), says("Hello"), closed(1000)]),
        case("7.3.1", &[frame(FIN | CLOSE, "")], &[Said::Close(None)]),
        case("7.3.2", &[frame(FIN | CLOSE, "a")], &[FAILED]),
        case("7.3.3", &[close(1000, b"")], &[closed(1000)]),
        case("7.3.4", &[close(1000, b"Hello World!")], &[closed(1000)]),
        case("7.3.5", &[close(1000, &[b'*'; 123])], &[closed(1000)]),
        case("7.3.6", &[close(1000, &[b'*'; 124])], &[FAILED]),
        case("7.5.1", &[close(1000, b"\xce\xba\xe1\xbd\xb9\xed\xa0\x80edited")], &[NO_TEXT]),
    ];
    for code in [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999] {
        cases.push(case(format!("7.7 {code}"), &[close(code, b"")], &[closed(code)]));
    }
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535] {
        cases.push(case(format!("7.9 {code}"), &[close(code, b"")], &[FAILED]));
        cases.push(case(format!("7.9 {code} with a reason"), &[close(code, b"reason")], &[FAILED]));
    }
    cases
}

#[tokio::test]
async fn a_close_is_answered_with_its_code() {
    all_pass(closing()).await;
}
