//! The data folder: made, locked, and with its secret in it. Of each step either nothing
//! or all is there after a power cut.

pub mod erase;

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use super::model::error::OpenError;
use super::model::storage;

/// Bytes of the secret that cannot be guessed; a shorter file is none. It is written in
/// hexadecimal digits.
pub(super) const SECRET_BYTES: usize = 32;

/// Makes a folder for its owner's eyes alone, with those that lead to it.
pub(super) fn make(path: &Path) -> Result<(), OpenError> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = parent(path);
    make(parent)?;
    fs::DirBuilder::new().mode(0o700).create(path).map_err(|cause| OpenError::Io(path.to_owned(), cause))?;
    if let Err(cause) = sync(parent) {
        // A folder that one may enter and not list cannot be opened.
        tracing::debug!(%cause, path = %path.display(), "the name of a folder was not synced");
    }
    Ok(())
}

/// Whether a server ever kept its data in a folder.
pub fn has_database(data: &Path) -> bool {
    storage::database(data).exists()
}

/// The folder that a path is in.
pub(super) fn parent(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Waits until the names in a folder are on the disk.
pub(super) fn sync(folder: &Path) -> std::io::Result<()> {
    File::open(folder).and_then(|folder| folder.sync_all())
}

/// Waits until everything below a folder is on the disk.
#[cfg(target_os = "linux")]
pub(super) fn sync_all(folder: &Path) -> std::io::Result<()> {
    Ok(rustix::fs::syncfs(File::open(folder)?)?)
}

/// Other systems sync no whole file system, so each file is asked for.
#[cfg(not(target_os = "linux"))]
pub(super) fn sync_all(folder: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            sync_all(&entry.path())?;
        } else if kind.is_file() {
            File::open(entry.path())?.sync_all()?;
        }
    }
    sync(folder)
}

/// Opens a file to be written, and makes it for its owner's eyes alone where there is none.
pub(super) fn create(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)
}

/// One process for each data folder: two would each believe themselves the only writer.
pub(super) fn lock(data: &Path) -> Result<File, OpenError> {
    let path = data.join("lock");
    let file = create(&path).map_err(|cause| OpenError::Io(path.clone(), cause))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(data.to_owned())),
        Err(TryLockError::Error(cause)) => Err(OpenError::Io(path, cause)),
    }
}

/// The server's secret, apart from the database so that a stolen copy of that alone
/// derives no token. Made with the first start, and never again under an old database.
pub(super) fn secret(data: &Path, has_database: bool) -> Result<Vec<u8>, OpenError> {
    let path = data.join("secret.key");
    let failed = |cause| OpenError::Io(path.clone(), cause);
    match fs::read(&path) {
        Ok(secret) if secret.len() >= SECRET_BYTES => return Ok(secret),
        Ok(_) => {}
        Err(cause) if cause.kind() == ErrorKind::NotFound => {}
        Err(cause) => return Err(failed(cause)),
    }
    if has_database {
        return Err(OpenError::SecretMissing(path));
    }
    let secret = hex::encode(rand::random::<[u8; SECRET_BYTES]>()).into_bytes();
    // It has its name only when it is whole, and a database comes only after it.
    let part = data.join("secret.key.part");
    let written = create(&part).and_then(|mut file| {
        file.set_len(0)?;
        file.write_all(&secret)?;
        file.sync_all()
    });
    written.and_then(|()| fs::rename(&part, &path)).and_then(|()| sync(data)).map_err(failed)?;
    Ok(secret)
}
