//! Copies of the whole state, and the way back.
//!
//! A backup is the state at one commit: the database is copied within one read
//! transaction, and the files that it names are held from before that until they are
//! copied, so that what is deleted meanwhile is there all the same. Files never change.
//! It works beside a running server and without one, and counts only after it was read
//! again to its end.

pub(in crate::chat) mod archive;
mod keeper;
mod make;
pub(in crate::chat) mod place;
mod promote;
mod restore;
mod shelf;

use std::path::PathBuf;

pub(super) use keeper::Keeper;
pub use keeper::{Backups, FOLDER, Health, Last, Plan};
pub(super) use make::sha256;
pub use make::{Made, file_name, make, stream};
pub(super) use place::leftovers;
pub use promote::{Promoted, promote};
pub(super) use restore::claim;
pub use restore::{Restored, restore};

/// Why there is no backup, or nothing was restored. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
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
pub(super) fn at(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Failure {
    move |cause| Failure::Io(path.into(), cause)
}

/// Hears how far it is: bytes done, and all of them.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64);
