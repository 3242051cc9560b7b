//! A copy of a database that has a write-ahead log, for its reader to make files beside.

use std::fs::{File, Permissions};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use tempfile::TempDir;

use crate::importers::{ImportError, failed};

/// What the copy is called in its folder.
pub(super) const NAME: &str = "db.sqlite3";
/// What SQLite appends to a database's name for its log.
const LOG: &str = "-wal";
/// Where a database says how it is written, and the number that means by a log.
const WRITTEN: usize = 18;
const BY_LOG: u8 = 2;

/// Whether SQLite would make files beside this one to read it. What cannot be read is left to it to complain about.
pub(super) fn is_needed(path: &Path) -> bool {
    let mut head = [0; WRITTEN + 1];
    let is_by_log = File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_ok() && head[WRITTEN] == BY_LOG;
    is_by_log || log(path).metadata().is_ok_and(|log| log.len() > 0)
}

/// Copies it with its log, if nobody writes to either meanwhile. Only its owner can read the copy.
pub(super) fn make(path: &Path) -> Result<TempDir, ImportError> {
    let wrong = |cause: io::Error| {
        let place = std::env::temp_dir();
        ImportError::Source(format!(
            "{} could not be copied to {} to be read: {cause}",
            path.display(),
            place.display()
        ))
    };
    let folder = folder().map_err(wrong)?;
    let before = state(path).map_err(wrong)?;
    std::fs::copy(path, folder.path().join(NAME)).map_err(wrong)?;
    if log(path).exists() {
        std::fs::copy(log(path), folder.path().join(format!("{NAME}{LOG}"))).map_err(wrong)?;
    }
    if state(path).map_err(wrong)? != before {
        return failed(format!("{} is written to: stop the project, or name a copy of its database", path.display()));
    }
    Ok(folder)
}

/// A folder that its owner alone can look into: what is copied there has the passwords of a project, and
/// keeps the rights that it had.
pub(super) fn folder() -> io::Result<TempDir> {
    tempfile::Builder::new().prefix("fireside-import-").permissions(Permissions::from_mode(0o700)).tempdir()
}

fn log(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(LOG);
    name.into()
}

/// What changes with every write, of the database and of its log.
type State = ((u64, SystemTime), Option<(u64, SystemTime)>);

fn state(path: &Path) -> io::Result<State> {
    let of = |path: &Path| path.metadata().and_then(|file| Ok((file.len(), file.modified()?)));
    match of(&log(path)) {
        Ok(log) => Ok((of(path)?, Some(log))),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok((of(path)?, None)),
        Err(cause) => Err(cause),
    }
}
