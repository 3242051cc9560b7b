//! Lists and pages, sent smaller to whoever takes it: a list of 200 chats is 150 KB of JSON, and
//! a tenth of that in gzip.
//!
//! Only what is whole in memory, and no answer with a credential in it: whoever makes a victim's
//! browser ask again and again, and sees how long the answers are, learns about what stands beside
//! words of theirs (the attack is known as BREACH).

use std::sync::Arc;
use std::thread::available_parallelism;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Body;
use tokio::sync::Semaphore;
use warp::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue, SET_COOKIE, VARY};
use warp::http::{Method, StatusCode};

use super::reply::{CarriesCredential, Response, SharedBytes};
use crate::coding::{Coding, gzip_fast};

/// An answer of fewer bytes goes as it is: it fits a packet or two, and a short credential could be anywhere.
const MIN_BYTES: u64 = 1_024;
/// One of more goes as it is, too: at this many the work is some 20 ms of processor.
const MAX_BYTES: u64 = 2 * 1024 * 1024;
/// Answers of up to so many bytes are compressed where they were made, in about as long as
/// handing them to another thread and back would take.
const INLINE_BYTES: u64 = 32 * 1024;

/// Compresses answers, one on each core at most.
#[derive(Debug)]
pub struct Compression(Arc<Semaphore>);

impl Default for Compression {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(available_parallelism().map_or(1, usize::from))))
    }
}

impl Compression {
    /// The answer to a request with `method` and `headers`, smaller where both sides gain by it. Where every
    /// core compresses already it stays as it is: nobody waits for that.
    pub async fn apply(&self, method: &Method, headers: &HeaderMap, mut response: Response) -> Response {
        let Some(bytes) = bytes_to_compress(method, &response) else { return response };
        response.headers_mut().append(VARY, HeaderValue::from_static("Accept-Encoding"));
        if !Coding::Gzip.is_taken(headers) {
            return response;
        }
        let Ok(place) = Arc::clone(&self.0).try_acquire_owned() else { return response };
        let (mut head, body) = response.into_parts();
        let Ok(whole) = body.collect().await.map(http_body_util::Collected::to_bytes) else {
            // Never of what is in memory. Its length says that it is not whole.
            return Response::from_parts(head, Bytes::new().into());
        };
        let compressed = if bytes <= INLINE_BYTES {
            gzip_fast(&whole).ok()
        } else {
            let whole = whole.clone();
            tokio::task::spawn_blocking(move || gzip_fast(&whole).ok()).await.ok().flatten()
        };
        drop(place);
        let Some(compressed) = compressed else { return Response::from_parts(head, whole.into()) };
        head.headers.remove(CONTENT_LENGTH);
        head.headers.insert(CONTENT_ENCODING, HeaderValue::from_static(Coding::Gzip.name()));
        Response::from_parts(head, compressed.into())
    }
}

/// How many bytes the answer has, if it is one that may be compressed.
fn bytes_to_compress(method: &Method, response: &Response) -> Option<u64> {
    let (headers, extensions) = (response.headers(), response.extensions());
    let is_json = headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    let is_page = *method == Method::GET && response.status() == StatusCode::OK && is_json;
    let is_secret = headers.contains_key(SET_COOKIE) || extensions.get::<CarriesCredential>().is_some();
    let is_done = headers.contains_key(CONTENT_ENCODING) || extensions.get::<SharedBytes>().is_some();
    let bytes = response.body().size_hint().exact().filter(|bytes| (MIN_BYTES..=MAX_BYTES).contains(bytes));
    bytes.filter(|_| is_page && !is_secret && !is_done)
}
