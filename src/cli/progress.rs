//! A line that grows while somebody waits, if a terminal shows it.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// How often it is drawn at most.
const EVERY: Duration = Duration::from_millis(100);
/// Characters of a full one.
const WIDTH: u64 = 30;

pub(super) struct ProgressBar {
    what: &'static str,
    is_seen: bool,
    drawn: Option<Instant>,
}

impl ProgressBar {
    pub fn new(what: &'static str) -> Self {
        Self { what, is_seen: std::io::stderr().is_terminal(), drawn: None }
    }

    /// So much of all.
    pub fn show(&mut self, done: u64, all: u64) {
        if !self.is_seen || self.drawn.is_some_and(|drawn| drawn.elapsed() < EVERY) {
            return;
        }
        self.drawn = Some(Instant::now());
        let parts = usize::try_from(done.saturating_mul(WIDTH) / all.max(1)).unwrap_or(0);
        let percent = done.saturating_mul(100) / all.max(1);
        self.put(&format!("\r{} [{:<30}] {percent:>3} %", self.what, "#".repeat(parts)));
    }

    fn put(&self, text: &str) {
        // A terminal that went away shows nothing, which harms nothing.
        drop(std::io::stderr().write_all(text.as_bytes()));
    }
}

impl Drop for ProgressBar {
    fn drop(&mut self) {
        if self.drawn.is_some() {
            self.put("\r\x1b[K");
        }
    }
}
