//! Read receipts: a mark per member that moves forward, unless its owner sets it back.

use std::sync::Arc;
use std::time::Duration;

use super::app::App;
use super::model::error::{Error, Result, Rule};
use super::model::event::{ChatEvent, Event};
use super::model::id::{ChatId, MessageId, UserId};
use super::model::message::MAX_UNREAD_AGAIN;
use super::model::receipt::ReadMark;
use super::model::session::Actor;
use super::store::members::ReadCounters;
use super::store::{self, Db, Tx};

/// Messages that the writer counts while everybody's writes wait for it; more are counted beside it.
const MAX_COUNTED: u32 = 2_000;
/// How often they are counted, since each count is void if one of them is deleted before it is used.
const COUNTS: u32 = 4;
/// How soon somebody may try again whose messages were deleted as fast as they were counted.
const RETRY: Duration = Duration::from_secs(1);

/// How many messages of others there are that somebody is to have read, counted beside the writer.
struct Counted {
    was: ReadCounters,
    upto: MessageId,
    news: i64,
}

impl App {
    /// Up to where everybody in a chat has read, for somebody who is in it.
    pub async fn read_marks(&self, actor: &Actor, chat: ChatId) -> Result<Arc<[ReadMark]>> {
        let me = actor.user;
        let work = move |db: &Db, max_weight| {
            if !store::members::is_member(db, chat, me)? {
                return Err(Error::NotFound);
            }
            store::members::read_marks_within(db, chat, max_weight)
        };
        self.store.read_long(me, true, work).await
    }

    /// Marks a chat as read, up to a message or to its end. Returns how many messages
    /// of others were news.
    pub async fn mark_read(&self, actor: &Actor, chat: ChatId, upto: Option<MessageId>) -> Result<i64> {
        let me = actor.user;
        let mut counted = None;
        for _ in 0..COUNTS {
            let known = counted.take();
            let marked = self.authorized(actor).write(move |tx| mark_read(tx, chat, me, upto, known.as_ref())).await?;
            if let Some(news) = marked {
                return Ok(news);
            }
            counted = self.store.scan_for(me, move |db| Counted::new(db, chat, me, upto)).await?;
        }
        Err(Error::Busy { retry_after: RETRY })
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
                if store::messages::are_more(tx, chat, upto, MessageId(i64::MAX), MAX_UNREAD_AGAIN)? {
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

/// Marks a chat as read: how many messages of others were news. `None`: there are too many to count here.
fn mark_read(
    tx: &mut Tx<'_>,
    chat: ChatId,
    me: UserId,
    upto: Option<MessageId>,
    counted: Option<&Counted>,
) -> Result<Option<i64>> {
    let reading = store::members::reading(tx, chat, me)?.ok_or(Error::NotFound)?;
    let Some(last) = reading.last_message else { return Ok(Some(0)) };
    let upto = upto.map_or(last, |asked| asked.min(last));
    if upto <= reading.seen_upto {
        return Ok(Some(0));
    }
    let news = if upto == last {
        reading.message_count - reading.seen_count
    } else if let Some(counted) = counted
        && counted.upto == upto
        && counted.holds(tx, chat, &reading)?
    {
        counted.news
    } else if store::messages::are_more(tx, chat, reading.seen_upto, upto, MAX_COUNTED)? {
        return Ok(None);
    } else {
        store::messages::count_of_others(tx, chat, me, reading.seen_upto, upto)?
    };
    store::members::set_read(tx, chat, me, upto, reading.seen_count + news)?;
    tx.publish(Event::Read { chat, user: me, upto });
    Ok(Some(news))
}

impl Counted {
    /// `None`: there is nothing to count.
    fn new(db: &Db, chat: ChatId, me: UserId, upto: Option<MessageId>) -> Result<Option<Self>> {
        let was = store::members::reading(db, chat, me)?.ok_or(Error::NotFound)?;
        let Some(last) = was.last_message else { return Ok(None) };
        let upto = upto.map_or(last, |asked| asked.min(last));
        let news = store::messages::count_of_others(db, chat, me, was.seen_upto, upto)?;
        Ok(Some(Self { was, upto, news }))
    }

    /// Whether it would be the same now: one began from there, and the chat has grown by no less than what is new in
    /// it, so that nothing of what was counted is gone.
    fn holds(&self, db: &Db, chat: ChatId, now: &ReadCounters) -> Result<bool> {
        let Ok(grown) = u32::try_from(now.message_count - self.was.message_count) else { return Ok(false) };
        let Some(last) = self.was.last_message.filter(|_| now.seen_upto == self.was.seen_upto) else {
            return Ok(false);
        };
        Ok(!store::messages::are_more(db, chat, last, MessageId(i64::MAX), grown)?)
    }
}
