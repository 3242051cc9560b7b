//! What the routes of hooks say of themselves.

use serde_json::json;

use super::refusal::DiscordError;
use crate::api::http::body::Body;
use crate::api::http::cursor::Part;
use crate::api::http::openapi::doc::Doc;
use crate::api::http::openapi::shape::{described, may, string};
use crate::api::messaging::json::{Hook, NewHook};
use crate::chat::model::name::MAX_IDEMPOTENCY_KEY;

pub fn create(doc: &mut Doc) {
    doc.does("Make a hook into a group")
        .note("An admin may. It speaks as a bot of its own, which is in the group as long as the hook is there.")
        .limited("send")
        .takes(&super::Made::table())
        .answers::<NewHook<'_>>(201, "The hook. Its URL is shown here alone.");
}

pub fn list(doc: &mut Doc) {
    doc.does("List the hooks of a group")
        .note("An admin may.")
        .goes_on()
        .answers::<Part<Hook<'_>>>(200, "Some of them, the newest first.")
        .refuses(&[403]);
}

pub fn rotate(doc: &mut Doc) {
    doc.does("Give a hook another URL")
        .note("An admin may. The URL of before is unknown from then on.")
        .limited("send")
        .answers::<NewHook<'_>>(200, "The hook. Its URL is shown here alone.")
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
