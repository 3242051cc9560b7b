//! Messages in pieces.

use super::all_pass;
use super::case::{
    BINARY, CONTINUATION, Case, FAILED, FIN, NO_BINARY, PING, PONG, Said, TEXT, case, frame, ping, says, text,
};

/// 5: fragments.
fn fragmentation() -> Vec<Case> {
    let (one, two) = (frame(TEXT, "fragment1"), frame(FIN | CONTINUATION, "fragment2"));
    let both = says("fragment1fragment2");
    let pong = |payload: &str| Said::Pong(payload.as_bytes().to_vec());
    let loose = |fin: u8| frame(fin | CONTINUATION, "non-continuation payload");
    let mut cases = vec![
        case("5.1", &[frame(PING, "fragment1"), frame(FIN | CONTINUATION, "fragment2")], &[FAILED]),
        case("5.2", &[frame(PONG, "fragment1"), frame(FIN | CONTINUATION, "fragment2")], &[FAILED]),
        case("5.18", &[one.clone(), frame(FIN | TEXT, "fragment2")], &[FAILED]),
        case("5 binary", &[frame(BINARY, "one"), frame(FIN | CONTINUATION, "two")], &[says(NO_BINARY)]),
        case("5 text into binary", &[frame(BINARY, "one"), frame(FIN | TEXT, "two")], &[FAILED]),
    ];
    for (number, chop) in [("5.3", 0), ("5.4", 9), ("5.5", 1)] {
        cases.push(case(number, &[one.clone(), two.clone()], std::slice::from_ref(&both)).chopped(chop));
    }
    for (number, chop) in [("5.6", 0), ("5.7", 9), ("5.8", 1)] {
        let sent = [one.clone(), ping("ping"), two.clone()];
        cases.push(case(number, &sent, &[pong("ping"), both.clone()]).chopped(chop));
    }
    for (number, fin, chop) in
        [("5.9", FIN, 0), ("5.10", FIN, 9), ("5.11", FIN, 1), ("5.12", 0, 0), ("5.13", 0, 9), ("5.14", 0, 1)]
    {
        cases.push(case(number, &[loose(fin), text("Hello")], &[FAILED]).chopped(chop));
    }
    cases.push(case("5.15", &[one, two, loose(0), text("Hello")], &[both, FAILED]));
    for (number, fin) in [("5.16", 0), ("5.17", FIN)] {
        let sent = [loose(fin), frame(TEXT, "fragment"), frame(FIN | CONTINUATION, "fragment")];
        cases.push(case(number, &[sent.concat(), sent.concat()], &[FAILED]));
    }
    let middle = |number: u8| frame(CONTINUATION, format!("fragment{number}"));
    let five = [
        frame(TEXT, "fragment1"),
        middle(2),
        ping("ping1"),
        middle(3),
        middle(4),
        ping("ping2"),
        frame(FIN | CONTINUATION, "fragment5"),
    ];
    let heard = [pong("ping1"), pong("ping2"), says("fragment1fragment2fragment3fragment4fragment5")];
    cases.push(case("5.19", &five, &heard));
    cases.push(case("5.20", &five, &heard).chopped(1));
    cases
}

#[tokio::test]
async fn fragments_make_one_message() {
    all_pass(fragmentation()).await;
}
