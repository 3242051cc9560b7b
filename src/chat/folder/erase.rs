//! When the bytes of erased files go: after the commit, unless somebody copies the files.
//!
//! A backup first copies the database and then the files that it names. Whoever does so
//! holds the files with a shared lock, by which nothing goes that the copy still needs.
//! It is the kernel's lock: it ends with the process, however that ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::chat::model::file::StorageName;
use crate::chat::model::preview::{PREVIEWS, Side, file_name};

/// Names that wait for the end of a backup. What is beyond goes with the hourly sweep.
const MAX_LATE: usize = 10_000;

/// Holds all files of a data folder until it is dropped. Waits while some are being erased.
pub(in crate::chat) fn hold(data: &Path) -> std::io::Result<File> {
    let lock = open(data)?;
    lock.lock_shared()?;
    Ok(lock)
}

/// The right to erase files, if nobody holds them.
pub(in crate::chat) fn turn(data: &Path) -> std::io::Result<Option<File>> {
    let lock = open(data)?;
    match lock.try_lock() {
        Ok(()) => Ok(Some(lock)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(cause)) => Err(cause),
    }
}

/// Whether somebody holds the files right now.
pub(in crate::chat) fn is_held(data: &Path) -> std::io::Result<bool> {
    let lock = match File::open(data.join("files.lock")) {
        Ok(lock) => lock,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(cause) => return Err(cause),
    };
    match lock.try_lock() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(cause)) => Err(cause),
    }
}

fn open(data: &Path) -> std::io::Result<File> {
    OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(data.join("files.lock"))
}

/// Erases files whose rows are gone.
pub(in crate::chat) struct Eraser {
    data: PathBuf,
    late: Vec<StorageName>,
}

impl Eraser {
    pub fn new(data: PathBuf) -> Self {
        Self { data, late: Vec::new() }
    }

    /// Erases these, and those that had to wait.
    pub fn erase(&mut self, names: Vec<StorageName>) {
        self.late.extend(names);
        if self.late.is_empty() {
            return;
        }
        match turn(&self.data) {
            Ok(Some(_turn)) => self.late.drain(..).for_each(|name| remove(&self.data, &name)),
            Ok(None) => self.late.truncate(MAX_LATE),
            Err(cause) => {
                tracing::warn!(%cause, "files were not erased; the sweep will try again");
                self.late.clear();
            }
        }
    }
}

fn remove(data: &Path, name: &StorageName) {
    if let Err(cause) = std::fs::remove_file(data.join("files").join(name.as_str())) {
        tracing::warn!(%cause, "a file was not erased; the sweep will try again");
    }
    // After the file: whoever makes one of these looks for the file when it is made.
    for side in Side::ALL {
        let preview = data.join(PREVIEWS).join(file_name(name, side));
        if let Err(cause) = std::fs::remove_file(preview)
            && cause.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%cause, "a preview was not erased; the sweep will try again");
        }
    }
}
