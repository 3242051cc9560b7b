//! Copies of the whole state, and the way back.
//!
//! A backup is the state at one commit: the database is copied within one read
//! transaction, and the files that it names are held from before that until they are
//! copied, so that what is deleted meanwhile is there all the same. Files never change.
//! It works beside a running server and without one, and counts only after it was read
//! again to its end.

pub(in crate::chat) mod archive;
mod duplicate;
mod make;
mod promote;
mod restore;
mod rotation;
pub(in crate::chat) mod target;
mod worker;

pub use duplicate::{duplicate, duplicate_kept};
pub(in crate::chat) use make::sha256;
pub use make::{MadeBackup, file_name, make, stream};
pub use promote::{Promoted, promote};
pub(in crate::chat) use restore::claim;
pub use restore::{Restored, restore};
pub(in crate::chat) use target::leftovers;
pub use worker::FOLDER;
