//! `/messages/ws/`: one socket on all of somebody's chats.
//!
//! First a greeting, then what the client missed since the number it names, then
//! everything as it happens. The replay reads each changed message as it is by then,
//! so what it has told is left out of what queued meanwhile: nothing is missing and
//! nothing comes twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use bytes::Bytes;
use parking_lot::Mutex;
use serde::Deserialize;

use super::chats::Upto;
use super::frame::Frame;
use super::json::{Chat, reactions};
use super::messages::MESSAGE;
use super::notify::of_viewer;
use super::{since, worded};
use crate::api::http::base::BasePath;
use crate::api::http::body::{Body, Fields, body};
use crate::api::http::context::Context;
use crate::api::http::reply::ApiError;
use crate::api::http::request::Request;
use crate::api::ws::socket::{Audience, Codec, MAX_PIECE};
use crate::chat::Broadcast;
use crate::chat::message::MayDelete;
use crate::chat::model::changes::Change;
use crate::chat::model::chat::Kind;
use crate::chat::model::event::{CallEvent, ChatEvent, Event, MemberEvent, MessageEvent, Scope};
use crate::chat::model::id::{ChatId, MessageId, Seq};
use crate::chat::model::name::{Emoji, MessageText};
use crate::chat::model::overview::Overview;
use crate::chat::model::session::Actor;
use crate::chat::model::topic::Topics;
use crate::chat::subscription::{Subscriber, Subscription};

pub async fn open(actor: Actor, request: Request) -> Result<(Subscription, AllChats), ApiError> {
    let since = since(&request)?;
    open_since(actor, request, since).await
}

/// The same as an event stream: a browser that comes again says in a header what it has seen.
pub async fn open_events(actor: Actor, request: Request) -> Result<(Subscription, AllChats), ApiError> {
    let since = since(&request)?;
    let since = match request.header(LAST_EVENT_ID).filter(|last| !last.is_empty()) {
        None => since,
        Some(last) => Some(
            last.parse()
                .ok()
                .filter(|number| *number >= 0)
                .ok_or_else(|| ApiError::field(LAST_EVENT_ID, "This is no `id` of this stream."))?,
        ),
    };
    open_since(actor, request, since).await
}

async fn open_since(actor: Actor, request: Request, since: Option<i64>) -> Result<(Subscription, AllChats), ApiError> {
    let since = since.map(Seq);
    let subscription = request.context.app.subscribe(&actor, Scope::All, AllChats::HEARS).await?;
    // Whoever has seen everything, or claims more than there is, has missed nothing.
    let missed = since.filter(|since| *since < subscription.since());
    let codec = AllChats {
        context: Arc::clone(&request.context),
        subscriber: subscription.subscriber().clone(),
        seen_upto: missed.unwrap_or(Seq(0)),
        past: Mutex::new(Backlog::Greeting { newest: subscription.since(), missed }),
        replayed: AtomicI64::new(0),
    };
    Ok((subscription, codec))
}

/// What was the last event that whoever was cut off has seen.
pub const LAST_EVENT_ID: &str = "last-event-id";

body! {
    /// `edit_message`.
    Edit { message_id: MessageId, content: MessageText }
    /// `delete_message`.
    Delete { message_id: MessageId }
    /// `react`.
    React { message_id: MessageId, emoji: Emoji }
    /// `mark_read`.
    MarkRead { chat: ChatId, message_id: Option<Upto> }
    /// `typing`.
    Typing { chat: ChatId, is_typing: bool }
    /// `decline_call`.
    DeclineCall { chat: ChatId }
    /// `visible`.
    Visible { visible: bool }
}

/// One socket.
pub struct AllChats {
    context: Arc<Context>,
    subscriber: Subscriber,
    /// What the client had seen when it came; a message above it is new to it.
    seen_upto: Seq,
    past: Mutex<Backlog>,
    /// Changes up to this one were replayed, and are not told again.
    replayed: AtomicI64,
}

/// What is still to be told before the socket goes live.
#[derive(Clone, Copy)]
enum Backlog {
    Greeting { newest: Seq, missed: Option<Seq> },
    ChangesAfter(Seq),
    Over,
}

impl Codec for AllChats {
    const TELLS_PAST: bool = true;
    const HEARS: Topics = Topics::ALL;

    fn encode(event: &Event, base: &BasePath) -> Option<String> {
        let frame = match event {
            Event::Message(event) => of_message(event, base),
            Event::MessagePinned { message, marks, .. } => Frame::message_updated(message, marks, base),
            Event::ReactionsChanged { chat, message, reactions: all, seq, .. } => {
                Frame::ReactionUpdated { chat: chat.0, seq: seq.0, message_id: message.0, reactions: reactions(all) }
            }
            Event::Read { chat, user, upto } => Frame::Read { chat: chat.0, user_id: user.0, message_id: upto.0 },
            Event::Typing { chat, user, is_typing } => {
                Frame::Typing { chat: chat.0, user_id: user.0, is_typing: *is_typing }
            }
            Event::Chat(event) => of_chat(event)?,
            Event::Member(event) => of_member(event)?,
            Event::Presence { user, online, last_seen, .. } => Frame::Presence {
                user_id: user.0,
                online: *online,
                last_seen: last_seen.map(|moment| moment.to_string()),
            },
            Event::Call(CallEvent::Joined { chat, participants, .. } | CallEvent::Left { chat, participants, .. }) => {
                Frame::Call { chat: chat.0, participants: participants.iter().map(|(user, _)| user.0).collect() }
            }
            Event::Ringing { chat, ring } => Frame::ringing(*chat, ring),
            Event::Call(CallEvent::State { .. } | CallEvent::Signalled { .. }) | Event::Steering(_) => return None,
        };
        Some(frame.text())
    }

    fn hears(&self, event: &Event) -> Audience {
        let me = self.subscriber.actor.user;
        match event {
            Event::Message(event) => self.hears_message(event),
            Event::MessagePinned { message, .. } => self.unless_told(message.seq),
            Event::ReactionsChanged { seq, .. } => self.unless_told(*seq),
            // Every viewer has a view of their own of a chat: `view` makes these.
            Event::Chat(event) if of_chat(event).is_none() => Audience::Own,
            Event::Member(MemberEvent::ManyChanged { .. }) => Audience::Own,
            Event::Member(MemberEvent::Added { user, .. }) if user.id == me => Audience::Own,
            // These are for the others.
            Event::Typing { user, .. } | Event::Presence { user, .. } if *user == me => Audience::Not,
            Event::Chat(_)
            | Event::Member(_)
            | Event::Typing { .. }
            | Event::Presence { .. }
            | Event::Read { .. }
            | Event::Call(_)
            | Event::Ringing { .. }
            | Event::Steering(_) => Audience::Shared,
        }
    }

    fn view(&self, told: &Broadcast, slot: usize) -> Vec<String> {
        let (event, base) = (told.event(), self.context.base());
        let own = match event {
            Event::Message(MessageEvent::Posted { message, key, .. }) => {
                return vec![Frame::new_message(message, &[], key.as_ref(), base).text()];
            }
            Event::Chat(ChatEvent::Updated { chat } | ChatEvent::OwnPartChanged { chat, .. })
            | Event::Member(MemberEvent::ManyChanged { chat, .. })
            | Event::Chat(ChatEvent::MemberChanged { chat, .. }) => {
                self.chat(*chat, updated, |make| told.common(slot, make))
            }
            Event::Chat(ChatEvent::Created { chat, .. }) => self.chat(*chat, created, |make| told.common(slot, make)),
            // Whoever comes into a chat is shown it first, and the others are told of them.
            Event::Member(MemberEvent::Added { chat, .. }) => self.chat(*chat, created, |make| make()),
            _ => None,
        };
        own.into_iter().chain(Self::encode(event, base)).collect()
    }

    async fn catch_up(&self) -> Vec<String> {
        match self.past() {
            Backlog::Greeting { newest, missed } => {
                self.goes_on(missed.map_or(Backlog::Over, Backlog::ChangesAfter));
                vec![Frame::Hello { seq: newest.0, user: self.subscriber.actor.user.0 }.text()]
            }
            Backlog::ChangesAfter(since) => self.replay(since).await.unwrap_or_else(|failure| {
                self.goes_on(Backlog::Over);
                vec![Self::refuse(&failure)]
            }),
            Backlog::Over => Vec::new(),
        }
    }

    async fn receive(&self, text: String) -> Result<Vec<String>, ApiError> {
        let mut frame = self.context.frame(&text)?;
        let kind = frame.require("type", |kind| Ok(kind.to_owned()));
        let kind = frame.complete(kind)?;
        let (app, actor, frame) = (&self.context.app, &self.subscriber.actor, &mut frame);
        match kind.as_str() {
            "send_message" => return Ok(self.send(frame).await?.into_iter().collect()),
            "ping" => return Ok(vec![Frame::Pong.text()]),
            "edit_message" => {
                let Edit { message_id, content } = Edit::read(frame)?;
                app.edit(actor, message_id, content).await?;
            }
            "delete_message" => {
                let Delete { message_id } = Delete::read(frame)?;
                app.delete_message(actor, message_id, MayDelete::Author).await?;
            }
            "react" => {
                let React { message_id, emoji } = React::read(frame)?;
                app.toggle_reaction(actor, message_id, emoji).await?;
            }
            "mark_read" => {
                let MarkRead { chat, message_id } = MarkRead::read(frame)?;
                app.mark_read(actor, chat, message_id.map(|upto| upto.0)).await?;
            }
            "typing" => {
                let Typing { chat, is_typing } = Typing::read(frame)?;
                app.typing(actor, chat, is_typing)?;
            }
            "decline_call" => {
                let DeclineCall { chat } = DeclineCall::read(frame)?;
                app.decline_call(actor, chat)?;
            }
            "visible" => {
                let Visible { visible } = Visible::read(frame)?;
                app.set_visible(&self.subscriber, visible);
            }
            _ => return Err(ApiError::field("type", "There is no such type of message.")),
        }
        Ok(Vec::new())
    }

    /// `seq`, but for a greeting before what was missed: that is still to come.
    fn number(&self, text: &str) -> Option<i64> {
        let Numbered { seq, kind } = serde_json::from_str(text).ok()?;
        seq.filter(|_| kind != "hello" || matches!(self.past(), Backlog::Over))
    }

    /// Fields are named in the sentence, for want of another place.
    fn refuse(failure: &ApiError) -> String {
        let problem = worded(failure);
        Frame::Error { code: problem.code, message: &problem.sentence() }.text()
    }
}

/// What numbers a frame.
#[derive(Deserialize)]
struct Numbered<'a> {
    seq: Option<i64>,
    #[serde(rename = "type")]
    kind: &'a str,
}

fn of_message<'a>(event: &'a MessageEvent, base: &BasePath) -> Frame<'a> {
    match event {
        MessageEvent::Posted { message, .. } => Frame::new_message(message, &[], None, base),
        MessageEvent::Edited { message, marks, .. } => Frame::message_updated(message, marks, base),
        MessageEvent::Deleted { chat, message, seq, .. } => {
            Frame::MessageDeleted { chat: chat.0, seq: seq.0, message_id: message.0 }
        }
    }
}

/// `None`: every viewer has a view of their own.
fn of_chat(event: &ChatEvent) -> Option<Frame<'_>> {
    match event {
        // Put away by oneself on another device: here it goes as well.
        ChatEvent::Deleted { chat } | ChatEvent::Hidden { chat, .. } => Some(Frame::ChatDeleted { chat: chat.0 }),
        ChatEvent::Created { .. }
        | ChatEvent::Updated { .. }
        | ChatEvent::OwnPartChanged { .. }
        | ChatEvent::MemberChanged { .. } => None,
    }
}

fn of_member(event: &MemberEvent) -> Option<Frame<'_>> {
    match event {
        MemberEvent::Added { chat, user, .. } => Some(Frame::MemberAdded { chat: chat.0, user_id: user.id.0 }),
        MemberEvent::Removed { chat, user, .. } => Some(Frame::MemberRemoved { chat: chat.0, user_id: user.0 }),
        MemberEvent::ManyChanged { .. } => None,
    }
}

fn created<'a>(chat: ChatId, overview: &'a Overview, base: &BasePath) -> Frame<'a> {
    Frame::ChatCreated { chat: chat.0, data: Box::new(Chat::new(overview, base)) }
}

fn updated<'a>(chat: ChatId, overview: &'a Overview, base: &BasePath) -> Frame<'a> {
    Frame::ChatUpdated { chat: chat.0, data: Box::new(Chat::new(overview, base)) }
}

impl AllChats {
    fn past(&self) -> Backlog {
        *self.past.lock()
    }

    fn goes_on(&self, with: Backlog) {
        *self.past.lock() = with;
    }

    /// The next piece of what was missed that has anything in it; empty at the end.
    async fn replay(&self, mut since: Seq) -> Result<Vec<String>, ApiError> {
        loop {
            let page = self.context.app.changes(&self.subscriber.actor, since, None).await?;
            let mut room = MAX_PIECE;
            let frames = page.items.iter().map_while(|change| {
                let frame = (room > 0).then(|| self.missed(change))?;
                room = room.saturating_sub(frame.len());
                Some(frame)
            });
            let frames: Vec<String> = frames.collect();
            let untold = page.items.get(frames.len());
            let more = page.more || untold.is_some();
            since = untold.map_or(page.seq, |change| Seq(change.seq().0 - 1));
            self.replayed.store(since.0, Ordering::Relaxed);
            self.goes_on(if more { Backlog::ChangesAfter(since) } else { Backlog::Over });
            if !frames.is_empty() || !more {
                return Ok(frames);
            }
        }
    }

    /// Either way it is the whole message: whoever was cut off amid a replay and comes
    /// again is told an update of what it may not have, and has it then.
    fn missed(&self, change: &Change) -> String {
        let base = self.context.base();
        match change {
            Change::Message(message, marks) if message.id.0 > self.seen_upto.0 => {
                Frame::new_message(message, marks, None, base).text()
            }
            Change::Message(message, marks) => Frame::message_updated(message, marks, base).text(),
            Change::Deleted { id, chat, seq } => {
                Frame::MessageDeleted { chat: chat.0, seq: seq.0, message_id: id.0 }.text()
            }
        }
    }

    fn hears_message(&self, event: &MessageEvent) -> Audience {
        match event {
            // What the sender calls it is for the sender's own sockets.
            MessageEvent::Posted { message, key: Some(_), .. }
                if message.sender.id == self.subscriber.actor.user
                    && self.unless_told(message.seq) == Audience::Shared =>
            {
                Audience::Own
            }
            MessageEvent::Posted { message, .. } | MessageEvent::Edited { message, .. } => {
                self.unless_told(message.seq)
            }
            MessageEvent::Deleted { seq, .. } => self.unless_told(*seq),
        }
    }

    fn unless_told(&self, seq: Seq) -> Audience {
        if seq.0 <= self.replayed.load(Ordering::Relaxed) { Audience::Not } else { Audience::Shared }
    }

    /// The frame of a chat as this viewer sees it; none where they do not any more. Of a group
    /// little is the viewer's own: `common` has the rest made once.
    fn chat(
        &self,
        chat: ChatId,
        frame: impl for<'a> Fn(ChatId, &'a Overview, &BasePath) -> Frame<'a>,
        common: impl FnOnce(&dyn Fn() -> Option<Bytes>) -> Option<Bytes>,
    ) -> Option<String> {
        let (core, me, base) = (&self.context.app, &self.subscriber.actor, self.context.base());
        match core.own_part(me, chat).ok()? {
            (Kind::Direct, _) => Some(frame(chat, &core.direct_overview(me, chat).ok()?, base).text()),
            (Kind::Group, own) => {
                let make = || Some(Bytes::from(frame(chat, &core.common_overview(me, chat).ok()?, base).text()));
                of_viewer(std::str::from_utf8(&common(&make)?).ok()?, own)
            }
        }
    }

    /// Its own echo comes through the hub, as everybody's does; a resend gets the first
    /// frame again, for this socket alone.
    async fn send(&self, frame: &mut Fields) -> Result<Option<String>, ApiError> {
        let chat = frame.require_integer("chat");
        let draft = MESSAGE.read(frame, None)?;
        let chat = ChatId(frame.complete(chat)?);
        let key = draft.key.clone();
        let posted = self.context.app.post(&self.subscriber.actor, chat, draft).await?;
        Ok((!posted.is_new)
            .then(|| Frame::new_message(&posted.message, &posted.marks, key.as_ref(), self.context.base()).text()))
    }
}

#[cfg(test)]
mod tests;
