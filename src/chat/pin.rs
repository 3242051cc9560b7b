//! Pins: the few messages of a chat that are kept in sight.

use std::sync::Arc;

use super::app::App;
use super::group::inside;
use super::history::{History, membership};
use super::model::chat::{Authority, Kind, Membership};
use super::model::error::{Error, Result};
use super::model::event::Event;
use super::model::id::{ChatId, MessageId, UserId};
use super::model::message::{MAX_PINS, PinPlace, Posted};
use super::model::session::Actor;
use super::store::hook_events::Logged;
use super::store::{self, Db, Tx};

impl App {
    /// Pins a message: in a group as one of its admins, in a direct chat as either side.
    /// Again: no change.
    pub async fn pin(&self, actor: &Actor, id: MessageId) -> Result<Posted> {
        self.check_pace(actor)?;
        let me = actor.user;
        self.authorized(actor).write(move |tx| set_pinned(tx, me, id, true)).await
    }

    /// Takes a pin off. Of a message without one: no change.
    pub async fn unpin(&self, actor: &Actor, id: MessageId) -> Result<()> {
        self.check_pace(actor)?;
        let me = actor.user;
        self.authorized(actor).write(move |tx| set_pinned(tx, me, id, false).map(drop)).await
    }

    /// Pins a message of a chat, or takes its pin off. Returns whether it is pinned now.
    pub async fn toggle_pin(&self, actor: &Actor, chat: ChatId, id: MessageId) -> Result<bool> {
        self.check_pace(actor)?;
        let me = actor.user;
        self.authorized(actor)
            .write(move |tx| {
                let message = store::messages::find(tx, me, id)?.filter(|message| message.chat == chat);
                let is_pinned = message.ok_or(Error::NotFound)?.pinned_at.is_none();
                set_pinned(tx, me, id, is_pinned).map(|_| is_pinned)
            })
            .await
    }

    /// The pinned messages of a chat that the actor is in, the latest pinned first, from
    /// behind a place on, as `write` puts them into words.
    pub async fn pins<T: Send + 'static>(
        &self,
        actor: &Actor,
        chat: ChatId,
        after: Option<PinPlace>,
        limit: u32,
        write: impl Fn(&History) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let me = actor.user;
        let work = move |db: &Db, max_weight| {
            let Membership { message_count: count, cleared_mark, .. } = membership(db, me, chat)?;
            let pins = store::messages::pins(db, chat, cleared_mark, after, limit, max_weight)?;
            History::of(db, chat, count, pins, true, max_weight)?.map(|pins| write(&pins)).transpose()
        };
        self.store.read_long(me, true, work).await
    }
}

fn set_pinned(tx: &mut Tx<'_>, me: UserId, id: MessageId, is_pinned: bool) -> Result<Posted> {
    let mut message = store::messages::find(tx, me, id)?.ok_or(Error::NotFound)?;
    let room = inside(tx, me, message.chat)?;
    if room.kind == Kind::Group {
        Authority::Admin.check(&room, me)?;
    }
    let is_news = message.pinned_at.is_some() != is_pinned;
    if is_news {
        if is_pinned && store::messages::count_pins(tx, message.chat)? >= i64::from(MAX_PINS) {
            return Err(Error::LimitReached { what: "pinned messages", max: MAX_PINS });
        }
        message.seq = tx.next_seq();
        message.pinned_at = is_pinned.then_some(tx.now);
        store::messages::set_pinned(tx, id, message.pinned_at, message.seq)?;
        store::hook_events::note_message(tx, room.id, message.sender.id, message.seq, Logged::Updated(id))?;
    }
    let marks = store::members::read_marks(tx, message.chat)?;
    if is_news {
        let cleared_by = store::members::cleared_by(tx, message.chat, id)?;
        tx.publish(Event::MessagePinned { message: message.clone(), marks: Arc::clone(&marks), cleared_by });
    }
    Ok(Posted { message, pair: store::directs::pair(tx, room.id)?, marks, is_new: is_news })
}
