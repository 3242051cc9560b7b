//! Hooks: URLs by which programs speak in a group, and URLs that are sent what happens there, looked after by its
//! admins.
//!
//! What comes in is read as the programs that send it write it; see [`payload`]. What goes out is sent by [`sender`].

mod colour;
mod discord;
mod document;
mod github;
mod monitor;
mod outgoing;
mod payload;
mod queue;
mod refusal;
pub(super) mod sender;
mod slack;
mod webhook;

use warp::http::header::{CONTENT_TYPE, HeaderValue};
use warp::http::{Method, StatusCode};

use super::json::{Hook, NewHook};
use super::members::about_users;
use crate::api::http::body::{DisplayName, body};
use crate::api::http::cursor;
use crate::api::http::limit::Rate;
use crate::api::http::reply::{Answer, ApiError, Response, json, no_content, ok, with_credential};
use crate::api::http::request::Request;
use crate::api::http::route::Route;
use crate::chat::hook::HookSecret;
use crate::chat::model::admin::Administrator;
use crate::chat::model::error::Error;
use crate::chat::model::hook;
use crate::chat::model::id::{ChatId, HookId};
use crate::chat::model::message::Draft;
use crate::chat::model::name::IdempotencyKey;
use crate::chat::model::session::Actor;
use outgoing::{EventNames, OnlyMessages};
use payload::Writer;

/// Those that look after hooks, and those that programs call.
pub fn routes() -> [Route; 10] {
    let (hooks, hook) = ("/messages/api/chats/{chat_id}/hooks/", "/messages/api/chats/{chat_id}/hooks/{hook_id}/");
    let rotated = "/messages/api/chats/{chat_id}/hooks/{hook_id}/rotate/";
    let deliveries = "/messages/api/chats/{chat_id}/hooks/{hook_id}/deliveries/";
    let replayed = "/messages/api/chats/{chat_id}/hooks/{hook_id}/replay/";
    let tested = "/messages/api/chats/{chat_id}/hooks/{hook_id}/test/";
    [
        Route::new(Method::POST, hooks, Rate::Free, create).doc(document::create),
        Route::new(Method::GET, hooks, Rate::Free, list).doc(document::list),
        Route::new(Method::DELETE, hook, Rate::Free, delete).doc(document::delete),
        Route::new(Method::POST, rotated, Rate::Free, rotate).doc(document::rotate),
        Route::new(Method::GET, deliveries, Rate::Free, outgoing::deliveries).doc(document::deliveries),
        Route::new(Method::POST, replayed, Rate::Free, outgoing::replay).doc(document::replay),
        Route::new(Method::POST, tested, Rate::Free, outgoing::test).doc(document::test),
        Route::open(Method::POST, "/hooks/{key}/", receive).doc(document::receive),
        Route::open(Method::POST, "/hooks/{key}/slack/", receive_slack).doc(document::receive_slack),
        Route::open(Method::POST, "/hooks/{key}/discord/", receive_discord).doc(document::receive_discord),
    ]
}

body! {
    /// A hook that is to be.
    Made {
        /// What its admins know it by, and what its bot is called.
        label: DisplayName,
        /// Where what happens in the group is sent, http or https. Without: it takes what others send.
        url: Option<String>,
        /// What is sent: new messages, unless others are named.
        events: Option<EventNames>,
        /// Which messages are sent: all, those that mention its bot, or those whose first word is a `/word`.
        only: Option<OnlyMessages>,
    }
}

async fn create(actor: Actor, mut request: Request) -> Answer {
    let chat = ChatId(request.id(0)?);
    let made: Made = request.body().await?;
    let label = made.label.0.clone();
    let outgoing = outgoing::asked(&request.context, made)?;
    let made = request.context.app.create_hook(&Administrator::Admin(actor), chat, label, outgoing).await;
    let (hook, secret) = made.map_err(about_users("chat"))?;
    shown(StatusCode::CREATED, &request, &hook, &secret)
}

async fn list(actor: Actor, request: Request) -> Answer {
    let chat = ChatId(request.id(0)?);
    let asked = cursor::asked::<i64>(&request, &[])?;
    let below = HookId(asked.after.unwrap_or(i64::MAX));
    let found = request.context.app.hooks(&Administrator::Admin(actor), chat, below, asked.limit + 1);
    ok(&asked.part(&found.map_err(about_users("chat"))?, |hook| hook.id.0, |hook| Hook::new(hook, request.base())))
}

async fn rotate(actor: Actor, request: Request) -> Answer {
    let (chat, id) = (ChatId(request.id(0)?), HookId(request.id(1)?));
    let rotated = request.context.app.rotate_hook(&Administrator::Admin(actor), chat, id).await;
    let (hook, secret) = rotated.map_err(about_users("chat"))?;
    shown(StatusCode::OK, &request, &hook, &secret)
}

async fn delete(actor: Actor, request: Request) -> Answer {
    let (chat, id) = (ChatId(request.id(0)?), HookId(request.id(1)?));
    request.context.app.delete_hook(&Administrator::Admin(actor), chat, id).await.map_err(about_users("chat"))?;
    no_content()
}

/// A hook with its secret, which nobody is shown again.
fn shown(status: StatusCode, request: &Request, hook: &hook::Hook, secret: &HookSecret) -> Answer {
    let mut shape = Hook::new(hook, request.base());
    let url;
    let secret = match secret {
        HookSecret::Url(secret) => {
            url = format!("{}/hooks/{}/", request.base_url(), secret.as_str());
            shape.url = Some(&url);
            None
        }
        HookSecret::Signs(key) => Some(key.shown()),
    };
    with_credential(Ok(json(status, &NewHook { hook: shape, secret })))
}

/// Whatever the body looks like.
async fn receive(mut request: Request) -> Answer {
    say(&mut request, Writer::Unknown).await
}

/// As Slack's incoming webhooks do, failures too.
async fn receive_slack(mut request: Request) -> Answer {
    let said = say(&mut request, Writer::Slack).await;
    Ok(said.unwrap_or_else(|failure| refusal::of_slack(&failure)))
}

/// As Discord's webhooks do, failures too.
async fn receive_discord(mut request: Request) -> Answer {
    let said = say(&mut request, Writer::Discord).await;
    Ok(said.unwrap_or_else(|failure| refusal::of_discord(&failure)))
}

async fn say(request: &mut Request, writer: Writer) -> Answer {
    let secret = request.param(0).to_owned();
    let hook = request.context.app.hook_by_secret(&secret)?;
    request.trace.signed_by(hook.bot.id);
    request.context.limits.check_hook(hook.id)?;
    request.context.app.check_pace_of_hook(hook.bot.id)?;
    let key = request.header("idempotency-key").map(IdempotencyKey::parse).transpose();
    let key = key.map_err(|fault| ApiError::field("Idempotency-Key", fault.0))?;
    let text = payload::read(request, writer).await?;
    match request.context.app.post_by_hook(&secret, Draft::of(text, key)).await {
        // What the key stood for was deleted since: it was said, and is not said again.
        Err(Error::NotFound) if request.context.app.hook_by_secret(&secret).is_ok() => Ok(done()),
        said => said.map(|_| done()).map_err(ApiError::from),
    }
}

fn done() -> Response {
    plain(Response::new("ok".into()))
}

fn plain(mut response: Response) -> Response {
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}
