//! Bytes of a WebSocket: however they arrive, they mean the same, and no more is held
//! than a message and the head of a frame.
#![no_main]

use fireside::fuzzing::{Fault, Incoming, MAX_MESSAGE, Reader};
use libfuzzer_sys::fuzz_target;

/// The longest head of a frame, in bytes.
const HEAD: usize = 14;

fuzz_target!(|input: (u8, &[u8])| {
    let (piece, bytes) = input;
    let pieces = usize::from(piece) + 1;
    assert_eq!(read(bytes, bytes.len().max(1)), read(bytes, pieces), "cut into pieces of {pieces} bytes");
});

fn read(bytes: &[u8], piece: usize) -> (Vec<Incoming>, Option<Fault>) {
    let (mut reader, mut heard) = (Reader::default(), Vec::new());
    for piece in bytes.chunks(piece) {
        reader.buffer().extend_from_slice(piece);
        loop {
            match reader.take_message() {
                Ok(Some(message)) => heard.push(message),
                Ok(None) => break,
                Err(fault) => return (heard, Some(fault)),
            }
        }
        assert!(reader.buffer().len() <= MAX_MESSAGE + HEAD, "{} bytes are held", reader.buffer().len());
    }
    (heard, None)
}
