//! WebSocket frames (RFC 6455): reading a client's, making the server's.
//!
//! Ours rather than a library's, since a frame that goes to a thousand sockets is made
//! once and shared, and since an idle socket shall hold no buffer at all.

use std::borrow::Cow;

use bytes::{Buf, BufMut, Bytes, BytesMut};

/// Longest message of a client, in bytes, over all of its fragments.
pub const MAX_MESSAGE: usize = 128 * 1024;
/// Longest payload of a ping, pong or close.
const MAX_CONTROL: usize = 125;

/// What a client sent.
#[derive(Debug, PartialEq, Eq)]
pub enum Incoming {
    /// A whole text message.
    Text(String),
    /// A whole binary message, which no dialect has a use for.
    Binary,
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
    /// A message over [`MAX_MESSAGE`].
    TooLong,
}

impl Fault {
    /// The code that it is closed with.
    #[must_use]
    pub fn code(self) -> u16 {
        match self {
            Self::Protocol => 1002,
            Self::Encoding => 1007,
            Self::TooLong => 4413,
        }
    }
}

const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// Cuts a client's bytes into messages.
#[derive(Default)]
pub struct Reader {
    buffer: BytesMut,
    /// A message that is still coming.
    partial: Option<Partial>,
}

/// The fragments of a message that came so far.
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

    /// Ends at the fragment that makes it no UTF-8: what follows would be collected in vain.
    fn check(&mut self) -> Result<(), Fault> {
        if self.opcode != TEXT {
            return Ok(());
        }
        match std::str::from_utf8(&self.message[self.checked..]) {
            Ok(_) => self.checked = self.message.len(),
            // The fragment may end inside a character.
            Err(cut) if cut.error_len().is_none() => self.checked += cut.valid_up_to(),
            Err(_) => return Err(Fault::Encoding),
        }
        Ok(())
    }
}

impl Reader {
    /// Bytes that came with the handshake.
    #[must_use]
    pub fn starting_with(bytes: &[u8]) -> Self {
        Self { buffer: BytesMut::from(bytes), partial: None }
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
        while let Some((head, mut payload)) = self.take_frame()? {
            if head.opcode >= CLOSE {
                return control(head.opcode, payload.freeze()).map(Some);
            }
            let mut partial = match (self.partial.take(), head.opcode) {
                (Some(partial), CONTINUATION) => partial,
                (None, TEXT | BINARY) => Partial::begin(head.opcode),
                _ => return Err(Fault::Protocol),
            };
            if partial.message.len() + payload.len() > MAX_MESSAGE {
                return Err(Fault::TooLong);
            }
            partial.message.put(&mut payload);
            if head.is_final {
                return whole(partial.opcode, partial.message).map(Some);
            }
            partial.check()?;
            self.partial = Some(partial);
        }
        Ok(None)
    }

    fn take_frame(&mut self) -> Result<Option<(Head, BytesMut)>, Fault> {
        let Some(head) = Head::parse(&self.buffer)? else { return Ok(None) };
        if self.buffer.len() < head.size + head.payload {
            return Ok(None);
        }
        self.buffer.advance(head.size);
        let mut payload = self.buffer.split_to(head.payload);
        for (byte, key) in payload.iter_mut().zip(head.mask.iter().cycle()) {
            *byte ^= key;
        }
        Ok(Some((head, payload)))
    }
}

struct Head {
    is_final: bool,
    opcode: u8,
    mask: [u8; 4],
    /// Bytes of the head itself.
    size: usize,
    /// Bytes after it.
    payload: usize,
}

impl Head {
    fn parse(bytes: &[u8]) -> Result<Option<Self>, Fault> {
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
        let payload = usize::try_from(length).ok().filter(|length| *length <= MAX_MESSAGE).ok_or(Fault::TooLong)?;
        let Some(mask) = rest.get(length_size..).and_then(|rest| rest.first_chunk()) else { return Ok(None) };
        Ok(Some(Self { is_final, opcode, mask: *mask, size: 2 + length_size + 4, payload }))
    }
}

fn whole(opcode: u8, message: Vec<u8>) -> Result<Incoming, Fault> {
    if opcode == BINARY {
        return Ok(Incoming::Binary);
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
#[must_use]
pub fn text(payload: &str) -> Bytes {
    frame(TEXT, payload.as_bytes())
}

/// A ping without a payload.
#[must_use]
pub fn ping() -> Bytes {
    Bytes::from_static(&[0x80 | PING, 0])
}

/// The answer to a ping.
#[must_use]
pub fn pong(payload: &[u8]) -> Bytes {
    frame(PONG, payload)
}

/// A close frame; `None` repeats that the other side gave no code.
#[must_use]
pub fn close(code: Option<u16>) -> Bytes {
    let payload = code.map_or(Cow::Borrowed(&[][..]), |code| Cow::Owned(code.to_be_bytes().to_vec()));
    frame(CLOSE, &payload)
}

fn frame(opcode: u8, payload: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(payload.len() + 10);
    frame.put_u8(0x80 | opcode);
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
pub(super) mod tests {
    use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, proptest};

    use super::{Fault, Incoming, MAX_MESSAGE, Reader, close, text};

    /// A client's frame, masked.
    pub fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
        let mask = [1, 2, 3, 4];
        let mut frame = vec![first];
        match payload.len() {
            length @ 0..=125 => frame.push(0x80 | u8::try_from(length).expect("short")),
            length @ 126..=0xffff => {
                frame.push(0x80 | 126);
                frame.extend(u16::try_from(length).expect("middling").to_be_bytes());
            }
            length => {
                frame.push(0x80 | 127);
                frame.extend((length as u64).to_be_bytes());
            }
        }
        frame.extend(mask);
        frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, key)| byte ^ key));
        frame
    }

    fn read(bytes: &[u8]) -> Result<Option<Incoming>, Fault> {
        Reader::starting_with(bytes).take_message()
    }

    #[test]
    fn text_of_every_length_is_read() {
        for length in [0, 1, 125, 126, 65_535, 65_536, MAX_MESSAGE] {
            let message = "x".repeat(length);
            assert_eq!(read(&masked(0x81, message.as_bytes())), Ok(Some(Incoming::Text(message))), "{length}");
        }
        assert_eq!(read(&masked(0x81, "x".repeat(MAX_MESSAGE + 1).as_bytes())), Err(Fault::TooLong));
    }

    #[test]
    fn a_message_comes_in_any_pieces() {
        let mut bytes = masked(0x01, b"one ");
        bytes.extend(masked(0x89, b"ping"));
        bytes.extend(masked(0x80, b"two"));
        let mut reader = Reader::default();
        let mut seen = Vec::new();
        for byte in bytes {
            reader.buffer().extend_from_slice(&[byte]);
            seen.extend(reader.take_message().expect("valid"));
        }
        assert_eq!(seen, [Incoming::Ping("ping".into()), Incoming::Text("one two".into())]);
    }

    #[test]
    fn fragments_count_together() {
        let half = vec![b'x'; MAX_MESSAGE / 2 + 1];
        let mut bytes = masked(0x01, &half);
        bytes.extend(masked(0x80, &half));
        assert_eq!(read(&bytes), Err(Fault::TooLong));
    }

    #[test]
    fn what_is_no_client_frame_is_refused() {
        assert_eq!(read(&[0x81, 0x01, b'x']), Err(Fault::Protocol), "not masked");
        assert_eq!(read(&masked(0xc1, b"x")), Err(Fault::Protocol), "a reserved bit");
        assert_eq!(read(&masked(0x83, b"x")), Err(Fault::Protocol), "a reserved opcode");
        assert_eq!(read(&masked(0x80, b"x")), Err(Fault::Protocol), "the end of nothing");
        assert_eq!(read(&masked(0x09, b"x")), Err(Fault::Protocol), "a ping in pieces");
        assert_eq!(read(&masked(0x89, &[0; 126])), Err(Fault::Protocol), "a long ping");
        assert_eq!(read(&masked(0x81, &[0xff])), Err(Fault::Encoding), "no UTF-8");
        assert_eq!(read(&masked(0x88, &[3])), Err(Fault::Protocol), "half a code");
        assert_eq!(read(&masked(0x88, &[0x03, 0xed])), Err(Fault::Protocol), "1005 is never sent");
    }

    #[test]
    fn a_close_is_read_and_made() {
        assert_eq!(read(&masked(0x88, &[0x03, 0xe8])), Ok(Some(Incoming::Close(Some(1000)))));
        assert_eq!(read(&masked(0x88, &[])), Ok(Some(Incoming::Close(None))));
        assert_eq!(close(Some(4401)).as_ref(), [0x88, 2, 0x11, 0x31]);
    }

    #[test]
    fn lengths_are_written_in_the_shortest_form() {
        assert_eq!(text("hi").as_ref(), [0x81, 2, b'h', b'i']);
        assert_eq!(text(&"x".repeat(126))[..4], [0x81, 126, 0, 126]);
        assert_eq!(text(&"x".repeat(65_536))[..10], [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
    }

    /// Messages of a client, each in fragments of its own, with pings between them.
    fn conversation() -> impl Strategy<Value = Vec<(String, Vec<usize>, bool)>> {
        proptest::collection::vec((".{0,300}", proptest::collection::vec(0_usize..40, 0..6), any::<bool>()), 1..6)
    }

    fn written(text: &str, cuts: &[usize], has_ping: bool) -> Vec<u8> {
        let (mut bytes, mut rest, mut opcode) = (Vec::new(), text.as_bytes(), 0x01);
        for cut in cuts {
            let (piece, left) = rest.split_at((*cut).min(rest.len()));
            bytes.extend(masked(opcode, piece));
            if has_ping {
                bytes.extend(masked(0x89, b"still there?"));
            }
            (rest, opcode) = (left, 0x00);
        }
        bytes.extend(masked(0x80 | opcode, rest));
        bytes
    }

    proptest! {
        /// However it is cut into fragments and however those arrive, the text is the same.
        #[test]
        fn what_was_said_is_read(said in conversation(), pieces in proptest::collection::vec(1_usize..70, 1..40)) {
            let bytes: Vec<u8> = said.iter().flat_map(|(text, cuts, has_ping)| written(text, cuts, *has_ping)).collect();
            let (mut reader, mut heard, mut at, mut next) = (Reader::default(), Vec::new(), 0, 0);
            while at < bytes.len() {
                let end = (at + pieces[next % pieces.len()]).min(bytes.len());
                reader.buffer().extend_from_slice(&bytes[at..end]);
                while let Some(message) = reader.take_message().expect("valid") {
                    heard.extend(match message { Incoming::Text(text) => Some(text), _ => None });
                }
                (at, next) = (end, next + 1);
            }
            prop_assert_eq!(heard, said.into_iter().map(|(text, ..)| text).collect::<Vec<_>>());
        }

        /// Any bytes are messages, or a fault, or wait for more; never is more held than a message and a head.
        #[test]
        fn any_bytes_end_in_a_message_or_a_fault(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
            let mut reader = Reader::default();
            for piece in bytes.chunks(7) {
                reader.buffer().extend_from_slice(piece);
                loop {
                    match reader.take_message() {
                        Ok(Some(_)) => {}
                        Ok(None) => break,
                        Err(_) => return Ok(()),
                    }
                }
                prop_assert!(reader.buffer().len() <= MAX_MESSAGE + 14);
            }
        }

        /// What the server writes is as long as it says.
        #[test]
        fn a_frame_is_as_long_as_it_says(payload in ".{0,200}", times in 0_usize..500) {
            let payload = payload.repeat(times);
            let frame = text(&payload);
            let (size, length) = match frame[1] {
                126 => (4, u64::from(u16::from_be_bytes([frame[2], frame[3]]))),
                127 => (10, u64::from_be_bytes(*frame[2..].first_chunk().expect("eight"))),
                short => (2, u64::from(short)),
            };
            prop_assert_eq!(length, payload.len() as u64);
            prop_assert_eq!(&frame[size..], payload.as_bytes());
        }
    }

    #[test]
    fn a_text_fails_at_the_fragment_that_spoils_it() {
        let mut reader = Reader::default();
        reader.buffer().extend(masked(0x01, "κόσμ".as_bytes()));
        assert_eq!(reader.take_message(), Ok(None));
        reader.buffer().extend(masked(0x00, &[0xce]));
        assert_eq!(reader.take_message(), Ok(None), "half a character may be made whole");
        reader.buffer().extend(masked(0x00, &[0xff]));
        assert_eq!(reader.take_message(), Err(Fault::Encoding));
    }
}
