//! Leaving and arriving: everything in a documented form, and the way back.

mod check;
mod import;
mod order;
mod people;
mod record;
mod report;
mod talk;
mod target;

pub use check::{MAX_AHEAD, MAX_FILE, MAX_HASH, MAX_HASH_ITERATIONS, MAX_HASH_MEMORY, MAX_HASH_PASSES, MAX_TEXT};
pub use import::{Import, OnConflict, Options, Stored};
pub use record::{
    Chat, Credential, CredentialKind, File, Friend, Head, Member, Message, Post, Reaction, Record, Role, Scope, User,
    VERSION,
};
pub use report::{MAX_NOTES, Report};

use super::backup;

/// Why nothing was exported or imported. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// What a backup fails by, too: the folder, the database, the archive, the disk.
    #[error(transparent)]
    Same(#[from] backup::Failure),
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
