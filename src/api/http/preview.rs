//! Sending a small picture of a stored one, to whoever may have that.

use warp::http::StatusCode;

use super::conditional::is_known;
use super::download::{self, headed};
use super::reply::{Answer, ApiError, Response};
use super::request::Request;
use crate::chat::model::file::File;
use crate::chat::model::preview::{Preview, Side};
use crate::chat::model::session::Actor;

/// The side that the query asks for: `None` where it names none.
pub fn asked(request: &Request) -> Result<Option<Side>, ApiError> {
    let Some(size) = request.query("size") else { return Ok(None) };
    let side = Side::of(size.trim()).ok_or_else(|| ApiError::field("size", "This is one of 64, 320 and 1280."))?;
    Ok(Some(side))
}

/// Sends a preview of a file that was found for somebody, as [`download::send`] sends the file.
pub async fn send(request: &Request, file: &File, side: Side, actor: Option<Actor>, cache: &'static str) -> Answer {
    let app = &request.context.app;
    let preview = app.preview(actor.as_ref(), file, side).await?;
    // It may have waited: whoever lost the right meanwhile gets nothing.
    if let Some(actor) = &actor {
        app.check_signed_in(actor)?;
        app.file(actor, file.id)?;
    }
    let Preview::Made(bytes) = preview else { return download::send(request, file, actor, cache).await };
    let content_type = if bytes.starts_with(b"\x89PNG") { "image/png" } else { "image/jpeg" };
    let small = File { content_type: content_type.to_owned(), ..file.clone() };
    let etag = format!("\"{}-{}\"", file.sha256, side.pixels());
    if is_known(&request.headers, &etag) {
        return Ok(headed(Response::default(), StatusCode::NOT_MODIFIED, &small, &etag, cache));
    }
    Ok(headed(Response::new(bytes.into()), StatusCode::OK, &small, &etag, cache))
}
