//! How I am told of what happens: mentions, levels and mutes.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::search::FoundMessage;
use crate::api::http::body::{Body, FieldValue, Fields, MaybeNull, body};
use crate::api::http::cursor::{self, Part};
use crate::api::http::openapi::doc::Doc;
use crate::api::http::openapi::shape::{Shape, any_of, one_of, word};
use crate::api::http::reply::{Answer, ok};
use crate::api::http::request::Request;
use crate::chat::model::id::{ChatId, MessageId};
use crate::chat::model::moment::{LATEST, moment};
use crate::chat::model::name::rule::Violation;
use crate::chat::model::notify::{self, Level, Mute, NotifyChange};
use crate::chat::model::overview::OwnPart;
use crate::chat::model::session::Actor;

/// What of a chat is its viewer's alone.
#[derive(JsonSchema, Serialize)]
pub struct Own {
    /// Whether I may change the group.
    is_admin: bool,
    unread_count: i64,
    /// Unread messages that mention me or answer me: 1,000 at most are counted.
    mention_count: i64,
    notify: ChatNotify,
}

impl From<OwnPart> for Own {
    fn from(own: OwnPart) -> Self {
        let OwnPart { is_admin, unread_count, mention_count, notify } = own;
        Self { is_admin, unread_count, mention_count, notify: notify.into() }
    }
}

impl Own {
    /// Its fields, and the end of the chat.
    fn fields(own: OwnPart) -> String {
        serde_json::to_string(&Self::from(own)).unwrap_or_default().split_off(1)
    }
}

/// The text of a frame that ends in a chat as it is told of nobody, with a viewer's own part.
pub fn of_viewer(common: &str, own: OwnPart) -> Option<String> {
    let shared = common.strip_suffix('}')?.strip_suffix(&Own::fields(OwnPart::default()))?;
    Some(format!("{shared}{}}}", Own::fields(own)))
}

/// How I am told of what happens in a chat.
#[derive(JsonSchema, Serialize)]
struct ChatNotify {
    /// Of every message, of those that mention me or answer me, or of none. Unless it is set: `all` in
    /// chats of up to 20 members, `mentions` in larger ones.
    #[schemars(extend("enum" = ["all", "mentions", "nothing"]))]
    level: &'static str,
    /// A time, `forever`, or nothing: then it is not mute.
    muted_until: Option<String>,
}

impl From<notify::ChatNotify> for ChatNotify {
    fn from(notify: notify::ChatNotify) -> Self {
        let until = |mute| match mute {
            Mute::Until(end) => end.to_string(),
            Mute::Forever => FOREVER.to_owned(),
        };
        Self { level: notify.level.as_str(), muted_until: notify.muted_until.map(until) }
    }
}

/// A mute that one ends oneself.
const FOREVER: &str = "forever";

/// Of what I am told.
pub struct LevelName(Level);

impl FieldValue for LevelName {
    fn read(fields: &mut Fields, name: &str) -> Option<Self> {
        let level = |text: &str| Level::of(text.trim()).ok_or(Violation("This is all, mentions or nothing.".into()));
        fields.parse(name, level).map(Self)
    }

    fn shape() -> Shape {
        one_of(&Level::ALL.map(Level::as_str))
    }
}

/// Until when a chat is mute.
pub struct MutedUntil(Mute);

impl FieldValue for MutedUntil {
    fn read(fields: &mut Fields, name: &str) -> Option<Self> {
        fields.parse(name, mute).map(Self)
    }

    fn shape() -> Shape {
        any_of([word(FOREVER), json!({ "type": "string", "format": "date-time" })])
    }
}

/// A day alone has no zone.
fn mute(text: &str) -> Result<Mute, Violation> {
    let text = text.trim();
    if text == FOREVER {
        return Ok(Mute::Forever);
    }
    let end = moment(text).filter(|end| text.len() > "2025-01-01".len() && *end <= LATEST);
    end.map(Mute::Until).ok_or_else(|| Violation("This is a time with its zone, or forever.".into()))
}

body! {
    /// What is to be otherwise for me in a chat.
    NotifyChanged {
        /// `null`: as is usual in chats of its size.
        level: MaybeNull<LevelName>,
        /// `null`: mute no more.
        muted_until: MaybeNull<MutedUntil>,
    }
}

pub async fn change(actor: Actor, mut request: Request) -> Answer {
    let id = ChatId(request.id(0)?);
    let NotifyChanged { level, muted_until } = request.body().await?;
    let change = NotifyChange {
        level: level.0.map(|level| level.map(|name| name.0)),
        muted_until: muted_until.0.map(|until| until.map(|until| until.0)),
    };
    ok(&ChatNotify::from(request.context.app.change_chat_notify(&actor, id, change).await?))
}

pub async fn mentions(actor: Actor, request: Request) -> Answer {
    let asked = cursor::asked::<i64>(&request, &[])?;
    let found = request.context.app.mentions(&actor, asked.after.map(MessageId), asked.limit + 1).await?;
    ok(&asked.part(&found, |found| found.message.id.0, |found| FoundMessage::new(found, request.base())))
}

/// The routes in the OpenAPI document.
pub fn change_document(doc: &mut Doc) {
    doc.does("Say how I am told of what happens in a chat")
        .note("For me alone, on all of my devices. A field that is missing stays as it is.")
        .limited("send")
        .may_take(&NotifyChanged::table())
        .answers::<ChatNotify>(200, "How I am told from now on.");
}

pub fn mentions_document(doc: &mut Doc) {
    doc.does("List what mentions me or answers me")
        .note("What others said, of what I can read now. `highlights` is empty.")
        .goes_on()
        .answers::<Part<FoundMessage<'_>>>(200, "Some of them, the newest first.")
        .refuses(&[503]);
}
