//! The frames of a room's socket: chat, calls and signalling.

use std::marker::PhantomData;
use std::sync::Arc;

use serde_json::Value;

use super::json::{self, CallState, Form, Joined, Left, MessageOf, Person, error_frame, frame};
use super::messages::draft;
use crate::api::http::body::Fields;
use crate::api::http::context::Context;
use crate::api::http::limit::Rate;
use crate::api::http::reply::{ApiError, problem};
use crate::api::http::request::Request;
use crate::api::ws::socket::{Audience, Codec};
use crate::chat::model::call::SignalKind;
use crate::chat::model::event::{Event, Scope, Turnover};
use crate::chat::model::id::{ChatId, UserId};
use crate::chat::model::session::Actor;
use crate::chat::subscription::{Subscriber, Subscription};

pub async fn open<F: Form>(actor: Actor, request: Request) -> Result<(Subscription, Room<F>), ApiError> {
    let room = ChatId(request.id(0)?);
    let subscription = request.context.app.subscribe(&actor, Scope::Chat(room)).await?;
    let (context, subscriber) = (Arc::clone(&request.context), subscription.subscriber().clone());
    Ok((subscription, Room { context, room, subscriber, form: PhantomData }))
}

/// One socket in one room.
pub struct Room<F> {
    pub context: Arc<Context>,
    pub room: ChatId,
    pub subscriber: Subscriber,
    form: PhantomData<F>,
}

impl<F: Form> Codec for Room<F> {
    fn encode(event: &Event) -> Option<String> {
        match event {
            Event::MessagePosted { message, .. } => Some(frame("chat_message", MessageOf::<F>::from(message))),
            Event::MessageEdited { message, .. } => Some(frame("message_updated", MessageOf::<F>::from(message))),
            Event::MessageDeleted { message, .. } => {
                Some(frame("message_deleted", serde_json::json!({ "id": message.0 })))
            }
            Event::MemberAdded { user, .. } => {
                let user = Person { id: user.id.0, username: user.username.as_str() };
                Some(frame("user_joined", Joined { user, scope: "room", participant_count: None }))
            }
            Event::MemberRemoved { user, .. } => {
                Some(frame("user_left", Left { user_id: user.0, scope: "room", participant_count: None }))
            }
            // More than are told one by one: the latest of them, and how many that leaves.
            Event::MembersChanged { latest, members, .. } => Some(latest_of_many(latest, *members)),
            Event::CallJoined { user, username, .. } => {
                let user = Person { id: user.0, username: username.as_str() };
                Some(frame("user_joined", Joined { user, scope: "call", participant_count: None }))
            }
            Event::CallLeft { user, .. } => {
                Some(frame("user_left", Left { user_id: user.0, scope: "call", participant_count: None }))
            }
            Event::CallState { participants, .. } => {
                Some(frame("call_state", CallState::from(participants.as_slice())))
            }
            Event::Signalled { signal, .. } => json::signal_frame(signal),
            Event::ReactionsChanged { .. }
            | Event::Read { .. }
            | Event::ChatCreated { .. }
            | Event::ChatUpdated { .. }
            | Event::MemberChanged { .. }
            | Event::ChatDeleted { .. }
            | Event::ChatHidden { .. }
            | Event::OwnPartChanged { .. }
            | Event::MessagePinned { .. }
            | Event::CredentialEnded { .. }
            | Event::CredentialsEnded { .. }
            | Event::RightsChanged { .. }
            | Event::SocketOpened { .. }
            | Event::Typing { .. }
            | Event::Presence { .. } => None,
        }
    }

    /// Who comes and goes is told to the others.
    fn hears(&self, event: &Event) -> Audience {
        let who = match event {
            Event::MemberAdded { user, .. } => user.id,
            Event::MembersChanged { latest, .. } => latest.user(),
            Event::MemberRemoved { user, .. } | Event::CallJoined { user, .. } | Event::CallLeft { user, .. } => *user,
            _ => return Audience::Shared,
        };
        if who == self.subscriber.actor.user { Audience::Not } else { Audience::Shared }
    }

    async fn receive(&self, text: String) -> Vec<String> {
        let done = async {
            let (kind, mut data) = read(&text)?;
            self.act(&kind, &mut data).await
        };
        done.await.unwrap_or_else(|failure| vec![refusal(&failure)])
    }

    fn refuse_binary(&self) -> String {
        no_binary()
    }
}

/// The answer to a binary frame.
pub fn no_binary() -> String {
    error_frame("validation_error", "Binary frames are not read here.")
}

fn latest_of_many(latest: &Turnover, members: i64) -> String {
    let participant_count = Some(members);
    match latest {
        Turnover::Joined(user) => {
            let user = Person { id: user.id.0, username: user.username.as_str() };
            frame("user_joined", Joined { user, scope: "room", participant_count })
        }
        Turnover::Left(user) => frame("user_left", Left { user_id: user.0, scope: "room", participant_count }),
    }
}

/// The type of a frame, and its data.
pub fn read(text: &str) -> Result<(String, Fields), ApiError> {
    let mut frame = Fields::of_json(text.as_bytes())?;
    let kind = frame.require("type", |kind| Ok(kind.to_owned()));
    let kind = frame.complete(kind)?;
    let mut data = match frame.value("data") {
        None => Fields::default(),
        Some(data) => Fields::of_value(data.clone()).map_err(|_| ApiError::field("data", "Expected an object."))?,
    };
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
            "join_call" => self.join_call(),
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
        let draft = draft(data, None, self.context.settings.max_message)?;
        let posted = self.context.app.post(&self.subscriber.actor, self.room, draft).await?;
        let again = (!posted.is_new).then(|| frame("chat_message", MessageOf::<F>::from(&posted.message)));
        Ok(again.into_iter().collect())
    }

    fn join_call(&self) -> Result<Vec<String>, ApiError> {
        self.limit(Rate::Signal)?;
        self.context.app.join_call(&self.subscriber)?;
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
        self.context.limits.check(rate, &self.subscriber.actor)
    }
}

/// The answer to a ping.
pub const PONG: &str = r#"{"type":"pong"}"#;

/// Of a frame that means nothing here.
pub fn no_such_type() -> ApiError {
    ApiError::field("type", "There is no such type of message.")
}

/// What is wrong with a frame. Fields are named in the sentence, for want of another place.
pub fn refusal(failure: &ApiError) -> String {
    let problem = problem(failure);
    error_frame(problem.code, &problem.sentence())
}
