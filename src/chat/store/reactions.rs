//! Rows of `reactions`.

use rusqlite::params;

use super::db::{Db, Sql};
use super::transaction::Tx;
use crate::chat::model::error::Result;
use crate::chat::model::id::{MessageId, Seq, UserId};
use crate::chat::model::message::Reaction;
use crate::chat::model::name::Emoji;

/// All reactions to a message: emoji in the order of their first, users in order of reacting.
pub fn of_message(db: &Db, id: MessageId) -> Result<Vec<Reaction>> {
    let mut query = db.cached("SELECT emoji, user_id FROM reactions WHERE message_id = ?1 ORDER BY id")?;
    let mut rows = query.query([id.0])?;
    let mut reactions: Vec<Reaction> = Vec::new();
    while let Some(row) = rows.next()? {
        let (emoji, user) = (row.get::<_, String>(0)?, UserId(row.get(1)?));
        match reactions.iter_mut().find(|reaction| reaction.emoji == emoji) {
            Some(reaction) => reaction.users.push(user),
            None => reactions.push(Reaction { emoji, users: vec![user] }),
        }
    }
    Ok(reactions)
}

pub fn insert(tx: &Tx<'_>, message: MessageId, user: UserId, emoji: &Emoji) -> Result<()> {
    tx.run(
        "INSERT INTO reactions (message_id, user_id, emoji) VALUES (?1, ?2, ?3)",
        params![message.0, user.0, emoji.as_str()],
    )
}

/// `false`: it was not there.
pub fn delete(tx: &Tx<'_>, message: MessageId, user: UserId, emoji: &Emoji) -> Result<bool> {
    tx.changed(
        "DELETE FROM reactions WHERE message_id = ?1 AND user_id = ?2 AND emoji = ?3",
        params![message.0, user.0, emoji.as_str()],
    )
}

/// Keeps the message's count, and gives it the number of the change.
pub fn count(tx: &Tx<'_>, message: MessageId, change: i64, seq: Seq) -> Result<()> {
    tx.run(
        "UPDATE messages SET reaction_count = reaction_count + ?2, seq = ?3 WHERE id = ?1",
        [message.0, change, seq.0],
    )
}
