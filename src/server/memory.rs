//! Memory that a crowd of connections took, given back to the system when it has left.
//!
//! The C library's allocator keeps what is freed for as long as anything stays above it,
//! and something always does: 5,000 connections that were gone held 76 MiB for ever. It
//! gives the pages back when it is asked to, and to ask is the one call here that the
//! compiler cannot look into.

use std::time::Duration;

use tokio::time::interval;

use super::gate::Gate;

/// How often it looks whether a crowd has left.
const EVERY: Duration = Duration::from_secs(10);

/// Looks after it as long as the server runs.
pub(super) async fn give_back_after_crowds(gate: Gate) {
    let mut turns = interval(EVERY);
    loop {
        turns.tick().await;
        if gate.has_crowd_left() && tokio::task::spawn_blocking(give_back).await.is_err() {
            tracing::warn!("memory was not given back");
        }
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
fn give_back() {
    #[cfg(target_env = "gnu")]
    {
        let begun = std::time::Instant::now();
        let has_given = allocator::malloc_trim(0) == 1;
        tracing::debug!(has_given, took = ?begun.elapsed(), "a crowd has left");
    }
}
