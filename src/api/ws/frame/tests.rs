//! What a reader makes of bytes, and a writer of words.

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
fn a_reader_goes_by_its_own_limit() {
    let read = |bytes: &[u8], limit| Reader::starting_with(bytes).up_to(limit).take_message();
    assert_eq!(read(&masked(0x82, b"four"), 4), Ok(Some(Incoming::Binary(b"four".to_vec()))));
    assert_eq!(read(&masked(0x82, b"four"), 3), Err(Fault::TooLong));
    let long = "x".repeat(MAX_MESSAGE + 1);
    assert_eq!(read(&masked(0x81, long.as_bytes()), MAX_MESSAGE + 1), Ok(Some(Incoming::Text(long))));
    let pieces = [masked(0x01, b"fo"), masked(0x80, b"ur")].concat();
    assert_eq!(read(&pieces, 3), Err(Fault::TooLong), "over its fragments");
}

#[test]
fn a_message_comes_in_any_pieces() {
    let mut bytes = masked(0x01, b"one ");
    bytes.extend(masked(0x89, b"ping"));
    bytes.extend(masked(0x80, b"two"));
    let mut reader = Reader::default();
    let mut trace = Vec::new();
    for byte in bytes {
        reader.buffer().extend_from_slice(&[byte]);
        trace.extend(reader.take_message().expect("valid"));
    }
    assert_eq!(trace, [Incoming::Ping("ping".into()), Incoming::Text("one two".into())]);
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
fn a_text_fails_at_the_byte_that_spoils_it() {
    let spoiled = masked(0x81, b"\xce\xba\xf4\x90 and much more");
    let until = |at: usize| read(&spoiled[..6 + at]);
    assert_eq!((until(2), until(3)), (Ok(None), Ok(None)), "it may still become a letter");
    assert_eq!(until(4), Err(Fault::Encoding), "it cannot any more");
    let mut fragment = masked(0x01, b"\xf0\x9f");
    fragment.extend(&masked(0x80, b"\x8e\x89 and no more")[..8]);
    assert_eq!(read(&fragment), Ok(None), "a letter over two frames");
    *fragment.last_mut().expect("a byte") ^= 0x80;
    assert_eq!(read(&fragment), Err(Fault::Encoding));
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

    /// However bytes arrive, they mean the same, up to the first fault.
    #[test]
    fn pieces_change_nothing(
        frames in proptest::collection::vec(
            (proptest::sample::select(vec![0x00, 0x01, 0x02, 0x80, 0x81, 0x82, 0x88, 0x89, 0x8a, 0x83, 0xc1]), proptest::collection::vec(any::<u8>(), 0..140)),
            0..9,
        ),
        text in ".{0,9}", lost in 0_usize..20, piece in 1_usize..160,
    ) {
        let mut bytes = [masked(0x01, text.as_bytes()), masked(0x80, b"!")].concat();
        bytes.extend(frames.iter().flat_map(|(first, payload)| masked(*first, payload)));
        bytes.truncate(bytes.len() - lost.min(bytes.len()));
        let read = |piece: usize| {
            let (mut reader, mut heard) = (Reader::default().up_to(300), Vec::new());
            for piece in bytes.chunks(piece) {
                reader.buffer().extend_from_slice(piece);
                loop {
                    match reader.take_message() {
                        Ok(Some(message)) => heard.push(message),
                        Ok(None) => break,
                        Err(fault) => return (heard, Some(fault)),
                    }
                }
            }
            (heard, None)
        };
        prop_assert_eq!(read(bytes.len().max(1)), read(piece));
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
