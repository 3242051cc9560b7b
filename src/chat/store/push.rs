//! Rows of `push_subscriptions` and `push`: devices that are told, and of which messages.

use rusqlite::{Row, params};

use super::db::{Db, Sql};
use super::members::{level, mute};
use super::notify;
use super::transaction::Tx;
use crate::chat::model::error::Result;
use crate::chat::model::id::{ChatId, CredentialId, MessageId, PushId, Seq, UserId};
use crate::chat::model::notify::ChatNotify;
use crate::chat::model::push::{Due, NewPushSubscription, Push, PushKeys, PushSubscription, PushTarget};
use crate::chat::model::quiet::NotifySettings;
use crate::chat::model::time::Timestamp;

pub fn insert(tx: &Tx<'_>, user: UserId, credential: CredentialId, new: &NewPushSubscription) -> Result<PushId> {
    let PushTarget { endpoint, keys } = &new.target;
    tx.insert(
        "INSERT INTO push_subscriptions (user_id, credential_id, endpoint, p256dh, auth, label, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![user.0, credential.0, endpoint, keys.p256dh, keys.auth, new.label.as_str(), tx.now.0],
    )
    .map(PushId)
}

/// Gives a user's device that is known by its endpoint other keys and another credential. `None`: it is not known
/// as theirs.
pub fn renew(tx: &Tx<'_>, user: UserId, credential: CredentialId, new: &NewPushSubscription) -> Result<Option<PushId>> {
    let PushTarget { endpoint, keys } = &new.target;
    tx.first(
        "UPDATE push_subscriptions SET credential_id = ?3, p256dh = ?4, auth = ?5, label = ?6
         WHERE endpoint = ?1 AND user_id = ?2 RETURNING id",
        params![endpoint, user.0, credential.0, keys.p256dh, keys.auth, new.label.as_str()],
        |row| row.get(0),
    )
}

/// Ends whatever goes to an endpoint. `false`: nothing does.
pub fn delete_endpoint(tx: &Tx<'_>, endpoint: &str) -> Result<bool> {
    tx.changed("DELETE FROM push_subscriptions WHERE endpoint = ?1", [endpoint])
}

/// Ends a user's oldest devices, but for the newest `max`.
pub fn delete_surplus(tx: &Tx<'_>, user: UserId, max: u32) -> Result<()> {
    tx.run(
        "DELETE FROM push_subscriptions WHERE id IN
            (SELECT id FROM push_subscriptions WHERE user_id = ?1 ORDER BY id DESC LIMIT -1 OFFSET ?2)",
        params![user.0, max],
    )
}

/// `false`: the user has none of this id.
pub fn delete(tx: &Tx<'_>, user: UserId, id: PushId) -> Result<bool> {
    tx.changed("DELETE FROM push_subscriptions WHERE id = ?1 AND user_id = ?2", [id.0, user.0])
}

pub fn delete_all(tx: &Tx<'_>) -> Result<()> {
    tx.run("DELETE FROM push_subscriptions WHERE TRUE", [])
}

fn subscription(row: &Row<'_>) -> rusqlite::Result<PushSubscription> {
    Ok(PushSubscription {
        id: PushId(row.get("id")?),
        label: row.get("label")?,
        created_at: Timestamp(row.get("created_at")?),
    })
}

/// A user's devices, the newest first.
pub fn of_user(db: &Db, user: UserId) -> Result<Vec<PushSubscription>> {
    db.all(
        "SELECT id, label, created_at FROM push_subscriptions WHERE user_id = ?1 ORDER BY id DESC",
        [user.0],
        subscription,
    )
}

/// One of a user's devices.
pub fn find(db: &Db, user: UserId, id: PushId) -> Result<Option<PushSubscription>> {
    db.first(
        "SELECT id, label, created_at FROM push_subscriptions WHERE id = ?1 AND user_id = ?2",
        [id.0, user.0],
        subscription,
    )
}

/// Where pushes to one of a user's devices go.
pub fn target(db: &Db, user: UserId, id: PushId) -> Result<Option<PushTarget>> {
    let sql = "SELECT endpoint, p256dh, auth FROM push_subscriptions WHERE id = ?1 AND user_id = ?2";
    db.first(sql, [id.0, user.0], |row| {
        let keys = PushKeys { p256dh: row.get("p256dh")?, auth: row.get("auth")? };
        Ok(PushTarget { endpoint: row.get("endpoint")?, keys })
    })
}

pub fn count(db: &Db) -> Result<i64> {
    db.one("SELECT count(*) FROM push_subscriptions", [])
}

/// Whether anybody has a device that is told.
pub fn is_any(db: &Db) -> Result<bool> {
    db.exists("SELECT 1 FROM push_subscriptions LIMIT 1", [])
}

/// A device that can be told of a message: it is signed in, and its owner is in the chat, said it not and has not
/// read it. Whether they want to be told is not asked here.
pub struct Reached {
    pub due: Due,
    pub endpoint: String,
    pub notify: ChatNotify,
    /// It mentions them or answers them.
    pub addresses: bool,
    pub settings: NotifySettings,
}

macro_rules! select_reached {
    ($from:literal, $which:literal) => {
        concat!(
            "SELECT m.level, m.muted_until, c.member_count, s.id, s.user_id, s.endpoint, g.id AS message_id,
                 EXISTS (SELECT 1 FROM mentions t WHERE t.message_id = g.id AND t.user_id IN (m.user_id, 0)) AS addresses,
                 n.quiet_from, n.quiet_to, n.quiet_zone, coalesce(n.preview, 1) AS preview
             FROM ",
            $from,
            " CROSS JOIN chats c ON c.id = g.chat_id
             CROSS JOIN credentials k ON k.id = s.credential_id
             CROSS JOIN users u ON u.id = s.user_id
             LEFT JOIN notify n ON n.user_id = s.user_id
             WHERE ",
            $which,
            " AND g.id > max(m.read_mark, m.cleared_mark, m.joined_mark)
             AND u.is_disabled = 0 AND (k.expires_at IS NULL OR k.expires_at > ?1)"
        )
    };
}

fn reached(row: &Row<'_>, now: Timestamp) -> rusqlite::Result<Reached> {
    Ok(Reached {
        due: Due {
            device: PushId(row.get("id")?),
            user: UserId(row.get("user_id")?),
            message: MessageId(row.get("message_id")?),
        },
        endpoint: row.get("endpoint")?,
        notify: ChatNotify::new(level(row, 0)?, mute(row, 1)?, row.get(2)?, now),
        addresses: row.get("addresses")?,
        settings: notify::settings(row)?,
    })
}

/// The messages above one that are no older than `since`, the oldest first, `limit` at most.
pub fn messages(db: &Db, above: MessageId, since: Timestamp, limit: u32) -> Result<Vec<(MessageId, bool)>> {
    db.all(
        "SELECT id, created_at >= ?2 FROM messages WHERE id > ?1 ORDER BY id LIMIT ?3",
        params![above.0, since.0, limit],
        |row| Ok((MessageId(row.get(0)?), row.get(1)?)),
    )
}

/// All devices that a message reaches.
pub fn reached_by(db: &Db, message: MessageId, now: Timestamp) -> Result<Vec<Reached>> {
    db.all(
        select_reached!(
            "messages g CROSS JOIN members m ON m.chat_id = g.chat_id
             CROSS JOIN push_subscriptions s ON s.user_id = m.user_id",
            "g.id = ?2 AND m.user_id <> g.sender_id"
        ),
        [now.0, message.0],
        |row| reached(row, now),
    )
}

/// Whether a message reaches one device.
pub fn reaches(db: &Db, due: Due, now: Timestamp) -> Result<Option<Reached>> {
    db.first(
        select_reached!(
            "push_subscriptions s CROSS JOIN messages g
             CROSS JOIN members m ON m.chat_id = g.chat_id AND m.user_id = s.user_id",
            "s.id = ?2 AND s.user_id = ?3 AND g.id = ?4 AND m.user_id <> g.sender_id"
        ),
        [now.0, due.device.0, due.user.0, due.message.0],
        |row| reached(row, now),
    )
}

/// What somebody is told of a message. Whether they are is another question.
pub fn push(db: &Db, to: &Reached, now: Timestamp) -> Result<Option<Push>> {
    let sql = "SELECT g.chat_id, g.seq, g.content, u.display_name, c.title, c.low_user IS NOT NULL AS is_direct
         FROM messages g JOIN chats c ON c.id = g.chat_id JOIN users u ON u.id = g.sender_id WHERE g.id = ?1";
    let found = db.first(sql, [to.due.message.0], |row| {
        let (sender, is_direct): (String, bool) = (row.get("display_name")?, row.get("is_direct")?);
        let text: String = row.get("content")?;
        Ok(Push {
            chat: ChatId(row.get("chat_id")?),
            message: to.due.message,
            seq: Seq(row.get("seq")?),
            title: if is_direct { sender.clone() } else { row.get("title")? },
            sender,
            text: Some(text).filter(|_| to.settings.preview),
            badge: 0,
            is_urgent: is_direct || to.addresses,
        })
    })?;
    let Some(push) = found else { return Ok(None) };
    Ok(Some(Push { badge: unread(db, to.due.user, now)?, ..push }))
}

/// A user's unread messages in the chats that count.
fn unread(db: &Db, user: UserId, now: Timestamp) -> Result<i64> {
    let chats = db.all(
        "SELECT m.level, m.muted_until, c.member_count, c.message_count - m.seen_count AS unread
         FROM members m JOIN chats c ON c.id = m.chat_id
         WHERE m.user_id = ?1 AND m.is_hidden = 0 AND c.message_count > m.seen_count",
        [user.0],
        |row| Ok((ChatNotify::new(level(row, 0)?, mute(row, 1)?, row.get(2)?, now), row.get("unread")?)),
    )?;
    Ok(chats.into_iter().filter(|(notify, _)| notify.counts()).map(|(_, unread): (_, i64)| unread).sum())
}

/// The sealed key, and the newest message that was looked at.
pub fn state(db: &Db) -> Result<Option<(Vec<u8>, MessageId)>> {
    db.first("SELECT sealed_key, upto FROM push", [], |row| Ok((row.get(0)?, MessageId(row.get(1)?))))
}

/// Keeps a key, which begins with the messages that come from now on.
pub fn set_key(tx: &Tx<'_>, sealed: &[u8]) -> Result<()> {
    tx.run("INSERT OR REPLACE INTO push VALUES (1, ?1, (SELECT coalesce(max(id), 0) FROM messages))", [sealed])
}

pub fn set_upto(tx: &Tx<'_>, upto: MessageId) -> Result<()> {
    tx.run("UPDATE push SET upto = max(upto, ?1)", [upto.0])
}
