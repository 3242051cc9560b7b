//! What may go from a data folder, how much that is, and letting it go.
//!
//! Most of it goes by itself within an hour, when a server runs. Messages that were kept for
//! their time are not among it: they are no garbage, and go by `retention` alone. Tombstones stay: a client
//! that was away for long catches up by them. So does what somebody may have put beside the
//! data on purpose: backups, and the folder that a restore replaced.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::backup::leftovers;
use super::check::each_unknown;
use super::status::size;
use crate::chat::app::App;
use crate::chat::auth::audit::KEEP_AUDIT;
use crate::chat::auth::invite::KEEP_EXPIRED;
use crate::chat::model::backup::BackupError;
use crate::chat::model::error::{Error, Result};
use crate::chat::model::file::KEEP_UNUSED_FILES;
use crate::chat::model::name::KEEP_KEYS;
use crate::chat::model::storage;
use crate::chat::model::time::Timestamp;
use crate::chat::store;
use crate::chat::store::{garbage, integrity};

/// How long the copy is kept that an upgrade makes of the database before it.
pub const KEEP_COPIES: Duration = Duration::from_hours(30 * 24);
/// What compacting needs beside the database, for each byte of it: a new one, and the log of it.
const COMPACT_NEEDS: u64 = 2;

/// Something that may go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Garbage {
    /// What it is, in the plural.
    pub what: &'static str,
    pub count: u64,
    /// Bytes on the disk; 0 where it is rows, whose pages are used again.
    pub bytes: u64,
}

impl Garbage {
    fn new(what: &'static str, count: u64, bytes: u64) -> Self {
        Self { what, count, bytes }
    }
}

/// What may go from a data folder, whether a server runs on it or not. Nothing is changed.
pub fn look(data: &Path, now: Timestamp) -> Result<Vec<Garbage>, BackupError> {
    let path = storage::database(data);
    if !path.exists() {
        return Err(BackupError::NoData(data.to_owned()));
    }
    let rest = at_rest(data)?;
    let (db, schema) = if rest.is_some() { garbage::open_at_rest(&path)? } else { integrity::open(&path)? };
    if schema != store::SCHEMA_VERSION {
        return Err(BackupError::Data(format!(
            "it is of version {schema}, and a start has to bring it up to date first"
        )));
    }
    let cutoffs = garbage::Cutoffs {
        now,
        invites: now.minus(KEEP_EXPIRED),
        audit: now.minus(KEEP_AUDIT),
        keys: now.minus(KEEP_KEYS),
        unused: now.minus(KEEP_UNUSED_FILES),
    };
    let rows = garbage::count(&db, &cutoffs)?;
    let mut unknown = Garbage::new("files that belong to nothing", 0, 0);
    each_unknown(&db, &data.join("files"), now, |_, bytes| {
        unknown.count += 1;
        unknown.bytes += bytes;
    })?;
    let mut copies = Garbage::new("copies from before an upgrade", 0, 0);
    for copy in old_copies(data, now)? {
        copies.count += 1;
        copies.bytes += size(&copy);
    }
    let mut work = Garbage::new("leftovers of backups that were killed", 0, 0);
    for folder in leftovers(data) {
        work.count += 1;
        work.bytes += size_of_folder(&folder);
    }
    Ok(vec![
        Garbage::new("sign-ins that are over", rows.credentials, 0),
        Garbage::new("password links that are over", rows.resets, 0),
        Garbage::new("invitations that are long over", rows.invites, 0),
        Garbage::new("lines of the audit log that are too old", rows.audit, 0),
        Garbage::new("keys of messages sent long ago", rows.keys, 0),
        Garbage::new("uploads that nothing uses", rows.unused.0, rows.unused.1),
        Garbage::new("messages of deleted chats", rows.messages, 0),
        unknown,
        copies,
        work,
    ])
}

/// What went between two looks.
pub fn gone(before: &[Garbage], after: &[Garbage]) -> Vec<Garbage> {
    let less = |before: &Garbage, after: &Garbage| Garbage {
        what: before.what,
        count: before.count.saturating_sub(after.count),
        bytes: before.bytes.saturating_sub(after.bytes),
    };
    before.iter().zip(after).map(|(before, after)| less(before, after)).collect()
}

impl App {
    /// Lets everything go that may, here and now. The writer does it piece by piece. Nothing
    /// goes while the clock is doubted.
    pub async fn collect(&self) -> Result<()> {
        if self.clock_doubt().is_some() {
            return Ok(());
        }
        self.tidy().await?;
        while self.store.write(super::maintenance::forget_unused).await? {}
        let (data, now) = (self.data.clone(), self.now());
        let removed = tokio::task::spawn_blocking(move || {
            for copy in old_copies(&data, now)? {
                fs::remove_file(&copy).map_err(|cause| BackupError::Io(copy, cause))?;
            }
            for folder in leftovers(&data) {
                fs::remove_dir_all(&folder).map_err(|cause| BackupError::Io(folder, cause))?;
            }
            Ok::<_, BackupError>(())
        });
        match removed.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(cause)) => {
                tracing::error!(%cause, "something that may go stays");
                Err(Error::Internal)
            }
            Err(_) => Err(Error::Internal),
        }
    }
}

/// Writes the database of a stopped server anew, without the pages that hold nothing. Returns
/// the bytes that those were.
pub fn compact(data: &Path) -> Result<Garbage, BackupError> {
    let path = storage::database(data);
    let Some(_rest) = claim(data)? else { return Err(BackupError::InUse(data.to_owned())) };
    let before = size(&path);
    let disk = rustix::fs::statvfs(data).map_err(|errno| BackupError::Io(data.to_owned(), errno.into()))?;
    if disk.f_bavail.saturating_mul(disk.f_frsize) < before.saturating_mul(COMPACT_NEEDS) {
        return Err(BackupError::Data(format!("compacting needs {} MiB on the disk", (before * COMPACT_NEEDS) >> 20)));
    }
    garbage::merge_words(&path)?;
    let free = garbage::free_pages(&integrity::open(&path)?.0)?;
    if free > 0 {
        garbage::compact(&path)?;
    }
    Ok(Garbage::new("pages of the database that held nothing", u64::from(free > 0), before.saturating_sub(size(&path))))
}

/// The right to the folder as long as nobody works on it and its log is checkpointed.
fn at_rest(data: &Path) -> Result<Option<File>, BackupError> {
    if size(&storage::log(data)) > 0 { Ok(None) } else { claim(data) }
}

/// `None`: a process works on the folder.
fn claim(data: &Path) -> Result<Option<File>, BackupError> {
    let path = data.join("lock");
    let failed = |cause| BackupError::Io(path.clone(), cause);
    let lock = File::options().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
    match lock.try_lock() {
        Ok(()) => Ok(Some(lock)),
        Err(fs::TryLockError::WouldBlock) => Ok(None),
        Err(fs::TryLockError::Error(cause)) => Err(failed(cause)),
    }
}

/// Copies that upgrades made long ago.
fn old_copies(data: &Path, now: Timestamp) -> Result<Vec<PathBuf>, BackupError> {
    let failed = |cause| BackupError::Io(data.to_owned(), cause);
    let limit = SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(now.minus(KEEP_COPIES).0).unwrap_or(0));
    let mut found = Vec::new();
    for entry in fs::read_dir(data).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_copy = name.starts_with(store::COPY_PREFIX) && name.ends_with(".db");
        if is_copy && path.metadata().and_then(|found| found.modified()).is_ok_and(|at| at < limit) {
            found.push(path);
        }
    }
    Ok(found)
}

fn size_of_folder(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| if entry.path().is_dir() { size_of_folder(&entry.path()) } else { size(&entry.path()) }).sum()
}
