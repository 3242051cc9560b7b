//! Where an import goes.
//!
//! Into a folder that has a database: one transaction, since a copy of all that is there
//! would cost as much again. What a crash leaves of it are files that no row knows, which
//! the server sweeps. Where there is none yet: a folder beside it, that gets its name when
//! it is whole.

use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::StoredFile;
use crate::chat::folder;
use crate::chat::model::backup::{BackupError as Same, at};
use crate::chat::model::record::RecordError;
use crate::chat::ops::backup::claim;
use crate::chat::ops::backup::target::BackupFolder;

type Result<T> = std::result::Result<T, RecordError>;

pub(super) struct Target {
    data: PathBuf,
    /// Bytes of files, by their sums, until their rows are known.
    staging: BackupFolder,
    /// What becomes the data folder, where there was none.
    fresh: Option<BackupFolder>,
    /// Nobody else works on the folder.
    _lock: Option<File>,
}

impl Target {
    pub fn new(data: &Path, is_dry_run: bool) -> Result<Self> {
        let lock = claim(data)?;
        let fresh =
            if folder::has_database(data) { None } else { Some(BackupFolder::new(&beside(data, is_dry_run)?)?) };
        let root = fresh.as_ref().map_or(data, BackupFolder::path);
        make_folder(&root.join("files"))?;
        let staging = BackupFolder::new(root)?;
        Ok(Self { data: data.to_owned(), staging, fresh, _lock: lock })
    }

    /// The folder that is worked in.
    pub fn root(&self) -> &Path {
        self.fresh.as_ref().map_or(&self.data, BackupFolder::path)
    }

    /// Takes bytes in, under their sum: `fill` writes them and says what it is.
    pub fn stage(&self, fill: impl FnOnce(&mut File) -> Result<String>) -> Result<StoredFile> {
        let path = self.staging.join("part");
        let made = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path);
        let mut file = made.map_err(at(&path))?;
        let sha256 = fill(&mut file)?;
        let size = file.metadata().map_err(at(&path))?.len();
        fs::rename(&path, self.staged(&sha256)).map_err(at(&path))?;
        Ok(StoredFile { sha256, size })
    }

    /// Where the bytes of a sum are. The sum was checked to be one.
    pub fn staged(&self, sha256: &str) -> PathBuf {
        self.staging.join(sha256)
    }

    /// Gives staged bytes the name that a row has for them.
    pub fn place(&self, storage_name: &str, sha256: &str) -> Result<()> {
        let to = self.file(storage_name);
        let from = self.staged(sha256);
        // Another name for the same bytes; where the disk has no such thing, a copy.
        let placed = fs::hard_link(&from, &to).or_else(|_| fs::copy(&from, &to).map(drop));
        Ok(placed.map_err(at(&to))?)
    }

    pub fn file(&self, storage_name: &str) -> PathBuf {
        self.root().join("files").join(storage_name)
    }

    /// Waits until all of it is on the disk.
    pub fn sync(&self) -> Result<()> {
        let root = self.root();
        Ok(folder::sync_all(root).map_err(at(root))?)
    }

    /// After the commit: what was made beside the folder becomes it.
    pub fn finish(self) -> Result<()> {
        let Self { data, staging, fresh, _lock } = self;
        drop(staging);
        let Some(fresh) = fresh else { return Ok(()) };
        folder::sync_all(fresh.path()).map_err(at(fresh.path()))?;
        if data.exists() {
            // Nothing is in it but the lock and empty folders, or the claim had failed.
            clear(&data)?;
        }
        renameat_with(CWD, fresh.path(), CWD, &data, RenameFlags::NOREPLACE)
            .map_err(|errno| at(&data)(errno.into()))?;
        let parent = folder::parent(&data);
        Ok(folder::sync(parent).map_err(at(parent))?)
    }
}

/// Empty, it goes; else it stays and this fails.
fn clear(data: &Path) -> Result<()> {
    let lock = data.join("lock");
    if lock.exists() {
        fs::remove_file(&lock).map_err(at(&lock))?;
    }
    Ok(fs::remove_dir(data).map_err(at(data))?)
}

/// The folder in which the new one is made. A dry run makes none on the way.
fn beside(data: &Path, is_dry_run: bool) -> Result<PathBuf> {
    let parent = folder::parent(data);
    if is_dry_run && !parent.is_dir() {
        return Ok(std::env::temp_dir());
    }
    fs::create_dir_all(parent).map_err(at(parent))?;
    Ok(parent.to_owned())
}

fn make_folder(path: &Path) -> Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(at(path)).map_err(Same::into)
}
