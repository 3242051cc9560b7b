//! A command's view of the writer's transaction, and the numbers that it gives out.

use std::cell::Cell;
use std::ops::Deref;

use rusqlite::Connection;

use crate::chat::model::event::{Committed, Event};
use crate::chat::model::file::StorageName;
use crate::chat::model::id::{MessageId, Seq};
use crate::chat::model::time::Timestamp;

/// The server-wide sequence: what was given out, and whether its row is behind.
pub struct Sequence {
    pub last: i64,
    pub unwritten: bool,
    /// Messages up to this one are entered under their chats.
    pub indexed: i64,
    /// When something happened in a chat last.
    pub active: Cell<Timestamp>,
}

impl Sequence {
    /// What was given out since `last` came to nothing, and no row tells of it. Sockets are told the
    /// newest number all the same: the next commit writes it down, so that no later start gives it out again.
    pub fn skip_since(&mut self, last: i64) {
        self.unwritten |= self.last > last;
    }
}

/// A command's view of the writer's transaction. Reads go through `Deref`.
pub struct Tx<'a> {
    pub connection: &'a Connection,
    pub outbox: Committed,
    pub seq: &'a mut Sequence,
    /// One moment for all of the command.
    pub now: Timestamp,
    /// What the command changes is shown to nobody.
    pub is_unseen: bool,
}

impl Tx<'_> {
    /// Tells `event` to whom it concerns, if and after the command commits.
    pub fn publish(&mut self, event: Event) {
        self.outbox.events.push(event);
    }

    /// Erases a file from the disk, if and after the command commits.
    pub fn erase_file(&mut self, name: StorageName) {
        self.outbox.erased.push(name);
    }

    /// The next number of the server-wide sequence. A command that fails leaves a gap.
    pub fn next_seq(&mut self) -> Seq {
        self.seq.last += 1;
        self.seq.unwritten = true;
        Seq(self.seq.last)
    }

    /// The same for a message that is born with it: its row is all that needs to be
    /// written, and spares the commit a page.
    pub fn next_message(&mut self) -> MessageId {
        self.seq.last += 1;
        MessageId(self.seq.last)
    }

    /// Writes the newest number down although nothing takes a new one: the message that
    /// bore it goes without a trace, and its number must not be given out again.
    pub fn keep_numbers(&mut self) {
        self.seq.unwritten = true;
    }

    /// When a chat was active: now, but never before another chat was. By this time lists
    /// are ordered, and a clock that is set back must not put what is new below what is old.
    pub fn activity(&self) -> Timestamp {
        let active = self.seq.active.get().max(self.now);
        self.seq.active.set(active);
        active
    }

    /// The newest number given out.
    pub fn last_seq(&self) -> Seq {
        Seq(self.seq.last)
    }
}

impl Deref for Tx<'_> {
    type Target = Connection;
    fn deref(&self) -> &Connection {
        self.connection
    }
}
