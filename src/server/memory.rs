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
//! To ask the allocator is a call that the compiler cannot look into, and there is no other.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use tokio::time::interval;

use super::connection_limit::ConnectionLimit;
use super::current::Current;
use crate::api::http::metrics::process::resident_bytes;

/// How often it looks whether a crowd has left.
const EVERY: Duration = Duration::from_secs(10);
/// Less work than this in that time is a quiet one.
const QUIET: Duration = Duration::from_millis(500);
/// So much more than when it gave back last is worth it.
const WORTH_BYTES: u64 = 1024 * 1024;

/// Looks after it as long as the server runs.
pub(super) async fn give_back(current: Current, connections: ConnectionLimit) {
    let mut turns = interval(EVERY);
    turns.tick().await;
    let mut worked = Duration::ZERO;
    let mut held = resident_bytes();
    loop {
        turns.tick().await;
        let is_quiet = cpu_time().saturating_sub(std::mem::replace(&mut worked, cpu_time())) < QUIET;
        let has_grown = resident_bytes() > held.map(|held| held + WORTH_BYTES);
        let given = match (is_quiet && has_grown, connections.has_crowd_left()) {
            (true, _) => {
                current.get().context().app.let_go_of_caches().await;
                tokio::task::spawn_blocking(trim).await
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
