//! The sockets of the client: a room's, which may be its call's, and the one of notifications.

use std::sync::Arc;

use super::super::socket::{self, PONG, no_such_type, read};
use super::json::{OfClient, presence, refusal, room_added};
use crate::api::http::base::BasePath;
use crate::api::http::body::{Body, body};
use crate::api::http::context::Context;
use crate::api::http::limit::Rate;
use crate::api::http::reply::ApiError;
use crate::api::http::request::Request;
use crate::api::ws::socket::{Audience, Codec};
use crate::chat::Broadcast;
use crate::chat::model::event::{CallEvent, ChatEvent, Event, MemberEvent, Scope, Turnover};
use crate::chat::model::id::MessageId;
use crate::chat::model::session::Actor;
use crate::chat::model::topic::{Topic, Topics};
use crate::chat::subscription::Subscription;

body! {
    /// `message_read`.
    MessageRead { message_id: MessageId }
}

/// A room's socket, with the client's frames beside the document's.
pub struct Room {
    room: socket::Room<OfClient>,
    /// Opened for the call alone.
    is_call: bool,
}

pub async fn open_room(actor: Actor, request: Request) -> Result<(Subscription, Room), ApiError> {
    let (subscription, room) = socket::open(actor, request).await?;
    Ok((subscription, Room { room, is_call: false }))
}

pub async fn open_call(actor: Actor, request: Request) -> Result<(Subscription, Room), ApiError> {
    let (subscription, room) = socket::open(actor, request).await?;
    Ok((subscription, Room { room, is_call: true }))
}

impl Codec for Room {
    const HEARS: Topics = socket::Room::<OfClient>::HEARS;

    fn encode(event: &Event, base: &BasePath) -> Option<String> {
        socket::Room::<OfClient>::encode(event, base)
    }

    /// The client calls whoever a call's socket tells it has joined.
    fn hears(&self, event: &Event) -> Audience {
        let joins_room = matches!(
            event,
            Event::Member(MemberEvent::Added { .. } | MemberEvent::ManyChanged { latest: Turnover::Joined(_), .. })
        );
        if joins_room && self.is_call { Audience::Not } else { self.room.hears(event) }
    }

    async fn receive(&self, text: String) -> Result<Vec<String>, ApiError> {
        let (kind, mut data) = read(&self.room.context, &text)?;
        match kind.as_str() {
            "mark_room_as_read" => self.mark_read(None).await,
            "message_read" => {
                let MessageRead { message_id } = MessageRead::read(&mut data)?;
                self.mark_read(Some(message_id)).await
            }
            _ => self.room.act(&kind, &mut data).await,
        }
    }

    fn refuse(failure: &ApiError) -> String {
        refusal(failure)
    }
}

impl Room {
    /// The client says so of every message that it shows, so these are no more than signals.
    async fn mark_read(&self, upto: Option<MessageId>) -> Result<Vec<String>, ApiError> {
        self.room.limit(Rate::Signal)?;
        let socket::Room { context, room, subscriber, .. } = &self.room;
        context.app.mark_read(&subscriber.actor, *room, upto).await?;
        Ok(Vec::new())
    }
}

/// The socket of what is new beyond the room that is looked at.
pub struct Notifications {
    context: Arc<Context>,
    actor: Actor,
}

pub async fn open_notifications(actor: Actor, request: Request) -> Result<(Subscription, Notifications), ApiError> {
    let subscription = request.context.app.subscribe(&actor, Scope::All, Notifications::HEARS).await?;
    Ok((subscription, Notifications { context: Arc::clone(&request.context), actor }))
}

impl Codec for Notifications {
    const HEARS: Topics = Topics::of(&[Topic::Chats, Topic::Members, Topic::Calls]);

    fn encode(event: &Event, _base: &BasePath) -> Option<String> {
        match event {
            Event::Call(CallEvent::Joined { chat, participants, .. } | CallEvent::Left { chat, participants, .. }) => {
                Some(presence(*chat, participants))
            }
            _ => None,
        }
    }

    fn hears(&self, event: &Event) -> Audience {
        match event {
            Event::Call(CallEvent::Joined { .. } | CallEvent::Left { .. }) => Audience::Shared,
            // A room looks otherwise to each of its members.
            Event::Chat(ChatEvent::Created { .. }) => Audience::Own,
            Event::Member(MemberEvent::Added { user, .. }) if user.id == self.actor.user => Audience::Own,
            _ => Audience::Not,
        }
    }

    fn view(&self, told: &Broadcast, _slot: usize) -> Vec<String> {
        let (Event::Chat(ChatEvent::Created { chat, .. }) | Event::Member(MemberEvent::Added { chat, .. })) =
            told.event()
        else {
            return Vec::new();
        };
        let room = self.context.app.chat(&self.actor, *chat).ok();
        // Out of it again already: nothing was added.
        room.filter(|room| room.membership.is_some()).iter().map(|room| room_added(&self.context, room)).collect()
    }

    async fn receive(&self, text: String) -> Result<Vec<String>, ApiError> {
        match read(&self.context, &text)? {
            (kind, _) if kind == "ping" => Ok(vec![PONG.to_owned()]),
            _ => Err(no_such_type()),
        }
    }

    fn refuse(failure: &ApiError) -> String {
        refusal(failure)
    }
}
