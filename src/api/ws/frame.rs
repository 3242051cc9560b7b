//! WebSocket frames (RFC 6455): reading a client's, making the server's.
//!
//! Ours rather than a library's, since a frame that goes to a thousand sockets is made
//! once and shared, and since an idle socket shall hold no buffer at all.

use std::borrow::Cow;

use bytes::{Buf, BufMut, Bytes, BytesMut};

/// Longest message of a client, in bytes, over all of its fragments, unless a codec says otherwise.
pub const MAX_MESSAGE: usize = 128 * 1024;
/// Longest payload of a ping, pong or close.
const MAX_CONTROL: usize = 125;

/// What a client sent.
#[derive(Debug, PartialEq, Eq)]
pub enum Incoming {
    /// A whole text message.
    Text(String),
    /// A whole binary message, which no dialect has a use for.
    Binary(Vec<u8>),
    /// To be answered with a pong that repeats it.
    Ping(Bytes),
    /// The answer to a ping.
    Pong,
    /// The client closes, with this code.
    Close(Option<u16>),
}

/// Why a connection cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The bytes are no frames of a client.
    Protocol,
    /// Text that is no UTF-8.
    Encoding,
    /// A message over the limit.
    TooLong,
}

impl Fault {
    /// The code that it is closed with.
    pub fn code(self) -> u16 {
        match self {
            Self::Protocol => 1002,
            Self::Encoding => 1007,
            Self::TooLong => 4413,
        }
    }
}

/// What the last frame of a message begins with, beside its opcode.
const FINAL: u8 = 0x80;
const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// Cuts a client's bytes into messages.
pub struct Reader {
    buffer: BytesMut,
    /// Longest message, in bytes.
    limit: usize,
    /// A message that is still coming.
    partial: Option<Partial>,
    /// The frame of it whose payload is still coming.
    frame: Option<Head>,
}

/// What came of a message so far.
struct Partial {
    opcode: u8,
    message: Vec<u8>,
    /// How much of a text is known to be UTF-8.
    checked: usize,
}

impl Partial {
    fn begin(opcode: u8) -> Self {
        Self { opcode, message: Vec::new(), checked: 0 }
    }

    /// Ends at the bytes that make it no UTF-8: what follows would be collected in vain.
    fn check(&mut self) -> Result<(), Fault> {
        if self.opcode != TEXT {
            return Ok(());
        }
        match std::str::from_utf8(&self.message[self.checked..]) {
            Ok(_) => self.checked = self.message.len(),
            // What came may end inside a character.
            Err(cut) if cut.error_len().is_none() => self.checked += cut.valid_up_to(),
            Err(_) => return Err(Fault::Encoding),
        }
        Ok(())
    }
}

impl Default for Reader {
    fn default() -> Self {
        Self { buffer: BytesMut::new(), limit: MAX_MESSAGE, partial: None, frame: None }
    }
}

impl Reader {
    /// Bytes that came with the handshake.
    pub fn starting_with(bytes: &[u8]) -> Self {
        Self { buffer: BytesMut::from(bytes), ..Self::default() }
    }

    /// Reads messages of up to so many bytes.
    #[must_use]
    pub fn up_to(self, limit: usize) -> Self {
        Self { limit, ..self }
    }

    /// Where the next bytes go.
    pub fn buffer(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// Gives the memory back while there is nothing in it.
    pub fn rest(&mut self) {
        if self.buffer.is_empty() {
            self.buffer = BytesMut::new();
        }
    }

    /// The next whole message, if it is there.
    pub fn take_message(&mut self) -> Result<Option<Incoming>, Fault> {
        loop {
            let mut frame = match self.frame.take() {
                Some(frame) => frame,
                None => match self.take_head()? {
                    Some(head) if head.opcode >= CLOSE => return self.take_control(head),
                    Some(head) => head,
                    None => return Ok(None),
                },
            };
            let mut partial = match (self.partial.take(), frame.opcode) {
                (Some(partial), _) => partial,
                (None, opcode) => Partial::begin(opcode),
            };
            partial.message.put(self.take_payload(&mut frame));
            if frame.payload == 0 && frame.is_final {
                return whole(partial.opcode, partial.message).map(Some);
            }
            partial.check()?;
            self.partial = Some(partial);
            if frame.payload > 0 {
                self.frame = Some(frame);
                return Ok(None);
            }
        }
    }

    /// The head of the next frame, if it may come here. A control frame's stays until it is whole.
    fn take_head(&mut self) -> Result<Option<Head>, Fault> {
        let room = self.limit - self.partial.as_ref().map_or(0, |partial| partial.message.len());
        let Some(head) = Head::parse(&self.buffer, room)? else { return Ok(None) };
        match (&self.partial, head.opcode) {
            (_, CLOSE..) => return Ok(Some(head).filter(|head| self.buffer.len() >= head.size + head.payload)),
            (Some(_), CONTINUATION) | (None, TEXT | BINARY) => {}
            _ => return Err(Fault::Protocol),
        }
        self.buffer.advance(head.size);
        Ok(Some(head))
    }

    fn take_control(&mut self, mut head: Head) -> Result<Option<Incoming>, Fault> {
        self.buffer.advance(head.size);
        let payload = self.take_payload(&mut head);
        control(head.opcode, payload.freeze()).map(Some)
    }

    /// As much of a frame's payload as is there.
    fn take_payload(&mut self, frame: &mut Head) -> BytesMut {
        let mut payload = self.buffer.split_to(frame.payload.min(self.buffer.len()));
        for (byte, key) in payload.iter_mut().zip(frame.mask.iter().cycle()) {
            *byte ^= key;
        }
        frame.payload -= payload.len();
        frame.mask.rotate_left(payload.len() % 4);
        payload
    }
}

struct Head {
    is_final: bool,
    opcode: u8,
    mask: [u8; 4],
    /// Bytes of the head itself.
    size: usize,
    /// Bytes after it that are still to be taken.
    payload: usize,
}

impl Head {
    /// A head of a frame whose payload may have so many bytes.
    fn parse(bytes: &[u8], room: usize) -> Result<Option<Self>, Fault> {
        let [first, second, rest @ ..] = bytes else { return Ok(None) };
        let (is_final, opcode) = (first & 0x80 != 0, first & 0x0f);
        let known = matches!(opcode, CONTINUATION | TEXT | BINARY | CLOSE | PING | PONG);
        // No extension was agreed on, and a client masks: RFC 6455, 5.1 and 5.2.
        if first & 0x70 != 0 || second & 0x80 == 0 || !known {
            return Err(Fault::Protocol);
        }
        let (length, length_size) = match second & 0x7f {
            126 => (rest.first_chunk().map(|bytes| u64::from(u16::from_be_bytes(*bytes))), 2),
            127 => (rest.first_chunk().map(|bytes| u64::from_be_bytes(*bytes)), 8),
            short => (Some(u64::from(short)), 0),
        };
        let Some(length) = length else { return Ok(None) };
        if opcode >= CLOSE && (!is_final || length > MAX_CONTROL as u64) {
            return Err(Fault::Protocol);
        }
        // Said before the payload comes: nobody makes this server collect it.
        let fits = |length: &usize| opcode >= CLOSE || *length <= room;
        let payload = usize::try_from(length).ok().filter(fits).ok_or(Fault::TooLong)?;
        let Some(mask) = rest.get(length_size..).and_then(|rest| rest.first_chunk()) else { return Ok(None) };
        Ok(Some(Self { is_final, opcode, mask: *mask, size: 2 + length_size + 4, payload }))
    }
}

fn whole(opcode: u8, message: Vec<u8>) -> Result<Incoming, Fault> {
    if opcode == BINARY {
        return Ok(Incoming::Binary(message));
    }
    String::from_utf8(message).map(Incoming::Text).map_err(|_| Fault::Encoding)
}

fn control(opcode: u8, payload: Bytes) -> Result<Incoming, Fault> {
    match (opcode, payload.as_ref()) {
        (PING, _) => Ok(Incoming::Ping(payload)),
        (PONG, _) => Ok(Incoming::Pong),
        (_, []) => Ok(Incoming::Close(None)),
        (_, [high, low, reason @ ..]) => {
            let code = u16::from_be_bytes([*high, *low]);
            let usable = matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999);
            match std::str::from_utf8(reason) {
                Ok(_) if usable => Ok(Incoming::Close(Some(code))),
                Ok(_) => Err(Fault::Protocol),
                Err(_) => Err(Fault::Encoding),
            }
        }
        (_, [_]) => Err(Fault::Protocol),
    }
}

/// A text frame, ready to be sent to any number of sockets.
pub fn text(payload: &str) -> Bytes {
    part(payload, false, true)
}

/// A frame of a text message: its first or one that goes on with it, its last or one that others go on from.
#[must_use]
pub fn part(payload: &str, goes_on: bool, is_last: bool) -> Bytes {
    let opcode = if goes_on { CONTINUATION } else { TEXT };
    frame(if is_last { FINAL | opcode } else { opcode }, payload.as_bytes())
}

/// What a text frame says that is to be sent; `None`: it is none.
pub fn said(frame: &[u8]) -> Option<&str> {
    let payload = match frame {
        [first, 126, _, _, payload @ ..] if is_text(*first) => payload,
        [first, 127, _, _, _, _, _, _, _, _, payload @ ..] if is_text(*first) => payload,
        [first, length, payload @ ..] if is_text(*first) && *length < 126 => payload,
        _ => return None,
    };
    std::str::from_utf8(payload).ok()
}

fn is_text(first: u8) -> bool {
    first & 0x0F == TEXT
}

/// A binary frame, which no dialect sends.
#[cfg(feature = "autobahn")]
pub fn binary(payload: &[u8]) -> Bytes {
    frame(FINAL | BINARY, payload)
}

/// A ping without a payload.
pub fn ping() -> Bytes {
    Bytes::from_static(&[FINAL | PING, 0])
}

/// The answer to a ping.
pub fn pong(payload: &[u8]) -> Bytes {
    frame(FINAL | PONG, payload)
}

/// A close frame; `None` repeats that the other side gave no code.
pub fn close(code: Option<u16>) -> Bytes {
    let payload = code.map_or(Cow::Borrowed(&[][..]), |code| Cow::Owned(code.to_be_bytes().to_vec()));
    frame(FINAL | CLOSE, &payload)
}

fn frame(first: u8, payload: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(payload.len() + 10);
    frame.put_u8(first);
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(length @ 0..=125), _) => frame.put_u8(length),
        (_, Ok(length)) => {
            frame.put_u8(126);
            frame.put_u16(length);
        }
        _ => {
            frame.put_u8(127);
            frame.put_u64(payload.len() as u64);
        }
    }
    frame.put_slice(payload);
    frame.freeze()
}

#[cfg(test)]
pub(in crate::api) mod tests;
