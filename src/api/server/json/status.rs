//! The shapes of how the server is.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use schemars::JsonSchema;
use serde::Serialize;

use crate::api::http::hook_clients::HookMeters;
use crate::chat::model::backup::Backups;
use crate::chat::ops::status;
use crate::push::meters::{Meters, Outcome};

/// How the server is.
#[derive(JsonSchema, Serialize)]
pub struct Status {
    version: &'static str,
    uptime_seconds: u64,
    users: i64,
    users_online: usize,
    chats: i64,
    messages: i64,
    sockets: BTreeMap<&'static str, u64>,
    storage: Storage,
    backup: Option<Backup>,
    /// Nothing where nothing is pushed.
    push: Option<Pushes>,
    hooks: Hooks,
    /// Why nothing is deleted for its age, if that is so: the operator has to confirm the clock.
    clock_doubt: Option<String>,
}

#[derive(JsonSchema, Serialize)]
struct Storage {
    database_bytes: u64,
    wal_bytes: u64,
    files_bytes: i64,
    free_bytes: u64,
}

/// How devices are told of messages; the numbers are since the start.
#[derive(JsonSchema, Serialize)]
struct Pushes {
    devices: i64,
    /// Pushes that push services took.
    sent: u64,
    /// Those that they refused, did not answer, or could not take for ten minutes, and those that were too many.
    failed: u64,
    /// Under way, or to be tried again.
    waiting: usize,
}

impl Pushes {
    fn new(devices: i64, meters: &Meters) -> Self {
        let sum = |which: fn(Outcome) -> bool| {
            meters.outcomes().filter(|(outcome, _)| which(*outcome)).map(|(_, count)| count).sum()
        };
        let is_failed = |outcome| !matches!(outcome, Outcome::Sent | Outcome::Gone);
        Self {
            devices,
            sent: sum(|outcome| outcome == Outcome::Sent),
            failed: sum(is_failed),
            waiting: meters.waiting(),
        }
    }
}

/// How it goes with hooks that send what happens in groups; all but the first are since the start.
#[derive(JsonSchema, Serialize)]
struct Hooks {
    /// Hooks that are on.
    sending: i64,
    /// Events that their receivers took.
    delivered: u64,
    /// Attempts that came to nothing.
    failed: u64,
    /// Hooks under way, waiting for their turn, or to be tried again.
    waiting: usize,
    /// Hooks that were switched off since their receiver was gone, or took nothing for a day.
    given_up: u64,
}

impl Hooks {
    fn new(sending: i64, meters: &HookMeters) -> Self {
        Self {
            sending,
            delivered: meters.taken.get(),
            failed: meters.failed.get(),
            waiting: meters.waiting.load(Ordering::Relaxed),
            given_up: meters.given_up.get(),
        }
    }
}

/// The latest backup, and what went wrong since.
#[derive(JsonSchema, Serialize)]
struct Backup {
    last_at: Option<String>,
    last_bytes: Option<u64>,
    /// How long it took; not known of one that was made before the start.
    last_seconds: Option<f64>,
    last_error: Option<String>,
    is_overdue: bool,
}

impl From<&Backups> for Backup {
    fn from(backups: &Backups) -> Self {
        let last = backups.last.as_ref();
        Self {
            last_at: last.map(|last| last.made.to_string()),
            last_bytes: last.map(|last| last.bytes),
            last_seconds: last.and_then(|last| last.took).map(|took| took.as_secs_f64()),
            last_error: backups.failure.clone(),
            is_overdue: backups.is_overdue,
        }
    }
}

impl Status {
    pub fn new(
        status: &status::Status,
        sockets: BTreeMap<&'static str, u64>,
        push: Option<&Meters>,
        hooks: &HookMeters,
    ) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION"),
            uptime_seconds: status.uptime.as_secs(),
            users: status.users,
            users_online: status.users_online,
            chats: status.chats,
            messages: status.messages,
            sockets,
            storage: Storage {
                database_bytes: status.database_bytes,
                wal_bytes: status.wal_bytes,
                files_bytes: status.files_bytes,
                free_bytes: status.free_bytes,
            },
            backup: status.backups.as_ref().map(Backup::from),
            push: push.map(|meters| Pushes::new(status.push_devices, meters)),
            hooks: Hooks::new(status.sending_hooks, hooks),
            clock_doubt: status.clock_doubt.map(|doubt| doubt.to_string()),
        }
    }
}
