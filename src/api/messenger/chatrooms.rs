//! Chatrooms: those that one sees, and a new one with somebody.

use futures_util::stream;
use serde_json::json;
use warp::http::StatusCode;

use super::json::Room;
use crate::api::http::body::body;
use crate::api::http::json_stream;
use crate::api::http::reply;
use crate::api::http::reply::{Answer, created};
use crate::api::http::request::Request;
use crate::chat::model::chat::Chat;
use crate::chat::model::error::Error;
use crate::chat::model::id::ChatId;
use crate::chat::model::session::Actor;
use crate::chat::model::user::UserRef;

/// Rooms read at once.
const PIECE: u32 = 50;

/// What a chatroom is called: a direct chat by both usernames, a group by its id.
pub fn name(chat: &Chat) -> String {
    chat.slug.clone().unwrap_or_else(|| format!("room-{}", chat.id))
}

/// The chatroom that the path names: one that the actor is in, or a public one.
pub fn named(actor: &Actor, request: &Request) -> Result<Chat, Error> {
    let (app, asked) = (&request.context.app, request.param(0));
    let of_group = asked.strip_prefix("room-").and_then(|digits| digits.parse().ok());
    let room = match of_group {
        Some(id) => app.chat(actor, ChatId(id)),
        None => app.chat_with_slug(actor, asked),
    };
    // `room-7` names no direct chat, and `room-07` nothing.
    room.and_then(|room| if name(&room) == asked { Ok(room) } else { Err(Error::NotFound) })
}

body! {
    /// With whom a chatroom is to be. Without one it is refused in this endpoint's own way.
    With {
        /// A username.
        recipient: Option<String>,
    }
}

pub async fn visible(actor: Actor, request: Request) -> Answer {
    list(actor, request, false).await
}

pub async fn mine(actor: Actor, request: Request) -> Answer {
    list(actor, request, true).await
}

async fn list(actor: Actor, request: Request, only_mine: bool) -> Answer {
    let app = request.context.app.clone();
    let pieces = stream::try_unfold(ChatId(0), move |last| {
        let (app, actor) = (app.clone(), actor.clone());
        async move {
            app.check_signed_in(&actor)?;
            let rooms = app.visible_chats(&actor, only_mine, last, PIECE).await?;
            let piece = rooms.iter().map(|(room, members)| json_stream::element(&Room::new(room, members))).collect();
            Ok(Some((piece, rooms.last().map_or(last, |(room, _)| room.id))))
        }
    });
    json_stream::stream_of("[", pieces, "]").await
}

pub async fn create(actor: Actor, mut request: Request) -> Answer {
    let With { recipient } = request.body().await?;
    let Some(recipient) = recipient else { return refused("Recipient does not exist.") };
    match request.context.app.open_direct(&actor, UserRef::Name(recipient)).await {
        Ok((room, true)) => {
            let other = room.other.as_ref().map_or(actor.user, |other| other.id);
            let mut members = vec![actor.user.min(other), actor.user.max(other)];
            members.dedup();
            created(true, &Room::new(&room, &members))
        }
        Ok((_, false)) => refused("Chat room already exists."),
        Err(Error::UnknownUser) => refused("Recipient does not exist."),
        Err(error) => Err(error.into()),
    }
}

/// This one endpoint refuses with a list of sentences.
fn refused(sentence: &str) -> Answer {
    Ok(reply::json(StatusCode::BAD_REQUEST, &json!([sentence])))
}
