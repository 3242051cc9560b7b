//! The writing half of a socket, which is everybody's.
//!
//! Who publishes an event writes it to the sockets it concerns, then and there: to wake a
//! thousand tasks for it would cost more than the writing. A socket's own task comes in
//! where that is not enough: the connection takes no more just now, or a frame has to be
//! made from the database. Frames are written under one lock, so none is cut by another.

use std::io::{self, IoSlice};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::{Buf, Bytes};
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::frame;
use super::open::OpenSocket;
use super::socket::{Audience, Codec};
use crate::api::http::stream::NetStream;
use crate::chat::{Broadcast, Inbox, Sink};

/// Frames sent with one write.
const MAX_WRITTEN_AT_ONCE: usize = 64;

/// One socket's connection, and what goes out over it.
pub(in crate::api) struct SocketWriter<C> {
    pub stream: NetStream,
    pub codec: C,
    pub inbox: Inbox,
    pub open: OpenSocket,
    /// Where its dialect's frames stand beside an event.
    slot: usize,
    out: Mutex<Unsent>,
    /// Wakes the socket's task: something is left to it.
    care: Notify,
}

#[derive(Default)]
struct Unsent {
    /// The past was told, and events go out as they come.
    is_live: bool,
    /// Frames that the connection had no room for; the first may be half out.
    unsent: Vec<Bytes>,
    /// An event that the task is to make frames of.
    own: Option<Arc<Broadcast>>,
    /// A frame could not be made: nothing more goes out, and the task closes the socket.
    has_panicked: bool,
}

/// Why nothing more can be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::api) enum Lost {
    /// The connection is gone.
    Gone,
    /// A frame could not be made.
    Panicked,
}

impl From<io::Error> for Lost {
    fn from(_: io::Error) -> Self {
        Self::Gone
    }
}

impl<C: Codec> SocketWriter<C> {
    pub fn new(stream: NetStream, codec: C, inbox: Inbox, slot: usize, open: OpenSocket) -> Self {
        Self { stream, codec, inbox, slot, open, out: Mutex::default(), care: Notify::new() }
    }

    /// What queues from here on goes out at once; the caller sends what has queued.
    pub fn go_live(&self) {
        self.out.lock().is_live = true;
        self.care.notify_one();
    }

    /// Resolves when the task has to send what others could not.
    pub async fn needs_care(&self) {
        self.care.notified().await;
    }

    /// For the task: writes these frames behind what is unsent, and then what has queued.
    /// `false`: the connection has no room, and this is to be called again when it has.
    pub fn send(&self, frames: Vec<Bytes>) -> Result<bool, Lost> {
        self.open.sent(frames.len());
        self.open.shows_out(&frames);
        self.out.lock().unsent.extend(frames);
        loop {
            let mut out = self.out.lock();
            if out.has_panicked {
                return Err(Lost::Panicked);
            }
            if let Some(event) = out.own.clone() {
                drop(out);
                // The database is asked without the lock; what queues meanwhile waits behind this event.
                let view = self.codec.view(&event, self.slot);
                out = self.out.lock();
                out.own = None;
                self.open.sent(view.len());
                view.iter().for_each(|text| self.open.shows(false, text));
                out.unsent.extend(view.iter().map(|text| frame::text(text)));
            }
            if !self.write_out(&mut out)? {
                return Ok(false);
            }
            let (is_live, has_own) = (out.is_live, out.own.is_some());
            drop(out);
            // Whoever found the line taken left its events in the queue, so that is looked at last.
            if !has_own && (!is_live || self.inbox.is_empty()) {
                return Ok(true);
            }
        }
    }

    /// The end of writing: the frame that is half out, which has to be whole before
    /// anything else can be said. What stands behind it was never said.
    pub fn hang_up(&self) -> Vec<Bytes> {
        let mut out = self.out.lock();
        out.is_live = false;
        let mut unsent = std::mem::take(&mut out.unsent);
        unsent.truncate(1);
        unsent
    }

    /// Writes what is unsent and then, while the line is live, what has queued, up to an event
    /// that is the task's. `false`: there was no room for all of it.
    fn write_out(&self, out: &mut Unsent) -> io::Result<bool> {
        loop {
            if !write(&self.stream, &mut out.unsent)? {
                return Ok(false);
            }
            if !out.is_live || out.own.is_some() {
                return Ok(true);
            }
            self.take_queued(out);
            if out.unsent.is_empty() {
                return Ok(true);
            }
        }
    }

    fn take_queued(&self, out: &mut Unsent) {
        let before = out.unsent.len();
        while out.unsent.len() < MAX_WRITTEN_AT_ONCE
            && let Some(event) = self.inbox.take()
        {
            match self.codec.hears(event.event()) {
                Audience::Not => {}
                Audience::Shared => {
                    out.unsent.extend(
                        event.frame(self.slot, |event| {
                            C::encode(event, self.open.base()).map(|text| frame::text(&text))
                        }),
                    );
                }
                Audience::Own => {
                    out.own = Some(event);
                    break;
                }
            }
        }
        self.open.sent(out.unsent.len() - before);
        self.open.shows_out(&out.unsent[before..]);
    }
}

impl<C: Codec> Sink for SocketWriter<C> {
    fn flush(&self) {
        // Taken: whoever has it looks into the queue once more when it lets go.
        let Some(mut out) = self.out.try_lock() else { return };
        if !out.is_live || !out.unsent.is_empty() || out.own.is_some() || out.has_panicked {
            // The task is at it already.
            return;
        }
        // Who publishes is the writer, or somebody else's request: a panic here must not be theirs.
        let written = catch_unwind(AssertUnwindSafe(|| self.write_out(&mut out)));
        out.has_panicked = written.is_err();
        let is_all_out = matches!(written, Ok(Ok(true))) && out.own.is_none();
        drop(out);
        if !is_all_out || !self.inbox.is_empty() {
            self.care.notify_one();
        }
    }
}

/// Writes frames and takes what was written out of the list. `false`: there was no room
/// for all of them, or for what TLS made of them.
fn write(stream: &NetStream, frames: &mut Vec<Bytes>) -> io::Result<bool> {
    while !frames.is_empty() || stream.has_unsent() {
        let written = match frames.as_slice() {
            [] => stream.try_write(&[]),
            [only] => stream.try_write(only),
            several => {
                let slices: Vec<IoSlice<'_>> = several.iter().map(|frame| IoSlice::new(frame)).collect();
                stream.try_write_vectored(&slices)
            }
        };
        match written {
            Ok(written) => take_out(frames, written),
            Err(cause) if cause.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            Err(cause) => return Err(cause),
        }
    }
    Ok(true)
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
