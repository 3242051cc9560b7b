//! What is kept in memory beside the database: what is true for a moment only, and copies of
//! what is asked for often.
//!
//! Each has a bound and a lock of its own, and none of them knows the store or the handle.

pub mod absences;
pub mod background;
pub mod backups;
pub mod calls;
pub mod clock;
pub mod credential_cache;
pub mod files_size;
pub mod hook_wakes;
pub mod open_files;
pub mod pace;
pub mod page_cache;
pub mod posted;
pub mod previews;
pub mod readiness;
pub mod replication;
pub mod typing;
pub mod unindexed;
pub mod uploads;
