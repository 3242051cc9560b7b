//! Read receipts: a mark per member that only moves forward.

use super::Chat;
use super::error::{Error, Result};
use super::event::Event;
use super::id::{ChatId, MessageId, UserId};
use super::session::Asker;
use super::store;

/// Up to where a member has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadMark {
    /// Who.
    pub user: UserId,
    /// The newest message when they joined: what is not newer, they were not there for.
    pub after: MessageId,
    /// The newest message that they have read.
    pub upto: MessageId,
}

impl ReadMark {
    /// Whether this member has read `message`, which `sender` sent. One's own counts as read.
    #[must_use]
    pub fn has_read(&self, message: MessageId, sender: UserId) -> bool {
        self.user == sender || (self.after < message && message <= self.upto)
    }
}

impl Chat {
    /// Up to where everybody in a chat has read, for somebody who is in it.
    pub fn read_marks(&self, asker: &Asker, chat: ChatId) -> Result<Vec<ReadMark>> {
        self.store.read(|db| {
            if !store::members::is_member(db, chat, asker.user)? {
                return Err(Error::NotFound);
            }
            store::members::read_marks(db, chat)
        })
    }

    /// Marks a chat as read, up to a message or to its end. Returns how many messages
    /// of others were news.
    pub async fn mark_read(&self, asker: &Asker, chat: ChatId, upto: Option<MessageId>) -> Result<i64> {
        let me = asker.user;
        self.by(asker)
            .write(move |tx| {
                let reading = store::members::reading(tx, chat, me)?.ok_or(Error::NotFound)?;
                let Some(last) = reading.last_message else { return Ok(0) };
                let upto = upto.map_or(last, |asked| asked.min(last));
                if upto <= reading.seen_upto {
                    return Ok(0);
                }
                let news = if upto == last {
                    reading.message_count - reading.seen_count
                } else {
                    store::messages::count_of_others(tx, chat, me, reading.seen_upto, upto)?
                };
                store::members::set_read(tx, chat, me, upto, reading.seen_count + news)?;
                tx.publish(Event::Read { chat, user: me, upto });
                Ok(news)
            })
            .await
    }
}
