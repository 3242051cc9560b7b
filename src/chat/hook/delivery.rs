//! Sending: what comes next for a hook, and what became of it.
//!
//! A hook has a cursor over the sequence, and what comes next is read behind it: no queue is kept that a kill could
//! lose, and what was edited or deleted meanwhile is sent as it is by then. The cursor moves in the transaction that
//! says what the receiver answered; whoever is killed between the answer and that sends the event again, under the
//! same id.

use std::time::Duration;

use crate::chat::app::App;
use crate::chat::message::post;
use crate::chat::model::delivery::{
    Attempt, Delivery, GIVE_UP_AFTER, Happening, HookCursor, SPREAD, Upcoming, back_off, is_due,
};
use crate::chat::model::error::{Error, Result};
use crate::chat::model::hook::{HookEvent, SendingHook};
use crate::chat::model::id::{HookId, MessageId, Seq};
use crate::chat::model::message::{Draft, MAX_MESSAGE};
use crate::chat::model::name::{IdempotencyKey, MessageText};
use crate::chat::model::quota::Quota;
use crate::chat::model::time::Timestamp;
use crate::chat::model::token::Keys;
use crate::chat::store::hook_events::{Logged, Place};
use crate::chat::store::outgoing_hooks::Sending;
use crate::chat::store::{self, Db, Tx};

/// Events that are looked at in one read, until one is found that is sent.
const PIECE: u32 = 32;
/// Such reads in a row, until the cursor is moved behind what is not sent.
const PIECES: u32 = 16;
/// How long an event may be answered again by a replay: as long as keys are kept, by which an answer is told from one
/// that was said already.
const ANSWERED_AGAIN: Duration = Duration::from_hours(23);
/// The answer by which a receiver says that it is there no more.
const GONE: u16 = 410;

impl App {
    /// All hooks that send, with whether each failed lately: what happens in their groups is heard from here on.
    pub async fn hooks_that_send(&self) -> Result<Vec<(SendingHook, bool)>> {
        let wakes = self.hook_wakes.clone();
        let all = self
            .store
            .scan(move |db| {
                let all = store::outgoing_hooks::all_on(db)?;
                all.iter().for_each(|(_, chat, _)| wakes.watch(*chat));
                Ok(all)
            })
            .await?;
        Ok(all.into_iter().map(|(hook, _, is_failing)| (hook, is_failing)).collect())
    }

    /// Returns when something happened that a hook may send.
    pub async fn hooks_woken(&self) {
        self.hook_wakes.woken().await;
    }

    /// The hooks of the groups where something happened.
    pub fn woken_hooks(&self) -> Result<Vec<SendingHook>> {
        let mut woken = Vec::new();
        for chat in self.hook_wakes.take() {
            let mut hooks = self.store.read(|db| store::outgoing_hooks::of_chat(db, chat))?;
            if hooks.is_empty() {
                // In this order: one that is made meanwhile is seen.
                self.hook_wakes.unwatch(chat);
                hooks = self.store.read(|db| store::outgoing_hooks::of_chat(db, chat))?;
                if !hooks.is_empty() {
                    self.hook_wakes.watch(chat);
                }
            }
            woken.append(&mut hooks);
        }
        Ok(woken)
    }

    /// The hooks whose next attempt is due, and how many wait for that.
    pub fn hooks_to_retry(&self) -> Result<(Vec<SendingHook>, usize)> {
        let now = self.now();
        self.store.read(|db| store::outgoing_hooks::due(db, now))
    }

    /// What a hook sends next.
    pub fn upcoming(&self, hook: HookId) -> Result<Upcoming> {
        let now = self.now();
        self.store.read(|db| upcoming(db, &self.keys, hook, now))
    }

    /// Moves a hook's cursor behind events that it does not send.
    pub async fn pass(&self, cursor: HookCursor) -> Result<()> {
        self.store.write(move |tx| store::outgoing_hooks::advance(tx, cursor)).await
    }

    /// The receiver took it: the next is due. What it answered is said by the hook's bot, once, unless the hooks of
    /// whoever made it say more already than one person may.
    pub async fn delivered(&self, delivery: &Delivery, attempt: Attempt, reply: Option<MessageText>) -> Result<()> {
        let note = Note::of(delivery);
        let reply = match reply {
            Some(reply) if self.may_answer(note.cursor.hook)? => Some(reply),
            _ => None,
        };
        let quota = self.quota;
        self.store
            .write(move |tx| {
                let Some(sending) = store::outgoing_hooks::find(tx, note.cursor.hook)? else { return Ok(()) };
                note.write(tx, &attempt)?;
                store::outgoing_hooks::advance(tx, note.cursor)?;
                match reply {
                    Some(reply) if is_answerable(&note, &sending, tx.now) => answer(tx, &sending, &note, reply, quota),
                    _ => Ok(()),
                }
            })
            .await
    }

    fn may_answer(&self, hook: HookId) -> Result<bool> {
        let sending = self.store.read(|db| store::outgoing_hooks::find(db, hook))?;
        Ok(sending.is_some_and(|sending| self.check_pace_of_hook(sending.bot).is_ok()))
    }

    /// It came to nothing: it is tried again, later and later, until the receiver is given up; whether it is now.
    pub async fn not_delivered(&self, delivery: &Delivery, attempt: Attempt) -> Result<bool> {
        let note = Note::of(delivery);
        // A clock that is doubted gives nobody up.
        let (quota, is_time_known) = (self.quota, self.clock_doubt().is_none());
        self.store
            .write(move |tx| {
                let Some(sending) = store::outgoing_hooks::find(tx, note.cursor.hook)? else { return Ok(false) };
                note.write(tx, &attempt)?;
                if sending.replays != note.cursor.replays || sending.is_off {
                    return Ok(false);
                }
                let since = sending.failing_since.unwrap_or(tx.now).min(tx.now);
                let is_over = tx.now >= since.plus(GIVE_UP_AFTER) && is_time_known;
                if attempt.status == Some(GONE) || is_over {
                    return switch_off(tx, note.cursor.hook, &sending, &attempt, quota).map(|()| true);
                }
                let wait = back_off(sending.failures.saturating_add(1));
                let retry_at = tx.now.plus(wait.mul_f64(rand::random_range(SPREAD)));
                store::outgoing_hooks::fail(tx, note.cursor.hook, since, retry_at).map(|()| false)
            })
            .await
    }
}

/// What is kept of a delivery.
struct Note {
    cursor: HookCursor,
    webhook_id: String,
    event: HookEvent,
    at: Timestamp,
}

impl Note {
    fn of(delivery: &Delivery) -> Self {
        let Delivery { cursor, webhook_id, at, what, .. } = delivery;
        Self { cursor: *cursor, webhook_id: webhook_id.clone(), event: what.event(), at: *at }
    }

    fn write(&self, tx: &Tx<'_>, attempt: &Attempt) -> Result<()> {
        let HookCursor { hook, to, .. } = self.cursor;
        store::deliveries::insert(tx, hook, &self.webhook_id, Some(to), self.event.as_str(), attempt)
    }
}

/// Whether an answer is new, or so recent that its key tells, and the hook is not off by now.
fn is_answerable(note: &Note, sending: &Sending, now: Timestamp) -> bool {
    !sending.is_off && (note.cursor.to > sending.furthest || note.at.plus(ANSWERED_AGAIN) > now)
}

/// Says the answer of a receiver, unless it was said already. What cannot be said is left out.
fn answer(tx: &mut Tx<'_>, sending: &Sending, note: &Note, reply: MessageText, quota: Quota) -> Result<()> {
    let key = IdempotencyKey::parse(&note.webhook_id).map_err(|_| Error::Internal)?;
    say(tx, sending, Draft::of(reply, Some(key)), quota)
}

fn say(tx: &mut Tx<'_>, sending: &Sending, draft: Draft, quota: Quota) -> Result<()> {
    match post(tx, sending.bot, sending.chat, &draft, quota) {
        // All of these come before anything is written.
        Ok(_) | Err(Error::KeyReused | Error::NotFound | Error::NotMember | Error::StorageFull | Error::Invalid(_)) => {
            Ok(())
        }
        Err(error) => Err(error),
    }
}

fn switch_off(tx: &mut Tx<'_>, hook: HookId, sending: &Sending, attempt: &Attempt, quota: Quota) -> Result<()> {
    let reason = if attempt.status == Some(GONE) {
        "Its receiver answered 410 Gone.".to_owned()
    } else {
        format!("Its receiver took nothing for 24 hours: {}.", attempt.error.as_deref().unwrap_or("no answer"))
    };
    store::hooks::switch(tx, hook, Some(&reason))?;
    let sentence = format!("This hook is switched off. {reason}");
    let text = MessageText::parse(&sentence, MAX_MESSAGE).map_err(|_| Error::Internal)?;
    say(tx, sending, Draft::of(text, None), quota)
}

fn upcoming(db: &Db, keys: &Keys, hook: HookId, now: Timestamp) -> Result<Upcoming> {
    let Some(sending) = store::outgoing_hooks::find(db, hook)? else { return Ok(Upcoming::Nothing) };
    if sending.is_off || sending.retry_at.is_some_and(|at| !is_due(at, now)) {
        return Ok(Upcoming::Nothing);
    }
    let (replays, mut seen) = (sending.replays, sending.cursor);
    for _ in 0..PIECES {
        let (places, is_more) = store::hook_events::after(db, sending.chat, seen, PIECE)?;
        for place in &places {
            if let Some((number, at, what)) = happening(db, &sending, place)? {
                return Ok(Upcoming::Send(Box::new(Delivery {
                    cursor: HookCursor { hook, replays, to: place.seq },
                    webhook_id: format!("msg_{hook}_{number}"),
                    url: sending.url,
                    key: keys.hook_secret(&sending.nonce),
                    at,
                    what,
                })));
            }
        }
        match places.last() {
            Some(last) if is_more => seen = last.seq,
            _ => break,
        }
    }
    // A few are looked at again rather than written down.
    let is_passed = seen > sending.cursor;
    Ok(if is_passed { Upcoming::Passed(HookCursor { hook, replays, to: seen }) } else { Upcoming::Nothing })
}

/// What a hook sends of something, under which number, and when it was; `None`: nothing.
fn happening(db: &Db, sending: &Sending, place: &Place) -> Result<Option<(Seq, Timestamp, Happening)>> {
    let (chat, events) = (sending.chat, sending.events);
    let Some((logged, at)) = place.logged else {
        if !events.has(HookEvent::MessageCreated) {
            return Ok(None);
        }
        let message = store::messages::find(db, sending.bot, MessageId(place.seq.0))?;
        let message = message.filter(|message| !message.sender.is_bot && sending.only.takes(message, sending.bot));
        return Ok(message.map(|message| (place.seq, message.created_at, Happening::Created(Box::new(message)))));
    };
    let told = match logged {
        Logged::Updated(id) if events.has(HookEvent::MessageUpdated) => {
            let message = store::messages::find(db, sending.bot, id)?;
            let Some(message) = message.filter(|message| sending.only.takes(message, sending.bot)) else {
                return Ok(None);
            };
            let marks = store::members::read_marks(db, chat)?;
            Some((place.seq, Happening::Updated(Box::new(message), marks)))
        }
        Logged::Deleted(id) if events.has(HookEvent::MessageDeleted) => {
            Some((place.seq, Happening::Deleted(chat, id, place.seq)))
        }
        Logged::Erased(seq) if events.has(HookEvent::MessageCreated) && !events.has(HookEvent::MessageDeleted) => {
            Some((seq, Happening::Deleted(chat, MessageId(place.seq.0), seq)))
        }
        Logged::Purged(seq) if events.has(HookEvent::MessageCreated) || events.has(HookEvent::MessageDeleted) => {
            Some((seq, Happening::Deleted(chat, MessageId(place.seq.0), seq)))
        }
        Logged::Added(user) if events.has(HookEvent::MemberAdded) => Some((place.seq, Happening::Added(chat, user))),
        Logged::Removed(user) if events.has(HookEvent::MemberRemoved) => {
            Some((place.seq, Happening::Removed(chat, user)))
        }
        _ => None,
    };
    Ok(told.map(|(number, what)| (number, at, what)))
}
