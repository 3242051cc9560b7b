//! The frames of a direct chat: what was said, and then what is said.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use super::json::frame;
use crate::api::http::base::BasePath;
use crate::api::http::context::Context;
use crate::api::http::draft::DraftFields;
use crate::api::http::reply::ApiError;
use crate::api::http::request::Request;
use crate::api::ws::socket::{Audience, Codec, MAX_PIECE};
use crate::chat::model::chat::Kind;
use crate::chat::model::direct::Pair;
use crate::chat::model::event::{Event, MessageEvent, Scope};
use crate::chat::model::id::{ChatId, MessageId};
use crate::chat::model::message::{Message, Window};
use crate::chat::model::receipt::ReadMark;
use crate::chat::model::session::Actor;
use crate::chat::model::topic::{Topic, Topics};
use crate::chat::subscription::{Subscriber, Subscription};

/// What a client says.
pub const FRAME: DraftFields = DraftFields::text("body");
/// Messages of the past that are held at once: what a connection costs in memory.
const PIECE: u32 = 50;
/// What went wrong is never told: this document has one sentence for everything.
pub const ERROR_SENTENCE: &str = "An error occurred while processing your message";
/// The same as a frame.
const ERROR: &str = r#"{"error":"An error occurred while processing your message"}"#;

pub async fn open(actor: Actor, request: Request) -> Result<(Subscription, Conversation), ApiError> {
    let id = ChatId(request.id(0)?);
    let app = &request.context.app;
    // A group is not found by its members either: it is no chat of this document.
    if app.chat(&actor, id)?.kind != Kind::Direct {
        return Err(ApiError::NOT_FOUND);
    }
    let subscription = app.subscribe(&actor, Scope::Chat(id), Conversation::HEARS).await?;
    let marks = app.read_marks(&actor, id).await?;
    let opened_at = MessageId(subscription.since().0);
    let told_upto = match request.context.settings.ws_history {
        None => MessageId(0),
        Some(0) => opened_at,
        Some(count) => app.start_of_newest(&actor, id, MessageId(opened_at.0 + 1), count).await?.above,
    };
    let codec = Conversation {
        context: Arc::clone(&request.context),
        subscriber: subscription.subscriber().clone(),
        id,
        marks,
        opened_at,
        told_upto: AtomicI64::new(told_upto.0),
        is_marked: AtomicBool::new(false),
        is_over: AtomicBool::new(false),
    };
    Ok((subscription, codec))
}

/// One socket in one direct chat.
pub struct Conversation {
    context: Arc<Context>,
    subscriber: Subscriber,
    id: ChatId,
    /// Up to where both had read before this socket was there.
    marks: Arc<[ReadMark]>,
    /// The newest message when the socket was opened: what is newer arrived while it was there.
    opened_at: MessageId,
    /// The newest message that was told as a part of the past.
    told_upto: AtomicI64,
    /// The past is marked as read.
    is_marked: AtomicBool,
    /// The past could not be read on.
    is_over: AtomicBool,
}

impl Codec for Conversation {
    /// The past is as long as it is, and the other side may go on writing while it is told.
    const READS_UNTIL_NOW: bool = true;

    const TELLS_PAST: bool = true;
    const HEARS: Topics = Topics::of(&[Topic::Messages]);

    fn encode(event: &Event, _base: &BasePath) -> Option<String> {
        match event {
            Event::Message(MessageEvent::Posted { message, pair: Some(pair), .. }) => {
                Some(frame(message, is_read_at_once(pair)))
            }
            _ => None,
        }
    }

    /// Ids grow in commit order, so whatever is not newer than the past was told with it.
    fn hears(&self, event: &Event) -> Audience {
        match event {
            Event::Message(MessageEvent::Posted { message, .. }) if message.id <= self.told_upto() => Audience::Not,
            _ => Audience::Shared,
        }
    }

    async fn catch_up(&self) -> Vec<String> {
        if self.is_over.load(Ordering::Relaxed) {
            return Vec::new();
        }
        let (app, actor) = (&self.context.app, &self.subscriber.actor);
        let Ok(piece) = app.history_piece(actor, self.id, self.told_upto(), PIECE) else {
            self.is_over.store(true, Ordering::Relaxed);
            return vec![ERROR.to_owned()];
        };
        let (mut frames, mut room) = (Vec::new(), MAX_PIECE);
        for message in &piece {
            if room == 0 {
                break;
            }
            let frame = self.frame(message);
            room = room.saturating_sub(frame.len());
            frames.push(frame);
            self.told_upto.store(message.id.0, Ordering::Relaxed);
        }
        let past_is_told = piece.first().is_none_or(|first| first.id > self.opened_at);
        if past_is_told && !self.is_marked.swap(true, Ordering::Relaxed) && self.mark_read().await.is_err() {
            frames.push(ERROR.to_owned());
        }
        frames
    }

    /// Its own echo comes through the hub, as everybody's does; a resend gets the first
    /// frame again, for this socket alone.
    async fn receive(&self, text: String) -> Result<Vec<String>, ApiError> {
        let draft = FRAME.read(&mut self.context.frame(&text)?, None)?;
        let posted = self.context.app.post(&self.subscriber.actor, self.id, draft).await?;
        let is_read = posted.pair.as_ref().is_some_and(is_read_at_once);
        Ok((!posted.is_new).then(|| frame(&posted.message, is_read)).into_iter().collect())
    }

    fn refuse(_: &ApiError) -> String {
        ERROR.to_owned()
    }
}

impl Conversation {
    fn told_upto(&self) -> MessageId {
        MessageId(self.told_upto.load(Ordering::Relaxed))
    }

    fn frame(&self, message: &Message) -> String {
        let reader = self.marks.iter().find(|mark| mark.user != message.sender.id);
        let is_read = reader.is_none_or(|mark| mark.has_read(message.id, message.sender.id));
        frame(message, is_read)
    }

    /// What had been said when the socket was opened; what arrives since stays unread.
    async fn mark_read(&self) -> Result<(), ApiError> {
        let (app, actor) = (&self.context.app, &self.subscriber.actor);
        let newest = Window::Before(MessageId(self.opened_at.0 + 1), 1);
        if let Some(newest) = app.history(actor, self.id, newest)?.items.first() {
            app.mark_read(actor, self.id, Some(newest.id)).await?;
        }
        Ok(())
    }
}

/// Notes to self have been read by whom they are for.
fn is_read_at_once(pair: &Pair) -> bool {
    pair.low.id == pair.high.id
}
