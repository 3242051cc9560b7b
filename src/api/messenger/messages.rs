//! What is said in a chatroom.

use super::chatrooms;
use super::json::Message;
use crate::api::http::draft::DraftFields;
use crate::api::http::json_stream;
use crate::api::http::page;
use crate::api::http::reply::{Answer, ApiError, created};
use crate::api::http::request::Request;
use crate::chat::App;
use crate::chat::model::error::Error;
use crate::chat::model::id::{ChatId, MessageId};
use crate::chat::model::session::Actor;

/// Messages read at once.
const PIECE: u32 = 100;

/// Oldest first: everything, or the newest `limit` of it, or of what stands below `before`.
pub async fn history(actor: Actor, request: Request) -> Answer {
    let (limit, before) = (limit(&request), before(&request)?);
    let app = &request.context.app;
    let room = chatrooms::named(&actor, &request)?;
    // What is said while this is read is not part of it, or it might never end.
    let end = MessageId(room.last_message.map_or(0, |last| last.0).saturating_add(1));
    let end = before.map_or(end, |before| before.min(end));
    let start = match limit {
        Some(limit) => {
            let newest = app.start_of_newest(&actor, room.id, end, limit).await?;
            if newest.has_older {
                // The bare array of this document has no place for it.
                let older = page::written(&request, "before", Some((newest.above.0 + 1).to_string()));
                request.trace.links("next", Some(&older));
            }
            newest.above
        }
        None => MessageId(0),
    };
    json_stream::stream("[", pieces(app.clone(), actor, room.id, start, end), "]")
}

/// What a message is posted with.
pub const MESSAGE: DraftFields = DraftFields::text("content");

pub async fn post(actor: Actor, mut request: Request) -> Answer {
    let mut fields = request.fields().await?;
    let draft = MESSAGE.read(&mut fields, request.header("idempotency-key"))?;
    let app = &request.context.app;
    let room = chatrooms::named(&actor, &request)?;
    let posted = app.post(&actor, room.id, draft).await?;
    created(posted.is_new, &Message::from(&posted.message))
}

/// What is no number above 0 is no limit, as with the sizes of pages.
fn limit(request: &Request) -> Option<u32> {
    let limit = request.query("limit")?.trim().parse::<u64>().ok().filter(|limit| *limit > 0)?;
    Some(u32::try_from(limit).unwrap_or(u32::MAX))
}

fn before(request: &Request) -> Result<Option<MessageId>, ApiError> {
    let Some(text) = request.query("before") else { return Ok(None) };
    let id = text.trim().parse().map_err(|_| ApiError::field("before", "A valid integer is required."))?;
    Ok(Some(MessageId(id)))
}

/// The messages between `start` and `end`, a piece at a time. Each is read with the
/// actor's right to it, and by a credential that lasts: both may end meanwhile.
fn pieces(
    app: App,
    actor: Actor,
    room: ChatId,
    start: MessageId,
    end: MessageId,
) -> impl FnMut() -> Result<Vec<String>, Error> + Send + Sync + 'static {
    let mut last = start;
    move || {
        app.check_signed_in(&actor)?;
        let messages = app.history_piece(&actor, room, last, PIECE)?;
        last = messages.last().map_or(last, |message| message.id);
        let wanted = messages.iter().filter(|message| message.id < end);
        Ok(wanted.map(|message| json_stream::element(&Message::from(message))).collect())
    }
}
