//! Chatrooms: those that one sees, and a new one with somebody.

use serde_json::json;
use warp::http::StatusCode;

use super::json::Room;
use crate::api::http::array;
use crate::api::http::reply;
use crate::api::http::reply::{Answer, created};
use crate::api::http::request::Request;
use crate::chat::model::error::Error;
use crate::chat::model::id::ChatId;
use crate::chat::model::session::Asker;
use crate::chat::model::user::UserRef;

/// Rooms read at once.
const PIECE: u32 = 50;

pub async fn visible(asker: Asker, request: Request) -> Answer {
    list(asker, &request, false)
}

pub async fn mine(asker: Asker, request: Request) -> Answer {
    list(asker, &request, true)
}

fn list(asker: Asker, request: &Request, only_mine: bool) -> Answer {
    let (chat, mut last) = (request.context.chat.clone(), ChatId(0));
    let next = move || {
        chat.check_signed_in(&asker)?;
        let rooms = chat.visible_rooms(&asker, only_mine, last, PIECE)?;
        last = rooms.last().map_or(last, |(room, _)| room.id);
        Ok(rooms.iter().map(|(room, members)| array::element(&Room::new(room, members))).collect())
    };
    array::stream("[", next, "]")
}

pub async fn create(asker: Asker, mut request: Request) -> Answer {
    let mut fields = request.fields().await?;
    let recipient = fields.text("recipient");
    fields.check()?;
    let Some(recipient) = recipient else { return refused("Recipient does not exist.") };
    match request.context.chat.open_direct(&asker, UserRef::Name(recipient)).await {
        Ok((room, true)) => {
            let other = room.other.as_ref().map_or(asker.user, |other| other.id);
            let mut members = vec![asker.user.min(other), asker.user.max(other)];
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
