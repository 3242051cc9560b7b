//! A private folder to work in, that goes when the work ends, and later if it was killed.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::BufWriter;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::chat::folder;
use crate::chat::model::backup::{BackupError, at};

const PREFIX: &str = ".fireside-work-";

/// Mode 0700. Locked, so that others know that somebody works there.
pub struct BackupFolder {
    path: PathBuf,
    _lock: File,
}

impl BackupFolder {
    /// A new one in `folder`. Those that killed processes left there go.
    pub fn new(folder: &Path) -> Result<Self, BackupError> {
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

impl Drop for BackupFolder {
    fn drop(&mut self) {
        // It may have become something else by now.
        if let Err(cause) = fs::remove_dir_all(&self.path)
            && cause.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%cause, path = %self.path.display(), "a temporary folder stays");
        }
    }
}

/// A new file that has its name only when it is whole and on the disk.
pub(in crate::chat) struct NewFile {
    target: PathBuf,
}

/// The same while it is written, in a place of its own.
pub(in crate::chat) struct PartialBackup {
    target: PathBuf,
    pub place: BackupFolder,
}

impl NewFile {
    /// At `to`, or, where that is a folder, in it under `name`. Nothing is there yet.
    pub fn at(to: &Path, name: String) -> Result<Self, BackupError> {
        let target = if to.is_dir() { to.join(name) } else { to.to_owned() };
        if target.exists() { Err(BackupError::Exists(target)) } else { Ok(Self { target }) }
    }

    /// Makes it, for its owner's eyes alone.
    pub fn begin(self) -> Result<(PartialBackup, BufWriter<File>), BackupError> {
        let part = PartialBackup { place: BackupFolder::new(folder::parent(&self.target))?, target: self.target };
        let path = part.path();
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(at(&path))?;
        Ok((part, BufWriter::new(file)))
    }
}

impl PartialBackup {
    pub fn path(&self) -> PathBuf {
        self.place.join("archive")
    }

    /// Sees to it that all that was written is on the disk.
    pub fn sync(&self, out: BufWriter<File>) -> Result<(), BackupError> {
        let file = out.into_inner().map_err(|cause| at(self.path())(cause.into_error()))?;
        file.sync_all().map_err(at(self.path()))
    }

    /// Gives it its name, if nothing else has that by now.
    pub fn publish(self) -> Result<PathBuf, BackupError> {
        renameat_with(CWD, self.path(), CWD, &self.target, RenameFlags::NOREPLACE).map_err(|cause| match cause {
            rustix::io::Errno::EXIST => BackupError::Exists(self.target.clone()),
            other => at(&self.target)(other.into()),
        })?;
        let folder = folder::parent(&self.target);
        folder::sync(folder).map_err(at(folder))?;
        Ok(self.target)
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
    // A data folder has a lock of its own: it stands here for a moment of a restore, and is not
    // to be lost where that was killed.
    let is_left =
        |path: &PathBuf| !path.join("lock").exists() && File::open(path).is_ok_and(|lock| lock.try_lock().is_ok());
    ours.map(|entry| entry.path()).filter(is_left).collect()
}

#[cfg(test)]
mod tests {
    use std::fs::{create_dir, write};

    use super::{BackupFolder, PREFIX};

    #[test]
    fn what_a_killed_process_left_goes_but_not_a_data_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let (left, data) = (folder.path().join(format!("{PREFIX}1")), folder.path().join(format!("{PREFIX}2")));
        for path in [&left, &data] {
            create_dir(path).expect("made");
        }
        write(data.join("lock"), "").expect("written");
        let place = BackupFolder::new(folder.path()).expect("a place");
        let second = BackupFolder::new(folder.path()).expect("another");
        assert!(place.path().exists() && second.path().exists(), "who works is left alone");
        assert!(!left.exists() && data.exists());
        drop(place);
        assert!(data.exists());
    }
}
