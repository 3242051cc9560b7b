//! Small pictures of pictures: made once each, by one thread of low priority, and kept
//! beside the files until their file goes.
//!
//! What somebody uploaded is decoded here, so all of it is bounded: the bytes that are read,
//! the pixels (asked of the header before anything is decoded), the work that a header
//! cannot tell, and how many wait. What cannot be decoded is no picture, and is not tried
//! again.

mod picture;

use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::app::App;
use super::model::error::{Error, Result};
use super::model::file::{File, is_measured};
use super::model::preview::{MAX_PREVIEW_BYTES, PREVIEWS, Preview, Side, file_name};
use super::model::session::Actor;

/// Largest file that is decoded, in bytes.
const MAX_SOURCE_BYTES: i64 = 32 * 1024 * 1024;
/// About how long a full queue takes to empty.
const BUSY_RETRY: Duration = Duration::from_secs(2);

/// What is kept of a picture that is small enough itself.
const AS_IT_IS: &[u8] = b"=";
/// What is kept of a file that cannot be decoded.
const NO_PICTURE: &[u8] = b"";

impl App {
    /// A picture that was found for somebody, no larger than `side`: for the actor, or for everybody, as avatars
    /// are, which wait in their uploader's share. `NotFound`: it is none.
    pub async fn preview(&self, actor: Option<&Actor>, file: &File, side: Side) -> Result<Preview> {
        if !is_measured(&file.content_type) || file.size > MAX_SOURCE_BYTES {
            return Err(Error::NotFound);
        }
        if side.holds(file.dimensions) && file.size <= MAX_PREVIEW_BYTES {
            return Ok(Preview::AsItIs);
        }
        let folder = self.data.join(PREVIEWS);
        let work = Work {
            kept: folder.join(file_name(&file.storage_name, side)),
            source: self.files.join(file.storage_name.as_str()),
            folder,
            side,
            may_keep: self.has_room(),
        };
        let kept = work.kept.clone();
        let kept = tokio::task::spawn_blocking(move || fs::read(kept).ok());
        if let Some(kept) = kept.await.map_err(|_| Error::Internal)? {
            return read(kept);
        }
        let user = actor.map_or(file.uploader, |actor| actor.user);
        let made = self.previews.run(user, move || work.make()).ok_or(Error::Busy { retry_after: BUSY_RETRY })?;
        read(made.await.map_err(|_| Error::Internal)?.ok_or(Error::NotFound)?)
    }
}

/// What is kept, as what it means.
fn read(kept: Vec<u8>) -> Result<Preview> {
    match kept.as_slice() {
        NO_PICTURE => Err(Error::NotFound),
        AS_IT_IS => Ok(Preview::AsItIs),
        _ => Ok(Preview::Made(kept)),
    }
}

/// One preview to be made.
struct Work {
    folder: PathBuf,
    kept: PathBuf,
    source: PathBuf,
    side: Side,
    may_keep: bool,
}

impl Work {
    /// `None`: the file is gone.
    fn make(&self) -> Option<Vec<u8>> {
        // Somebody who waited before asked for the same.
        if let Ok(kept) = fs::read(&self.kept) {
            return Some(kept);
        }
        let source = fs::read(&self.source).ok()?;
        // A decoder that panics has found something that is no picture.
        let shrunk = std::panic::catch_unwind(|| picture::shrink(&source, self.side)).unwrap_or_default();
        let made = match shrunk {
            None => NO_PICTURE.to_vec(),
            Some(bytes) if bytes.len() >= source.len() => AS_IT_IS.to_vec(),
            Some(bytes) => bytes,
        };
        if self.may_keep
            && let Err(cause) = self.keep(&made)
        {
            tracing::debug!(%cause, "a preview is made again when it is asked for");
        }
        // Its file may have been erased meanwhile, and what was kept of it before this was.
        if !self.source.exists() {
            remove(&self.kept);
            return None;
        }
        Some(made)
    }

    /// It has its name only when it is whole. Nothing waits for the disk: it can be made again.
    fn keep(&self, bytes: &[u8]) -> std::io::Result<()> {
        match fs::DirBuilder::new().mode(0o700).create(&self.folder) {
            Err(cause) if cause.kind() != ErrorKind::AlreadyExists => return Err(cause),
            _ => {}
        }
        let part = self.folder.join("part");
        let mut open = fs::OpenOptions::new();
        open.write(true).create(true).truncate(true).mode(0o600).open(&part)?.write_all(bytes)?;
        fs::rename(&part, &self.kept)
    }
}

fn remove(path: &Path) {
    if let Err(cause) = fs::remove_file(path)
        && cause.kind() != ErrorKind::NotFound
    {
        tracing::warn!(%cause, "a preview of an erased file was left behind");
    }
}
