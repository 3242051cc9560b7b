//! Backups: where they go, how it goes with them, and why there is none.

use std::path::PathBuf;
use std::time::Duration;

use super::time::Timestamp;

/// Why there is no backup, or nothing was restored. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The folder holds no state.
    #[error("there is no database in {0}")]
    NoData(PathBuf),
    /// A server runs on the folder that would be replaced.
    #[error("a Fireside is running on the data folder {0}; stop it first")]
    InUse(PathBuf),
    /// It would be overwritten.
    #[error("{0} is there already")]
    Exists(PathBuf),
    /// The folder that would be replaced holds something else.
    #[error("{0} holds something else than Fireside's data, and is left alone")]
    Foreign(PathBuf),
    /// The state is of a later version.
    #[error("it was written by a newer Fireside (database version {found}, this one knows {newest}); use that version")]
    Newer {
        /// In the database.
        found: usize,
        /// The newest that this program knows.
        newest: usize,
    },
    /// The database is not whole.
    #[error("the database cannot be used: {0}")]
    Database(String),
    /// Files are not as the database says.
    #[error("the data is not whole: {0}")]
    Data(String),
    /// The archive is not whole, or could not be written.
    #[error("the archive cannot be used: {0}")]
    Archive(String),
    /// It would lie where other files are swept away.
    #[error("{0} lies in the folder of uploaded files, which holds nothing else; name another (--backup-dir)")]
    Misplaced(PathBuf),
    /// It would take the room that messages need.
    #[error("there is no room in {folder}: it takes {needed} bytes with what has to stay free, and {free} are free")]
    NoRoom {
        /// Where it would be.
        folder: PathBuf,
        /// Bytes of the archive, of the copy of the database, and of the reserve.
        needed: u64,
        /// Bytes that are left.
        free: u64,
    },
    /// A fault of this program.
    #[error("it panicked; the log says where")]
    Panicked,
    /// A file or folder could not be made or read.
    #[error("{0}: {1}")]
    Io(PathBuf, #[source] std::io::Error),
}

/// Makes an error of the system one about a path.
pub(in crate::chat) fn at(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> BackupError {
    move |cause| BackupError::Io(path.into(), cause)
}

/// Hears how far it is: bytes done, and all of them.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64);

/// Where backups go, how often, and how many stay.
#[derive(Clone, Debug)]
pub struct BackupSchedule {
    /// The folder; made when it is needed.
    pub folder: PathBuf,
    /// The time from one to the next; `None`: only when somebody asks.
    pub every: Option<Duration>,
    /// How many stay.
    pub keep: usize,
}

/// A backup that was made and checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastBackup {
    /// When it was begun.
    pub made: Timestamp,
    pub bytes: u64,
    /// How long it took; not known of one that was there before the start.
    pub took: Option<Duration>,
}

/// How it goes with the backups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackupHealth {
    /// As it should.
    Well,
    /// The latest try failed.
    Failed,
    /// Nothing failed, and yet there was none for twice the time from one to the next.
    Overdue,
}

/// The backups at one moment.
#[derive(Clone, Debug)]
pub struct Backups {
    /// The latest that counts.
    pub last: Option<LastBackup>,
    /// Why there is none since.
    pub failure: Option<String>,
    /// Tries that failed since the start.
    pub failures: u64,
    /// Whether there was none for twice the time from one to the next.
    pub is_overdue: bool,
    /// All in a word.
    pub health: BackupHealth,
}
