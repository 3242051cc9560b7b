//! How the parts of the core are at one moment, in numbers.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// How long the writer's word that another program holds the lock is good. It says so anew
/// four times a second as long as anybody waits.
const LOCK_FRESH: Duration = Duration::from_secs(5);
/// Bounds of the number of commands in a commit.
const BATCH_BOUNDS: &[u64] = &[1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
/// Bounds of what a commit takes, in microseconds.
const COMMIT_BOUNDS: &[u64] =
    &[100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000];

/// How often something happened since the start.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    pub fn add(&self, times: u64) {
        self.0.fetch_add(times, Ordering::Relaxed);
    }

    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How often values up to each bound were seen. Recording one allocates and locks nothing.
#[derive(Debug)]
pub struct Histogram {
    bounds: &'static [u64],
    /// One for each bound, and one for what is above them all.
    counts: Box<[AtomicU64]>,
    sum: AtomicU64,
}

impl Histogram {
    /// Over these bounds, which ascend.
    pub fn new(bounds: &'static [u64]) -> Self {
        let counts = (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect();
        Self { bounds, counts, sum: AtomicU64::new(0) }
    }

    /// Counts a value.
    pub fn record(&self, value: u64) {
        let place = self.bounds.partition_point(|bound| *bound < value);
        if let Some(count) = self.counts.get(place) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    /// Counts a time, in microseconds.
    pub fn record_time(&self, time: Duration) {
        self.record(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    }

    /// What was counted so far.
    #[must_use]
    pub fn look(&self) -> Distribution {
        let counts = self.counts.iter().map(|count| count.load(Ordering::Relaxed)).collect();
        Distribution { bounds: self.bounds, counts, sum: self.sum.load(Ordering::Relaxed) }
    }
}

/// A histogram at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distribution {
    /// Upper bounds, each included.
    pub bounds: &'static [u64],
    /// How many values lie between a bound and the one before; the last is what is above them all.
    pub counts: Vec<u64>,
    /// All values together.
    pub sum: u64,
}

/// What the writer counts.
#[derive(Debug)]
pub(in crate::chat) struct WriterMeter {
    /// Transactions that came to nothing.
    pub failed: Counter,
    pub batch: Histogram,
    pub time: Histogram,
    locked_out: Mutex<Option<Instant>>,
}

impl Default for WriterMeter {
    fn default() -> Self {
        Self {
            failed: Counter::default(),
            batch: Histogram::new(BATCH_BOUNDS),
            time: Histogram::new(COMMIT_BOUNDS),
            locked_out: Mutex::default(),
        }
    }
}

impl WriterMeter {
    /// The writer tried just now, and another program holds the database's lock, or no more.
    pub fn note_lock(&self, is_locked_out: bool) {
        *self.locked_out.lock() = is_locked_out.then(Instant::now);
    }

    /// Whether the writer lives and another program keeps it from writing: it has said so
    /// itself, not long ago.
    pub fn is_locked_out(&self) -> bool {
        let noted = *self.locked_out.lock();
        noted.is_some_and(|at| at.elapsed() < LOCK_FRESH)
    }
}

/// What the readers count.
#[derive(Debug, Default)]
pub(in crate::chat) struct ReaderMeter {
    pub waits: Counter,
    pub waited_micros: Counter,
    pub refused: Counter,
}

/// What the hashing threads count.
#[derive(Debug, Default)]
pub(in crate::chat) struct HasherMeter {
    pub waiting: AtomicUsize,
    pub taken: Counter,
    pub refused: Counter,
}

#[derive(Clone, Debug)]
pub struct WriterGauges {
    /// Commands that wait for it.
    pub waiting: usize,
    /// Transactions that came to nothing, all of their commands with them.
    pub failed: u64,
    /// Commands in a transaction that was committed.
    pub batch: Distribution,
    /// Microseconds from a transaction's beginning to the end of its commit.
    pub time: Distribution,
}

/// How the reading connections are.
#[derive(Clone, Copy, Debug)]
pub struct ReaderGauges {
    /// Connections that are open.
    pub open: u32,
    /// Those of them that nobody uses.
    pub idle: u32,
    /// Reads that found none free.
    pub waits: u64,
    /// Microseconds that those waited in all.
    pub waited_micros: u64,
    /// Those that waited too long and were told "busy".
    pub refused: u64,
}

/// How the hashing of passwords is.
#[derive(Clone, Copy, Debug)]
pub struct HasherGauges {
    /// Passwords that wait for a thread.
    pub waiting: usize,
    /// Passwords that were taken.
    pub taken: u64,
    /// Passwords that found the queue full.
    pub refused: u64,
}

/// How the open sockets are served.
#[derive(Clone, Copy, Debug)]
pub struct HubGauges {
    /// Sockets with a place, from before they hear anything until they are gone.
    pub sockets: usize,
    /// Events that somebody was to hear of.
    pub events: u64,
    /// Those events, once for each socket that they were queued for.
    pub queued: u64,
}

/// What lies on the disk, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct DiskGauges {
    /// The database without its log.
    pub database: u64,
    /// The write-ahead log.
    pub log: u64,
    /// Uploaded files; up to a minute old.
    pub files: u64,
    /// What is left for this process.
    pub free: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::Histogram;

    #[test]
    fn a_value_is_counted_at_the_first_bound_that_holds_it() {
        let histogram = Histogram::new(&[1, 10, 100]);
        for value in [0, 1, 2, 10, 11, 100, 101, 5_000] {
            histogram.record(value);
        }
        let seen = histogram.look();
        assert_eq!(seen.counts, [2, 2, 2, 2]);
        assert_eq!(seen.sum, 5_225);
    }
}
