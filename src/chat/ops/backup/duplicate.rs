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
    let make = |path: &Path| DirBuilder::new().mode(0o700).create(path).map_err(at(path));
    make(to)?;
    make(&to.join(FILES))?;
    let database = to.join(DATABASE);
    copy::copy(&storage::database(data), &database, &mut |_, _| ())?;
    // Files never change: two folders may have the same.
    copy::each_file(&database, |named| {
        let name = format!("{FILES}{}", named.name.as_str());
        fs::hard_link(data.join(&name), to.join(&name)).map_err(at(data.join(&name)))
    })?;
    for entry in fs::read_dir(data).map_err(at(data))? {
        let entry = entry.map_err(at(data))?;
        if is_secret(&entry.file_name()) && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            fs::copy(entry.path(), to.join(entry.file_name())).map_err(at(entry.path()))?;
        }
    }
    drop(held);
    Ok(())
}

/// Whether a file of a data folder is neither the database, nor there for one process alone.
fn is_secret(name: &OsStr) -> bool {
    !name.as_encoded_bytes().starts_with(DATABASE.as_bytes()) && name != "lock"
}
