//! Single frames: of every length and kind, and of none that there is.

use super::all_pass;
use super::case::{BINARY, CLOSE, Case, FAILED, FIN, NO_BINARY, PING, PONG, Said, TEXT, case, frame, ping, says, text};

/// 1: texts of every length, and binary.
fn framing() -> Vec<Case> {
    let mut cases = Vec::new();
    for (number, length) in [0, 125, 126, 127, 128, 65_535, 65_536].into_iter().enumerate() {
        let payload = "*".repeat(length);
        cases.push(case(format!("1.1.{}", number + 1), &[text(&payload)], &[says(payload)]));
        let binary = frame(FIN | BINARY, vec![0xfe; length]);
        cases.push(case(format!("1.2.{}", number + 1), &[binary], &[says(NO_BINARY)]));
    }
    let payload = "*".repeat(65_536);
    cases.push(case("1.1.8", &[text(&payload)], &[says(payload)]).chopped(997));
    cases
}

/// 2: pings and pongs.
fn pings() -> Vec<Case> {
    let pong = |payload: &[u8]| Said::Pong(payload.to_vec());
    let binary = [0x00, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0x00, 0xff];
    let ten: Vec<Vec<u8>> = (0..10).map(|number| ping(&format!("payload-{number}"))).collect();
    let tens: Vec<Said> = (0..10).map(|number| pong(format!("payload-{number}").as_bytes())).collect();
    vec![
        case("2.1", &[ping("")], &[pong(b"")]),
        case("2.2", &[ping("Hello, world!")], &[pong(b"Hello, world!")]),
        case("2.3", &[frame(FIN | PING, binary)], &[pong(&binary)]),
        case("2.4", &[frame(FIN | PING, [0xfe; 125])], &[pong(&[0xfe; 125])]),
        case("2.5", &[frame(FIN | PING, [0xfe; 126])], &[FAILED]),
        case("2.6", &[frame(FIN | PING, [0xfe; 125])], &[pong(&[0xfe; 125])]).chopped(1),
        case("2.7", &[frame(FIN | PONG, "")], &[]),
        case("2.8", &[frame(FIN | PONG, "unsolicited")], &[]),
        case("2.9", &[frame(FIN | PONG, "unsolicited"), ping("x")], &[pong(b"x")]),
        case("2.10", &ten, &tens),
        case("2.11", &ten, &tens).chopped(1),
    ]
}

/// 3 and 4: bits and opcodes that mean nothing.
fn reserved() -> Vec<Case> {
    let hello = || text("Hello");
    let mut cases = vec![
        case("3.1", &[frame(FIN | 0x10 | TEXT, "Hello")], &[FAILED]),
        case("3.2", &[hello(), frame(FIN | 0x20 | TEXT, "Hello"), ping("")], &[says("Hello"), FAILED]),
        case("3.3", &[hello(), frame(FIN | 0x30 | TEXT, "Hello"), ping("")], &[says("Hello"), FAILED]),
        case("3.4", &[hello(), frame(FIN | 0x40 | TEXT, "Hello"), ping("")], &[says("Hello"), FAILED]).chopped(1),
        case("3.5", &[frame(FIN | 0x50 | BINARY, "Hello")], &[FAILED]),
        case("3.6", &[frame(FIN | 0x60 | PING, "Hello")], &[FAILED]),
        case("3.7", &[frame(FIN | 0x70 | CLOSE, "")], &[FAILED]),
    ];
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        cases.push(case(format!("4 opcode {opcode}"), &[frame(FIN | opcode, "")], &[FAILED]));
        cases.push(case(format!("4 opcode {opcode} with payload"), &[frame(FIN | opcode, "reserved")], &[FAILED]));
        let after = [hello(), frame(FIN | opcode, "reserved"), ping("")];
        cases.push(case(format!("4 opcode {opcode} after"), &after, &[says("Hello"), FAILED]));
        cases.push(case(format!("4 opcode {opcode} chopped"), &after, &[says("Hello"), FAILED]).chopped(1));
    }
    cases
}

#[tokio::test]
async fn texts_of_every_length_come_back() {
    all_pass(framing()).await;
}

#[tokio::test]
async fn pings_are_answered_with_what_they_carry() {
    all_pass(pings()).await;
}

#[tokio::test]
async fn what_means_nothing_fails_the_connection() {
    all_pass(reserved()).await;
}
