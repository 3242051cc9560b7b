//! The end of a socket: its client learns why, even one that has not read for long.
//!
//! What nobody reads fills the connection, and a close frame would find no room behind it.
//! So the kernel takes less for a client that does not read than it would, and that limit
//! falls for the close frame. Then the server is done with the connection: the kernel keeps
//! what is in it, for some minutes, in case the client reads on.

use std::io;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use tokio::time::timeout;

use super::frame;
use crate::api::http::stream::NetStream;
use crate::api::http::wire::linger;

/// Bytes that the kernel takes for a client whose own buffers are full. Far away that is the
/// limit; within a machine the kernel would take megabytes, and takes half of that.
const MAX_UNSENT: u32 = 128 * 1024;

/// To be called before a socket's first frame.
pub(in crate::api) fn prepare(stream: &NetStream) {
    if let Err(cause) = stream.limit_unsent(MAX_UNSENT) {
        tracing::debug!(%cause, "a connection is gone already, or keeps the system's limit");
    }
}

/// Says why it is over, behind what is half out, to whoever reads it within this time or
/// later. `false`: there was no room for all of it.
pub(in crate::api) async fn say(stream: &NetStream, unsent: Vec<Bytes>, code: Option<u16>, within: Duration) -> bool {
    let mut rest = BytesMut::new();
    unsent.iter().chain([&frame::close(code)]).for_each(|frame| rest.extend_from_slice(frame));
    let said = async {
        stream.make_room()?;
        // Not as frames are written: nothing has told the runtime yet that there is room.
        let mut written = send_all(&mut rest, stream, NetStream::send_now);
        loop {
            match written {
                Ok(()) => return Ok(()),
                Err(cause) if cause.kind() == io::ErrorKind::WouldBlock => stream.writable().await?,
                Err(cause) => return Err(cause),
            }
            written = send_all(&mut rest, stream, NetStream::try_write);
        }
    };
    let is_said = matches!(timeout(within, said).await, Ok(Ok(())));
    if !is_said {
        tracing::debug!("a client went without a close frame");
    }
    is_said
}

/// Writes all of it, until there is no room.
fn send_all(
    rest: &mut BytesMut,
    stream: &NetStream,
    send: fn(&NetStream, &[u8]) -> io::Result<usize>,
) -> io::Result<()> {
    while !rest.is_empty() || stream.has_unsent() {
        rest.advance(send(stream, rest)?);
    }
    Ok(())
}

/// Ends the connection from this side, as the server has to when both have closed (RFC 6455,
/// 7.1.1). What still comes is read for a moment: to close over unread bytes would reset the
/// connection, and the client would not see why.
pub(in crate::api) async fn let_go(stream: &NetStream, within: Duration) {
    if stream.end_writing().is_ok() {
        linger(stream, within).await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use socket2::SockRef;
    use tokio::io::AsyncReadExt;
    use tokio::net::{TcpListener, TcpStream, UnixStream};

    use super::{let_go, prepare, say};
    use crate::api::http::stream::NetStream;

    /// Fills the connection until nothing more goes in, says goodbye and lets go; then the
    /// client reads all there is.
    async fn reads_to_the_end(stream: NetStream, mut client: impl AsyncReadExt + Unpin) -> (usize, Vec<u8>) {
        prepare(&stream);
        let mut filled = 0;
        while let Ok(Ok(())) = tokio::time::timeout(Duration::from_millis(200), stream.writable()).await {
            filled += stream.try_write(&[b'x'; 1_000]).unwrap_or_default();
            assert!(filled < 64 * 1024 * 1024, "it never is full");
        }
        assert!(say(&stream, vec!["half".into()], Some(1013), Duration::from_millis(100)).await, "there is room");
        let_go(&stream, Duration::from_millis(100)).await;
        drop(stream);
        let mut heard = Vec::new();
        client.read_to_end(&mut heard).await.expect("an orderly end");
        (filled, heard)
    }

    #[tokio::test]
    async fn who_reads_on_later_finds_the_reason() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("an address");
        let client = TcpStream::connect(listener.local_addr().expect("bound")).await.expect("connected");
        let tcp = NetStream::Tcp(listener.accept().await.expect("accepted").0);
        let far = TcpStream::connect(listener.local_addr().expect("bound")).await.expect("connected");
        let small = listener.accept().await.expect("accepted").0;
        SockRef::from(&small).set_send_buffer_size(32 * 1024).expect("as towards another machine");
        let (unix, other) = UnixStream::pair().expect("a pair");
        for (filled, heard) in [
            reads_to_the_end(tcp, client).await,
            reads_to_the_end(NetStream::Tcp(small), far).await,
            reads_to_the_end(NetStream::Unix(unix), other).await,
        ] {
            assert_eq!(heard.len(), filled + 8);
            assert_eq!(heard[filled..], [b'h', b'a', b'l', b'f', 0x88, 2, 0x03, 0xf5]);
        }
    }
}
