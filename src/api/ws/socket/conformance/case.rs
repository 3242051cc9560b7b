//! What a client sends, and what it is to hear.

use crate::api::ws::frame::tests::masked;

/// What [`Echo`](super::Echo) says of bytes.
pub const NO_BINARY: &str = "no binary";

/// A frame of the server's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    Text(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<u16>),
}

pub fn says(text: impl Into<Vec<u8>>) -> Said {
    Said::Text(text.into())
}

/// A case: its number, what is sent, and all that is to come back. Where that does not
/// end with a close, the connection has to go on, and is closed by the client.
pub struct Case {
    pub name: String,
    pub sent: Vec<u8>,
    /// Bytes of one write; 0: all at once.
    pub chop: usize,
    pub expected: Vec<Said>,
}

pub fn case(name: impl Into<String>, sent: &[Vec<u8>], expected: &[Said]) -> Case {
    Case { name: name.into(), sent: sent.concat(), chop: 0, expected: expected.to_vec() }
}

impl Case {
    pub fn chopped(self, chop: usize) -> Self {
        Self { chop, ..self }
    }
}

pub const FIN: u8 = 0x80;
pub const CONTINUATION: u8 = 0;
pub const TEXT: u8 = 1;
pub const BINARY: u8 = 2;
pub const CLOSE: u8 = 8;
pub const PING: u8 = 9;
pub const PONG: u8 = 10;

/// A client's frame; `first` is its first byte.
pub fn frame(first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    masked(first, payload.as_ref())
}

pub fn text(payload: impl AsRef<[u8]>) -> Vec<u8> {
    frame(FIN | TEXT, payload)
}

pub fn ping(payload: &str) -> Vec<u8> {
    frame(FIN | PING, payload)
}

pub fn close(code: u16, reason: &[u8]) -> Vec<u8> {
    frame(FIN | CLOSE, [&code.to_be_bytes(), reason].concat())
}

/// A text in fragments.
pub fn fragments(pieces: &[&[u8]]) -> Vec<u8> {
    let last = pieces.len() - 1;
    let first = |number| (if number == 0 { TEXT } else { CONTINUATION }) | (if number == last { FIN } else { 0 });
    pieces.iter().enumerate().flat_map(|(number, piece)| frame(first(number), piece)).collect()
}

pub const FAILED: Said = Said::Close(Some(1002));
pub const NO_TEXT: Said = Said::Close(Some(1007));
