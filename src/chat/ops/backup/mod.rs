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

pub use keeper::FOLDER;
pub(in crate::chat) use make::sha256;
pub use make::{Made, file_name, make, stream};
pub(in crate::chat) use place::leftovers;
pub use promote::{Promoted, promote};
pub(in crate::chat) use restore::claim;
pub use restore::{Restored, restore};
