//! The way out of a serving process for its log and its start-up facts: a bounded buffer
//! each, and a thread that empties it.
//!
//! Whoever reports only appends to the buffer. A full disk, a pipe without a reader or with
//! one that has stopped fails or blocks that thread alone: lines are lost, counted, and the
//! loss is logged when lines get through again. `tracing-appender`'s lossy writer bounds
//! lines and not bytes and leaves telling the loss to its user, so little would be saved.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use tracing_subscriber::fmt::MakeWriter;

/// Bytes that may wait to be written. A line that does not fit is lost.
const MAX_WAITING: usize = 1024 * 1024;
/// How long the end of the process waits for what is still to be written.
const FLUSH_WITHIN: Duration = Duration::from_secs(1);
/// The log is written once in so long at most: each line alone would wake the thread, and be a call of its own.
const PAUSE: Duration = Duration::from_millis(5);
/// How long to wait before a descriptor that somebody made non-blocking is tried again.
const RETRY: Duration = Duration::from_millis(50);

static LOG: OnceLock<Queue> = OnceLock::new();
static FACTS: OnceLock<Queue> = OnceLock::new();

/// From now on the log goes to standard error, and facts to standard output, each through
/// a queue.
pub fn start() -> io::Result<Queue> {
    // Descriptors of their own: the locks of the standard streams must not be held by a
    // write that never ends.
    let (log, facts) = (io::stderr().as_fd().try_clone_to_owned()?, io::stdout().as_fd().try_clone_to_owned()?);
    let (log, facts) = (Queue::start("log", log.into(), PAUSE)?, Queue::start("facts", facts.into(), Duration::ZERO)?);
    FACTS.get_or_init(|| facts);
    Ok(LOG.get_or_init(|| log).clone())
}

/// Where the log goes, once it has been started.
pub fn log() -> Option<&'static Queue> {
    LOG.get()
}

/// Where facts go, once that has been started.
pub fn facts() -> Option<&'static Queue> {
    FACTS.get()
}

/// Lines of the log that were lost so far.
pub fn lost() -> u64 {
    LOG.get().map_or(0, Queue::lost)
}

/// Waits until everything is written, but not for long: whoever ends the process calls it.
pub fn flush() {
    FACTS.get().into_iter().chain(LOG.get()).for_each(Queue::flush);
}

/// Lines on their way to one descriptor. Cloning shares it.
#[derive(Clone)]
pub struct Queue(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    lost: AtomicU64,
}

#[derive(Default)]
struct State {
    waiting: Vec<u8>,
    is_writing: bool,
}

impl Queue {
    fn start(name: &str, to: File, pause: Duration) -> io::Result<Self> {
        let queue = Self(Arc::default());
        let writer = queue.clone();
        std::thread::Builder::new().name(name.to_owned()).spawn(move || writer.write_to(to, pause))?;
        Ok(queue)
    }

    /// Appends a line, which ends in a line break. Never blocks, never fails.
    pub fn push(&self, line: &[u8]) {
        let mut state = self.0.state.lock();
        if state.waiting.len() + line.len() > MAX_WAITING {
            drop(state);
            self.0.lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        state.waiting.extend_from_slice(line);
        drop(state);
        self.0.changed.notify_all();
    }

    fn lost(&self) -> u64 {
        self.0.lost.load(Ordering::Relaxed)
    }

    fn flush(&self) {
        let is_busy = |state: &mut State| state.is_writing || !state.waiting.is_empty();
        self.0.changed.wait_while_for(&mut self.0.state.lock(), is_busy, FLUSH_WITHIN);
    }

    fn write_to(&self, mut to: File, pause: Duration) {
        let (mut is_torn, mut told) = (false, 0);
        loop {
            let batch = self.take();
            let failed = put(&mut to, batch, &mut is_torn);
            let lost = self.0.lost.fetch_add(failed, Ordering::Relaxed) + failed;
            if failed == 0 && lost > told {
                tracing::warn!(target: "log", lines = lost - told, "lines of the log were lost");
                told = lost;
            }
            self.0.state.lock().is_writing = false;
            self.0.changed.notify_all();
            std::thread::sleep(pause);
        }
    }

    /// All that waits, as soon as something does.
    fn take(&self) -> Vec<u8> {
        let is_empty = |state: &mut State| state.waiting.is_empty();
        let mut state = self.0.state.lock();
        self.0.changed.wait_while(&mut state, is_empty);
        state.is_writing = true;
        std::mem::take(&mut state.waiting)
    }
}

/// An event is formatted whole and written at once: it is never an error, since the
/// subscriber would print that to standard error, and panic where that fails too.
impl Write for &Queue {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Queue {
    type Writer = &'a Self;
    fn make_writer(&'a self) -> &'a Self {
        self
    }
}

/// Writes a batch; returns how many of its lines were not written whole. `is_torn`: the
/// last line that was begun has no end yet.
fn put(to: &mut File, mut batch: Vec<u8>, is_torn: &mut bool) -> u64 {
    if *is_torn {
        batch.insert(0, b'\n');
    }
    let mut rest = batch.as_slice();
    while !rest.is_empty() {
        match to.write(rest) {
            Ok(written) if written > 0 => {
                *is_torn = rest[written - 1] != b'\n';
                rest = &rest[written..];
            }
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
            Err(cause) if cause.kind() == io::ErrorKind::WouldBlock => std::thread::sleep(RETRY),
            Ok(_) | Err(_) => return lines(rest.strip_prefix(b"\n").unwrap_or(rest)),
        }
    }
    0
}

fn lines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}

#[cfg(test)]
mod tests {
    use std::fmt;
    use std::fs::File;
    use std::io::Read;
    use std::time::Duration;

    use super::{MAX_WAITING, Queue, put};

    #[test]
    fn what_does_not_fit_is_counted_and_the_rest_arrives_in_order() {
        let (mut reader, writer) = std::io::pipe().expect("a pipe");
        let queue = Queue(std::sync::Arc::default());
        let line = [b"x".repeat(1023), b"\n".to_vec()].concat();
        (0..MAX_WAITING / 1024 + 7).for_each(|_| queue.push(&line));
        assert_eq!(queue.lost(), 7);
        let reading = std::thread::spawn(move || {
            let mut read = vec![0; MAX_WAITING];
            reader.read_exact(&mut read).expect("all of it");
            read
        });
        let writing = queue.clone();
        let to = File::from(std::os::fd::OwnedFd::from(writer));
        std::thread::spawn(move || writing.write_to(to, Duration::from_millis(1)));
        assert_eq!(reading.join().expect("read"), line.repeat(MAX_WAITING / 1024));
        queue.flush();
        assert!(queue.0.state.lock().waiting.is_empty());
    }

    #[cfg(target_os = "linux")] // elsewhere there is no such device
    #[test]
    fn a_full_disk_costs_lines_and_nothing_else() {
        let mut full = File::options().write(true).open("/dev/full").expect("a full disk");
        let mut is_torn = true;
        assert_eq!(put(&mut full, b"one\ntwo\n".to_vec(), &mut is_torn), 2);
        assert!(is_torn, "the line before still has no end");
    }

    struct Panics;
    impl fmt::Display for Panics {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("while it is logged")
        }
    }

    #[test]
    fn a_panic_while_logging_ends_only_what_panicked() {
        let queue = Queue(std::sync::Arc::default());
        let subscriber = tracing_subscriber::fmt().with_writer(queue.clone()).finish();
        let logging = std::thread::spawn(move || {
            tracing::subscriber::with_default(subscriber, || {
                let panicked = std::panic::catch_unwind(|| tracing::info!(what = %Panics, "never seen"));
                tracing::info!("and on it goes");
                panicked.is_err()
            })
        });
        assert!(logging.join().expect("the thread goes on"));
        assert!(String::from_utf8_lossy(&queue.0.state.lock().waiting).contains("and on it goes"));
    }
}
