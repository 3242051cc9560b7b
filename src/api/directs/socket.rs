//! The frames of a direct chat's socket: its history first, then what is said.

use std::sync::{Arc, Mutex, PoisonError};

use super::json::frame;
use crate::api::Context;
use crate::api::body::Fields;
use crate::api::reply::Failure;
use crate::api::request::Request;
use crate::api::socket::{Codec, Hearing};
use crate::chat::Scope;
use crate::chat::event::Event;
use crate::chat::id::{ChatId, MessageId, UserId};
use crate::chat::listen::{Listening, Seat};
use crate::chat::message::{Draft, Message, Window};
use crate::chat::name::MessageText;
use crate::chat::receipt::ReadMark;
use crate::chat::room::Kind;
use crate::chat::session::Asker;

/// Messages of the history that are read at once: what a connection costs in memory.
const PIECE: u32 = 100;
/// What went wrong is never told: this document has one sentence for everything.
const ERROR: &str = r#"{"error":"An error occurred while processing your message"}"#;

pub async fn open(asker: Asker, request: Request) -> Result<(Listening, Direct), Failure> {
    let chat = &request.context.chat;
    // A room of several is no chat of this document, and so not there.
    let room = chat.room(&asker, ChatId(request.id(0)?))?;
    if room.kind != Kind::Direct {
        return Err(Failure::NOT_FOUND);
    }
    let other = room.other.map_or(asker.user, |other| other.id);
    let listening = chat.listen(&asker, Scope::Chat(room.id)).await?;
    let newest = MessageId(listening.since().0);
    let from = match request.context.settings.ws_history {
        Some(0) => newest,
        Some(limit) => chat.start_of_newest(&asker, room.id, MessageId(newest.0 + 1), limit).await?,
        None => MessageId(0),
    };
    let marks = chat.read_marks(&asker, room.id)?;
    let past = Past { from, newest, marks };
    let seat = listening.seat().clone();
    let codec =
        Direct { context: Arc::clone(&request.context), seat, chat: room.id, other, past: Mutex::new(Some(past)) };
    Ok((listening, codec))
}

/// One socket in one direct chat.
pub struct Direct {
    context: Arc<Context>,
    seat: Seat,
    chat: ChatId,
    other: UserId,
    /// What of the history is still to be sent; `None` when it is over.
    past: Mutex<Option<Past>>,
}

#[derive(Clone)]
struct Past {
    /// Sent up to here.
    from: MessageId,
    /// What is newer comes live.
    newest: MessageId,
    /// Up to where both had read before this connection.
    marks: Vec<ReadMark>,
}

impl Past {
    /// Read by the other one of the two, that is.
    fn is_read(&self, message: &Message, me: UserId, other: UserId) -> bool {
        let sender = message.sender.id;
        let reader = if sender == me { other } else { me };
        self.marks.iter().any(|mark| mark.user == reader && mark.has_read(message.id, sender))
    }
}

impl Codec for Direct {
    fn encode(event: &Event) -> Option<String> {
        match event {
            // One's own notes are read as they are written.
            Event::MessagePosted { message, pair, .. } => {
                Some(frame(message, pair.as_ref().is_some_and(|pair| pair.low.id == pair.high.id)))
            }
            Event::MessageEdited { .. }
            | Event::MessageDeleted { .. }
            | Event::ReactionsChanged { .. }
            | Event::Read { .. }
            | Event::ChatCreated { .. }
            | Event::ChatUpdated { .. }
            | Event::ChatDeleted { .. }
            | Event::ChatHidden { .. }
            | Event::MemberAdded { .. }
            | Event::MemberRemoved { .. }
            | Event::CredentialEnded { .. }
            | Event::CredentialsEnded { .. }
            | Event::SocketOpened(_)
            | Event::Typing { .. }
            | Event::Presence { .. }
            | Event::CallJoined { .. }
            | Event::CallLeft { .. }
            | Event::CallState { .. }
            | Event::Signalled { .. } => None,
        }
    }

    fn hears(&self, _event: &Event) -> Hearing {
        Hearing::Shared
    }

    async fn catch_up(&self) -> Vec<String> {
        let past = self.past.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(past) = past else { return Vec::new() };
        match self.piece(&past) {
            Ok((frames, upto)) if !frames.is_empty() => {
                let rest = Past { from: upto, ..past };
                *self.past.lock().unwrap_or_else(PoisonError::into_inner) = Some(rest);
                frames
            }
            Ok(_) => {
                let asker = &self.seat.asker;
                let read = self.context.chat.mark_read(asker, self.chat, Some(past.newest)).await;
                if read.is_err() { vec![ERROR.to_owned()] } else { Vec::new() }
            }
            Err(_) => vec![ERROR.to_owned()],
        }
    }

    async fn receive(&self, text: String) -> Vec<String> {
        self.post(&text).await.unwrap_or_else(|_| vec![ERROR.to_owned()])
    }

    fn refuse_binary(&self) -> String {
        ERROR.to_owned()
    }
}

impl Direct {
    /// The next piece of the history, and up to where it goes.
    fn piece(&self, past: &Past) -> Result<(Vec<String>, MessageId), Failure> {
        let window = Window::After(past.from, PIECE);
        let page = self.context.chat.history(&self.seat.asker, self.chat, window)?;
        let messages: Vec<_> = page.items.iter().filter(|message| message.id <= past.newest).collect();
        let upto = messages.last().map_or(past.newest, |message| message.id);
        let me = self.seat.asker.user;
        let frames = messages.iter().map(|message| frame(message, past.is_read(message, me, self.other)));
        Ok((frames.collect(), upto))
    }

    /// The echo comes through the hub; a resend gets the first frame again, alone.
    async fn post(&self, text: &str) -> Result<Vec<String>, Failure> {
        let mut fields = Fields::of_json(text.as_bytes())?;
        let max = self.context.settings.max_message;
        let body = fields.require("body", |text| MessageText::parse_filled(text, max));
        let key = fields.idempotency_key(None);
        let body = fields.complete(body)?;
        let posted = self.context.chat.post(&self.seat.asker, self.chat, Draft::of(body, key)).await?;
        let again = (!posted.is_new).then(|| frame(&posted.message, false));
        Ok(again.into_iter().collect())
    }
}
