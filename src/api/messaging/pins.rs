//! Messages that are kept in sight.

use warp::http::StatusCode;

use super::json::Message;
use crate::api::http::cursor;
use crate::api::http::reply::{self, Answer, no_content, ok};
use crate::api::http::request::Request;
use crate::chat::history::History;
use crate::chat::model::id::{ChatId, MessageId};
use crate::chat::model::message::{self, PinPlace};
use crate::chat::model::session::Actor;
use crate::chat::model::time::Timestamp;

pub async fn list(actor: Actor, request: Request) -> Answer {
    let chat = ChatId(request.id(0)?);
    let asked = cursor::asked::<(i64, i64)>(&request, &[])?;
    let after = asked.after.map(|(at, id)| PinPlace { pinned_at: Timestamp(at), id: MessageId(id) });
    let limit = asked.limit + 1;
    let place = |pin: &message::Message| (pin.pinned_at.map_or(0, |at| at.0), pin.id.0);
    let base = request.base().clone();
    let write = move |pins: &History| {
        reply::encode(&asked.part(&pins.messages, place, |pin| Message::new(pin, &pins.marks, &base)))
    };
    let pins = request.context.app.pins(&actor, chat, after, limit, write).await?;
    Ok(reply::written(StatusCode::OK, pins))
}

pub async fn pin(actor: Actor, request: Request) -> Answer {
    let pinned = request.context.app.pin(&actor, MessageId(request.id(0)?)).await?;
    ok(&Message::new(&pinned.message, &pinned.marks, request.base()))
}

pub async fn unpin(actor: Actor, request: Request) -> Answer {
    request.context.app.unpin(&actor, MessageId(request.id(0)?)).await?;
    no_content()
}
