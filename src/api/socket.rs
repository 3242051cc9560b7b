//! The one socket loop, for every dialect's codec.
//!
//! A codec says how a dialect's frames read and write; everything else is here: the
//! queue, pings, limits, and closing for every reason there is. An
//! event is encoded once for each dialect and its bytes are shared by all sockets;
//! what has queued goes out in one write.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::{Buf, Bytes};
use tokio::net::TcpStream;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

use super::frame::{self, Fault, Incoming, Reader};
use super::wire::linger;
use crate::chat::event::Event;
use crate::chat::listen::Listening;
use crate::chat::{Broadcast, Closing};

/// How often the server asks whether a client is there.
pub const PING_EVERY: Duration = Duration::from_secs(25);
/// How long a client may be silent.
pub const SILENCE: Duration = Duration::from_secs(60);
/// Events sent with one write.
const MAX_WRITTEN_AT_ONCE: usize = 64;
/// How long a slow reader is waited for, so that it learns why it is closed.
const FAREWELL: Duration = Duration::from_secs(5);
/// The same where an answer waits for the socket to be gone.
const QUICK_FAREWELL: Duration = Duration::from_millis(500);
/// Bytes read at once.
const READ_AT_ONCE: usize = 4 * 1024;

/// A dialect's frames.
pub trait Codec: Send + Sync + 'static {
    /// Whether `catch_up` reads on until now, past what had happened when the socket was
    /// opened. Then nothing waits in the queue meanwhile, which a long past would overflow;
    /// `hears` has to leave out what was read.
    const READS_UNTIL_NOW: bool = false;

    /// The frame for an event, the same for everybody; `None` where the dialect has no word for it.
    fn encode(event: &Event) -> Option<String>;

    /// Whether and how this socket is to have the frame of an event.
    fn hears(&self, event: &Event) -> Hearing {
        let _ = event;
        Hearing::Shared
    }

    /// Frames from before the socket was opened, a piece at a time, until a piece is
    /// empty. What happens meanwhile waits in the queue, unless it is read here too.
    fn catch_up(&self) -> impl Future<Output = Vec<String>> + Send {
        std::future::ready(Vec::new())
    }

    /// Does what a text frame asks; what it returns goes to this socket alone. The next
    /// frame is read when it is done.
    fn receive(&self, text: String) -> impl Future<Output = Vec<String>> + Send;

    /// The answer to a binary frame.
    fn refuse_binary(&self) -> String;
}

/// Whether and how a socket has an event.
pub enum Hearing {
    /// Not at all: it is for the others.
    Not,
    /// With the same bytes as everybody.
    Shared,
    /// With a frame of its own, since it differs from viewer to viewer.
    Own(String),
    /// With a frame of its own, and then with the one that everybody has.
    Both(String),
}

/// A place for a codec's frames beside each event. Past the last, frames are made for each socket.
pub(super) fn next_slot() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Talks to a client until it ends, for whatever reason.
pub(super) async fn run<C: Codec>(tcp: TcpStream, reader: Reader, listening: Listening, codec: C, slot: usize) {
    Socket { tcp, reader, listening, codec, slot }.run().await;
}

/// Closes a connection that was never a socket, so that a browser sees why.
pub(super) async fn turn_away(tcp: TcpStream, code: u16) {
    say_goodbye(&tcp, Vec::new(), Some(code), QUICK_FAREWELL).await;
    linger(tcp, QUICK_FAREWELL).await;
}

/// An open socket.
struct Socket<C> {
    tcp: TcpStream,
    reader: Reader,
    listening: Listening,
    codec: C,
    slot: usize,
}

/// How a socket ends.
enum End {
    /// The connection is gone, or nobody would read a farewell.
    Gone,
    /// With a close frame of this code, and perhaps frames that are still half out.
    Close { code: Option<u16>, unsent: Vec<Bytes>, within: Duration },
}

impl End {
    fn with(code: u16) -> Self {
        Self::Close { code: Some(code), unsent: Vec::new(), within: QUICK_FAREWELL }
    }
}

impl From<Closing> for End {
    fn from(reason: Closing) -> Self {
        Self::with(match reason {
            Closing::SignedOut => 4401,
            Closing::Removed => 4403,
            Closing::ChatDeleted => 4404,
            Closing::TooSlow => 1013,
            Closing::ShuttingDown => 1012,
        })
    }
}

impl<C: Codec> Socket<C> {
    async fn run(mut self) {
        let end = self.talk().await;
        if let End::Close { code, unsent, within } = end {
            say_goodbye(&self.tcp, unsent, code, within).await;
        }
        // From here on it is gone for everybody. What still comes is read for a moment: to close
        // over unread bytes would reset the connection, and the client would not see why.
        let Self { tcp, listening, codec, .. } = self;
        drop((listening, codec));
        linger(tcp, QUICK_FAREWELL).await;
    }

    async fn talk(&mut self) -> End {
        let Self { tcp, reader, listening, codec, slot } = self;
        let mut pings = interval(PING_EVERY);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        pings.reset();
        if let Err(end) = tell_past(tcp, codec, listening).await {
            return end;
        }
        let mut last_heard = Instant::now();
        // What a frame asked for, while it is being done. Events go out meanwhile.
        let mut pending: Option<Pin<Box<dyn Future<Output = Vec<String>> + Send + '_>>> = None;
        loop {
            let out = tokio::select! {
                biased;
                event = listening.next() => match event {
                    Ok(event) => frames(codec, *slot, event, listening),
                    Err(reason) => return reason.into(),
                },
                replies = done(&mut pending) => {
                    pending = None;
                    replies.iter().map(|reply| frame::text(reply)).collect()
                }
                incoming = receive(tcp, reader), if pending.is_none() => {
                    last_heard = Instant::now();
                    match incoming {
                        Ok(Incoming::Text(text)) => {
                            pending = Some(Box::pin(codec.receive(text)));
                            Vec::new()
                        }
                        Ok(Incoming::Binary) => vec![frame::text(&codec.refuse_binary())],
                        Ok(Incoming::Ping(payload)) => vec![frame::pong(&payload)],
                        Ok(Incoming::Pong) => Vec::new(),
                        Ok(Incoming::Close(code)) => {
                            return End::Close { code, unsent: Vec::new(), within: QUICK_FAREWELL };
                        }
                        Err(end) => return end,
                    }
                }
                _ = pings.tick() => {
                    if last_heard.elapsed() > SILENCE {
                        return End::Gone;
                    }
                    vec![frame::ping()]
                }
            };
            if let Err(end) = write(tcp, out, listening).await {
                return end;
            }
        }
    }
}

/// Tells what was before. What happens meanwhile waits in the queue or, where the past
/// is read until now, is read with it.
async fn tell_past<C: Codec>(tcp: &TcpStream, codec: &C, listening: &mut Listening) -> Result<(), End> {
    loop {
        while C::READS_UNTIL_NOW && listening.try_next().is_some() {}
        let past = codec.catch_up().await;
        // The past can be long, and the right to it may end before it does.
        if let Some(reason) = listening.closing() {
            return Err(reason.into());
        }
        if past.is_empty() {
            return Ok(());
        }
        write(tcp, past.iter().map(|text| frame::text(text)).collect(), listening).await?;
    }
}

/// The frames of an event and of those that queued behind it.
fn frames<C: Codec>(codec: &C, slot: usize, first: std::sync::Arc<Broadcast>, listening: &mut Listening) -> Vec<Bytes> {
    let mut frames = Vec::new();
    let mut next = Some(first);
    while let Some(event) = next {
        let (own, is_shared) = match codec.hears(event.event()) {
            Hearing::Not => (None, false),
            Hearing::Shared => (None, true),
            Hearing::Own(text) => (Some(text), false),
            Hearing::Both(text) => (Some(text), true),
        };
        frames.extend(own.map(|text| frame::text(&text)));
        if is_shared {
            frames.extend(event.frame(slot, |event| C::encode(event).map(|text| frame::text(&text))));
        }
        next = if frames.len() < MAX_WRITTEN_AT_ONCE { listening.try_next() } else { None };
    }
    frames
}

/// What the pending frame leads to; never, while there is none.
async fn done<F: Future + Unpin>(pending: &mut Option<F>) -> F::Output {
    match pending {
        Some(work) => work.await,
        None => std::future::pending().await,
    }
}

/// Waits for the client's next message. Holds no buffer while there is nothing to read.
async fn receive(tcp: &TcpStream, reader: &mut Reader) -> Result<Incoming, End> {
    loop {
        match reader.take_message() {
            Ok(Some(incoming)) => return Ok(incoming),
            Ok(None) => reader.rest(),
            Err(fault) => return Err(faulty(fault)),
        }
        tcp.readable().await.map_err(|_| End::Gone)?;
        reader.buffer().reserve(READ_AT_ONCE);
        match tcp.try_read_buf(reader.buffer()) {
            Ok(0) => return Err(End::Gone),
            Ok(_) => {}
            Err(cause) if cause.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => return Err(End::Gone),
        }
    }
}

fn faulty(fault: Fault) -> End {
    End::with(fault.code())
}

/// Writes all of it, unless the socket is to close meanwhile: then what is half out is
/// finished with the farewell, if the reader makes haste.
async fn write(tcp: &TcpStream, mut frames: Vec<Bytes>, listening: &Listening) -> Result<(), End> {
    if frames.is_empty() {
        return Ok(());
    }
    let closing = {
        let writing = pin!(write_all(tcp, &mut frames));
        tokio::select! {
            biased;
            written = writing => return written.map_err(|_| End::Gone),
            reason = listening.closed() => reason,
            () = sleep(SILENCE) => return Err(End::Gone),
        }
    };
    let End::Close { code, .. } = End::from(closing) else { return Err(End::Gone) };
    let within = if closing == Closing::TooSlow { FAREWELL } else { QUICK_FAREWELL };
    // Only the frame that has begun has to end; what stands behind it was never said.
    frames.truncate(1);
    Err(End::Close { code, unsent: frames, within })
}

/// Writes frames and takes what was written out of the list.
async fn write_all(tcp: &TcpStream, frames: &mut Vec<Bytes>) -> io::Result<()> {
    while !frames.is_empty() {
        let slices: Vec<IoSlice<'_>> = frames.iter().map(|frame| IoSlice::new(frame)).collect();
        match tcp.try_write_vectored(&slices) {
            Ok(written) => take_out(frames, written),
            Err(cause) if cause.kind() == io::ErrorKind::WouldBlock => tcp.writable().await?,
            Err(cause) => return Err(cause),
        }
    }
    Ok(())
}

fn take_out(frames: &mut Vec<Bytes>, mut written: usize) {
    let whole = frames
        .iter()
        .take_while(|frame| {
            let is_out = frame.len() <= written;
            written -= if is_out { frame.len() } else { 0 };
            is_out
        })
        .count();
    frames.drain(..whole);
    if let Some(first) = frames.first_mut() {
        first.advance(written);
    }
}

async fn say_goodbye(tcp: &TcpStream, mut unsent: Vec<Bytes>, code: Option<u16>, within: Duration) {
    unsent.push(frame::close(code));
    match timeout(within, write_all(tcp, &mut unsent)).await {
        Ok(Ok(())) => {}
        Ok(Err(_)) | Err(_) => tracing::debug!("a client went without a farewell"),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::take_out;

    #[test]
    fn what_was_written_is_taken_out() {
        let frames =
            |texts: &[&'static str]| texts.iter().map(|text| Bytes::from_static(text.as_bytes())).collect::<Vec<_>>();
        let mut left = frames(&["abc", "def", "g"]);
        take_out(&mut left, 4);
        assert_eq!(left, frames(&["ef", "g"]));
        take_out(&mut left, 3);
        assert!(left.is_empty());
    }
}
