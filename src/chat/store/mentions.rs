//! Rows of `mentions`: whom messages name, and whom they answer.

use rusqlite::params;

use super::db::{Db, Sql};
use super::transaction::Tx;
use crate::chat::model::error::Result;
use crate::chat::model::id::{ChatId, MessageId, UserId};
use crate::chat::model::mention::{MAX_MENTIONS_COUNTED, Mentions};
use crate::chat::model::message::Message;

/// Stands for everybody who is in the chat.
pub const EVERYBODY: i64 = 0;

/// A message that calls somebody.
pub struct Calling<'a> {
    pub id: i64,
    pub chat: i64,
    pub sender: i64,
    pub named: &'a [i64],
    pub all: bool,
    /// Who said what it answers.
    pub answered: Option<i64>,
}

/// Writes whom a message calls, but for what it was to call before.
pub fn insert(db: &Db, calling: &Calling<'_>) -> rusqlite::Result<()> {
    let named = calling.named.iter().copied().chain(calling.all.then_some(EVERYBODY)).map(|user| (user, true));
    // An answer to oneself calls nobody.
    let answered = calling.answered.filter(|user| *user != calling.sender && !calling.named.contains(user));
    for (user, is_named) in named.chain(answered.map(|user| (user, false))) {
        db.prepare_cached(
            "INSERT INTO mentions (message_id, user_id, chat_id, sender_id, is_named) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![calling.id, user, calling.chat, calling.sender, is_named])?;
    }
    Ok(())
}

/// The rows of a message that is new; none of most.
pub fn insert_of(tx: &Tx<'_>, message: &Message) -> Result<()> {
    let Mentions { users, all } = &message.mentions;
    if users.is_empty() && !all && message.answered.is_none() {
        return Ok(());
    }
    let named: Vec<i64> = users.iter().map(|user| user.0).collect();
    insert(
        tx,
        &Calling {
            id: message.id.0,
            chat: message.chat.0,
            sender: message.sender.id.0,
            named: &named,
            all: *all,
            answered: message.answered.map(|user| user.0),
        },
    )?;
    Ok(())
}

/// The rows of a message whose text is another now.
pub fn replace(tx: &Tx<'_>, message: &Message) -> Result<()> {
    tx.run("DELETE FROM mentions WHERE message_id = ?1", [message.id.0])?;
    insert_of(tx, message)?;
    tx.run("UPDATE messages SET mention_count = ?2 WHERE id = ?1", [message.id.0, count_of(&message.mentions)])
}

/// How many rows name somebody.
pub fn count_of(mentions: &Mentions) -> i64 {
    i64::try_from(mentions.users.len()).unwrap_or(i64::MAX - 1) + i64::from(mentions.all)
}

/// Whom a message names.
pub fn of_message(db: &Db, id: MessageId) -> Result<Mentions> {
    let sql = "SELECT user_id FROM mentions WHERE message_id = ?1 AND is_named = 1 ORDER BY user_id";
    let mut mentions = Mentions::default();
    for user in db.column(sql, [id.0])? {
        match user {
            EVERYBODY => mentions.all = true,
            user => mentions.users.push(UserId(user)),
        }
    }
    Ok(mentions)
}

/// Somebody in a chat, by the key of their username.
pub fn named(db: &Db, chat: ChatId, key: &str) -> Result<Option<UserId>> {
    db.first("SELECT u.id FROM users u CROSS JOIN members m ON m.chat_id = ?1 AND m.user_id = u.id WHERE u.username_key = ?2", params![chat.0, key], |row| row.get(0))
}

/// Counts, up to a limit, a chat's messages above some marks of a member's that call somebody.
macro_rules! count_calls {
    ($marks:literal, $which:literal) => {
        concat!(
            "SELECT count(*) FROM (
                SELECT 1 FROM members m CROSS JOIN mentions c
                ON c.user_id = ?3 AND c.chat_id = ?1 AND c.message_id > max(",
            $marks,
            ") WHERE m.chat_id = ?1 AND m.user_id = ?2 AND c.sender_id <> ?2 ",
            $which,
            " LIMIT ?4)"
        )
    };
}

/// How many of a chat's messages that a member has not read call them, each once. Everybody is
/// who was in the chat by then.
pub fn count_unread(db: &Db, chat: ChatId, user: UserId) -> Result<i64> {
    let count = |sql, whom| -> Result<i64> { db.one(sql, params![chat.0, user.0, whom, MAX_MENTIONS_COUNTED]) };
    let own = count(count_calls!("m.read_mark, m.cleared_mark", ""), user.0)?;
    // Who is called by name as well is called once; to look for that takes as long again.
    let all = if own == 0 {
        count(count_calls!("m.read_mark, m.cleared_mark, m.joined_mark", ""), EVERYBODY)?
    } else {
        let unnamed = count_calls!(
            "m.read_mark, m.cleared_mark, m.joined_mark",
            "AND NOT EXISTS (SELECT 1 FROM mentions n WHERE n.message_id = c.message_id AND n.user_id = ?2)"
        );
        count(unnamed, EVERYBODY)?
    };
    Ok((own + all).min(i64::from(MAX_MENTIONS_COUNTED)))
}

/// The newest messages below one that call a user, of those that they see now: ids, newest first. The chats
/// are asked from the one that was active last, until those left have nothing that is newer.
pub fn list(db: &Db, user: UserId, below: MessageId, limit: u32) -> Result<Vec<MessageId>> {
    let mut chats = db.cached(
        "SELECT m.chat_id, m.cleared_mark, m.joined_mark, c.last_message_id FROM members m JOIN chats c ON c.id = m.chat_id
         WHERE m.user_id = ?1 AND c.last_message_id > m.cleared_mark ORDER BY c.last_message_id DESC",
    )?;
    let newest = "SELECT message_id FROM mentions
         WHERE user_id = ?1 AND chat_id = ?2 AND message_id > ?3 AND message_id < ?4 AND sender_id <> ?5
         ORDER BY message_id DESC LIMIT ?6";
    let mut found: Vec<i64> = Vec::new();
    let mut rows = chats.query([user.0])?;
    while let Some(row) = rows.next()? {
        let (chat, cleared, joined, last): (i64, i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        // What is older than as many as are wanted is not.
        let floor = found.get(limit as usize - 1).copied().unwrap_or(0);
        if last <= floor {
            break;
        }
        for (whom, above) in [(user.0, cleared), (EVERYBODY, cleared.max(joined))] {
            let above = above.max(floor);
            found.extend(db.column::<i64>(newest, params![whom, chat, above, below.0, user.0, limit])?);
        }
        found.sort_unstable_by(|one, other| other.cmp(one));
        found.dedup();
        found.truncate(limit as usize);
    }
    Ok(found.into_iter().map(MessageId).collect())
}
