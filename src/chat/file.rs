//! Uploaded files: streamed to disk while they are hashed, attached once, erased
//! with their message.
//!
//! On disk a file has a random name and nothing else; what people call it, and what
//! it is by its first bytes, stands in the database.

mod open;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use image::metadata::Orientation;
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;

use super::app::App;
use super::memory::open_files::UploadPermit;
use super::model::error::{Error, Result, Rule};
use super::model::file::{Dimensions, File, StorageName, is_inline, is_measured};
use super::model::id::{FileId, MessageId, UserId};
use super::model::name::file_name;
use super::model::quota::Quota;
use super::model::session::Actor;
use super::quota::QuotaReservation;
use super::store::files::AvatarOwner;
use super::store::{self, Tx};

/// When an upload that found no place may be tried again.
const UPLOAD_RETRY: Duration = Duration::from_secs(5);

/// Longest side of a picture that is believed, in pixels.
const MAX_SIDE: u32 = 65_535;

/// How much of a file's beginning tells its type.
const SNIFFED_BYTES: usize = 4_096;

/// How much of a picture's beginning is searched for its size: a photograph may keep a colour
/// profile and a preview before it. One of empty segments alone would be read for seconds.
const MEASURED_BYTES: u64 = 512 * 1024;
/// Of a JPEG, where its camera's words stand if it has some: they are its first segment, or the one behind it.
const EXIF_BYTES: usize = 128 * 1024;

/// A file on its way in. Dropping it before [`Upload::finish`] leaves nothing.
pub struct Upload {
    app: App,
    actor: Actor,
    storage_name: StorageName,
    path: PathBuf,
    file: tokio::fs::File,
    hash: Sha256,
    head: Vec<u8>,
    size: u64,
    /// What its user's quota and the server's is held for.
    share: QuotaReservation,
    kept: bool,
    permit: UploadPermit,
}

impl App {
    /// Begins to store a file for the actor.
    pub async fn begin_upload(&self, actor: &Actor) -> Result<Upload> {
        self.check_free_space()?;
        let share = self.share_for(actor.user)?;
        let permit = self.open_files.permit_upload(actor.user);
        let permit = permit.ok_or(Error::Busy { retry_after: UPLOAD_RETRY })?;
        let storage_name = StorageName::random();
        let path = self.files.join(format!("{}.part", storage_name.as_str()));
        let mut new = tokio::fs::OpenOptions::new();
        let file = new.write(true).create_new(true).mode(0o600).open(&path).await.map_err(upload_error)?;
        Ok(Upload {
            app: self.clone(),
            actor: actor.clone(),
            storage_name,
            path,
            file,
            hash: Sha256::new(),
            head: Vec::new(),
            size: 0,
            share,
            kept: false,
            permit,
        })
    }

    /// A file that the actor uploaded or that is attached in a chat they are in.
    pub fn file(&self, actor: &Actor, id: FileId) -> Result<File> {
        self.store.read(|db| store::files::find(db, actor.user, id)?.ok_or(Error::NotFound))
    }

    /// The picture behind an avatar's unguessable name, which is the right to see it.
    pub fn avatar(&self, name: &str) -> Result<File> {
        self.store.read(|db| store::files::avatar_named(db, name)?.ok_or(Error::NotFound))
    }

    /// Erases an upload of the actor's that came to nothing, unless something uses it by
    /// now. It needs no credential: bytes of somebody who was signed out meanwhile are
    /// nobody's use either. What is missed here goes with the sweep of unused files.
    pub async fn discard_file(&self, actor: &Actor, id: FileId) {
        let me = actor.user;
        let erased = self.store.write(move |tx| match store::files::unused_of(tx, me, id)? {
            Some(file) => erase(tx, &file),
            None => Ok(()),
        });
        if let Err(error) = erased.await {
            tracing::warn!(%error, "an upload that came to nothing waits for the sweep");
        }
    }

    /// Whether uploads still find room: what can be made again gives way before them.
    pub(super) fn has_room(&self) -> bool {
        self.check_free_space().is_ok()
    }

    fn check_free_space(&self) -> Result<()> {
        let disk = rustix::fs::statvfs(self.files.as_path()).map_err(|errno| upload_error(errno.into()))?;
        if disk.f_bavail.saturating_mul(disk.f_frsize) < self.min_free {
            return Err(Error::StorageFull);
        }
        Ok(())
    }
}

impl Upload {
    /// Bytes that came so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Whether so many uploads are under way that it has to hurry.
    pub fn is_one_of_many(&self) -> bool {
        self.permit.is_one_of_many()
    }

    /// Adds bytes to the end. There has to be room for each piece: many uploads at once
    /// could all have begun when there still was.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.app.check_free_space()?;
        self.share.grow(bytes.len() as u64)?;
        let missing = SNIFFED_BYTES.saturating_sub(self.head.len()).min(bytes.len());
        self.head.extend_from_slice(&bytes[..missing]);
        self.hash.update(bytes);
        self.size += bytes.len() as u64;
        self.file.write_all(bytes).await.map_err(disk_error)
    }

    /// Makes it a file of the actor's, safe on disk first and in the database then.
    pub async fn finish(mut self, name: &str) -> Result<File> {
        self.file.flush().await.map_err(disk_error)?;
        self.file.sync_all().await.map_err(disk_error)?;
        let place = self.app.files.join(self.storage_name.as_str());
        tokio::fs::rename(&self.path, &place).await.map_err(upload_error)?;
        self.path = place;
        sync_folder(&self.app.files).await?;
        let content_type = content_type(&self.head);
        let dimensions = if is_measured(content_type) { measure(&self.path).await } else { None };
        let mut file = File {
            id: FileId(0),
            uploader: self.actor.user,
            name: file_name(name),
            size: i64::try_from(self.size).unwrap_or(i64::MAX),
            content_type: content_type.to_owned(),
            sha256: hex::encode(self.hash.clone().finalize()),
            storage_name: self.storage_name.clone(),
            dimensions,
            created_at: self.app.clock.now(),
        };
        let (row, quota) = (file.clone(), self.app.quota);
        // From here on the row decides: whoever stops waiting, or hears nothing of it, must not take
        // the bytes from under a row that comes all the same. If none comes, the sweep of unknown files does.
        self.kept = true;
        let stored = self.app.authorized(&self.actor).write(move |tx| insert(tx, &row, quota)).await;
        self.kept = matches!(stored, Ok(_) | Err(Error::Internal));
        file.id = stored?;
        Ok(file)
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if !self.kept
            && let Err(cause) = std::fs::remove_file(&self.path)
        {
            tracing::warn!(%cause, "an unfinished upload was left behind");
        }
    }
}

fn insert(tx: &Tx<'_>, file: &File, quota: Quota) -> Result<FileId> {
    store::users::add_stored_bytes(tx, file.uploader, file.size)?;
    quota.check(tx, file.uploader)?;
    Ok(store::files::insert(tx, file, None)?)
}

/// Erases a file: its row now, its bytes when this commits.
pub(super) fn erase(tx: &mut Tx<'_>, file: &File) -> Result<()> {
    store::files::delete(tx, file.id)?;
    store::users::add_stored_bytes(tx, file.uploader, -file.size)?;
    tx.erase_file(file.storage_name.clone());
    Ok(())
}

/// Erases what hangs on a message.
pub(super) fn erase_attachments(tx: &mut Tx<'_>, message: MessageId) -> Result<()> {
    for file in store::files::of_message(tx, message)? {
        erase(tx, &file)?;
    }
    Ok(())
}

/// A picture that the actor uploaded, to be shown as somebody's or a group's.
pub(super) fn picture(tx: &Tx<'_>, me: UserId, id: FileId) -> Result<File> {
    let file = store::files::unused_of(tx, me, id)?.ok_or(Error::Invalid(Rule::Avatar))?;
    let is_shown = file.content_type.starts_with("image/") && is_inline(&file.content_type);
    if is_shown { Ok(file) } else { Err(Error::Invalid(Rule::Avatar)) }
}

/// The new picture gets a name of its own that nobody can guess; the old one is erased, file and all.
pub(super) fn set_avatar(tx: &mut Tx<'_>, owner: AvatarOwner, new: Option<&File>) -> Result<()> {
    for old in store::files::avatars_of(tx, owner)? {
        erase(tx, &old)?;
    }
    let name = new.is_some().then(StorageName::random);
    let name = name.as_ref().map(StorageName::as_str);
    if let Some(file) = new {
        store::files::make_avatar(tx, file.id, owner)?;
    }
    match owner {
        AvatarOwner::User(user) => store::users::set_avatar(tx, user, name),
        AvatarOwner::Group(chat) => store::chats::set_avatar(tx, chat, name),
    }
}

/// What a file is, by our own look at its beginning. Markup of every kind counts as
/// plain text: no browser shall render what a user uploaded.
fn content_type(head: &[u8]) -> &'static str {
    match infer::get(head) {
        Some(kind) if kind.matcher_type() == infer::MatcherType::Text => "text/plain",
        Some(kind) if kind.mime_type() == "image/svg+xml" => "text/plain",
        Some(kind) => kind.mime_type(),
        None if !head.is_empty() && looks_like_text(head) => "text/plain",
        None => "application/octet-stream",
    }
}

/// What a picture's header says of its size. It is its uploader's word like all else in
/// it: whoever shows it bounds the box, and one that says nothing usable has none.
async fn measure(path: &Path) -> Option<Dimensions> {
    let path = path.to_owned();
    tokio::task::spawn_blocking(move || size_of(&path)).await.ok()?
}

fn size_of(path: &Path) -> Option<Dimensions> {
    let head = beginning(path, MEASURED_BYTES).ok()?;
    let size = imagesize::blob_size(&head).ok()?;
    let (width, height) = (u32::try_from(size.width).ok()?, u32::try_from(size.height).ok()?);
    let (width, height) = if is_turned(&head) { (height, width) } else { (width, height) };
    let is_usable = (1..=MAX_SIDE).contains(&width) && (1..=MAX_SIDE).contains(&height);
    is_usable.then_some(Dimensions { width, height })
}

/// Whether a camera says that its JPEG is to be turned by a quarter: browsers and previews do so.
fn is_turned(head: &[u8]) -> bool {
    const MARK: &[u8] = b"Exif\0\0";
    let head = &head[..head.len().min(EXIF_BYTES)];
    let exif = head.windows(MARK.len()).position(|bytes| bytes == MARK).filter(|_| head.starts_with(b"\xff\xd8"));
    let orientation = exif.and_then(|at| Orientation::from_exif_chunk(&head[at + MARK.len()..]));
    matches!(
        orientation,
        Some(Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH)
    )
}

/// What a file on the disk is, and how large a picture.
pub(super) fn look_at(path: &Path) -> std::io::Result<(&'static str, Option<Dimensions>)> {
    let content_type = content_type(&beginning(path, SNIFFED_BYTES as u64)?);
    Ok((content_type, if is_measured(content_type) { size_of(path) } else { None }))
}

fn beginning(path: &Path, max: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(max).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn looks_like_text(head: &[u8]) -> bool {
    let whole = match std::str::from_utf8(head) {
        Ok(text) => text,
        // The cut may fall inside a character.
        Err(cut) if cut.error_len().is_none() => std::str::from_utf8(&head[..cut.valid_up_to()]).unwrap_or_default(),
        Err(_) => return false,
    };
    !whole.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}

async fn sync_folder(folder: &Path) -> Result<()> {
    let folder = tokio::fs::File::open(folder).await.map_err(upload_error)?;
    folder.sync_all().await.map_err(disk_error)
}

/// Where the folder is gone, another state took this one's place, as `--dev` does: what comes next goes there.
fn upload_error(cause: std::io::Error) -> Error {
    if cause.kind() == std::io::ErrorKind::NotFound {
        Error::Busy { retry_after: UPLOAD_RETRY }
    } else {
        disk_error(cause)
    }
}

fn disk_error(cause: std::io::Error) -> Error {
    tracing::error!(%cause, "storing or reading a file failed");
    match cause.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded | std::io::ErrorKind::FileTooLarge => {
            Error::StorageFull
        }
        _ => Error::Internal,
    }
}

#[cfg(test)]
mod tests {
    use image::codecs::jpeg::JpegEncoder;

    use super::{content_type, look_at};
    use crate::chat::model::file::{Dimensions, is_inline};

    /// A JPEG of 40 by 20 pixels from a camera that was held so.
    fn photograph(orientation: u8) -> Vec<u8> {
        let mut jpeg = Vec::new();
        JpegEncoder::new(&mut jpeg).encode_image(&image::RgbImage::new(40, 20)).expect("encoded");
        let tiff =
            [b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0", [orientation, 0, 0, 0, 0, 0, 0, 0].as_slice()].concat();
        let segment = [b"\xff\xe1\0\x22Exif\0\0", tiff.as_slice()].concat();
        jpeg.splice(2..2, segment);
        jpeg
    }

    #[test]
    fn a_photograph_is_as_wide_as_it_is_shown() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("photograph");
        for (orientation, (width, height)) in
            [(1, (40, 20)), (3, (40, 20)), (6, (20, 40)), (8, (20, 40)), (99, (40, 20))]
        {
            std::fs::write(&path, photograph(orientation)).expect("written");
            let (kind, size) = look_at(&path).expect("read");
            assert_eq!((kind, size), ("image/jpeg", Some(Dimensions { width, height })), "{orientation}");
        }
    }

    #[test]
    fn the_bytes_say_what_a_file_is() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
        assert_eq!(content_type(png), "image/png");
        assert!(is_inline(content_type(png)));
        for markup in
            ["<html><script>", "<!DOCTYPE html>", "<svg xmlns='http://www.w3.org/2000/svg'>", "<?xml version='1.0'?>"]
        {
            assert_eq!(content_type(markup.as_bytes()), "text/plain", "{markup}");
            assert!(!is_inline(content_type(markup.as_bytes())));
        }
        assert_eq!(content_type("привет".as_bytes()), "text/plain");
        assert_eq!(content_type(&"я".as_bytes()[..1]), "text/plain");
        assert_eq!(content_type(&[0, 1, 2, 3]), "application/octet-stream");
        assert_eq!(content_type(&[]), "application/octet-stream");
    }
}
