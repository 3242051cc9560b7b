//! What the benches share: the server under load, its users and rooms, and a
//! WebSocket client cheap enough to leave the processor to the server.

#![allow(dead_code, reason = "no bench uses all of it")]

pub mod bare;
pub mod counter;
pub mod http;
pub mod line;
pub mod rest;
pub mod senders;
pub mod server;
pub mod stored;
pub mod tls;
pub mod wire;
pub mod world;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::time::Duration;

/// Bytes of a message's text.
pub const CONTENT: usize = 100;
/// Nothing takes this long: something is lost.
pub const LOST: Duration = Duration::from_secs(60);

/// Sockets that one user may hold open: the server's own limit.
pub const SOCKETS_PER_USER: usize = 20;

/// Users that are needed for so many sockets. Each costs a password hash, so
/// there are no more of them than that.
pub fn users_for(sockets: usize) -> usize {
    sockets.div_ceil(SOCKETS_PER_USER).max(1)
}

/// Lets this process, and the server it will start, open as many files as the
/// machine's owner allows; the soft limit is often a mere 1,024.
pub fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    setrlimit(Resource::Nofile, raised).expect("the soft limit of open files follows the hard one");
}

/// Of so many connections, those that this process can hold both ends of, beside what else it has open.
pub fn within_open_files(connections: usize) -> usize {
    const OTHERS: u64 = 100;
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX).saturating_sub(OTHERS);
    connections.min(usize::try_from(files / 2).unwrap_or(usize::MAX))
}

/// A size in mebibytes.
pub fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// The value below which `percent` of the sorted `values` lie, in milliseconds.
pub fn percentile_ms(sorted: &[Duration], percent: usize) -> f64 {
    let last = sorted.len().checked_sub(1).expect("something was measured");
    sorted[last * percent / 100].as_secs_f64() * 1_000.0
}
