//! What a fault of the database means: passing, or the end of the process.

use std::cell::Cell;

use rusqlite::ErrorCode;
use rusqlite::ffi::{SQLITE_IOERR_SHMSIZE, SQLITE_IOERR_SHORT_READ};

use super::queue::busy;
use crate::chat::model::error::Error;
use crate::chat::model::error::OpenError;

thread_local! {
    /// Whether the disk failed under a statement of this thread. A command's own error is
    /// in the words of the domain, so that the writer could not tell from it.
    pub(super) static DISK_FAILED: Cell<bool> = const { Cell::new(false) };
}

/// Whether the disk failed under a statement that this thread ran.
pub(super) fn disk_failed() -> bool {
    DISK_FAILED.get()
}

/// The one place where a fault of the database becomes an error of the domain.
impl From<rusqlite::Error> for Error {
    fn from(cause: rusqlite::Error) -> Self {
        // A search that took too long, by its own clock.
        if cause.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) {
            return busy();
        }
        tracing::error!(%cause, "the database refused");
        if is_disk_fault(&cause) {
            DISK_FAILED.set(true);
        }
        if is_full(&cause) {
            Self::StorageFull
        } else if is_locked(&cause) {
            busy()
        } else {
            Self::Internal
        }
    }
}

impl From<rusqlite::Error> for OpenError {
    fn from(cause: rusqlite::Error) -> Self {
        if is_locked(&cause) || is_full(&cause) || is_disk_fault(&cause) {
            Self::Refused(cause.to_string())
        } else {
            Self::Damaged(cause.to_string())
        }
    }
}

/// Another program holds the file's lock, an administrator's shell say: it will let go.
pub(super) fn is_locked(cause: &rusqlite::Error) -> bool {
    matches!(cause.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

fn is_full(cause: &rusqlite::Error) -> bool {
    let full = matches!(cause.sqlite_error_code(), Some(ErrorCode::DiskFull | ErrorCode::TooBig));
    // The index of the log could not grow, which is how a full disk shows there.
    full || extended_code(cause) == Some(SQLITE_IOERR_SHMSIZE)
}

fn is_disk_fault(cause: &rusqlite::Error) -> bool {
    let failed = cause.sqlite_error_code() == Some(ErrorCode::SystemIoFailure);
    // A file that ends too early is damaged; the disk did as it was told.
    failed && !matches!(extended_code(cause), Some(SQLITE_IOERR_SHMSIZE | SQLITE_IOERR_SHORT_READ))
}

fn extended_code(cause: &rusqlite::Error) -> Option<i32> {
    cause.sqlite_error().map(|error| error.extended_code)
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::{Error, disk_failed};

    fn of(code: i32) -> Error {
        Error::from(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None))
    }

    #[test]
    fn a_full_disk_passes_and_a_failed_sync_does_not() {
        for full in [ffi::SQLITE_FULL, ffi::SQLITE_IOERR_SHMSIZE] {
            assert_eq!(of(full), Error::StorageFull);
        }
        assert!(matches!(of(ffi::SQLITE_BUSY), Error::Busy { .. }));
        assert_eq!(of(ffi::SQLITE_CONSTRAINT), Error::Internal);
        assert!(!disk_failed());
        assert_eq!(of(ffi::SQLITE_IOERR_FSYNC), Error::Internal);
        assert!(disk_failed());
    }
}
