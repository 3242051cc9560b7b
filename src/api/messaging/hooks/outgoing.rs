//! Hooks that send: what is asked of one, and what its admins see of it.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use tokio::time::timeout;
use warp::http::StatusCode;

use super::Made;
use super::webhook;
use crate::api::http::body::{FieldValue, Fields, body};
use crate::api::http::context::Context;
use crate::api::http::cursor;
use crate::api::http::openapi::shape::{self, Shape};
use crate::api::http::reply::{Answer, ApiError, json, ok};
use crate::api::http::request::Request;
use crate::api::messaging::members::about_users;
use crate::chat::model::admin::Administrator;
use crate::chat::model::delivery::{Attempt, PastDelivery};
use crate::chat::model::error::Error;
use crate::chat::model::hook::{HookEvent, HookEvents, Only, Outgoing};
use crate::chat::model::id::{ChatId, DeliveryId, HookId, Seq};
use crate::chat::model::session::Actor;

/// How long a test may wait for others' tests.
const MAX_WAIT: Duration = Duration::from_secs(15);

/// Some events, by their names.
pub struct EventNames(pub HookEvents);

impl FieldValue for EventNames {
    fn read(fields: &mut Fields, name: &str) -> Option<Self> {
        let events = match fields.value(name)? {
            Value::Array(list) => list.iter().map(|name| HookEvent::of(name.as_str()?.trim())).collect(),
            // In a form, one value is a list of one.
            Value::String(name) => HookEvent::of(name.trim()).map(|event| vec![event]),
            _ => None,
        };
        match events {
            Some(events) if !events.is_empty() => Some(Self(HookEvents::of(&events))),
            _ => {
                let names = HookEvent::ALL.map(HookEvent::as_str).join(", ");
                fields.fault(name, format!("This is a list of some of {names}."))
            }
        }
    }

    fn shape() -> Shape {
        let mut shape = shape::list(shape::one_of(&HookEvent::ALL.map(HookEvent::as_str)));
        shape["minItems"] = 1.into();
        shape
    }
}

/// Which messages.
pub struct OnlyMessages(pub Only);

impl FieldValue for OnlyMessages {
    fn read(fields: &mut Fields, name: &str) -> Option<Self> {
        fields.parse(name, Only::parse).map(Self)
    }

    fn shape() -> Shape {
        shape::any_of([
            shape::one_of(&["all", "mentions"]),
            serde_json::json!({ "type": "string", "pattern": r"^/\S+$" }),
        ])
    }
}

/// What a hook that is to be sends, if it does.
pub fn asked(context: &Context, made: Made) -> Result<Option<Outgoing>, ApiError> {
    let Made { url, events, only, .. } = made;
    let Some(url) = url else {
        return match (events, only) {
            (None, None) => Ok(None),
            _ => Err(ApiError::field("url", "This field is required.")),
        };
    };
    let url = url.trim().to_owned();
    if context.hook_clients.prompt.accepts(&url).is_none() {
        let sentence = "This is an http or https URL of a public address, without a name or password in it.";
        return Err(ApiError::field("url", sentence));
    }
    let events = events.map_or_else(HookEvents::default, |EventNames(events)| events);
    let only = only.map_or_else(Only::default, |OnlyMessages(only)| only);
    Ok(Some(Outgoing { url, events, only }))
}

/// An attempt of a hook to send something.
#[derive(JsonSchema, Serialize)]
pub struct DeliveryLine<'a> {
    id: i64,
    /// As `webhook-id` told it to the receiver.
    webhook_id: &'a str,
    /// The number of the event; null of a test.
    seq: Option<i64>,
    /// What was sent.
    #[serde(rename = "type")]
    kind: &'a str,
    /// What was answered; null where nothing was.
    status: Option<u16>,
    /// How long it took, in milliseconds.
    ms: i64,
    #[schemars(extend("format" = "date-time"))]
    at: String,
    /// Why it counts for nothing; null: it was taken.
    error: Option<&'a str>,
}

impl<'a> From<&'a PastDelivery> for DeliveryLine<'a> {
    fn from(past: &'a PastDelivery) -> Self {
        Self {
            id: past.id.0,
            webhook_id: &past.webhook_id,
            seq: past.seq.map(|seq| seq.0),
            kind: &past.kind,
            status: past.attempt.status,
            ms: past.attempt.ms,
            at: past.at.to_string(),
            error: past.attempt.error.as_deref(),
        }
    }
}

pub async fn deliveries(actor: Actor, request: Request) -> Answer {
    let (chat, hook) = (ChatId(request.id(0)?), HookId(request.id(1)?));
    let asked = cursor::asked::<i64>(&request, &[])?;
    let below = DeliveryId(asked.after.unwrap_or(i64::MAX));
    let found = request.context.app.deliveries(&Administrator::Admin(actor), chat, hook, below, asked.limit + 1);
    ok(&asked.part(&found.map_err(about_users("chat"))?, |past| past.id.0, DeliveryLine::from))
}

body! {
    /// From where on what happened is sent again.
    Again {
        /// What happened after this number is sent again, in order, under the ids of before.
        since: Number,
    }
}

/// A number of the sequence.
pub struct Number(i64);

impl FieldValue for Number {
    fn read(fields: &mut Fields, name: &str) -> Option<Self> {
        match fields.integer(name)? {
            number if number >= 0 => Some(Self(number)),
            _ => fields.fault(name, "This is a number, 0 or more."),
        }
    }

    fn shape() -> Shape {
        shape::integer(0, i64::MAX)
    }
}

pub async fn replay(actor: Actor, mut request: Request) -> Answer {
    let (chat, hook) = (ChatId(request.id(0)?), HookId(request.id(1)?));
    let Again { since: Number(since) } = request.body().await?;
    let app = &request.context.app;
    app.replay_hook(&Administrator::Admin(actor), chat, hook, Seq(since)).await.map_err(about_users("chat"))?;
    Ok(json(StatusCode::ACCEPTED, &Replayed { since }))
}

/// From where on it is sent again.
#[derive(JsonSchema, Serialize)]
pub struct Replayed {
    since: i64,
}

/// What came of a test.
#[derive(JsonSchema, Serialize)]
pub struct Tested {
    /// What the receiver answered; null where it did not.
    status: Option<u16>,
}

pub async fn test(actor: Actor, request: Request) -> Answer {
    let (chat, hook) = (ChatId(request.id(0)?), HookId(request.id(1)?));
    let tried = try_out(&request.context, &Administrator::Admin(actor), chat, hook).await;
    ok(&Tested { status: tried.map_err(about_users("chat"))?.status })
}

/// Sends a test, and lists what came of it.
pub async fn try_out(context: &Context, by: &Administrator, chat: ChatId, hook: HookId) -> Result<Attempt, Error> {
    let (url, key) = context.app.hook_to_test(by, chat, hook)?;
    let webhook_id = format!("test_{hook}_{}", hex::encode(rand::random::<[u8; 8]>()));
    let now = context.app.now();
    let body = webhook::body_of_test(chat, now);
    let user = if let Administrator::Admin(actor) = by { Some(actor.user) } else { None };
    let sent = webhook::send(&context.hook_clients.tests, user, &url, &key, &webhook_id, now, body);
    let attempt = match timeout(MAX_WAIT, sent).await {
        Ok((attempt, _)) => attempt,
        Err(_) => Attempt { status: None, ms: 0, error: Some("too many tests are under way".to_owned()) },
    };
    context.app.note_hook_test(hook, webhook_id, attempt.clone()).await?;
    Ok(attempt)
}
