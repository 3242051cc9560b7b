//! Leaving and arriving: everything in a documented form, and the way back.

mod import;
mod order;
mod record;
mod report;

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
    /// What was asked for is not there.
    #[error("{0}")]
    NotThere(String),
}
