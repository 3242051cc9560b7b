//! Lists that go on from a place instead of a page's number, so that what others write
//! meanwhile neither doubles nor hides anything.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::page;
use super::reply::ApiError;
use super::request::Request;
use super::trace::RequestTrace;

/// Items in one answer unless the request says otherwise.
pub const DEFAULT_LIMIT: u32 = 20;
/// Items in one answer at most; more counts as this many.
pub const MAX_LIMIT: u32 = 100;
/// Characters of a cursor, which holds a name at most.
const MAX_CURSOR: usize = 4_096;

/// A part of a list.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "PartOf{T}")]
pub struct Part<T> {
    /// The items.
    pub results: Vec<T>,
    /// What `cursor` asks for the rest with, if there is any.
    pub next: Option<String>,
}

/// What is asked of a list: how many, and from behind which place.
pub struct Asked<P> {
    /// At most so many.
    pub limit: u32,
    /// `None`: from the beginning.
    pub after: Option<P>,
    question: String,
    /// The list from its beginning.
    address: String,
    trace: Arc<RequestTrace>,
}

/// Reads `limit` and `cursor`. A cursor is good for the list that gave it, asked the same
/// way: `filters` are the parameters that make it another list.
pub fn asked<P: DeserializeOwned>(request: &Request, filters: &[&str]) -> Result<Asked<P>, ApiError> {
    let limit = request.query("limit").and_then(|limit| limit.trim().parse::<u64>().ok()).filter(|limit| *limit > 0);
    let limit = limit.map_or(DEFAULT_LIMIT, |limit| u32::try_from(limit).unwrap_or(MAX_LIMIT).min(MAX_LIMIT));
    let mut question = Sha256::new();
    for part in [request.path.trim_end_matches('/')].into_iter().chain(filters.iter().copied()) {
        question.update(part.trim());
        question.update([0]);
    }
    let question = hex::encode(&question.finalize()[..8]);
    let after = request.query("cursor").map(|cursor| read(cursor.trim(), &question).ok_or(BAD_CURSOR)).transpose();
    let after = after.map_err(|sentence| ApiError::field("cursor", sentence))?;
    let (address, trace) = (page::written(request, "cursor", None), Arc::clone(&request.trace));
    Ok(Asked { limit, after, question, address, trace })
}

const BAD_CURSOR: &str = "This is not a cursor of this list.";

fn read<P: DeserializeOwned>(cursor: &str, question: &str) -> Option<P> {
    if cursor.len() > MAX_CURSOR {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (asked, place): (String, P) = serde_json::from_slice(&bytes).ok()?;
    (asked == question).then_some(place)
}

impl<P> Asked<P> {
    /// The answer: `found` has one more than was asked for where the list goes on, and
    /// `place` tells where an item stands in it.
    pub fn part<'a, D, T, W: Serialize>(
        &self,
        found: &'a [D],
        place: impl Fn(&'a D) -> W,
        shape: impl FnMut(&'a D) -> T,
    ) -> Part<T> {
        let shown = &found[..found.len().min(self.limit as usize)];
        let last = shown.last().filter(|_| found.len() > shown.len());
        let next = last.and_then(|last| serde_json::to_vec(&(&self.question, place(last))).ok());
        let next = next.map(|next| URL_SAFE_NO_PAD.encode(next));
        if let Some(cursor) = &next {
            let sign = if self.address.contains('?') { '&' } else { '?' };
            self.trace.links("next", Some(&format!("{}{sign}cursor={cursor}", self.address)));
        }
        Part { results: shown.iter().map(shape).collect(), next }
    }
}
