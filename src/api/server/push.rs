//! Devices that are told of messages while no page is open, by the push service of their browser.

use std::sync::Arc;

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::api::http::body::{Body, FieldValue, Fields, MaybeBlank, body};
use crate::api::http::openapi::doc::Doc;
use crate::api::http::openapi::shape::{Shape, described, need, object, string};
use crate::api::http::reply::{Answer, ApiError, created, no_content, ok};
use crate::api::http::request::Request;
use crate::api::http::sign_in::device_label;
use crate::chat::model::error::Error;
use crate::chat::model::id::PushId;
use crate::chat::model::label::Label;
use crate::chat::model::push::{MAX_PUSH_SUBSCRIPTIONS, NewPushSubscription, PushKeys, PushSubscription, PushTarget};
use crate::chat::model::session::Actor;
use crate::push::{MAX_ENDPOINT, PushSender, Tried, are_usable};

/// Browsers leave the padding out, and some programs do not.
const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Where pushes go; whether they may is asked when it is read.
pub struct Endpoint(String);

impl FieldValue for Endpoint {
    fn read(fields: &mut Fields, name: &str) -> Option<Self> {
        fields.text(name).map(Self)
    }

    fn shape() -> Shape {
        let sentence =
            format!("An https URL of at most {MAX_ENDPOINT} characters, as the browser's push service gave it.");
        described(string(), &sentence)
    }
}

/// What pushes are encrypted for.
pub struct BrowserKeys(PushKeys);

impl FieldValue for BrowserKeys {
    fn read(fields: &mut Fields, name: &str) -> Option<Self> {
        let keys = keys(fields.value(name)?).filter(are_usable);
        let sentence = "These are p256dh, a public key of P-256, and auth, 16 bytes, both in base64url.";
        keys.map(Self).or_else(|| fields.fault(name, sentence))
    }

    fn shape() -> Shape {
        object(&[
            need("p256dh", described(string(), "The browser's public key: 65 bytes in base64url.")),
            need("auth", described(string(), "16 bytes in base64url.")),
        ])
    }
}

fn keys(value: &Value) -> Option<PushKeys> {
    let bytes = |name: &str| BASE64URL.decode(value.get(name)?.as_str()?).ok();
    Some(PushKeys { p256dh: bytes("p256dh")?.try_into().ok()?, auth: bytes("auth")?.try_into().ok()? })
}

body! {
    /// A device that is to be told: what `PushSubscription.toJSON()` gives, and a name.
    NewDevice {
        endpoint: Endpoint,
        keys: BrowserKeys,
        /// What I know it by: what the browser says of itself unless given.
        label: MaybeBlank<Label>,
    }
}

/// A device that is told.
#[derive(JsonSchema, Serialize)]
struct Device<'a> {
    id: i64,
    label: &'a str,
    created_at: String,
}

impl<'a> From<&'a PushSubscription> for Device<'a> {
    fn from(device: &'a PushSubscription) -> Self {
        Self { id: device.id.0, label: &device.label, created_at: device.created_at.to_string() }
    }
}

/// My devices.
#[derive(JsonSchema, Serialize)]
struct Devices<'a> {
    results: Vec<Device<'a>>,
}

/// What the push service said.
#[derive(JsonSchema, Serialize)]
struct Said {
    /// Its status; nothing where it did not answer.
    status: Option<u16>,
    /// Its words, or why there are none.
    text: String,
}

fn sender(request: &Request) -> Result<Arc<PushSender>, ApiError> {
    request.context.settings.push.clone().ok_or(ApiError::Chat(Error::PushOff))
}

pub async fn list(actor: Actor, request: Request) -> Answer {
    sender(&request)?;
    let found = request.context.app.push_subscriptions(&actor)?;
    ok(&Devices { results: found.iter().map(Device::from).collect() })
}

pub async fn subscribe(actor: Actor, mut request: Request) -> Answer {
    let sender = sender(&request)?;
    let NewDevice { endpoint: Endpoint(endpoint), keys: BrowserKeys(keys), label } = request.body().await?;
    if !sender.accepts(&endpoint) {
        return Err(ApiError::field("endpoint", "This is no https URL of a push service that may be called."));
    }
    let label = label.0.unwrap_or_else(|| device_label(&request));
    let new = NewPushSubscription { target: PushTarget { endpoint, keys }, label };
    let (device, is_new) = request.context.app.subscribe_to_push(&actor, new).await?;
    created(is_new, &Device::from(&device))
}

pub async fn end(actor: Actor, request: Request) -> Answer {
    sender(&request)?;
    request.context.app.end_push_subscription(&actor, PushId(request.id(0)?)).await?;
    no_content()
}

pub async fn test(actor: Actor, request: Request) -> Answer {
    let sender = sender(&request)?;
    let Tried { status, text } = sender.test(&request.context.app, &actor, PushId(request.id(0)?)).await?;
    ok(&Said { status, text })
}

pub fn list_document(doc: &mut Doc) {
    off(doc.does("List my devices that are told of messages"))
        .answers::<Devices<'_>>(200, "All of them, the newest first.");
}

pub fn subscribe_document(doc: &mut Doc) {
    let most = format!("A user has {MAX_PUSH_SUBSCRIPTIONS} devices at most: one more ends the oldest.");
    off(doc.does("Have this device told of messages while no page is open"))
        .note("As long as the credential lasts that asks. An endpoint that is known gets these keys and this credential, and is mine from now on.")
        .note(&most)
        .limited("send")
        .takes(&NewDevice::table())
        .answers::<Device<'_>>(201, "The device.")
        .answers::<Device<'_>>(200, "The device, whose endpoint was known.");
}

pub fn end_document(doc: &mut Doc) {
    off(doc.does("Have a device told no more")).answers_nothing(204, "It is told of nothing any more.");
}

pub fn test_document(doc: &mut Doc) {
    off(doc.does("Send a push to one of my devices"))
        .limited("send")
        .answers::<Said>(200, "What its push service said.")
        .refuses(&[503]);
}

fn off(doc: &mut Doc) -> &mut Doc {
    doc.note("Where nothing is pushed (`--push off`), this is not there.").refuses(&[404])
}
