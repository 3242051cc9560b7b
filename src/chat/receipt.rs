//! Read receipts: a mark per member that moves forward, unless its owner sets it back.

use super::app::App;
use super::model::error::{Error, Result, Rule};
use super::model::event::{ChatEvent, Event};
use super::model::id::{ChatId, MessageId};
use super::model::message::MAX_UNREAD_AGAIN;
use super::model::receipt::ReadMark;
use super::model::session::Actor;
use super::store;

impl App {
    /// Up to where everybody in a chat has read, for somebody who is in it.
    pub fn read_marks(&self, actor: &Actor, chat: ChatId) -> Result<Vec<ReadMark>> {
        self.store.read(|db| {
            if !store::members::is_member(db, chat, actor.user)? {
                return Err(Error::NotFound);
            }
            store::members::read_marks(db, chat)
        })
    }

    /// Marks a chat as read, up to a message or to its end. Returns how many messages
    /// of others were news.
    pub async fn mark_read(&self, actor: &Actor, chat: ChatId, upto: Option<MessageId>) -> Result<i64> {
        let me = actor.user;
        self.authorized(actor)
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

    /// Makes a message and all after it unread for the actor again. Whoever sees who has read
    /// what sees that, too. Returns how many messages are unread now.
    pub async fn mark_unread(&self, actor: &Actor, chat: ChatId, from: MessageId) -> Result<i64> {
        self.check_pace(actor)?;
        let me = actor.user;
        self.authorized(actor)
            .write(move |tx| {
                let reading = store::members::reading(tx, chat, me)?.ok_or(Error::NotFound)?;
                let message = store::messages::find(tx, me, from)?.filter(|message| message.chat == chat);
                let message = message.ok_or(Error::Invalid(Rule::MessageOfChat))?;
                if reading.seen_upto < message.id {
                    return Ok(reading.message_count - reading.seen_count);
                }
                let upto = MessageId(message.id.0 - 1);
                if store::messages::are_more(tx, chat, upto, MAX_UNREAD_AGAIN)? {
                    return Err(Error::Invalid(Rule::TooFarBack));
                }
                let unread = store::messages::count_of_others(tx, chat, me, upto, MessageId(i64::MAX))?;
                store::members::set_read(tx, chat, me, upto, reading.message_count - unread)?;
                tx.publish(Event::Read { chat, user: me, upto });
                tx.publish(Event::Chat(ChatEvent::OwnPartChanged { chat, user: me }));
                Ok(unread)
            })
            .await
    }
}
