//! The one socket loop, for every dialect's codec.
//!
//! A codec says how a dialect's frames read and write; everything else is here: reading,
//! the past, pings, limits, and closing for every reason there is. What happens now is
//! written by whoever publishes it (see [`SocketWriter`]); this task writes only what its client
//! asked for, and what did not go out at once.

use std::future::Future;
use std::io;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

use super::close;
use super::frame::{self, Incoming, Reader};
use super::open::{OpenSocket, Outcome};
use super::writer::{Lost, SocketWriter};
use crate::api::http::base::BasePath;
use crate::api::http::reply::ApiError;
use crate::api::http::stream::NetStream;
use crate::chat::model::event::Event;
use crate::chat::model::topic::Topics;
use crate::chat::subscription::Subscription;
use crate::chat::{Broadcast, Closing, Inbox, Sink};

/// How often the server asks whether a client is there.
pub const PING_EVERY: Duration = Duration::from_secs(25);
/// How long a client may be silent.
pub const SILENCE: Duration = Duration::from_secs(60);
/// How long a slow reader's connection is kept, so that it learns why it is closed although
/// it may still send. One that only reads has longer: see [`close::let_go`].
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);
/// The same where an answer waits for the socket to be gone.
const QUICK_CLOSE: Duration = Duration::from_millis(500);
/// The close code of a socket that met a fault of the server.
const PANICKED: u16 = 1011;
/// Frames of a client that are read before others have a turn: a hundred clients that flood
/// are a hundred times this ahead of whoever asks for something.
const LONGEST_TURN: u32 = 8;
/// Bytes read at once.
const READ_AT_ONCE: usize = 4 * 1024;

/// Bytes of the past that wait at once for a client that may not read: a piece ends behind the message that reaches
/// them. A control character is six bytes of JSON, so text is no measure.
pub const MAX_PIECE: usize = 128 * 1024;

/// A dialect's frames.
pub trait Codec: Send + Sync + 'static {
    /// Longest message that is read, in bytes.
    const MAX_MESSAGE: usize = frame::MAX_MESSAGE;

    /// Whether `catch_up` reads on until now, past what had happened when the socket was
    /// opened. Then nothing waits in the queue meanwhile, which a long past would overflow;
    /// `hears` has to leave out what was read.
    const READS_UNTIL_NOW: bool = false;

    /// Whether `catch_up` has anything to tell, which waits until there is room for it.
    const TELLS_PAST: bool = false;

    /// What a socket is woken for: topics that the dialect has no word for cost it nothing.
    const HEARS: Topics;

    /// The frame for an event, the same for everybody; `None` where the dialect has no word for it.
    fn encode(event: &Event, base: &BasePath) -> Option<String>;

    /// Whether and how this socket is to have the frame of an event. Asked on the thread that
    /// publishes, so it must not ask the database: that is for `view`.
    fn hears(&self, event: &Event) -> Audience {
        let _ = event;
        Audience::Shared
    }

    /// The frames of an event that this socket has a view of its own of. What that has in common
    /// with others' is kept beside the event, in `slot`.
    fn view(&self, told: &Broadcast, slot: usize) -> Vec<String> {
        let _ = (told, slot);
        Vec::new()
    }

    /// Frames from before the socket was opened, a piece at a time, until a piece is
    /// empty. What happens meanwhile waits in the queue, unless it is read here too.
    fn catch_up(&self) -> impl Future<Output = Vec<String>> + Send {
        std::future::ready(Vec::new())
    }

    /// Whether the message is whole with which the last piece of the past ended. Else the next piece goes on with it:
    /// a long message waits in pieces for whoever does not read.
    fn is_whole(&self) -> bool {
        true
    }

    /// Does what a text frame asks; what it returns goes to this socket alone. The next
    /// frame is read when it is done.
    fn receive(&self, text: String) -> impl Future<Output = Result<Vec<String>, ApiError>> + Send;

    /// The number of a frame, in an event stream: whoever is cut off behind it goes on from there.
    fn number(&self, text: &str) -> Option<i64> {
        let _ = text;
        None
    }

    /// What a client is told whose frame was not done.
    fn refuse(failure: &ApiError) -> String;

    /// The answer to a binary frame. Only what echoes has a use for the payload.
    fn receive_binary(&self, payload: Vec<u8>) -> Bytes {
        drop(payload);
        frame::text(&Self::refuse(&ApiError::Malformed("Binary frames are not read here.".into())))
    }
}

/// Whether and how a socket has an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Not at all: it is for the others.
    Not,
    /// With the same bytes as everybody.
    Shared,
    /// With frames of its own, which [`Codec::view`] makes.
    Own,
}

/// Talks to a client in a task of its own, until it ends, for whatever reason.
pub(in crate::api) fn begin<C: Codec>(
    stream: NetStream,
    reader: Reader,
    subscription: Subscription,
    codec: C,
    slot: usize,
    open: OpenSocket,
) -> JoinHandle<()> {
    close::prepare(&stream);
    let socket = Arc::new(SocketWriter::new(stream, codec, subscription.inbox(), slot, open));
    let sink: Weak<SocketWriter<C>> = Arc::downgrade(&socket);
    subscription.attach(sink as Weak<dyn Sink>);
    // One kind of task for all codecs: the runtime's code is not made anew for each.
    let life: Pin<Box<dyn Future<Output = ()> + Send>> =
        Box::pin(live(socket, subscription, reader.up_to(C::MAX_MESSAGE)));
    tokio::spawn(life)
}

/// What seldom happens to a socket is in a box: all of this is held while nobody speaks on it.
async fn live<C: Codec>(socket: Arc<SocketWriter<C>>, subscription: Subscription, mut reader: Reader) {
    socket.stream.forget_reader().await;
    let talked = AssertUnwindSafe(talk(&socket, &mut reader)).catch_unwind().await;
    let end = talked.unwrap_or_else(|_| SocketEnd::with(PANICKED));
    if matches!(end, SocketEnd::Close { code: PANICKED, .. }) {
        tracing::error!(request = socket.open.request(), "a socket panicked");
    }
    socket.open.ended(end.told());
    part(&socket.stream, socket.hang_up(), end, subscription, reader).await;
}

/// Tells the client why it is over, and lets the connection go.
async fn part(stream: &NetStream, unsent: Vec<Bytes>, end: SocketEnd, subscription: Subscription, reader: Reader) {
    let (code, within, is_first) = match end {
        SocketEnd::Gone => return,
        SocketEnd::Left(code) => (code, QUICK_CLOSE, false),
        SocketEnd::Failed(code) => (Some(code), QUICK_CLOSE, false),
        SocketEnd::Close { code, within } => (Some(code), within, true),
    };
    let is_said = close::say(stream, unsent, code, within).await;
    // From here on it is gone for everybody.
    drop(subscription);
    if !is_said {
        return;
    }
    if is_first {
        await_close(stream, reader).await;
    }
    close::let_go(stream, within).await;
}

/// Closes a connection that was never a socket, so that a browser sees why.
pub(in crate::api) async fn turn_away(stream: NetStream, reader: Reader, code: u16) {
    if close::say(&stream, Vec::new(), Some(code), QUICK_CLOSE).await {
        await_close(&stream, reader).await;
        close::let_go(&stream, QUICK_CLOSE).await;
    }
}

/// Waits for the close frame that answers the server's. What else comes was said too late.
async fn await_close(stream: &NetStream, mut reader: Reader) {
    let answered = async { while !matches!(receive(stream, &mut reader).await, Ok(Incoming::Close(_)) | Err(_)) {} };
    if timeout(QUICK_CLOSE, answered).await.is_err() {
        tracing::trace!("a client left a close without an answer");
    }
}

enum SocketEnd {
    /// The connection is gone, or nobody would read a close frame.
    Gone,
    /// The client closes it; its close frame, whose code this is, is answered.
    Left(Option<u16>),
    /// The client broke the rules or the limit of frames: it is told this code, and nothing more of it is read.
    Failed(u16),
    /// With a close frame of this code, behind a frame that is half out.
    Close { code: u16, within: Duration },
}

impl From<Lost> for SocketEnd {
    fn from(lost: Lost) -> Self {
        match lost {
            Lost::Gone => Self::Gone,
            Lost::Panicked => Self::with(PANICKED),
        }
    }
}

impl SocketEnd {
    fn with(code: u16) -> Self {
        Self::Close { code, within: QUICK_CLOSE }
    }

    fn told(&self) -> Outcome {
        match self {
            Self::Gone => Outcome::Gone,
            Self::Left(_) => Outcome::ByClient,
            Self::Failed(code) | Self::Close { code, .. } => Outcome::Closed(*code),
        }
    }
}

/// The close code that tells a reason.
pub(super) fn close_code(reason: Closing) -> u16 {
    match reason {
        Closing::SignedOut => 4401,
        Closing::Removed => 4403,
        Closing::ChatDeleted => 4404,
        Closing::TooSlow => 1013,
        Closing::ShuttingDown => 1012,
    }
}

impl From<Closing> for SocketEnd {
    fn from(reason: Closing) -> Self {
        // Nobody's answer waits for a slow reader, so it has longer to learn why it is closed.
        let within = if reason == Closing::TooSlow { CLOSE_TIMEOUT } else { QUICK_CLOSE };
        Self::Close { code: close_code(reason), within }
    }
}

/// A frame that is being done.
type Pending<'a> = Pin<Box<dyn Future<Output = Result<Vec<String>, ApiError>> + Send + 'a>>;

async fn talk<C: Codec>(socket: &SocketWriter<C>, reader: &mut Reader) -> SocketEnd {
    let mut pings = interval(PING_EVERY);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    pings.reset();
    if let Err(end) = Box::pin(tell_past(socket)).await {
        return end;
    }
    socket.go_live();
    let (mut last_heard, mut turn) = (Instant::now(), 0);
    // What a frame asked for, while it is being done. Events go out meanwhile.
    let mut pending: Option<Pending<'_>> = None;
    loop {
        // A client that never stops sending what is answered at once must not keep a thread to itself.
        turn = (turn + 1) % LONGEST_TURN;
        if turn == 0 {
            tokio::task::yield_now().await;
        }
        let out = tokio::select! {
            biased;
            reason = socket.inbox.closed() => return reason.into(),
            () = socket.needs_care() => Vec::new(),
            replies = done(&mut pending) => {
                pending = None;
                let replies = replies.unwrap_or_else(|failure| vec![C::refuse(&failure)]);
                replies.iter().map(|reply| frame::text(reply)).collect()
            }
            incoming = receive(&socket.stream, reader), if pending.is_none() => {
                last_heard = Instant::now();
                match incoming {
                    Ok(Incoming::Text(text)) => {
                        socket.open.shows(true, &text);
                        pending = Some(Box::pin(socket.codec.receive(text)));
                        continue;
                    }
                    Ok(Incoming::Binary(payload)) => vec![socket.codec.receive_binary(payload)],
                    Ok(Incoming::Ping(payload)) => vec![frame::pong(&payload)],
                    Ok(Incoming::Pong) => continue,
                    Ok(Incoming::Close(code)) => return SocketEnd::Left(code),
                    Err(end) => return end,
                }
            }
            _ = pings.tick() => {
                if last_heard.elapsed() > SILENCE {
                    return SocketEnd::Gone;
                }
                vec![frame::ping()]
            }
        };
        if let Err(end) = write(socket, out).await {
            return end;
        }
    }
}

/// Tells what was before. What happens meanwhile waits in the queue or, where the past
/// is read until now, is read with it.
async fn tell_past<C: Codec>(socket: &SocketWriter<C>) -> Result<(), SocketEnd> {
    let mut goes_on = false;
    loop {
        if C::TELLS_PAST {
            room(&socket.inbox, &socket.open).await?;
        }
        while C::READS_UNTIL_NOW && socket.inbox.take().is_some() {}
        let past = socket.codec.catch_up().await;
        // The past can be long, and the right to it may end before it does.
        if let Some(reason) = socket.inbox.closing() {
            return Err(reason.into());
        }
        if past.is_empty() {
            return Ok(());
        }
        let (last, is_whole) = (past.len() - 1, socket.codec.is_whole());
        // Each text goes as its frame is made: while nobody reads, a piece is held once.
        let frames = past.into_iter().enumerate().map(|(place, text)| {
            let is_last = is_whole || place < last;
            socket.open.waits(frame::part(&text, std::mem::replace(&mut goes_on, !is_last), is_last))
        });
        write(socket, frames.collect()).await?;
        // To a client that reads fast nothing above ever waits, and a long past would keep a thread to itself.
        tokio::task::yield_now().await;
    }
}

/// Waits until there is room for what may not be read, beside all answers that are not.
async fn room(inbox: &Inbox, open: &OpenSocket) -> Result<(), SocketEnd> {
    tokio::select! {
        biased;
        reason = inbox.closed() => Err(reason.into()),
        () = open.room() => Ok(()),
        () = sleep(SILENCE) => Err(SocketEnd::Gone),
    }
}

/// Writes these frames behind what is still unsent, and then what has queued, unless the
/// socket is to close meanwhile.
async fn write<C: Codec>(socket: &SocketWriter<C>, frames: Vec<Bytes>) -> Result<(), SocketEnd> {
    let mut is_sent = socket.send(frames)?;
    while !is_sent {
        Box::pin(writable(&socket.stream, &socket.inbox)).await?;
        is_sent = socket.send(Vec::new())?;
    }
    Ok(())
}

/// Waits until the connection has room.
async fn writable(stream: &NetStream, inbox: &Inbox) -> Result<(), SocketEnd> {
    tokio::select! {
        biased;
        writable = stream.writable() => writable.map_err(|_| SocketEnd::Gone),
        reason = inbox.closed() => Err(reason.into()),
        () = sleep(SILENCE) => Err(SocketEnd::Gone),
    }
}

/// What the pending frame leads to; never, while there is none.
async fn done<F: Future + Unpin>(pending: &mut Option<F>) -> F::Output {
    match pending {
        Some(work) => work.await,
        None => std::future::pending().await,
    }
}

/// Waits for the client's next message. Holds no buffer while there is nothing to read.
async fn receive(stream: &NetStream, reader: &mut Reader) -> Result<Incoming, SocketEnd> {
    loop {
        // A client that never stops sending must not keep a thread to itself, nor a timeout from ending it.
        tokio::task::coop::consume_budget().await;
        match reader.take_message() {
            Ok(Some(incoming)) => return Ok(incoming),
            Ok(None) => reader.rest(),
            Err(fault) => return Err(SocketEnd::Failed(fault.code())),
        }
        stream.readable().await.map_err(|_| SocketEnd::Gone)?;
        reader.buffer().reserve(READ_AT_ONCE);
        match stream.try_read_buf(reader.buffer()) {
            Ok(0) => return Err(SocketEnd::Gone),
            Ok(_) => {}
            Err(cause) if cause.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => return Err(SocketEnd::Gone),
        }
    }
}

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod tests;
