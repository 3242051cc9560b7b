//! A second data folder with the same state, for a server for trying things out.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use super::archive::{DATABASE, FILES};
use crate::chat::folder::erase;
use crate::chat::model::backup::{BackupError, at};
use crate::chat::model::storage;
use crate::chat::store::copy;

/// Makes the data folder `to` with the state of another, on which a server may run. It is not waited for until it
/// is on the disk.
pub fn duplicate(data: &Path, to: &Path) -> Result<(), BackupError> {
    let held = erase::hold(data).map_err(at(data))?;
    make(to)?;
    make(&to.join(FILES))?;
    let database = to.join(DATABASE);
    copy::copy(&storage::database(data), &database, &mut |_, _| ())?;
    copy::each_file(&database, |named| link(data, to, named.name.as_str()))?;
    copy::prepare_to_open(&database)?;
    copy_secrets(data, to)?;
    drop(held);
    Ok(())
}

/// The same from a folder that [`duplicate`] made and no server has opened: as its files lie there, which takes a
/// tenth of the time.
pub fn duplicate_kept(kept: &Path, to: &Path) -> Result<(), BackupError> {
    make(to)?;
    make(&to.join(FILES))?;
    fs::copy(kept.join(DATABASE), to.join(DATABASE)).map_err(at(kept.join(DATABASE)))?;
    for entry in fs::read_dir(kept.join(FILES)).map_err(at(kept))? {
        link(kept, to, &entry.map_err(at(kept))?.file_name().to_string_lossy())?;
    }
    copy_secrets(kept, to)
}

fn make(folder: &Path) -> Result<(), BackupError> {
    DirBuilder::new().mode(0o700).create(folder).map_err(at(folder))
}

/// Files never change: two folders may have the same.
fn link(from: &Path, to: &Path, name: &str) -> Result<(), BackupError> {
    let name = format!("{FILES}{name}");
    fs::hard_link(from.join(&name), to.join(&name)).map_err(at(from.join(&name)))
}

fn copy_secrets(from: &Path, to: &Path) -> Result<(), BackupError> {
    for entry in fs::read_dir(from).map_err(at(from))? {
        let entry = entry.map_err(at(from))?;
        if is_secret(&entry.file_name()) && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            fs::copy(entry.path(), to.join(entry.file_name())).map_err(at(entry.path()))?;
        }
    }
    Ok(())
}

/// Whether a file of a data folder is neither the database, nor there for one process alone.
fn is_secret(name: &OsStr) -> bool {
    !name.as_encoded_bytes().starts_with(DATABASE.as_bytes()) && name != "lock"
}
