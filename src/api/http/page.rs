//! Pages of lists, as all documents have them.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use warp::http::StatusCode;

use super::reply::{self, Answer, ApiError, Response};
use super::request::Request;
use crate::chat::model::error::Error;
use crate::chat::model::id::MessageId;
use crate::chat::model::page::{Page, Paged};

/// Items on a page at most; more counts as this many.
pub const MAX_PAGE_SIZE: u32 = 100;

/// A page as it is sent.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "PageOf{T}")]
pub struct Listing<T> {
    /// Items in the whole list.
    pub count: i64,
    /// Absolute URL of the next page.
    pub next: Option<String>,
    /// Absolute URL of the one before.
    pub previous: Option<String>,
    /// The items.
    pub results: Vec<T>,
}

/// Which page is asked for. A size that is no number above 0 is the default; a page
/// that is no number above 0 does not exist.
pub fn asked(request: &Request, default_size: u32) -> Result<Page, ApiError> {
    let size = request.query("page_size").and_then(|size| size.trim().parse::<u64>().ok()).filter(|size| *size > 0);
    let size = size.map_or(default_size, |size| u32::try_from(size).unwrap_or(MAX_PAGE_SIZE).min(MAX_PAGE_SIZE));
    let number = match request.query("page") {
        None => 1,
        Some(number) => number.parse().ok().filter(|number| *number > 0).ok_or(ApiError::InvalidPage)?,
    };
    Ok(Page { number, size })
}

/// A page with its neighbours' addresses. One past the end does not exist, but for the
/// first of an empty list.
pub fn listing<D>(request: &Request, page: Page, paged: Paged<D>) -> Result<Listing<D>, ApiError> {
    if page.is_past(paged.count) {
        return Err(ApiError::InvalidPage);
    }
    let more = page.offset() + page.limit() < paged.count;
    let next = more.then(|| address(request, page.number + 1));
    let previous = (page.number > 1).then(|| address(request, page.number - 1));
    request.trace.links("next", next.as_deref());
    request.trace.links("prev", previous.as_deref());
    Ok(Listing { count: paged.count, next, previous, results: paged.items })
}

impl<D> Listing<D> {
    /// The same page in a dialect's shapes.
    pub fn write<'a, T>(&'a self, shape: impl FnMut(&'a D) -> T) -> Listing<T> {
        Listing {
            count: self.count,
            next: self.next.clone(),
            previous: self.previous.clone(),
            results: self.results.iter().map(shape).collect(),
        }
    }
}

/// A page of messages that are written already, as by [`write_messages`].
pub fn cached(request: &Request, page: Page, count: i64, messages: &[u8]) -> Answer {
    let before = before_results(request, page, count)?;
    Ok(reply::written(StatusCode::OK, [before.as_bytes(), messages, b"}"].concat()))
}

/// What stands before a page's results, which are the last of its fields.
pub fn before_results(request: &Request, page: Page, count: i64) -> Result<String, ApiError> {
    let Listing { next, previous, .. } = listing(request, page, Paged { count, items: Vec::<()>::new() })?;
    Ok(before(count, next, previous))
}

fn before(count: i64, next: Option<String>, previous: Option<String>) -> String {
    let (next, previous) = (Value::from(next), Value::from(previous));
    format!(r#"{{"count":{count},"next":{next},"previous":{previous},"results":"#)
}

/// The same from a place in the list, of which `last` is told if the list goes on behind it.
pub fn cached_from(request: &Request, name: &str, count: i64, last: Option<MessageId>, messages: &[u8]) -> Response {
    let next = last.map(|last| written(request, name, Some(last.0.to_string())));
    request.trace.links("next", next.as_deref());
    reply::written(StatusCode::OK, [before(count, next, None).as_bytes(), messages, b"}"].concat())
}

/// Messages in a dialect's shapes, for [`cached`].
pub fn write_messages<'a, D, T: Serialize>(messages: &'a [D], shape: impl FnMut(&'a D) -> T) -> Result<Vec<u8>, Error> {
    reply::encode(&messages.iter().map(shape).collect::<Vec<T>>())
}

/// The same list at another page, the other parameters kept. The first needs no number.
fn address(request: &Request, number: u32) -> String {
    written(request, "page", (number > 1).then(|| number.to_string()))
}

/// The same list with this parameter in place of the one there was.
pub fn written(request: &Request, name: &str, value: Option<String>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(request.query.iter().filter(|(other, _)| other != "page" && other != name));
    if let Some(value) = value {
        query.append_pair(name, &value);
    }
    let query = query.finish();
    let separator = if query.is_empty() { "" } else { "?" };
    format!("{}{}{separator}{query}", request.base_url(), request.path)
}
