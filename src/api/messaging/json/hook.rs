//! A hook, as the admins of its group see it.

use schemars::JsonSchema;
use serde::Serialize;

use super::User;
use crate::api::http::base::BasePath;
use crate::chat::model::hook;

/// A hook of a group.
#[derive(JsonSchema, Serialize)]
pub struct Hook<'a> {
    id: i64,
    label: &'a str,
    /// `in`: it takes what others send; `out`: it sends what happens.
    #[schemars(extend("enum" = ["in", "out"]))]
    direction: &'static str,
    /// Who says what comes in.
    bot: User<'a>,
    #[schemars(extend("format" = "date-time"))]
    created_at: String,
    /// Of one that sends, its receiver; of one that was just made or rotated, where others send.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<&'a str>,
    /// It sends, or will when its receiver is there again; or it takes what others send.
    is_on: bool,
    /// Why it is off.
    off_reason: Option<&'a str>,
    #[serde(flatten)]
    outgoing: Option<Outgoing<'a>>,
}

/// What a hook sends.
#[derive(JsonSchema, Serialize)]
struct Outgoing<'a> {
    events: Vec<&'static str>,
    /// `all`, `mentions` or a `/word`.
    only: &'a str,
}

impl<'a> Hook<'a> {
    pub fn new(hook: &'a hook::Hook, base: &BasePath) -> Self {
        Self {
            id: hook.id.0,
            label: &hook.label,
            direction: if hook.outgoing.is_some() { "out" } else { "in" },
            bot: User::new(&hook.bot, base),
            created_at: hook.created_at.to_string(),
            url: hook.outgoing.as_ref().map(|outgoing| outgoing.url.as_str()),
            is_on: hook.off_reason.is_none(),
            off_reason: hook.off_reason.as_deref(),
            outgoing: hook.outgoing.as_ref().map(Outgoing::from),
        }
    }
}

impl<'a> From<&'a hook::Outgoing> for Outgoing<'a> {
    fn from(outgoing: &'a hook::Outgoing) -> Self {
        Self { events: outgoing.events.iter().map(hook::HookEvent::as_str).collect(), only: outgoing.only.as_str() }
    }
}

/// A hook with its secret, which nobody is shown again: that of one that takes what others send stands in its URL.
#[derive(JsonSchema, Serialize)]
pub struct NewHook<'a> {
    #[serde(flatten)]
    pub hook: Hook<'a>,
    /// Of one that sends, what its signatures are made with: `whsec_` and base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}
