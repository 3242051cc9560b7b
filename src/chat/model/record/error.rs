//! What stops an export or an import.

use crate::chat::model::backup;

/// Why nothing was exported or imported. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// What a backup fails by, too: the folder, the database, the archive, the disk.
    #[error(transparent)]
    Same(#[from] backup::BackupError),
    /// A record breaks a rule. Whoever read it says where it stood.
    #[error("{0}")]
    Record(String),
    /// A record, where it stands.
    #[error("{file}, line {line}: {why}")]
    Line {
        /// As the reader knows it.
        file: String,
        /// From 1.
        line: u64,
        /// What is wrong.
        why: String,
    },
    /// Names that somebody has already.
    #[error("{0}")]
    Taken(String),
    /// What was asked for is not there.
    #[error("{0}")]
    NotThere(String),
}
