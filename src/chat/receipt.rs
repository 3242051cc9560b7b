//! Read receipts: a mark per member that only moves forward.

use super::handle::Chat;
use super::model::error::{Error, Result};
use super::model::event::Event;
use super::model::id::{ChatId, MessageId};
use super::model::receipt::ReadMark;
use super::model::session::Asker;
use super::store;

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
