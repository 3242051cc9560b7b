//! RFC 6455 as the Autobahn testsuite asks for it: its public list of cases, written down
//! here and sent as raw bytes to the very loop that serves every dialect, over a real
//! connection, with a codec that says back what it hears.
//!
//! The numbers are Autobahn's. Left out: 12 and 13 (compression, which is never agreed on)
//! and what lies above this server's own limit of 128 KiB. Binary messages are refused
//! in words, as every dialect does, so the cases about them (1.2, 5.x and 9.2) expect those.
//! `.ci/autobahn` runs the suite itself, against a codec that has neither of these bounds.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{Codec, Event, Listening, QUICK_FAREWELL, Reader, run};
use crate::api::Api;
use crate::api::frame::MAX_MESSAGE;
use crate::api::frame::tests::masked;
use crate::api::line::Line;
use crate::api::meters::OpenSocket;
use crate::api::seen::Seen;
use crate::api::tests::{core_with_alice, settings};
use crate::chat::Scope;
use crate::chat::session::Asker;

const NO_BINARY: &str = "no binary";

struct Echo;

impl Codec for Echo {
    fn encode(_event: &Event) -> Option<String> {
        None
    }

    async fn receive(&self, text: String) -> Vec<String> {
        vec![text]
    }

    fn refuse_binary(&self) -> String {
        NO_BINARY.to_owned()
    }
}

/// A frame of the server's.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Said {
    Text(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<u16>),
}

fn says(text: impl Into<Vec<u8>>) -> Said {
    Said::Text(text.into())
}

/// A case: its number, what is sent, and all that is to come back. Where that does not
/// end with a close, the connection has to go on, and is closed by the client.
struct Case {
    name: String,
    sent: Vec<u8>,
    /// Bytes of one write; 0: all at once.
    chop: usize,
    expected: Vec<Said>,
}

fn case(name: impl Into<String>, sent: &[Vec<u8>], expected: &[Said]) -> Case {
    Case { name: name.into(), sent: sent.concat(), chop: 0, expected: expected.to_vec() }
}

impl Case {
    fn chopped(self, chop: usize) -> Self {
        Self { chop, ..self }
    }
}

const FIN: u8 = 0x80;
const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// A client's frame; `first` is its first byte.
fn frame(first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    masked(first, payload.as_ref())
}

fn text(payload: impl AsRef<[u8]>) -> Vec<u8> {
    frame(FIN | TEXT, payload)
}

fn ping(payload: &str) -> Vec<u8> {
    frame(FIN | PING, payload)
}

fn close(code: u16, reason: &[u8]) -> Vec<u8> {
    frame(FIN | CLOSE, [&code.to_be_bytes(), reason].concat())
}

/// A text in fragments.
fn fragments(pieces: &[&[u8]]) -> Vec<u8> {
    let last = pieces.len() - 1;
    let first = |number| (if number == 0 { TEXT } else { CONTINUATION }) | (if number == last { FIN } else { 0 });
    pieces.iter().enumerate().flat_map(|(number, piece)| frame(first(number), piece)).collect()
}

const FAILED: Said = Said::Close(Some(1002));
const NO_TEXT: Said = Said::Close(Some(1007));

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

/// 9 and 10: sizes up to the limit, and one above it.
fn limits() -> Vec<Case> {
    let mut cases = Vec::new();
    for length in [64 * 1024, MAX_MESSAGE] {
        let payload = "*".repeat(length);
        for piece in [64, 256, 1024, 1300, 4096, 16_384, 65_536] {
            let pieces: Vec<&[u8]> = payload.as_bytes().chunks(piece).collect();
            let name = format!("9 {length} in fragments of {piece}");
            cases.push(case(name, &[fragments(&pieces)], &[says(payload.as_str())]));
        }
        for chop in [64, 128, 1024, 2048] {
            let name = format!("9 {length} chopped into {chop}");
            cases.push(case(name, &[text(&payload)], &[says(payload.as_str())]).chopped(chop));
        }
    }
    let over = Said::Close(Some(4413));
    let half = vec![b'*'; MAX_MESSAGE / 2 + 1];
    cases.push(case("9 one byte above", &[text(vec![b'*'; MAX_MESSAGE + 1])], std::slice::from_ref(&over)));
    cases.push(case("9 above in fragments", &[fragments(&[&half, &half])], std::slice::from_ref(&over)));
    let announced = [vec![FIN | TEXT, 0xff], u64::MAX.to_be_bytes().to_vec()];
    cases.push(case("9 announced beyond all bounds", &announced, std::slice::from_ref(&over)));
    let unmasked = vec![FIN | TEXT, 2, b'h', b'i'];
    cases.push(case("not masked", &[unmasked], &[FAILED]));
    cases
}

struct Server {
    api: Api,
    asker: Asker,
    _folder: tempfile::TempDir,
}

impl Server {
    async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (chat, token) = core_with_alice(folder.path()).await;
        let asker = chat.authenticate(token.as_str()).expect("signed in");
        Self { api: Api::new(chat, settings()), asker, _folder: folder }
    }

    async fn listening(&self) -> Listening {
        self.api.context().chat.listen(&self.asker, Scope::All).await.expect("listening")
    }

    /// Both ends of a connection.
    async fn connection() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (client, server) = tokio::join!(TcpStream::connect(address), listener.accept());
        (client.expect("connected"), server.expect("accepted").0)
    }

    /// All that the server says to a case until it closes, and the case's own answers first;
    /// and how long it then took to end the connection, whose other end stays open.
    async fn hears(&self, case: &Case) -> (Vec<Said>, Duration) {
        let (client, server) = Self::connection().await;
        client.set_nodelay(true).expect("at once");
        let open = OpenSocket::new(Arc::clone(self.api.context()), 0, Arc::new(Seen::new("case".into())));
        let serving =
            tokio::spawn(run(Line::Tcp(server), Reader::default(), self.listening().await, Echo, usize::MAX, open));
        let (mut from, mut to) = client.into_split();
        let is_closed = matches!(case.expected.last(), Some(Said::Close(_)));
        let farewell = if is_closed { Vec::new() } else { close(1000, b"") };
        let (sent, chop) = (case.sent.clone(), if case.chop == 0 { case.sent.len().max(1) } else { case.chop });
        let writing = tokio::spawn(async move {
            for piece in sent.chunks(chop).chain([farewell.as_slice()]) {
                // It may have been closed meanwhile, as some cases ask.
                if to.write_all(piece).await.is_err() {
                    break;
                }
            }
            to
        });
        let mut heard = Vec::new();
        loop {
            let said = read(&mut from).await;
            let is_over = matches!(said, Said::Close(_));
            heard.push(said);
            if is_over {
                break;
            }
        }
        let closed = Instant::now();
        assert_eq!(from.read(&mut [0]).await.expect("an end"), 0, "{}: nothing after a close", case.name);
        let lingered = closed.elapsed();
        drop((from, writing.await));
        serving.await.expect("no panic");
        (heard, lingered)
    }
}

/// A frame of the server's: whole, without a mask or reserved bits, in the shortest form.
async fn read(from: &mut (impl AsyncReadExt + Unpin)) -> Said {
    let first = from.read_u8().await.expect("a frame");
    assert_eq!(first & 0xf0, FIN, "whole, and no reserved bit");
    let length = match from.read_u8().await.expect("a length") {
        short @ 0..=125 => u64::from(short),
        126 => u64::from(from.read_u16().await.expect("a length")),
        127 => from.read_u64().await.expect("a length"),
        _ => panic!("a server does not mask"),
    };
    let mut payload = vec![0; usize::try_from(length).expect("a length")];
    from.read_exact(&mut payload).await.expect("a payload");
    match first & 0x0f {
        TEXT => Said::Text(payload),
        PONG => Said::Pong(payload),
        CLOSE => Said::Close(payload.first_chunk().map(|code| u16::from_be_bytes(*code))),
        other => panic!("opcode {other}"),
    }
}

async fn all_pass(cases: Vec<Case>) {
    let server = Server::start().await;
    let mut quickest = Duration::MAX;
    for case in cases {
        let heard = tokio::time::timeout(Duration::from_secs(20), server.hears(&case)).await;
        let (heard, lingered) = heard.unwrap_or_else(|_| panic!("{} hangs", case.name));
        quickest = quickest.min(lingered);
        let mut expected = case.expected.clone();
        if !matches!(expected.last(), Some(Said::Close(_))) {
            expected.push(Said::Close(Some(1000)));
        }
        assert!(heard == expected, "{}: {:?} after {} frames", case.name, heard.last(), heard.len());
    }
    // RFC 6455, 7.1.1: it is the server that ends the connection. The machine may be busy, but not at every case.
    assert!(quickest < QUICK_FAREWELL / 2, "the server leaves the end to the client: {quickest:?}");
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

#[tokio::test]
async fn fragments_make_one_message() {
    all_pass(fragmentation()).await;
}

#[tokio::test]
async fn text_is_utf_8_and_fails_as_soon_as_it_is_not() {
    all_pass(encoding()).await;
}

#[tokio::test]
async fn a_close_is_answered_with_its_code() {
    all_pass(closing()).await;
}

#[tokio::test]
async fn messages_go_up_to_the_limit() {
    all_pass(limits()).await;
}
