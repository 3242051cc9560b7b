//! The one thread that writes.
//!
//! Closures come through a bounded queue; what has queued runs in one transaction,
//! a savepoint for each, so that one sync of the disk serves them all. After the
//! commit its events go out in order, and only then do the callers hear. No
//! caller's future is on that path: a client that vanishes changes nothing.

use std::cell::Cell;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use rusqlite::Connection;
use tokio::sync::mpsc;

use super::checkpoint::{self, LOCK_TURN};
use super::db::release;
use super::queue::{Command, Work, Writer, busy};
use super::transaction::{Sequence, Tx};
use super::{by_chat, changes, chats, fault};
use crate::chat::model::error::{Error, OpenError, Result};
use crate::chat::model::event::Committed;
use crate::chat::model::gauges::WriterMeter;
use crate::chat::model::time::Clock;

/// Commands in one transaction.
const MAX_BATCH: usize = 512;

/// The exit status after a fault that leaves open what is on the disk: a sync that
/// failed must never be tried again on the same file (the kernel forgets the page).
const EXIT_DISK_FAULT: i32 = 4;

/// Gets what each commit leaves to be done.
type OnCommit = Box<dyn FnMut(Committed) + Send>;

/// What the writer's thread does, turn by turn.
pub(in crate::chat) struct WriterThread {
    connection: Connection,
    clock: Clock,
    on_commit: OnCommit,
    seq: Sequence,
    meter: Arc<WriterMeter>,
    commands: mpsc::Receiver<Command>,
    /// Messages that may wait to be entered under their chats.
    may_wait: i64,
    /// Runs the statements around a batch and around each command.
    frame: fn(&Connection, &str) -> rusqlite::Result<()>,
    /// Ends the process when the disk failed.
    stop: fn() -> !,
    /// Another program holds the file's lock, and that was told.
    is_locked_out: bool,
}

impl WriterThread {
    /// The handle on the queue, and the thread behind it, which is to be started.
    pub(super) fn new(
        mut connection: Connection,
        clock: Clock,
        may_wait: i64,
        on_commit: OnCommit,
    ) -> Result<(Writer, Self), OpenError> {
        let active = Cell::new(chats::newest_activity(&connection)?);
        let last = changes::newest(&connection)?.0;
        loop {
            let tx = connection.transaction()?;
            let may_be_more = by_chat::enter_piece(&tx, last, may_wait)?;
            tx.commit()?;
            if !may_be_more {
                break;
            }
        }
        connection.busy_timeout(LOCK_TURN)?;
        let seq = Sequence { last, unwritten: false, indexed: by_chat::indexed(&connection)?, active };
        let meter = Arc::new(WriterMeter::default());
        let (writer, commands) = Writer::new(Arc::clone(&meter));
        let (frame, is_locked_out) = (run_cached, false);
        Ok((writer, Self { connection, clock, on_commit, seq, meter, commands, may_wait, frame, stop, is_locked_out }))
    }

    /// Serves the queue on a thread of its own until it is closed.
    pub fn start(mut self) -> Result<(), OpenError> {
        std::thread::Builder::new()
            .name("writer".into())
            .spawn(move || self.serve())
            .map(drop)
            .map_err(OpenError::NoThread)
    }

    fn serve(&mut self) {
        let mut batch = Vec::with_capacity(MAX_BATCH);
        while let Some(first) = self.commands.blocking_recv() {
            if self.turn(first, MAX_BATCH, &mut batch).is_break() {
                return;
            }
        }
    }

    /// Runs `first` and what has queued behind it, `max` commands at most.
    fn turn(&mut self, first: Command, max: usize, batch: &mut Vec<Box<dyn Work>>) -> ControlFlow<()> {
        let mut next = Some(first);
        let mut closing = None;
        while let Some(command) = next.take() {
            match command {
                Command::Run(work) => batch.push(work),
                Command::LetGo(reply) => {
                    release(&self.connection);
                    if reply.send(()).is_err() {
                        tracing::debug!("nobody waited for the pages to be freed");
                    }
                }
                Command::Close(reply) => closing = Some(reply),
            }
            if batch.len() < max && closing.is_none() {
                next = self.commands.try_recv().ok();
            }
        }
        self.run(batch);
        let Some(reply) = closing else { return ControlFlow::Continue(()) };
        self.checkpoint();
        if reply.send(()).is_err() {
            tracing::debug!("nobody waited for the database to close");
        }
        ControlFlow::Break(())
    }

    /// One transaction for all of `batch`, then its events, then its callers.
    fn run(&mut self, batch: &mut Vec<Box<dyn Work>>) {
        let (begun, mut committed) = (Instant::now(), Committed::default());
        let is_there_work = self.begin(batch);
        if matches!(is_there_work, Ok(false)) {
            return;
        }
        let last = self.seq.last;
        match is_there_work.and_then(|_| self.transact(batch, &mut committed)) {
            Ok(()) => {
                self.meter.time.record_time(begun.elapsed());
                self.meter.batch.record(batch.len() as u64);
            }
            Err(error) => {
                self.stop_if_disk_failed();
                committed = Committed::default();
                self.meter.failed.add(1);
                self.undo(batch, &error);
                self.seq.skip_since(last);
            }
        }
        (self.on_commit)(committed);
        for work in batch.drain(..) {
            work.finish();
        }
        if let Err(cause) = checkpoint::checkpoint_if_long(&self.connection) {
            tracing::warn!(error = %Error::from(cause), "the log grows until there is room to checkpoint it");
            self.stop_if_disk_failed();
        }
    }

    /// Begins a transaction for those of `batch` who still wait. While another program holds
    /// the file, whoever has waited as long as anybody does is refused, and the rest waits on.
    /// `false`: nobody is left.
    fn begin(&mut self, batch: &mut Vec<Box<dyn Work>>) -> Result<bool> {
        loop {
            batch.retain(|work| !work.is_given_up());
            if batch.is_empty() {
                return Ok(false);
            }
            match self.execute("BEGIN IMMEDIATE") {
                Err(cause) if fault::is_locked(&cause) => {
                    self.meter.note_lock(true);
                    self.note_lock(true);
                    self.refuse_overdue(batch);
                }
                begun => {
                    begun?;
                    self.note_lock(false);
                    batch.retain(|work| work.begins());
                    return Ok(true);
                }
            }
        }
    }

    /// Tells that writing stands still, and that it goes on, once each.
    fn note_lock(&mut self, is_locked_out: bool) {
        match (self.is_locked_out, is_locked_out) {
            (false, true) => tracing::warn!("another program holds the database's lock: what is written waits for it"),
            (true, false) => {
                self.meter.note_lock(false);
                tracing::info!("the database's lock is free again");
            }
            _ => return,
        }
        self.is_locked_out = is_locked_out;
    }

    fn refuse_overdue(&self, batch: &mut Vec<Box<dyn Work>>) {
        let overdue: Vec<_> = batch.extract_if(.., |work| work.is_overdue()).collect();
        if !overdue.is_empty() {
            self.meter.failed.add(1);
        }
        for mut work in overdue {
            work.fail(busy());
            work.finish();
        }
    }

    fn transact(&mut self, batch: &mut [Box<dyn Work>], committed: &mut Committed) -> Result<()> {
        let now = self.clock.now();
        for work in batch.iter_mut() {
            let last = self.seq.last;
            self.execute("SAVEPOINT command")?;
            let changes = self.connection.total_changes();
            let (outbox, seq) = (Committed::default(), &mut self.seq);
            let mut tx = Tx { connection: &self.connection, outbox, seq, now, is_unseen: false };
            match work.run(&mut tx) {
                Ok(()) => {
                    let is_seen = !tx.is_unseen && tx.total_changes() != changes;
                    committed.is_untold |= tx.outbox.events.is_empty() && is_seen;
                    committed.events.append(&mut tx.outbox.events);
                    committed.erased.append(&mut tx.outbox.erased);
                }
                // On a full disk SQLite may undo the whole transaction by itself, and all of the batch with it.
                Err(error) if self.connection.is_autocommit() || fault::disk_failed() => return Err(error),
                Err(_) => {
                    self.execute("ROLLBACK TO command")?;
                    self.seq.skip_since(last);
                }
            }
            self.execute("RELEASE command")?;
        }
        let enters = self.seq.last - self.seq.indexed >= self.may_wait;
        // No number up to which messages are entered may be given out again after a crash.
        if self.seq.unwritten || enters {
            self.connection.prepare_cached("UPDATE sequence SET value = ?1")?.execute([self.seq.last])?;
        }
        if enters {
            by_chat::enter(&self.connection, self.seq.indexed, self.seq.last)?;
        }
        self.execute("COMMIT")?;
        self.seq.unwritten = false;
        if enters {
            self.seq.indexed = self.seq.last;
        }
        Ok(())
    }

    /// Nothing of the batch happened.
    fn undo(&self, batch: &mut [Box<dyn Work>], error: &Error) {
        if !self.connection.is_autocommit()
            && let Err(cause) = self.execute("ROLLBACK")
        {
            tracing::error!(%cause, "a failed transaction was not rolled back");
        }
        for work in batch {
            work.fail(error.clone());
        }
    }

    fn execute(&self, sql: &str) -> rusqlite::Result<()> {
        (self.frame)(&self.connection, sql)
    }

    fn checkpoint(&self) {
        if let Err(cause) = checkpoint::checkpoint_and_truncate(&self.connection) {
            tracing::warn!(%cause, "the last checkpoint failed; the next start will make up for it");
        }
    }

    /// What is on the disk after a failed write or sync is unknown, and only a new start
    /// reads it anew.
    fn stop_if_disk_failed(&self) {
        if fault::disk_failed() {
            tracing::error!("the disk failed; stopping, since what is stored is unknown");
            (self.stop)();
        }
    }
}

fn run_cached(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(drop)
}

fn stop() -> ! {
    crate::log_queue::flush();
    std::process::exit(EXIT_DISK_FAULT)
}

#[cfg(test)]
mod simulated {
    use super::WriterThread;
    use rusqlite::Connection;

    impl WriterThread {
        /// One turn here and now, for a simulation that is the thread. `false`: nothing had queued.
        pub fn step(&mut self, max: usize) -> bool {
            let Ok(first) = self.commands.try_recv() else { return false };
            self.turn(first, max, &mut Vec::new()).is_continue()
        }

        pub(in crate::chat::store) fn connection(&self) -> &Connection {
            &self.connection
        }

        /// Has somebody else run the statements around a batch, and end the process.
        pub(in crate::chat::store) fn stands_on(
            &mut self,
            frame: fn(&Connection, &str) -> rusqlite::Result<()>,
            stop: fn() -> !,
        ) {
            (self.frame, self.stop) = (frame, stop);
        }
    }
}
