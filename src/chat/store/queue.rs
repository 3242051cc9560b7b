//! The way to the writer: a bounded queue, and how long somebody waits in it.
//!
//! A command is begun or given up, whichever comes first, and never both: who was told
//! to come back knows that nothing was done.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use super::transaction::Tx;
use crate::chat::model::error::{Error, Result};
use crate::chat::model::gauges::{WriterGauges, WriterMeter};

/// Commands that may wait for the writer.
const MAX_QUEUE: usize = 4_096;
/// How long a caller waits until its command is begun, and is told "busy" then. What is
/// begun is waited for: nobody knows what comes of it before it ends.
pub(super) const MAX_WAIT: Duration = Duration::from_secs(2);

/// A handle on the writer's queue.
#[derive(Clone)]
pub(super) struct Writer {
    queue: mpsc::Sender<Command>,
    meter: Arc<WriterMeter>,
}

pub(super) enum Command {
    Run(Box<dyn Work>),
    LetGo(oneshot::Sender<()>),
    Close(oneshot::Sender<()>),
}

impl Writer {
    /// The two ends of the queue. Nothing is written until somebody serves it.
    pub fn new(meter: Arc<WriterMeter>) -> (Self, mpsc::Receiver<Command>) {
        let (queue, commands) = mpsc::channel(MAX_QUEUE);
        (Self { queue, meter }, commands)
    }

    pub async fn run<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        let (reply, mut answer) = oneshot::channel();
        let (ticket, until) = (CancelToken::default(), Instant::now() + MAX_WAIT);
        let (work, outcome) = (Some(work), Err(Error::Internal));
        let task = Task { work, outcome, reply: Some(reply), ticket: ticket.clone(), until };
        self.hand_over(Box::new(task), until).await?;
        let answered = match timeout_at(until, &mut answer).await {
            Ok(answered) => answered,
            Err(_) if ticket.take() => return Err(busy()),
            Err(_) => answer.await,
        };
        // Dropped by a writer that is closing: nothing was done if it was not begun.
        answered.unwrap_or_else(|_| Err(if ticket.take() { busy() } else { Error::Internal }))
    }

    async fn hand_over(&self, work: Box<dyn Work>, until: Instant) -> Result<()> {
        let place = timeout_at(until, self.queue.reserve()).await;
        let Ok(Ok(place)) = place else { return Err(busy()) };
        place.send(Command::Run(work));
        Ok(())
    }

    pub fn gauges(&self) -> WriterGauges {
        WriterGauges {
            waiting: self.queue.max_capacity() - self.queue.capacity(),
            failed: self.meter.failed.get(),
            batch: self.meter.batch.look(),
            time: self.meter.time.look(),
        }
    }

    /// Frees what the connection keeps, unless there is more to be done than that.
    pub async fn let_go(&self) {
        let (reply, done) = oneshot::channel();
        if self.queue.try_send(Command::LetGo(reply)).is_err() || done.await.is_err() {
            tracing::debug!("the writer is busy and keeps its pages");
        }
    }

    /// Whether the writer lives, and another program holds the database's lock.
    pub fn is_locked_out(&self) -> bool {
        self.meter.is_locked_out()
    }

    pub async fn close(&self) {
        let (reply, closed) = oneshot::channel();
        if self.queue.send(Command::Close(reply)).await.is_ok() && closed.await.is_err() {
            tracing::error!("the writer ended before it closed the database");
        }
    }
}

pub(super) fn busy() -> Error {
    Error::Busy { retry_after: MAX_WAIT }
}

/// The right to begin a command, or to give it up.
#[derive(Clone, Default)]
struct CancelToken(Arc<AtomicBool>);

impl CancelToken {
    /// `true` for the first who asks.
    fn take(&self) -> bool {
        !self.0.swap(true, Ordering::AcqRel)
    }

    fn is_taken(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// A command whose result type the thread need not know.
pub(super) trait Work: Send {
    /// Whether its caller waits no more: it was told that nothing was done.
    fn is_given_up(&self) -> bool;
    /// Whether it has waited as long as anybody does. Its caller may be gone, and then
    /// nobody gives it up.
    fn is_overdue(&self) -> bool;
    /// From here on it cannot be given up. `false`: it was.
    fn begins(&self) -> bool;
    /// Runs it and keeps the outcome. If it failed it is to be rolled back.
    fn run(&mut self, tx: &mut Tx<'_>) -> Result<()>;
    /// Replaces the outcome: what it did was undone.
    fn fail(&mut self, error: Error);
    /// Tells the caller.
    fn finish(self: Box<Self>);
}

struct Task<F, T> {
    work: Option<F>,
    outcome: Result<T>,
    reply: Option<oneshot::Sender<Result<T>>>,
    ticket: CancelToken,
    until: Instant,
}

impl<F, T> Work for Task<F, T>
where
    T: Send,
    F: FnOnce(&mut Tx<'_>) -> Result<T> + Send,
{
    fn is_given_up(&self) -> bool {
        self.ticket.is_taken()
    }

    fn is_overdue(&self) -> bool {
        Instant::now() >= self.until
    }

    fn begins(&self) -> bool {
        self.ticket.take()
    }

    fn run(&mut self, tx: &mut Tx<'_>) -> Result<()> {
        if let Some(work) = self.work.take() {
            // A panic is this command's alone: it must take neither the thread nor the batch with it.
            let run = catch_unwind(AssertUnwindSafe(|| work(tx)));
            self.outcome = run.unwrap_or_else(|_| {
                // Not its text, which may quote what somebody wrote; the panic's place is in the log already.
                tracing::error!("a write panicked");
                Err(Error::Internal)
            });
        }
        self.outcome.as_ref().map(drop).map_err(Clone::clone)
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

#[cfg(test)]
mod tests {
    use super::Writer;
    use crate::chat::model::error::Error;

    #[tokio::test]
    async fn what_a_closing_writer_did_not_begin_may_be_tried_again() {
        let (writer, commands) = Writer::new(Default::default());
        let (answer, ()) = tokio::join!(writer.run(|_| Ok(())), async { drop(commands) });
        assert!(matches!(answer, Err(Error::Busy { .. })), "{answer:?}");
    }
}
