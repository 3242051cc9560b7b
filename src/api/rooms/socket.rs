//! The frames of a room's socket: chat, calls and signalling.

use std::marker::PhantomData;
use std::sync::Arc;

use serde_json::Value;

use super::json::{self, CallState, Form, Joined, Left, Person, error_frame, frame, message_of};
use super::messages::MESSAGE;
use crate::api::http::base::BasePath;
use crate::api::http::body::{Body, Fields, body};
use crate::api::http::context::Context;
use crate::api::http::limit::Rate;
use crate::api::http::reply::{ApiError, problem};
use crate::api::http::request::Request;
use crate::api::ws::socket::{Audience, Codec};
use crate::chat::model::call::SignalKind;
use crate::chat::model::event::{CallEvent, Event, MemberEvent, MessageEvent, Scope, Turnover};
use crate::chat::model::id::{ChatId, UserId};
use crate::chat::model::name::Username;
use crate::chat::model::session::Actor;
use crate::chat::model::topic::{Topic, Topics};
use crate::chat::subscription::{Subscriber, Subscription};

pub async fn open<F: Form>(actor: Actor, request: Request) -> Result<(Subscription, Room<F>), ApiError> {
    let room = ChatId(request.id(0)?);
    let subscription = request.context.app.subscribe(&actor, Scope::Chat(room), Room::<F>::HEARS).await?;
    let (context, subscriber) = (Arc::clone(&request.context), subscription.subscriber().clone());
    Ok((subscription, Room { context, room, subscriber, form: PhantomData }))
}

body! {
    /// `join_call`.
    JoinCall {
        /// Whether it rings as a video call.
        video: Option<bool>
    }
}

/// One socket in one room.
pub struct Room<F> {
    pub context: Arc<Context>,
    pub room: ChatId,
    pub subscriber: Subscriber,
    form: PhantomData<F>,
}

impl<F: Form> Codec for Room<F> {
    const HEARS: Topics = Topics::of(&[Topic::Messages, Topic::Members, Topic::Calls]);

    fn encode(event: &Event, base: &BasePath) -> Option<String> {
        match event {
            Event::Message(event) => Some(of_message::<F>(event, base)),
            Event::Member(event) => Some(of_member(event)),
            Event::Call(event) => of_call(event),
            _ => None,
        }
    }

    /// Who comes and goes is told to the others.
    fn hears(&self, event: &Event) -> Audience {
        let who = match event {
            Event::Member(MemberEvent::Added { user, .. }) => user.id,
            Event::Member(MemberEvent::ManyChanged { latest, .. }) => latest.user(),
            Event::Member(MemberEvent::Removed { user, .. })
            | Event::Call(CallEvent::Joined { user, .. } | CallEvent::Left { user, .. }) => *user,
            _ => return Audience::Shared,
        };
        if who == self.subscriber.actor.user { Audience::Not } else { Audience::Shared }
    }

    async fn receive(&self, text: String) -> Result<Vec<String>, ApiError> {
        let (kind, mut data) = read(&self.context, &text)?;
        self.act(&kind, &mut data).await
    }

    fn refuse(failure: &ApiError) -> String {
        refusal(failure)
    }
}

fn of_message<F: Form>(event: &MessageEvent, base: &BasePath) -> String {
    match event {
        MessageEvent::Posted { message, .. } => frame("chat_message", message_of::<F>(message, base)),
        MessageEvent::Edited { message, .. } => frame("message_updated", message_of::<F>(message, base)),
        MessageEvent::Deleted { message, .. } => frame("message_deleted", serde_json::json!({ "id": message.0 })),
    }
}

fn of_member(event: &MemberEvent) -> String {
    match event {
        MemberEvent::Added { user, .. } => joined("room", user.id, &user.username, None),
        MemberEvent::Removed { user, .. } => left("room", *user, None),
        // More than are told one by one: the latest of them, and how many that leaves.
        MemberEvent::ManyChanged { latest, members, .. } => match latest {
            Turnover::Joined(user) => joined("room", user.id, &user.username, Some(*members)),
            Turnover::Left(user) => left("room", *user, Some(*members)),
        },
    }
}

fn of_call(event: &CallEvent) -> Option<String> {
    match event {
        CallEvent::Joined { user, username, .. } => Some(joined("call", *user, username, None)),
        CallEvent::Left { user, .. } => Some(left("call", *user, None)),
        CallEvent::State { participants, .. } => Some(frame("call_state", CallState::from(participants.as_slice()))),
        CallEvent::Signalled { signal, .. } => json::signal_frame(signal),
    }
}

fn joined(scope: &'static str, id: UserId, username: &Username, participant_count: Option<i64>) -> String {
    let user = Person { id: id.0, username: username.as_str() };
    frame("user_joined", Joined { user, scope, participant_count })
}

fn left(scope: &'static str, id: UserId, participant_count: Option<i64>) -> String {
    frame("user_left", Left { user_id: id.0, scope, participant_count })
}

/// The type of a frame, and its data.
pub fn read(context: &Context, text: &str) -> Result<(String, Fields), ApiError> {
    let mut frame = context.frame(text)?;
    let kind = frame.require("type", |kind| Ok(kind.to_owned()));
    let kind = frame.complete(kind)?;
    let mut data = match frame.value("data") {
        None => Fields::default(),
        Some(data) => Fields::of_value(data.clone()).map_err(|_| ApiError::field("data", "Expected an object."))?,
    }
    .up_to(context.settings.max_message);
    // It may stand in any frame: at its top, too. What stands with the content is nearer to it.
    if let Some(client_id) = frame.value("client_id")
        && data.value("client_id").is_none()
    {
        data.set("client_id", client_id.clone());
    }
    Ok((kind, data))
}

impl<F: Form> Room<F> {
    /// Does what a frame asks; what it returns is for this socket alone.
    pub async fn act(&self, kind: &str, data: &mut Fields) -> Result<Vec<String>, ApiError> {
        match kind {
            "chat_message" => self.post(data).await,
            "join_call" => self.join_call(data),
            "leave_call" => {
                self.limit(Rate::Signal)?;
                self.context.app.leave_call(&self.subscriber);
                Ok(Vec::new())
            }
            "offer" => self.signal(SignalKind::Offer, "sdp", data),
            "answer" => self.signal(SignalKind::Answer, "sdp", data),
            "ice_candidate" => self.signal(SignalKind::IceCandidate, "candidate", data),
            "ping" => Ok(vec![PONG.to_owned()]),
            _ => Err(no_such_type()),
        }
    }

    /// Its own echo comes through the hub, as everybody's does; a resend gets the first
    /// frame again, for this socket alone.
    async fn post(&self, data: &mut Fields) -> Result<Vec<String>, ApiError> {
        self.limit(Rate::Message)?;
        let draft = MESSAGE.read(data, None)?;
        let posted = self.context.app.post(&self.subscriber.actor, self.room, draft).await?;
        let again =
            (!posted.is_new).then(|| frame("chat_message", message_of::<F>(&posted.message, self.context.base())));
        Ok(again.into_iter().collect())
    }

    fn join_call(&self, data: &mut Fields) -> Result<Vec<String>, ApiError> {
        self.limit(Rate::Signal)?;
        let JoinCall { video } = JoinCall::read(data)?;
        self.context.app.join_call(&self.subscriber, video.unwrap_or(false))?;
        Ok(Vec::new())
    }

    fn signal(&self, kind: SignalKind, field: &str, data: &mut Fields) -> Result<Vec<String>, ApiError> {
        self.limit(Rate::Signal)?;
        let target = data.require_integer("target_user_id");
        // Any JSON, `null` too: it is how browsers say that there are no more candidates.
        let body = data.any(field).map(Value::to_string);
        if body.is_none() {
            data.fault::<()>(field, "This field is required.");
        }
        let (target, body) = data.complete((target, body))?;
        self.context.app.signal(&self.subscriber, UserId(target), kind, body)?;
        Ok(Vec::new())
    }

    pub fn limit(&self, rate: Rate) -> Result<(), ApiError> {
        Ok(self.context.limits.check(rate, &self.subscriber.actor)?)
    }
}

/// The answer to a ping.
pub const PONG: &str = r#"{"type":"pong"}"#;

/// Of a frame that means nothing here.
pub fn no_such_type() -> ApiError {
    ApiError::field("type", "There is no such type of message.")
}

/// What is wrong with a frame. Fields are named in the sentence, for want of another place.
fn refusal(failure: &ApiError) -> String {
    let problem = problem(failure);
    error_frame(problem.code, &problem.sentence())
}
