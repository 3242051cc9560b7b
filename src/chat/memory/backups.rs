//! How it goes with the backups that make themselves.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use parking_lot::Mutex;

use crate::chat::model::backup::{BackupSchedule, LastBackup};
use crate::chat::model::time::{Clock, Timestamp};

/// After so many periods without one, backups are overdue.
pub const PATIENCE: u32 = 2;

/// The handle on the thread.
pub struct BackupWorker {
    pub queue: Arc<BackupQueue>,
    /// One that waits stands for all who ask meanwhile.
    pub ask: SyncSender<()>,
}

pub struct BackupQueue {
    pub plan: BackupSchedule,
    pub data: PathBuf,
    /// Bytes that stay free where the data is.
    pub reserve: u64,
    pub clock: Clock,
    pub begun: Timestamp,
    pub state: Mutex<State>,
}

#[derive(Default)]
pub struct State {
    pub last: Option<LastBackup>,
    pub failure: Option<(Timestamp, String)>,
    pub failures: u64,
}
