//! Rows of `files`.

use rusqlite::{Row, params};

use super::columns::named_columns;
use super::db::{Db, Sql};
use super::transaction::Tx;
use crate::chat::model::error::Result;
use crate::chat::model::file::{Dimensions, File, StorageName};
use crate::chat::model::id::{ChatId, FileId, MessageId, UserId};
use crate::chat::model::time::Timestamp;

named_columns! {
    file_columns, _:
    ID = "f.id",
    UPLOADER = "f.uploader_id",
    NAME = "f.name",
    SIZE = "f.size",
    CONTENT_TYPE = "f.content_type",
    SHA256 = "f.sha256",
    STORAGE_NAME = "f.storage_name",
    CREATED_AT = "f.created_at",
    WIDTH = "f.width",
    HEIGHT = "f.height",
}

macro_rules! select_file {
    ($rest:literal) => {
        concat!("SELECT ", file_columns!(), " FROM files f ", $rest)
    };
}

fn file(row: &Row<'_>) -> rusqlite::Result<File> {
    Ok(File {
        id: FileId(row.get(ID)?),
        uploader: UserId(row.get(UPLOADER)?),
        name: row.get(NAME)?,
        size: row.get(SIZE)?,
        content_type: row.get(CONTENT_TYPE)?,
        sha256: row.get(SHA256)?,
        storage_name: StorageName::stored(row.get(STORAGE_NAME)?),
        created_at: Timestamp(row.get(CREATED_AT)?),
        dimensions: match (row.get(WIDTH)?, row.get(HEIGHT)?) {
            (Some(width), Some(height)) => Some(Dimensions { width, height }),
            _ => None,
        },
    })
}

fn collect(db: &Db, sql: &str, id: i64) -> Result<Vec<File>> {
    db.all(sql, [id], file)
}

/// Who is shown with a picture.
#[derive(Clone, Copy)]
pub enum AvatarOwner {
    User(UserId),
    Group(ChatId),
}

/// Writes the row; the id in `file` is not yet one. `at`: the message that it is attached to,
/// behind those that are.
pub fn insert(db: &Db, file: &File, at: Option<MessageId>) -> rusqlite::Result<FileId> {
    db.prepare_cached(
        "INSERT INTO files (uploader_id, name, size, content_type, sha256, storage_name, created_at, width, height,
                            message_id, position)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,
                 (SELECT coalesce(max(position) + 1, 0) FROM files WHERE message_id = ?10))",
    )?
    .execute(params![
        file.uploader.0,
        file.name,
        file.size,
        file.content_type,
        file.sha256,
        file.storage_name.as_str(),
        file.created_at.0,
        file.dimensions.map(|size| size.width),
        file.dimensions.map(|size| size.height),
        at.map(|message| message.0),
    ])?;
    Ok(FileId(db.last_insert_rowid()))
}

/// A file that the viewer uploaded, or that is attached in a chat they are in and
/// have not cleared it from.
pub fn find(db: &Db, viewer: UserId, id: FileId) -> Result<Option<File>> {
    db.first(
        select_file!(
            "LEFT JOIN messages g ON g.id = f.message_id
             LEFT JOIN members m ON m.chat_id = g.chat_id AND m.user_id = ?1 AND m.cleared_mark < g.id
             LEFT JOIN chats c ON c.id = g.chat_id
             WHERE f.id = ?2 AND (f.uploader_id = ?1 OR m.id IS NOT NULL) AND c.is_deleted IS NOT 1"
        ),
        [viewer.0, id.0],
        file,
    )
}

/// A file that somebody uploaded and nothing uses yet.
pub fn unused_of(db: &Db, uploader: UserId, id: FileId) -> Result<Option<File>> {
    db.first(
        select_file!(
            "WHERE f.id = ?2 AND f.uploader_id = ?1 AND f.message_id IS NULL AND f.avatar_of IS NULL
             AND f.avatar_of_chat IS NULL"
        ),
        [uploader.0, id.0],
        file,
    )
}

pub fn of_message(db: &Db, id: MessageId) -> Result<Vec<File>> {
    collect(db, select_file!("WHERE f.message_id = ?1 ORDER BY f.position"), id.0)
}

pub fn avatars_of(db: &Db, owner: AvatarOwner) -> Result<Vec<File>> {
    match owner {
        AvatarOwner::User(user) => collect(db, select_file!("WHERE f.avatar_of = ?1"), user.0),
        AvatarOwner::Group(chat) => collect(db, select_file!("WHERE f.avatar_of_chat = ?1"), chat.0),
    }
}

/// The picture behind an avatar's public name.
pub fn avatar_named(db: &Db, name: &str) -> Result<Option<File>> {
    db.first(
        concat!(
            select_file!("JOIN users u ON u.id = f.avatar_of WHERE u.avatar_name = ?1 UNION ALL "),
            select_file!("JOIN chats c ON c.id = f.avatar_of_chat WHERE c.avatar_name = ?1")
        ),
        [name],
        file,
    )
}

/// Files that nothing uses and that are older than `than`.
pub fn unused_since(db: &Db, than: Timestamp) -> Result<Vec<File>> {
    collect(
        db,
        select_file!(
            "WHERE f.message_id IS NULL AND f.avatar_of IS NULL AND f.avatar_of_chat IS NULL AND f.created_at < ?1
             LIMIT 500"
        ),
        than.0,
    )
}

pub fn attach(tx: &Tx<'_>, id: FileId, message: MessageId, position: usize) -> Result<()> {
    tx.run(
        "UPDATE files SET message_id = ?2, position = ?3 WHERE id = ?1",
        params![id.0, message.0, i64::try_from(position).unwrap_or(0)],
    )
}

pub fn make_avatar(tx: &Tx<'_>, id: FileId, owner: AvatarOwner) -> Result<()> {
    let (user, chat) = match owner {
        AvatarOwner::User(user) => (Some(user.0), None),
        AvatarOwner::Group(chat) => (None, Some(chat.0)),
    };
    tx.run("UPDATE files SET avatar_of = ?2, avatar_of_chat = ?3 WHERE id = ?1", params![id.0, user, chat])
}

pub fn delete(tx: &Tx<'_>, id: FileId) -> Result<()> {
    tx.run("DELETE FROM files WHERE id = ?1", [id.0])
}

/// Whether a row knows a file of this name.
pub fn is_known(db: &Db, name: &str) -> Result<bool> {
    db.exists("SELECT 1 FROM files WHERE storage_name = ?1", [name])
}
