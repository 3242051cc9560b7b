//! Memory that is not needed any more, given back to the system.
//!
//! **What a crowd took.** The C library's allocator keeps what is freed for as long as
//! anything stays above it, and something always does: 5,000 connections that were gone
//! held 76 MiB for ever. It gives the pages back when it is asked to.
//!
//! **What was done a while ago.** Memory for passwords, pages of the database and of chats,
//! compiled statements: all are kept for the next who comes. When nobody has come for a while
//! and the process holds more than it did, they go.
//!
//! **What the start needed.** Most of the program runs once or never, but the system maps
//! its file in large pieces around whatever runs: 9 MiB of code, where 1 does the work.
//! They are the file's own pages, so to let go of them loses nothing: those that are
//! needed again are mapped again.
//!
//! To ask for either is a call that the compiler cannot look into, and there are no
//! others.

#[cfg(any(target_os = "linux", test))]
use std::ops::Range;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use tokio::time::interval;

use super::connection_limit::ConnectionLimit;
use crate::api::http::metrics::process::resident_bytes;
use crate::chat::App;

/// How often it looks whether a crowd has left.
const EVERY: Duration = Duration::from_secs(10);
/// Less work than this in that time is a quiet one.
const QUIET: Duration = Duration::from_millis(500);
/// So much more than when it gave back last is worth it.
const WORTH_BYTES: u64 = 1024 * 1024;

/// Looks after it as long as the server runs.
pub(super) async fn give_back(app: App, connections: ConnectionLimit) {
    let mut turns = interval(EVERY);
    // Once now, and once more when what is done in the first seconds is done.
    for _ in 0..2 {
        turns.tick().await;
        let_go_of_start();
    }
    let mut worked = cpu_time();
    let mut held = resident_bytes();
    loop {
        turns.tick().await;
        let is_quiet = cpu_time().saturating_sub(std::mem::replace(&mut worked, cpu_time())) < QUIET;
        let has_grown = resident_bytes() > held.map(|held| held + WORTH_BYTES);
        let given = match (is_quiet && has_grown, connections.has_crowd_left()) {
            (true, _) => {
                app.let_go_of_caches().await;
                tokio::task::spawn_blocking(let_go).await
            }
            (false, true) => tokio::task::spawn_blocking(trim).await,
            (false, false) => continue,
        };
        if given.is_err() {
            tracing::warn!("memory was not given back");
        }
        held = resident_bytes();
    }
}

/// What all threads have worked since the start.
fn cpu_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).unwrap_or_default()
}

fn let_go() {
    trim();
    let_go_of_start();
}

fn let_go_of_start() {
    #[cfg(target_os = "linux")]
    {
        // A system without this file keeps the pages, and nothing else is lost.
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
        for pages in maps.lines().filter_map(unwritten) {
            system::let_go(pages);
        }
    }
}

/// The pages of one line of that file, if they are a file's and nobody can have written to
/// them: code, and the constants before it. Other read-only pages hold addresses that were
/// filled in at the start.
#[cfg(any(target_os = "linux", test))]
fn unwritten(stream: &str) -> Option<Range<usize>> {
    let mut fields = stream.split_ascii_whitespace();
    let (range, rights, offset) = (fields.next()?, fields.next()?, fields.next()?);
    let is_file = fields.nth(2)?.starts_with('/');
    let is_code = rights == "r-xp";
    let are_constants = rights == "r--p" && offset.bytes().all(|digit| digit == b'0');
    let (start, end) = range.split_once('-')?;
    let pages = usize::from_str_radix(start, 16).ok()?..usize::from_str_radix(end, 16).ok()?;
    (is_file && (is_code || are_constants)).then_some(pages)
}

#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "the system's own function, for pages that come back from the file as they were")]
mod system {
    use std::ffi::c_int;
    use std::ops::Range;

    const DONT_NEED: c_int = 4;

    unsafe extern "C" {
        fn madvise(start: usize, bytes: usize, advice: c_int) -> c_int;
    }

    /// Lets go of pages that [`unwritten`](super::unwritten) found.
    pub fn let_go(pages: Range<usize>) {
        // SAFETY: they map a file and nobody has written to them, so that what is read there is the same after it.
        let is_done = unsafe { madvise(pages.start, pages.len(), DONT_NEED) } == 0;
        tracing::trace!(?pages, is_done, "let go");
    }
}

#[cfg(target_env = "gnu")]
#[expect(unsafe_code, reason = "the C library's own function: it takes a number and is safe to call at any time")]
mod allocator {
    unsafe extern "C" {
        /// Gives back whole pages in which nothing is left, but for so many bytes.
        pub safe fn malloc_trim(but_for: usize) -> std::ffi::c_int;
    }
}

/// Other C libraries have no such function, and keep less.
fn trim() {
    #[cfg(target_env = "gnu")]
    {
        let begun = std::time::Instant::now();
        let has_given = allocator::malloc_trim(0) == 1;
        tracing::debug!(has_given, took = ?begun.elapsed(), "a crowd has left");
    }
}

#[cfg(test)]
mod tests {
    use super::unwritten;

    #[test]
    fn what_may_have_been_written_to_stays() {
        let code = "55b3c35dd000-55b3c3f89000 r-xp 003fc000 fe:00 5327200                    /opt/a b/fireside";
        assert_eq!(unwritten(code), Some(0x55b3_c35d_d000..0x55b3_c3f8_9000));
        let constants = "55b3c31e0000-55b3c35dd000 r--p 00000000 fe:00 5327200  /opt/fireside";
        assert_eq!(unwritten(constants), Some(0x55b3_c31e_0000..0x55b3_c35d_d000));
        for other in [
            "55b3c3f89000-55b3c4011000 r--p 00da7000 fe:00 5327200  /opt/fireside",
            "55b3c4011000-55b3c4016000 rw-p 00e2f000 fe:00 5327200  /opt/fireside",
            "55b40107d000-55b40112a000 rw-p 00000000 00:00 0  [heap]",
            "7ffd1a5f6000-7ffd1a5f8000 r-xp 00000000 00:00 0  [vdso]",
            "7f14c8311000-7f14c8312000 r-xp 00000000 00:00 0",
            "7f14c8311000-7f14c8312000 r-xs 00000000 fe:00 1  /opt/shared",
            "nonsense",
            "",
        ] {
            assert_eq!(unwritten(other), None, "{other}");
        }
    }
}
