//! Rows of `users`.

use rusqlite::{Row, params};

use super::db::{Db, Sql};
use super::transaction::Tx;
use crate::chat::model::error::Result;
use crate::chat::model::id::UserId;
use crate::chat::model::name::rule::{MAX_LOGIN, fold};
use crate::chat::model::name::{Email, Username};
use crate::chat::model::page::{Page, Paged};
use crate::chat::model::user::{Account, NewUser, User};

/// The columns of a [`User`], in the order in which [`user`] reads them.
macro_rules! columns {
    ($alias:literal) => {
        concat!(
            $alias,
            ".id, ",
            $alias,
            ".username, ",
            $alias,
            ".display_name, ",
            $alias,
            ".avatar_name, ",
            $alias,
            ".bio, ",
            $alias,
            ".is_bot"
        )
    };
}
pub(super) use columns;

/// Whether anybody may meet a user `u`: not the bot of a hook, whose name would tell others of its group,
/// while there is the hook and after.
macro_rules! is_met {
    ($($rest:literal)?) => {
        concat!(
            "(u.is_bot = 0 OR u.is_disabled = 0 AND NOT EXISTS (SELECT 1 FROM hooks h WHERE h.bot_id = u.id",
            $($rest,)?
            "))"
        )
    };
}

/// How many columns a user takes.
pub(super) const COLUMNS: usize = 6;

/// The user whose columns start at `first`.
pub(super) fn user(row: &Row<'_>, first: usize) -> rusqlite::Result<User> {
    Ok(User {
        id: UserId(row.get(first)?),
        username: Username::stored(row.get(first + 1)?),
        display_name: row.get(first + 2)?,
        avatar: row.get(first + 3)?,
        bio: row.get(first + 4)?,
        is_bot: row.get(first + 5)?,
    })
}

pub(super) fn read_account(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account {
        user: user(row, 0)?,
        email: row.get("email")?,
        is_admin: row.get("is_admin")?,
        is_disabled: row.get("is_disabled")?,
    })
}

pub fn insert(tx: &Tx<'_>, new: &NewUser, hash: &str, nonce: &[u8]) -> Result<UserId> {
    insert_row(tx, new, hash, nonce, false)
}

/// A program's account. Its hash is one that no password has.
pub fn insert_bot(tx: &Tx<'_>, new: &NewUser, hash: &str) -> Result<UserId> {
    insert_row(tx, new, hash, &[], true)
}

fn insert_row(tx: &Tx<'_>, new: &NewUser, hash: &str, nonce: &[u8], is_bot: bool) -> Result<UserId> {
    let display_name = new.display_name.as_deref().unwrap_or(new.username.as_str());
    tx.insert(
        "INSERT INTO users (username, username_key, email, email_key, password_hash, display_name,
                            search_key, token_nonce, is_admin, created_at, look_key, is_bot)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        params![
            new.username.as_str(),
            new.username.key(),
            new.email.as_ref().map_or("", Email::as_str),
            new.email.as_ref().map(Email::key),
            hash,
            display_name,
            search_key(&new.username, display_name),
            nonce,
            new.is_admin,
            tx.now.0,
            new.username.skeleton(),
            is_bot,
        ],
    )
    .map(UserId)
}

fn search_key(username: &Username, display_name: &str) -> String {
    format!("{} {}", username.key(), fold(display_name))
}

pub fn find(db: &Db, id: UserId) -> Result<Option<User>> {
    db.first(concat!("SELECT ", columns!("u"), " FROM users u WHERE u.id = ?1"), [id.0], |row| user(row, 0))
}

pub fn find_by_key(db: &Db, key: &str) -> Result<Option<User>> {
    db.first(concat!("SELECT ", columns!("u"), " FROM users u WHERE u.username_key = ?1"), [key], |row| user(row, 0))
}

/// Somebody whom anybody may write to and bring into a chat.
pub fn find_met(db: &Db, id: UserId) -> Result<Option<User>> {
    db.first(concat!("SELECT ", columns!("u"), " FROM users u WHERE u.id = ?1 AND ", is_met!()), [id.0], |row| {
        user(row, 0)
    })
}

/// The same, by name.
pub fn find_met_by_key(db: &Db, key: &str) -> Result<Option<User>> {
    db.first(
        concat!("SELECT ", columns!("u"), " FROM users u WHERE u.username_key = ?1 AND ", is_met!()),
        [key],
        |row| user(row, 0),
    )
}

/// Whether `me` may look a user up: anybody whom all may meet, and the bots of one's own groups' hooks.
pub fn is_known_to(db: &Db, id: UserId, me: UserId) -> Result<bool> {
    db.exists(
        concat!(
            "SELECT 1 FROM users u WHERE u.id = ?1 AND ",
            is_met!(" AND NOT EXISTS (SELECT 1 FROM members m WHERE m.chat_id = h.chat_id AND m.user_id = ?2)")
        ),
        [id.0, me.0],
    )
}

pub fn find_by_email(db: &Db, email: &Email) -> Result<Option<User>> {
    db.first(concat!("SELECT ", columns!("u"), " FROM users u WHERE u.email_key = ?1"), [email.key()], |row| {
        user(row, 0)
    })
}

/// Who has a name that readers would take for this one, if anybody does.
pub fn look_owner(db: &Db, name: &Username) -> Result<Option<UserId>> {
    let others =
        db.all("SELECT id, username FROM users WHERE look_key = ?1 ORDER BY id", [name.skeleton()], |row| {
            Ok((UserId(row.get(0)?), Username::stored(row.get(1)?)))
        })?;
    Ok(others.into_iter().find(|(_, other)| name.passes_for(other)).map(|(id, _)| id))
}

/// Whether an address is somebody's, or what somebody other than `by` signs in by from before a move.
pub fn email_is_taken(db: &Db, key: &str, by: Option<UserId>) -> Result<bool> {
    db.exists(
        "SELECT 1 FROM users WHERE email_key = ?1
         UNION ALL SELECT 1 FROM former_names WHERE name_key = ?1 AND user_id IS NOT ?2",
        params![key, by.map(|user| user.0)],
    )
}

pub fn account(db: &Db, id: UserId) -> Result<Option<Account>> {
    db.first(
        concat!("SELECT ", columns!("u"), ", u.email, u.is_admin, u.is_disabled FROM users u WHERE u.id = ?1"),
        [id.0],
        read_account,
    )
}

pub fn accounts(db: &Db) -> Result<Vec<Account>> {
    db.all(
        concat!("SELECT ", columns!("u"), ", u.email, u.is_admin, u.is_disabled FROM users u ORDER BY u.id"),
        [],
        read_account,
    )
}

/// Who signs in with this name or address, or had the name before a move: the id, the hash to verify, and
/// whether they may not, since they are disabled or a bot.
pub fn password_of(db: &Db, login: &str) -> Result<Option<(UserId, String, bool)>> {
    // Nobody has it, and folding it would make it longer still.
    if login.len() > MAX_LOGIN {
        return Ok(None);
    }
    let sql = if login.contains('@') {
        "SELECT id, password_hash, is_disabled OR is_bot FROM users WHERE id = coalesce(
            (SELECT id FROM users WHERE email_key = ?1), (SELECT user_id FROM former_names WHERE name_key = ?1))"
    } else {
        "SELECT id, password_hash, is_disabled OR is_bot FROM users WHERE id = coalesce(
            (SELECT id FROM users WHERE username_key = ?1), (SELECT user_id FROM former_names WHERE name_key = ?1))"
    };
    db.first(sql, [fold(login)], |row| Ok((UserId(row.get(0)?), row.get(1)?, row.get(2)?)))
}

/// Of a user who can sign in by it.
pub fn password_hash(db: &Db, id: UserId) -> Result<Option<String>> {
    db.first("SELECT password_hash FROM users WHERE id = ?1 AND is_disabled = 0 AND is_bot = 0", [id.0], |row| {
        row.get(0)
    })
}

/// The hashes that are not of the kind that is made here: those that were brought along.
pub fn foreign_hashes(db: &Db) -> Result<Vec<String>> {
    db.column("SELECT password_hash FROM users WHERE password_hash NOT GLOB '$argon2id$v=19$m=19456,t=2,p=1$*'", [])
}

pub fn page(db: &Db, page: Page) -> Result<Paged<User>> {
    // Accounts are never deleted and ids leave no gaps, so the newest id counts them all; the few
    // that are disabled have an index of their own, and hooks are few.
    let count = db.one(
        "SELECT coalesce(max(id), 0) - (SELECT count(*) FROM users WHERE is_disabled = 1)
              - (SELECT count(*) FROM hooks h CROSS JOIN users b ON b.id = h.bot_id AND b.is_disabled = 0) FROM users",
        [],
    )?;
    if page.is_past(count) {
        return Ok(Paged::past_the_end(count));
    }
    let items = db.all(
        concat!(
            "SELECT ",
            columns!("u"),
            " FROM users u WHERE u.is_disabled = 0 AND ",
            is_met!(),
            " ORDER BY u.id LIMIT ?1 OFFSET ?2"
        ),
        [page.limit(), page.offset()],
        |row| user(row, 0),
    )?;
    Ok(Paged { count, items })
}

pub fn set_email(tx: &Tx<'_>, id: UserId, email: &Email) -> Result<()> {
    tx.run("UPDATE users SET email = ?2, email_key = ?3 WHERE id = ?1", params![id.0, email.as_str(), email.key()])
}

pub fn set_profile(tx: &Tx<'_>, id: UserId, username: &Username, display_name: &str, bio: &str) -> Result<()> {
    tx.run(
        "UPDATE users SET display_name = ?2, bio = ?3, search_key = ?4 WHERE id = ?1",
        params![id.0, display_name, bio, search_key(username, display_name)],
    )
}

pub fn set_avatar(tx: &Tx<'_>, id: UserId, name: Option<&str>) -> Result<()> {
    tx.run("UPDATE users SET avatar_name = ?2 WHERE id = ?1", params![id.0, name])
}

pub fn set_password(tx: &Tx<'_>, id: UserId, hash: &str) -> Result<()> {
    tx.run("UPDATE users SET password_hash = ?2 WHERE id = ?1", params![id.0, hash])
}

pub fn is_bot(db: &Db, id: UserId) -> Result<bool> {
    db.exists("SELECT 1 FROM users WHERE id = ?1 AND is_bot = 1", [id.0])
}

pub fn set_token_nonce(tx: &Tx<'_>, id: UserId, nonce: &[u8]) -> Result<()> {
    tx.run("UPDATE users SET token_nonce = ?2 WHERE id = ?1", params![id.0, nonce])
}

/// Adds to the bytes that a user's files take; fails the caller's check by its result.
pub fn add_stored_bytes(tx: &Tx<'_>, id: UserId, bytes: i64) -> Result<i64> {
    tx.one("UPDATE users SET stored_bytes = stored_bytes + ?2 WHERE id = ?1 RETURNING stored_bytes", [id.0, bytes])
}

pub fn set_last_seen(tx: &Tx<'_>, id: UserId) -> Result<()> {
    tx.run("UPDATE users SET last_seen_at = ?2 WHERE id = ?1", [id.0, tx.now.0])
}

/// Accounts that are not disabled from above `after`, by id.
pub fn directory(db: &Db, after: UserId, limit: u32) -> Result<Vec<Account>> {
    db.all(
        concat!(
            "SELECT ",
            columns!("u"),
            ", u.email, u.is_admin, u.is_disabled FROM users u
             WHERE u.id > ?1 AND u.is_disabled = 0 AND ",
            is_met!(),
            " ORDER BY u.id LIMIT ?2"
        ),
        params![after.0, limit],
        read_account,
    )
}

/// Users whose folded names have `part` in them, or, `by_email`, whose address is `part`; not `me`.
pub fn search(db: &Db, me: UserId, part: &str, by_email: bool, limit: u32) -> Result<Vec<Account>> {
    db.all(
        concat!(
            "SELECT ",
            columns!("u"),
            ", u.email, u.is_admin, u.is_disabled FROM users u
             WHERE u.id IN (SELECT id FROM users WHERE instr(search_key, ?2) > 0
                            UNION SELECT id FROM users WHERE email_key = ?4)
               AND u.id <> ?1 AND u.is_disabled = 0 AND ",
            is_met!(),
            " ORDER BY u.id LIMIT ?3"
        ),
        params![me.0, part, limit, by_email.then_some(part)],
        read_account,
    )
}
