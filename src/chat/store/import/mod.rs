//! What an import writes: one transaction of its own, on a folder where no server runs.
//!
//! Rows come with the times of their source, which the writer's own functions do not
//! know. Counters are worked out at the end, once for each chat that something came to.

mod counters;
mod new;

use std::path::Path;

use rusqlite::{Connection, params};

use super::db::{Db, Durability, Sql, prepare_writer};
pub use super::mentions::Calling;
pub use super::messages::NewMessage;
use super::{by_chat, changes, files, members, mentions, messages, migrations, notify, search};
use crate::chat::model::backup::BackupError as Same;
use crate::chat::model::error::{Error, OpenError};
use crate::chat::model::file::File;
use crate::chat::model::id::MessageId;
use crate::chat::model::identity::Identity;
use crate::chat::model::name::rule::fold;
use crate::chat::model::name::{Email, Emoji};
use crate::chat::model::notify::Level;
use crate::chat::model::quiet::NotifySettings;
use crate::chat::model::record::RecordError;
use crate::chat::model::thresholds::{SearchThresholds, Thresholds};
use crate::chat::model::time::Timestamp;
pub use counters::BrokenRule;
pub use new::{NewChat, NewCredential, NewMember, NewUser};

type Result<T> = std::result::Result<T, RecordError>;

/// Bytes of pages that may wait in memory, in KiB: what is beyond goes to the log.
const CACHE: i32 = -32 * 1024;

/// The transaction, open until it is committed or dropped.
pub struct ImportTx {
    db: Connection,
    /// What was there before.
    pub before: IdOffsets,
}

/// The highest ids that were there before.
#[derive(Clone, Copy)]
pub struct IdOffsets {
    pub seq: i64,
    users: i64,
    pub chats: i64,
    files: i64,
    reactions: i64,
}

impl Sql for ImportTx {
    /// Whoever imports is told the cause.
    type Error = RecordError;

    fn connection(&self) -> &Connection {
        &self.db
    }
}

impl ImportTx {
    /// Opens the database, makes it where there is none, and begins. One that is of an
    /// older version is brought up to date, but not to see what would come.
    pub fn begin(path: &Path, is_dry_run: bool) -> Result<Self> {
        let mut db = migrations::open(path).map_err(unopened)?;
        let version: u32 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        if is_dry_run && version > 0 && (version as usize) < migrations::SCHEMA_VERSION {
            let why = "it is of an older version; start Fireside on it once, or import without --dry-run";
            return Err(Same::Database(why.into()).into());
        }
        migrations::run(&mut db, path).map_err(unopened)?;
        prepare_writer(&db, Durability::Full).map_err(unopened)?;
        db.pragma_update(None, "cache_size", CACHE)?;
        // Counting needs the messages of a chat long before they are entered under it.
        db.execute_batch("BEGIN IMMEDIATE; CREATE INDEX import_by_chat ON messages (chat_id);")?;
        let newest = |table: &str| {
            db.query_row(&format!("SELECT coalesce(max(id), 0) FROM {table}"), [], |row| row.get::<_, i64>(0))
        };
        let before = IdOffsets {
            seq: changes::newest(&db)?.0,
            users: newest("users")?,
            chats: newest("chats")?,
            files: newest("files")?,
            reactions: newest("reactions")?,
        };
        Ok(Self { db, before })
    }

    /// For what the functions per noun can tell.
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// Whether this user was there before.
    pub fn is_older(&self, user: i64) -> bool {
        user <= self.before.users
    }

    pub fn user(&self, new: &NewUser<'_>) -> Result<i64> {
        self.insert(
            "INSERT INTO users (username, username_key, email, email_key, password_hash, display_name, bio, search_key,
                                token_nonce, is_admin, is_disabled, created_at, last_seen_at, look_key,
                                is_bot)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
            params![
                new.username.as_str(),
                new.username.key(),
                new.email.map_or("", Email::as_str),
                new.email.map(Email::key),
                new.password_hash,
                new.display_name,
                new.bio,
                format!("{} {}", new.username.key(), fold(new.display_name)),
                new.nonce,
                new.is_admin,
                new.is_disabled,
                new.created_at.0,
                new.last_seen_at.map(|at| at.0),
                new.username.skeleton(),
                new.is_bot,
            ],
        )
    }

    /// A second factor that is on.
    pub fn second_factor(&self, user: i64, sealed: &[u8], last_step: i64, recovery: &[[u8; 32]]) -> Result<()> {
        let sql = "INSERT INTO second_factors (user_id, sealed_secret, is_on, last_step) VALUES (?1, ?2, 1, ?3)";
        self.run(sql, params![user, sealed, last_step])?;
        let sql = "INSERT INTO recovery_codes (user_id, code_hash) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
        recovery.iter().try_for_each(|hash| self.run(sql, params![user, hash]))
    }

    /// An account elsewhere that signs somebody in.
    pub fn identity(&self, user: i64, identity: &Identity) -> Result<()> {
        let sql = "INSERT INTO identities (user_id, issuer, subject) VALUES (?1, ?2, ?3)";
        self.run(sql, params![user, identity.issuer(), identity.subject()])
    }

    /// A program's account, and who made it.
    pub fn bot(&self, user: i64, made_by: Option<i64>) -> Result<()> {
        self.run("INSERT INTO bots (user_id, made_by) VALUES (?1, ?2)", params![user, made_by])
    }

    /// Whether somebody is called so, has that address, or was called so before a move.
    pub fn is_called(&self, key: &str) -> Result<bool> {
        self.one(
            "SELECT EXISTS (SELECT 1 FROM users WHERE username_key = ?1) OR EXISTS (SELECT 1 FROM users WHERE email_key = ?1)
                 OR EXISTS (SELECT 1 FROM former_names WHERE name_key = ?1)",
            [key],
        )
    }

    /// Lets somebody sign in by what they were called.
    pub fn former_name(&self, user: i64, key: &str) -> Result<()> {
        self.run("INSERT INTO former_names (user_id, name_key) VALUES (?1, ?2)", params![user, key])
    }

    /// `false`: the secret is somebody's already.
    pub fn credential(&self, new: &NewCredential<'_>) -> Result<bool> {
        self.changed(
            "INSERT INTO credentials (user_id, kind, secret_hash, created_at, used_at, expires_at, label, is_bot, issuer)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING",
            params![
                new.user,
                new.kind,
                new.secret_hash,
                new.created_at.0,
                new.used_at.0,
                new.expires_at.map(|at| at.0),
                new.label,
                new.is_bot,
                new.issuer
            ],
        )
    }

    /// `false`: they are friends already.
    pub fn friend(&self, one: i64, other: i64, at: Timestamp) -> Result<bool> {
        self.changed(
            "INSERT INTO friends (user_id, friend_id, created_at) VALUES (?1, ?2, ?3), (?2, ?1, ?3)
             ON CONFLICT DO NOTHING",
            [one, other, at.0],
        )
    }

    pub fn post(&self, author: i64, title: &str, content: &str, at: Timestamp) -> Result<()> {
        let sql = "INSERT INTO posts (author_id, title, content, created_at) VALUES (?1, ?2, ?3, ?4)";
        self.run(sql, params![author, title, content, at.0])
    }

    pub fn chat(&self, new: &NewChat<'_>) -> Result<i64> {
        self.insert(
            "INSERT INTO chats (kind, low_user, high_user, slug, title, title_key, description, is_private, max_members,
                                owner_id, created_by, created_at, updated_at, active_at, retain_days)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
            params![
                if new.direct.is_some() { "direct" } else { "group" },
                new.direct.map(|(low, _, _)| low),
                new.direct.map(|(_, high, _)| high),
                new.direct.map(|(_, _, slug)| slug),
                new.title,
                fold(new.title),
                new.description,
                new.is_private,
                new.max_members,
                new.owner,
                new.created_by,
                new.created_at.0,
                new.updated_at.0,
                new.active_at.0,
                new.retention.to_stored(),
            ],
        )
    }

    pub fn message(&self, new: &NewMessage<'_>) -> Result<()> {
        Ok(messages::insert_row(&self.db, new)?)
    }

    pub fn notify(&self, user: i64, settings: &NotifySettings) -> Result<()> {
        Ok(notify::set(&self.db, user, settings)?)
    }

    /// Whom a message that came calls.
    pub fn calls(&self, calling: &Calling<'_>) -> Result<()> {
        Ok(mentions::insert(&self.db, calling)?)
    }

    /// The chat and the sender of a message.
    pub fn place_of(&self, message: i64) -> Result<(i64, i64)> {
        let mut query = self.cached("SELECT chat_id, sender_id FROM messages WHERE id = ?1")?;
        Ok(query.query_row([message], |row| Ok((row.get(0)?, row.get(1)?)))?)
    }

    /// `false`: it is there already.
    pub fn reaction(&self, message: i64, user: i64, emoji: &Emoji) -> Result<bool> {
        let sql = "INSERT INTO reactions (message_id, user_id, emoji) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
        self.changed(sql, params![message, user, emoji.as_str()])
    }

    /// `at`: the message that it is attached to, behind those that are.
    pub fn file(&self, file: &File, at: Option<i64>) -> Result<i64> {
        Ok(files::insert(&self.db, file, at.map(MessageId))?.0)
    }

    /// Makes a file its uploader's picture, under a public name.
    pub fn avatar(&self, file: i64, user: i64, name: &str) -> Result<()> {
        self.run("UPDATE files SET avatar_of = ?2 WHERE id = ?1", [file, user])?;
        self.run("UPDATE users SET avatar_name = ?2 WHERE id = ?1", params![user, name])
    }

    /// The same of a group. `false`: it has one already.
    pub fn group_avatar(&self, file: i64, chat: i64, name: &str) -> Result<bool> {
        let sql = "UPDATE chats SET avatar_name = ?2 WHERE id = ?1 AND avatar_name IS NULL";
        let is_first = self.changed(sql, params![chat, name])?;
        let picture_of = is_first.then_some(chat);
        self.run("UPDATE files SET avatar_of_chat = ?2 WHERE id = ?1", params![file, picture_of])?;
        Ok(is_first)
    }

    pub fn has_avatar(&self, user: i64) -> Result<bool> {
        self.exists("SELECT 1 FROM files WHERE avatar_of = ?1", [user])
    }

    /// `false`: they are in it already.
    pub fn member(&self, new: &NewMember) -> Result<bool> {
        self.changed(
            "INSERT INTO members (chat_id, user_id, is_admin, joined_at, joined_mark, read_mark, cleared_mark, is_hidden,
                                  level, muted_until)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT DO NOTHING",
            params![
                new.chat,
                new.user,
                new.is_admin,
                new.joined_at.0,
                new.joined_mark,
                new.read_mark,
                new.cleared_mark,
                new.is_hidden,
                new.level.map(Level::as_str),
                members::stored_mute(new.mute),
            ],
        )
    }

    /// A member of a direct chat to whom more came: who had read all that was there has
    /// read as far in what came. Otherwise what was unread would be read by that.
    pub fn member_again(&self, new: &NewMember) -> Result<()> {
        self.run(
            "UPDATE members SET is_hidden = is_hidden AND ?4, read_mark = max(read_mark, ?3)
             WHERE chat_id = ?1 AND user_id = ?2
               AND seen_count = (SELECT message_count FROM chats WHERE id = members.chat_id)",
            params![new.chat, new.user, new.read_mark, new.is_hidden],
        )
    }

    /// Puts who is not in their direct chat into it, with all read.
    pub fn complete_pair(&self, chat: i64) -> Result<()> {
        self.run(
            "INSERT INTO members (chat_id, user_id, joined_at, read_mark)
             SELECT c.id, u.id, c.created_at, coalesce((SELECT max(id) FROM messages WHERE chat_id = c.id), 0)
             FROM chats c JOIN users u ON u.id IN (c.low_user, c.high_user) WHERE c.id = ?1
             ON CONFLICT DO NOTHING",
            [chat],
        )
    }

    pub fn audit(&self, at: Timestamp, action: &str, subject: &str, detail: &str) -> Result<()> {
        let sql = "INSERT INTO audit (at, action, subject, detail) VALUES (?1, ?2, ?3, ?4)";
        self.run(sql, params![at.0, action, subject, detail])
    }

    /// Tells the storage name and the SHA-256 of each file that came.
    pub fn each_file(&self, mut tell: impl FnMut(&str, &str) -> Result<()>) -> Result<()> {
        let mut query = self.db.prepare("SELECT storage_name, sha256 FROM files WHERE id > ?1 ORDER BY id")?;
        let mut rows = query.query([self.before.files])?;
        while let Some(row) = rows.next()? {
            tell(
                row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?,
                row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?,
            )?;
        }
        Ok(())
    }

    /// Makes it count, and closes the database.
    pub fn commit(self) -> Result<()> {
        let newest = changes::newest(&self.db)?;
        while by_chat::enter_piece(&self.db, newest.0, Thresholds::default().waiting)? {}
        search::enter_all(&self.db, SearchThresholds::default())?;
        self.db.execute_batch("DROP INDEX import_by_chat; COMMIT;")?;
        self.db.close().map_err(|(_, cause)| cause.into())
    }

    /// Leaves everything as it was.
    pub fn roll_back(self) -> Result<()> {
        self.db.execute_batch("ROLLBACK")?;
        self.db.close().map_err(|(_, cause)| cause.into())
    }
}

fn unopened(error: OpenError) -> RecordError {
    match error {
        OpenError::Newer { found, newest } => Same::Newer { found, newest },
        OpenError::Io(path, cause) => Same::Io(path, cause),
        other => Same::Database(other.to_string()),
    }
    .into()
}

impl From<rusqlite::Error> for RecordError {
    fn from(cause: rusqlite::Error) -> Self {
        Self::Same(cause.into())
    }
}

impl From<Error> for RecordError {
    fn from(cause: Error) -> Self {
        Self::Same(Same::Database(cause.to_string()))
    }
}
