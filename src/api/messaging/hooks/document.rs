//! What the routes of hooks say of themselves.

use serde_json::json;

use super::outgoing::{Again, DeliveryLine, Replayed, Tested};
use super::refusal::DiscordError;
use crate::api::http::body::Body;
use crate::api::http::cursor::Part;
use crate::api::http::openapi::doc::Doc;
use crate::api::http::openapi::shape::{described, may, string};
use crate::api::messaging::json::{Hook, NewHook};
use crate::chat::model::name::MAX_IDEMPOTENCY_KEY;

pub fn create(doc: &mut Doc) {
    doc.does("Make a hook of a group")
        .note("An admin may. It speaks as a bot of its own, which is in the group as long as the hook is there. With a `url` it sends what happens in the group there, as Standard Webhooks has it: a POST of `type`, `timestamp` and `data`, the frame of the socket, with `webhook-id`, `webhook-timestamp` and `webhook-signature`; else it takes what others send.")
        .limited("send")
        .takes(&super::Made::table())
        .answers::<NewHook<'_>>(201, "The hook. Its secret is shown here alone.");
}

pub fn deliveries(doc: &mut Doc) {
    doc.does("List what a hook has sent")
        .note("An admin may. Each attempt of the last hundred.")
        .goes_on()
        .answers::<Part<DeliveryLine<'_>>>(200, "Some of them, the newest first.")
        .refuses(&[403]);
}

pub fn replay(doc: &mut Doc) {
    doc.does("Send what happened again")
        .note("An admin may. What was deleted meanwhile comes as its deletion. A hook that is off is switched on.")
        .limited("send")
        .takes(&Again::table())
        .answers::<Replayed>(202, "It is sent soon, in order.");
}

pub fn test(doc: &mut Doc) {
    doc.does("Send a test")
        .note("An admin may. An event of the type `test`, signed as all others.")
        .limited("send")
        .answers::<Tested>(200, "What the receiver answered.")
        .refuses(&[400]);
}

pub fn list(doc: &mut Doc) {
    doc.does("List the hooks of a group")
        .note("An admin may.")
        .goes_on()
        .answers::<Part<Hook<'_>>>(200, "Some of them, the newest first.")
        .refuses(&[403]);
}

pub fn rotate(doc: &mut Doc) {
    doc.does("Give a hook another secret")
        .note("An admin may. The URL of before is unknown from then on; of one that sends, the secret of before signs nothing any more. One that is off is switched on.")
        .limited("send")
        .answers::<NewHook<'_>>(200, "The hook. Its secret is shown here alone.")
        .refuses(&[400]);
}

pub fn delete(doc: &mut Doc) {
    doc.does("Delete a hook")
        .note("An admin may. Its bot leaves the group; what it said stays.")
        .answers_nothing(204, "Its URL is unknown, and its bot gone.")
        .refuses(&[400]);
}

pub fn receive(doc: &mut Doc) {
    receives(doc)
        .does("Say something by a hook")
        .note("Takes plain text, `text`, `content`, and what Slack's and Discord's webhooks take and GitHub, Alertmanager, Grafana and Uptime Kuma send.")
        .refuses(&[404, 409, 507]);
}

pub fn receive_slack(doc: &mut Doc) {
    receives(doc).does("Say something by a hook, as by one of Slack").note("Failures are Slack's words, as text.");
    for status in [400, 404, 408, 409, 413, 415, 429, 503, 507] {
        doc.answers_text(status, "text/plain; charset=utf-8", "A word of Slack's, such as `no_service`.");
    }
}

pub fn receive_discord(doc: &mut Doc) {
    receives(doc).does("Say something by a hook, as by one of Discord").note("Failures have Discord's shape.");
    for status in [400, 404, 408, 409, 413, 415, 429, 503, 507] {
        doc.answers::<DiscordError<'_>>(status, "An error as Discord has it.");
    }
}

fn receives(doc: &mut Doc) -> &mut Doc {
    let key = json!({ "type": "string", "minLength": 1, "maxLength": MAX_IDEMPOTENCY_KEY, "pattern": "^[!-~]+$" });
    let object = json!({ "type": "object" });
    doc.path("key", string())
        .header("Idempotency-Key", described(key, "A resend with the same key is said once."))
        .limited("hook")
        .takes_payload(object, &[may("payload", described(string(), "An object, as JSON.")), may("text", string())])
        .answers_text(200, "text/plain; charset=utf-8", "`ok`: it is said.")
}
