//! Reading a backup to its end, and putting it where the data is.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat, renameat_with};
use sha2::{Digest, Sha256};

use super::archive::{CHECKSUM, DATABASE, FILES, MANIFEST, Reader, SECRET, SUMS};
use super::make::{FORMAT, compact, sum_line};
use super::target::BackupFolder;
use super::worker::FOLDER;
use crate::chat::folder;
use crate::chat::model::backup::{BackupError, at};
use crate::chat::model::time::Timestamp;
use crate::chat::store::{copy, id_sequence};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// The number of the last change that is in it. The next has one far above.
    pub seq: i64,
    /// The version of the database's layout.
    pub schema: usize,
    /// Uploaded files.
    pub files: u64,
    /// Where the data is that was there before.
    pub before: Option<PathBuf>,
}

/// What an archive was found to hold.
pub(super) struct Unpacked {
    seq: i64,
    files: u64,
    /// Of the lines that [`file_line`] makes of all files.
    file_list: Vec<u8>,
}

/// Puts a backup in the place of a data folder. All of it is read and checked before
/// anything changes; then the two folders trade their names in one step, and the old one
/// stays beside the new.
pub fn restore(archive: impl Read, data: &Path, now: Timestamp) -> Result<Restored, BackupError> {
    let _lock = claim(data)?;
    let parent = folder::parent(data);
    fs::create_dir_all(parent).map_err(at(parent))?;
    let place = BackupFolder::new(parent)?;
    let made = fs::DirBuilder::new().mode(0o700).create(place.join("files"));
    made.map_err(at(place.path()))?;
    let unpacked = unpack(archive, |name| {
        let path = place.join(name);
        let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        made.map(|file| Box::new(file) as Box<dyn Write>).map_err(at(path))
    })?;
    let database = place.join(DATABASE);
    let edition = copy::verify(&database)?;
    if edition.seq.0 != unpacked.seq || file_list(&database)? != unpacked.file_list {
        return Err(BackupError::Archive("its files are not those that its database names".into()));
    }
    // Ids and numbers of changes that were told after the backup do not come again.
    id_sequence::leave_gap(&database, &data.join(DATABASE))?;
    folder::sync_all(place.path()).map_err(at(place.path()))?;
    let before = trade(&place, data, now)?;
    folder::sync(parent).map_err(at(parent))?;
    Ok(Restored { seq: edition.seq.0, schema: edition.schema, files: unpacked.files, before })
}

/// Nobody works on the folder, and nobody will before this is over.
pub(in crate::chat) fn claim(data: &Path) -> Result<Option<File>, BackupError> {
    if !data.exists() {
        return Ok(None);
    }
    let mut entries = fs::read_dir(data).map_err(at(data))?;
    let is_ours = |name: &OsStr| name == "lock" || name == FOLDER;
    if !data.join(DATABASE).exists() && entries.any(|entry| entry.is_ok_and(|entry| !is_ours(&entry.file_name()))) {
        return Err(BackupError::Foreign(data.to_owned()));
    }
    let path = data.join("lock");
    let lock = folder::create(&path).map_err(at(&path))?;
    match lock.try_lock() {
        Ok(()) => Ok(Some(lock)),
        Err(TryLockError::WouldBlock) => Err(BackupError::InUse(data.to_owned())),
        Err(TryLockError::Error(cause)) => Err(BackupError::Io(path, cause)),
    }
}

fn trade(place: &BackupFolder, data: &Path, now: Timestamp) -> Result<Option<PathBuf>, BackupError> {
    if !data.exists() {
        renameat(CWD, place.path(), CWD, data).map_err(|errno| at(data)(errno.into()))?;
        return Ok(None);
    }
    let mut before = data.as_os_str().to_owned();
    before.push(format!(".before-restore-{}", compact(now)));
    let before = PathBuf::from(before);
    if before.exists() {
        return Err(BackupError::Exists(before));
    }
    let traded = renameat_with(CWD, place.path(), CWD, data, RenameFlags::EXCHANGE);
    traded.map_err(|errno| at(data)(errno.into()))?;
    fs::rename(place.path(), &before).map_err(at(&before))?;
    // The backups of this folder go on in it. Where they cannot, they are in the one that is kept.
    let backups = before.join(FOLDER);
    if backups.exists()
        && let Err(cause) = fs::rename(&backups, data.join(FOLDER))
    {
        tracing::warn!(%cause, "the backups stay with the data that was there before");
    }
    Ok(Some(before))
}

/// Reads an archive to its end and checks each byte of it. `open` says where a member's
/// bytes go; it is asked for the database, the secret, and for `files/` and 32 hex digits.
pub(super) fn unpack(
    archive: impl Read,
    mut open: impl FnMut(&str) -> Result<Box<dyn Write>, BackupError>,
) -> Result<Unpacked, BackupError> {
    let mut reader = Reader::new(archive);
    let manifest = reader.text(MANIFEST)?;
    if entry(&manifest, "format")? != FORMAT {
        return Err(BackupError::Archive("it is of a format that this version does not know".into()));
    }
    let number = |key| entry(&manifest, key).and_then(|value| value.parse::<u64>().map_err(|_| bad_manifest()));
    let (seq, due) = (number("seq")?, number("files")?);
    let size = reader.expect(SUMS)?;
    let sums = reader.content(size, std::io::sink())?;
    let (mut seen, mut list, mut files) = (Sha256::new(), Sha256::new(), 0);
    for name in [DATABASE, SECRET] {
        let size = reader.expect(name)?;
        if name == SECRET && size < folder::SECRET_BYTES as u64 {
            return Err(BackupError::Archive("its secret is too short".into()));
        }
        seen.update(sum_line(&reader.content(size, open(name)?)?, name));
    }
    let end = loop {
        let (name, size) = reader.next()?;
        if name == CHECKSUM {
            break size;
        }
        if !is_file(&name) {
            return Err(BackupError::Archive(format!("it holds {name:?}, which no backup does")));
        }
        let sum = reader.content(size, open(&name)?)?;
        seen.update(sum_line(&sum, &name));
        list.update(file_line(&sum, size, &name));
        files += 1;
    };
    reader.finish(end)?;
    if hex::encode(seen.finalize()) != sums || files != due {
        return Err(BackupError::Archive("its members are not those that it lists".into()));
    }
    Ok(Unpacked { seq: i64::try_from(seq).unwrap_or(-1), files, file_list: list.finalize().to_vec() })
}

fn entry<'a>(manifest: &'a str, key: &str) -> Result<&'a str, BackupError> {
    let mut entries = manifest.lines().filter_map(|line| line.split_once(' '));
    entries.find(|(found, _)| *found == key).map(|(_, value)| value).ok_or_else(bad_manifest)
}

fn bad_manifest() -> BackupError {
    BackupError::Archive("its manifest is damaged".into())
}

fn is_file(name: &str) -> bool {
    let hex = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    name.strip_prefix(FILES).is_some_and(|name| name.len() == 32 && name.bytes().all(hex))
}

fn file_line(sum: &str, size: u64, name: &str) -> String {
    format!("{sum} {size} {name}\n")
}

/// The same of the files that the database names.
fn file_list(database: &Path) -> Result<Vec<u8>, BackupError> {
    let mut list = Sha256::new();
    copy::each_file(database, |file| {
        list.update(file_line(&file.sha256, file.size, &format!("{FILES}{}", file.name.as_str())));
        Ok(())
    })?;
    Ok(list.finalize().to_vec())
}
