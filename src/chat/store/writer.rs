//! The one thread that writes.
//!
//! Closures come through a bounded queue; what has queued runs in one transaction,
//! a savepoint for each, so that one sync of the disk serves them all. After the
//! commit its events go out in order, and only then do the callers hear. No
//! caller's future is on that path: a client that vanishes changes nothing.

use std::any::Any;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::super::OpenError;
use super::super::error::{Error, Result};
use super::super::event::Event;
use super::super::file::StorageName;
use super::super::id::{MessageId, Seq};
use super::super::time::{Clock, Timestamp};

/// Commands that may wait for the writer.
const MAX_QUEUE: usize = 4_096;
/// How long a caller waits for a place in the queue before it is told "busy".
const MAX_WAIT: Duration = Duration::from_secs(2);
/// Commands in one transaction.
const MAX_BATCH: usize = 512;
/// The exit status after a fault that leaves open what is on the disk: a sync that
/// failed must never be tried again on the same file (the kernel forgets the page).
const EXIT_DISK_FAULT: i32 = 4;

/// What a commit leaves to be done, in order.
#[derive(Default)]
pub(in crate::chat) struct Committed {
    /// To be published.
    pub events: Vec<Event>,
    /// Files to be erased from the disk.
    pub erased: Vec<StorageName>,
}

/// Gets what each commit leaves to be done.
type OnCommit = Box<dyn FnMut(Committed) + Send>;

/// The server-wide sequence: what was given out, and whether its row is behind.
struct Sequence {
    last: i64,
    unwritten: bool,
}

/// A command's view of the writer's transaction. Reads go through `Deref`.
pub(in crate::chat) struct Tx<'a> {
    connection: &'a Connection,
    outbox: Committed,
    seq: &'a mut Sequence,
    /// One moment for all of the command.
    pub now: Timestamp,
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

/// A handle on the writer's queue.
#[derive(Clone)]
pub(super) struct Writer {
    queue: mpsc::Sender<Command>,
}

enum Command {
    Run(Box<dyn Work>),
    Close(oneshot::Sender<()>),
}

impl Writer {
    pub fn start(connection: Connection, clock: Clock, on_commit: OnCommit) -> Result<Self, OpenError> {
        let seq = Sequence { last: super::changes::newest(&connection)?.0, unwritten: false };
        let (queue, commands) = mpsc::channel(MAX_QUEUE);
        let mut thread = WriterThread { connection, clock, on_commit, seq };
        std::thread::Builder::new()
            .name("writer".into())
            .spawn(move || thread.serve(commands))
            .map_err(|cause| OpenError::Damaged(format!("no thread for the writer: {cause}")))?;
        Ok(Self { queue })
    }

    pub async fn run<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let task = Box::new(Task { work: Some(work), outcome: Err(Error::Internal), reply: Some(reply) });
        let place = tokio::time::timeout(MAX_WAIT, self.queue.reserve()).await;
        match place {
            Ok(Ok(place)) => place.send(Command::Run(task)),
            Ok(Err(_)) | Err(_) => return Err(Error::Busy { retry_after: MAX_WAIT }),
        }
        answer.await.unwrap_or(Err(Error::Internal))
    }

    pub async fn close(&self) {
        let (reply, closed) = oneshot::channel();
        if self.queue.send(Command::Close(reply)).await.is_ok() && closed.await.is_err() {
            tracing::error!("the writer ended before it closed the database");
        }
    }
}

/// A command whose result type the thread need not know.
trait Work: Send {
    /// Runs it and keeps the outcome. `false`: it failed and is to be rolled back.
    fn run(&mut self, tx: &mut Tx<'_>) -> bool;
    /// Replaces the outcome: what it did was undone.
    fn fail(&mut self, error: Error);
    /// Tells the caller.
    fn finish(self: Box<Self>);
}

struct Task<F, T> {
    work: Option<F>,
    outcome: Result<T>,
    reply: Option<oneshot::Sender<Result<T>>>,
}

impl<F, T> Work for Task<F, T>
where
    T: Send,
    F: FnOnce(&mut Tx<'_>) -> Result<T> + Send,
{
    fn run(&mut self, tx: &mut Tx<'_>) -> bool {
        if let Some(work) = self.work.take() {
            // A panic is this command's alone: it must take neither the thread nor the batch with it.
            let run = catch_unwind(AssertUnwindSafe(|| work(tx)));
            self.outcome = run.unwrap_or_else(|panic| {
                tracing::error!(panic = panic_text(panic.as_ref()), "a write panicked");
                Err(Error::Internal)
            });
        }
        self.outcome.is_ok()
    }

    fn fail(&mut self, error: Error) {
        self.outcome = Err(error);
    }

    fn finish(mut self: Box<Self>) {
        if let Some(reply) = self.reply.take() {
            // The caller may be gone; that is its right.
            drop(reply.send(self.outcome));
        }
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("")
}

struct WriterThread {
    connection: Connection,
    clock: Clock,
    on_commit: OnCommit,
    seq: Sequence,
}

impl WriterThread {
    fn serve(&mut self, mut commands: mpsc::Receiver<Command>) {
        let mut batch = Vec::with_capacity(MAX_BATCH);
        while let Some(first) = commands.blocking_recv() {
            let mut next = Some(first);
            let mut closing = None;
            while let Some(command) = next.take() {
                match command {
                    Command::Run(work) => batch.push(work),
                    Command::Close(reply) => closing = Some(reply),
                }
                if batch.len() < MAX_BATCH && closing.is_none() {
                    next = commands.try_recv().ok();
                }
            }
            self.run(&mut batch);
            if let Some(reply) = closing {
                self.checkpoint();
                if reply.send(()).is_err() {
                    tracing::debug!("nobody waited for the database to close");
                }
                return;
            }
        }
    }

    /// One transaction for all of `batch`, then its events, then its callers.
    fn run(&mut self, batch: &mut Vec<Box<dyn Work>>) {
        if batch.is_empty() {
            return;
        }
        let mut committed = Committed::default();
        if let Err(cause) = self.transact(batch, &mut committed) {
            committed = Committed::default();
            self.undo(batch, cause);
        }
        (self.on_commit)(committed);
        for work in batch.drain(..) {
            work.finish();
        }
    }

    fn transact(&mut self, batch: &mut [Box<dyn Work>], committed: &mut Committed) -> rusqlite::Result<()> {
        self.execute("BEGIN IMMEDIATE")?;
        let now = self.clock.now();
        for work in batch.iter_mut() {
            self.execute("SAVEPOINT command")?;
            let mut tx = Tx { connection: &self.connection, outbox: Committed::default(), seq: &mut self.seq, now };
            if work.run(&mut tx) {
                committed.events.append(&mut tx.outbox.events);
                committed.erased.append(&mut tx.outbox.erased);
            } else {
                // On a full disk SQLite may have undone the whole transaction by itself: then this fails,
                // and so does all of the batch.
                self.execute("ROLLBACK TO command")?;
            }
            self.execute("RELEASE command")?;
        }
        if self.seq.unwritten {
            self.connection.prepare_cached("UPDATE sequence SET value = ?1")?.execute([self.seq.last])?;
        }
        self.execute("COMMIT")?;
        self.seq.unwritten = false;
        Ok(())
    }

    /// Nothing of the batch happened. Whether that is passing or the end is in the cause.
    fn undo(&self, batch: &mut [Box<dyn Work>], cause: rusqlite::Error) {
        let disk_fault = cause.sqlite_error_code() == Some(rusqlite::ErrorCode::SystemIoFailure);
        let error = Error::from(cause);
        if disk_fault {
            tracing::error!("the disk failed while committing; stopping, since what is stored is unknown");
            std::process::exit(EXIT_DISK_FAULT);
        }
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
        self.connection.prepare_cached(sql)?.execute([]).map(drop)
    }

    /// Folds the log into the database, so that a copy of the file is the whole of it.
    fn checkpoint(&self) {
        let folded = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        if let Err(cause) = folded {
            tracing::warn!(%cause, "the last checkpoint failed; the next start will make up for it");
        }
    }
}
