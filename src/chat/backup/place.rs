//! A private folder to work in, that goes when the work ends, and later if it was killed.

use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::{Failure, at};

const PREFIX: &str = ".fireside-work-";

/// Mode 0700. Locked, so that others know that somebody works there.
pub struct Place {
    path: PathBuf,
    _lock: File,
}

impl Place {
    /// A new one in `folder`. Those that killed processes left there go.
    pub fn new(folder: &Path) -> Result<Self, Failure> {
        sweep(folder);
        let path = folder.join(format!("{PREFIX}{}", hex::encode(rand::random::<[u8; 8]>())));
        DirBuilder::new().mode(0o700).create(&path).map_err(at(&path))?;
        let lock = File::open(&path).map_err(at(&path))?;
        lock.lock().map_err(at(&path))?;
        Ok(Self { path, _lock: lock })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // It may have become something else by now.
        if let Err(cause) = fs::remove_dir_all(&self.path)
            && cause.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%cause, path = %self.path.display(), "a temporary folder stays");
        }
    }
}

fn sweep(folder: &Path) {
    for path in leftovers(folder) {
        if let Err(cause) = fs::remove_dir_all(&path) {
            tracing::warn!(%cause, path = %path.display(), "a temporary folder stays");
        }
    }
}

/// Those in `folder` that nobody works in any more.
pub(in crate::chat) fn leftovers(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let ours = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX));
    ours.map(|entry| entry.path()).filter(|path| File::open(path).is_ok_and(|lock| lock.try_lock().is_ok())).collect()
}
