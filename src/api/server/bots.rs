//! Bots: accounts of programs, by those who may make them.

use warp::http::StatusCode;

use super::json::{Bot, NewBot};
use crate::api::http::body::{Body, DisplayName, body};
use crate::api::http::cursor::{self, Part};
use crate::api::http::openapi::doc::Doc;
use crate::api::http::reply::{Answer, json, no_content, ok, with_credential};
use crate::api::http::request::Request;
use crate::chat::model::admin::Administrator;
use crate::chat::model::bot;
use crate::chat::model::id::UserId;
use crate::chat::model::name::Username;
use crate::chat::model::session::Actor;

body! {
    /// A bot that is to be.
    MadeBot {
        username: Username,
        /// The username unless given.
        display_name: Option<DisplayName>,
    }
}

pub async fn list(actor: Actor, request: Request) -> Answer {
    let asked = cursor::asked::<i64>(&request, &[])?;
    let below = UserId(asked.after.unwrap_or(i64::MAX));
    let found = request.context.app.bots(&Administrator::Admin(actor), below, asked.limit + 1)?;
    ok(&asked.part(&found, |bot| bot.user.id.0, Bot::from))
}

pub fn list_document(doc: &mut Doc) {
    doc.does("List the bots that I made")
        .note("Administrators of the server are told of all.")
        .goes_on()
        .answers::<Part<Bot<'_>>>(200, "Some of them, the newest first.");
}

pub async fn create(actor: Actor, mut request: Request) -> Answer {
    let MadeBot { username, display_name } = request.body().await?;
    let new = bot::NewBot { username, display_name: display_name.map(String::from) };
    let context = &request.context;
    let (made, token) = context.app.create_bot(&Administrator::Admin(actor), new, context.settings.bots).await?;
    with_credential(Ok(json(StatusCode::CREATED, &NewBot { bot: Bot::from(&made), token: token.as_str() })))
}

pub fn create_document(doc: &mut Doc) {
    doc.does("Make a bot")
        .note("For administrators of the server, and for everybody but bots where it runs with `--bots open`.")
        .note("It signs in by its token alone, and shows nobody as online.")
        .takes(&MadeBot::table())
        .answers::<NewBot<'_>>(201, "The bot. Its token is shown here alone.")
        .refuses(&[403]);
}

pub async fn delete(actor: Actor, request: Request) -> Answer {
    request.context.app.delete_bot(&Administrator::Admin(actor), UserId(request.id(0)?)).await?;
    no_content()
}

pub fn delete_document(doc: &mut Doc) {
    doc.does("Delete a bot")
        .note("It leaves its groups and cannot sign in any more. What it said stays, and its name stays taken.")
        .answers_nothing(204, "Nothing signs it in any more.")
        .refuses(&[404]);
}
