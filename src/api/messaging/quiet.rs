//! How I am told in whichever chat: quiet hours, and what pushes carry.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::api::http::body::{Body, FieldValue, Fields, MaybeNull, body};
use crate::api::http::openapi::doc::Doc;
use crate::api::http::openapi::shape::{Shape, described, need, object, string};
use crate::api::http::reply::{Answer, ok};
use crate::api::http::request::Request;
use crate::chat::model::quiet::{Minute, NotifySettings, NotifySettingsChange, Quiet};
use crate::chat::model::session::Actor;

/// Hours in which nothing is pushed.
pub struct QuietHours(Quiet);

impl FieldValue for QuietHours {
    fn read(fields: &mut Fields, name: &str) -> Option<Self> {
        let quiet = quiet(fields.value(name)?);
        let sentence = "These are from and to, two times like 22:00 that differ, and zone, like Europe/Berlin.";
        quiet.map(Self).or_else(|| fields.fault(name, sentence))
    }

    fn shape() -> Shape {
        let time = || json!({ "type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$" });
        let zone = described(string(), "A name of the IANA database of time zones.");
        object(&[need("from", time()), need("to", time()), need("zone", zone)])
    }
}

fn quiet(value: &Value) -> Option<Quiet> {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    Quiet::new(Minute::parse(text("from")?)?, Minute::parse(text("to")?)?, text("zone")?)
}

body! {
    /// What is to be otherwise for me.
    ChangedSettings {
        /// `null`: no quiet hours.
        quiet: MaybeNull<QuietHours>,
        /// Whether pushes carry the text.
        preview: Option<bool>,
    }
}

/// How I am told.
#[derive(JsonSchema, Serialize)]
struct Settings {
    quiet: Option<Hours>,
    preview: bool,
}

/// Quiet hours; those that begin late end on the next day.
#[derive(JsonSchema, Serialize)]
struct Hours {
    from: String,
    to: String,
    zone: &'static str,
}

impl From<NotifySettings> for Settings {
    fn from(settings: NotifySettings) -> Self {
        let hours = |quiet: Quiet| Hours { from: quiet.from.to_string(), to: quiet.to.to_string(), zone: quiet.zone };
        Self { quiet: settings.quiet.map(hours), preview: settings.preview }
    }
}

pub async fn detail(actor: Actor, request: Request) -> Answer {
    ok(&Settings::from(request.context.app.notify_settings(&actor)?))
}

pub async fn change(actor: Actor, mut request: Request) -> Answer {
    let ChangedSettings { quiet, preview } = request.body().await?;
    let change = NotifySettingsChange { quiet: quiet.0.map(|quiet| quiet.map(|hours| hours.0)), preview };
    ok(&Settings::from(request.context.app.change_notify_settings(&actor, change).await?))
}

/// The routes in the OpenAPI document.
pub fn detail_document(doc: &mut Doc) {
    doc.does("Get how I am told of what happens").answers::<Settings>(200, "Quiet hours, and what pushes carry.");
}

pub fn change_document(doc: &mut Doc) {
    doc.does("Say how I am told of what happens")
        .note("Quiet hours hold back every push. A field that is missing stays as it is.")
        .limited("send")
        .may_take(&ChangedSettings::table())
        .answers::<Settings>(200, "How I am told from now on.");
}
