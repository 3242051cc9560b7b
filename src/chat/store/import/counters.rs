//! Counters, worked out from what is there; and rules that only the whole can break.

use super::{ImportTx, Result};
use crate::chat::model::chat::MAX_MEMBERS;
use crate::chat::model::message::{MAX_ATTACHMENTS, MAX_EMOJI_ON_MESSAGE};
use crate::chat::store::db::Sql;

/// A rule that the whole breaks, and where.
pub enum BrokenRule {
    /// A group whose owner is not in it.
    OwnerOutside(i64),
    /// A chat with too many members.
    TooMany(i64),
    /// A message with too many files.
    Files(i64),
    /// A message with too many emoji.
    Emoji(i64),
    /// A message with neither text nor files.
    Blank(i64),
}

impl ImportTx {
    /// Makes the owners of groups that came admins, and counts what hangs on messages and
    /// what users store.
    pub fn count(&self) -> Result<()> {
        self.run(
            "UPDATE members SET is_admin = 1 WHERE is_admin = 0 AND chat_id > ?1
               AND user_id = (SELECT owner_id FROM chats WHERE id = members.chat_id AND kind = 'group')",
            [self.before.chats],
        )?;
        self.run(
            "UPDATE messages SET attachment_count = (SELECT count(*) FROM files WHERE message_id = messages.id)
             WHERE id IN (SELECT message_id FROM files WHERE id > ?1 AND message_id IS NOT NULL)",
            [self.before.files],
        )?;
        self.run(
            "UPDATE messages SET reaction_count = (SELECT count(*) FROM reactions WHERE message_id = messages.id)
             WHERE id IN (SELECT message_id FROM reactions WHERE id > ?1)",
            [self.before.reactions],
        )?;
        self.run(
            "WITH sums AS MATERIALIZED (SELECT uploader_id, sum(size) AS bytes FROM files GROUP BY uploader_id)
             UPDATE users SET stored_bytes = sums.bytes FROM sums WHERE sums.uploader_id = users.id",
            [],
        )
    }

    /// Counts a chat that something came to. `finds_activity`: the time of its last message
    /// is when it was active.
    pub fn count_chat(&self, chat: i64, finds_activity: bool) -> Result<()> {
        self.run(
            "UPDATE chats SET member_count = (SELECT count(*) FROM members WHERE chat_id = ?1),
                    message_count = (SELECT count(*) FROM messages WHERE chat_id = ?1),
                    last_message_id = (SELECT max(id) FROM messages WHERE chat_id = ?1)
             WHERE id = ?1",
            [chat],
        )?;
        if finds_activity {
            self.run(
                "UPDATE chats SET active_at = max(active_at, coalesce((SELECT created_at FROM messages
                        WHERE id = chats.last_message_id), 0)) WHERE id = ?1",
                [chat],
            )?;
        }
        self.count_seen(chat)
    }

    /// Many members share few marks, and one pass over the messages finds what is whose: a
    /// look at all messages for each member would cost the product of the two.
    fn count_seen(&self, chat: i64) -> Result<()> {
        self.run(
            "UPDATE members SET seen_count = marks.upto FROM (
                SELECT mark, (SELECT count(*) FROM messages WHERE chat_id = ?1 AND id <= mark) AS upto FROM
                    (SELECT DISTINCT max(read_mark, cleared_mark) AS mark FROM members WHERE chat_id = ?1)) AS marks
             WHERE members.chat_id = ?1 AND max(members.read_mark, members.cleared_mark) = marks.mark",
            [chat],
        )?;
        self.run(
            "UPDATE members SET seen_count = seen_count + own.later FROM (
                SELECT m.id AS member, count(*) AS later
                FROM messages g JOIN members m ON m.chat_id = g.chat_id AND m.user_id = g.sender_id
                WHERE g.chat_id = ?1 AND g.id > max(m.read_mark, m.cleared_mark) GROUP BY m.id) AS own
             WHERE members.id = own.member",
            [chat],
        )?;
        self.run(
            "UPDATE members SET cleared_count =
                (SELECT count(*) FROM messages WHERE chat_id = ?1 AND id <= members.cleared_mark)
             WHERE chat_id = ?1 AND cleared_mark > 0",
            [chat],
        )
    }

    /// What the whole breaks, after the counting.
    pub fn broken(&self) -> Result<Option<BrokenRule>> {
        let found = |sql: &str, after: i64, most: usize| {
            let most = i64::try_from(most).unwrap_or(i64::MAX);
            self.first(sql, [after, most], |row| row.get(0))
        };
        let before = &self.before;
        let outside = "SELECT c.id FROM chats c WHERE c.id > ?1 AND c.kind = 'group' AND NOT EXISTS
                           (SELECT 1 FROM members WHERE chat_id = c.id AND user_id = c.owner_id) LIMIT ?2";
        if let Some(chat) = found(outside, before.chats, 1)? {
            return Ok(Some(BrokenRule::OwnerOutside(chat)));
        }
        let large = "SELECT id FROM chats WHERE id > ?1 AND member_count > ?2 LIMIT 1";
        if let Some(chat) = found(large, before.chats, MAX_MEMBERS as usize)? {
            return Ok(Some(BrokenRule::TooMany(chat)));
        }
        let full = "SELECT id FROM messages WHERE id > ?1 AND attachment_count > ?2 LIMIT 1";
        if let Some(message) = found(full, before.seq, MAX_ATTACHMENTS)? {
            return Ok(Some(BrokenRule::Files(message)));
        }
        let gaudy = "SELECT message_id FROM reactions WHERE id > ?1
                     GROUP BY message_id HAVING count(DISTINCT emoji) > ?2 LIMIT 1";
        if let Some(message) = found(gaudy, before.reactions, MAX_EMOJI_ON_MESSAGE)? {
            return Ok(Some(BrokenRule::Emoji(message)));
        }
        let blank = "SELECT id FROM messages WHERE id > ?1 AND content = '' AND attachment_count = 0 LIMIT ?2";
        Ok(found(blank, before.seq, 1)?.map(BrokenRule::Blank))
    }
}
