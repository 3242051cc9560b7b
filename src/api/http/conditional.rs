//! Answers that whoever asks has already: a weak `ETag` on every list and thing, and 304 where
//! `If-None-Match` names it (RFC 9110, 13.1.2).

use std::hash::BuildHasher;
use std::sync::LazyLock;

use foldhash::quality::RandomState;
use http_body_util::BodyExt;
use hyper::body::Body;
use warp::http::header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH, SET_COOKIE};
use warp::http::{Method, StatusCode};

use super::reply::{CarriesCredential, Response};

/// Answers of more bytes have no tag: they are seldom asked for twice, and are long to read.
const MAX_BYTES: u64 = 1024 * 1024;

/// Tags are of this process alone, so that nobody can make two texts with one tag.
static SEED: LazyLock<RandomState> = LazyLock::new(RandomState::default);

/// The answer to a request with `method` and `headers`, with a tag where it is JSON that is whole in memory, or
/// without a body where the request has the same.
pub async fn apply(method: &Method, headers: &HeaderMap, response: Response) -> Response {
    if !is_tagged(method, &response) {
        return response;
    }
    let (mut head, body) = response.into_parts();
    let bytes = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let tag = format!("W/\"{:016x}\"", SEED.hash_one(&bytes));
    let is_known = is_known(headers, &tag);
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        head.headers.insert(ETAG, tag);
    }
    if !is_known {
        return Response::from_parts(head, bytes.into());
    }
    head.status = StatusCode::NOT_MODIFIED;
    head.headers.remove(CONTENT_LENGTH);
    head.headers.remove(CONTENT_TYPE);
    Response::from_parts(head, bytes::Bytes::new().into())
}

fn is_tagged(method: &Method, response: &Response) -> bool {
    let (headers, extensions) = (response.headers(), response.extensions());
    let reads = matches!(*method, Method::GET | Method::HEAD);
    let is_json = headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    let is_whole = response.body().size_hint().exact().is_some_and(|bytes| bytes <= MAX_BYTES);
    let is_secret = headers.contains_key(SET_COOKIE) || extensions.get::<CarriesCredential>().is_some();
    let is_plain = !headers.contains_key(ETAG) && !is_secret;
    reads && response.status() == StatusCode::OK && is_json && is_whole && is_plain
}

/// Whether `If-None-Match` names a tag. Weak ones are compared as strong ones are.
pub fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let tag = tag.trim_start_matches("W/");
    let known = headers.get(IF_NONE_MATCH).and_then(|known| known.to_str().ok()).unwrap_or_default();
    known.split(',').map(|one| one.trim().trim_start_matches("W/")).any(|one| one == "*" || one == tag)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, proptest};

    use super::{HeaderMap, HeaderValue, IF_NONE_MATCH, is_known};

    fn asking(known: &str) -> HeaderMap {
        HeaderMap::from_iter(HeaderValue::from_str(known).ok().map(|known| (IF_NONE_MATCH, known)))
    }

    #[test]
    fn tags_match_in_a_list_and_weakly() {
        assert!(is_known(&asking("\"a\", W/\"b\""), "\"b\"") && is_known(&asking("*"), "\"b\""));
        assert!(!is_known(&asking("\"a\""), "\"b\""));
    }

    proptest! {
        /// A tag is found wherever it stands in a list, and in no list without it.
        #[test]
        fn a_tag_is_found_in_a_list_that_has_it(noise in "[a-zW/\" ,]{0,30}", others in proptest::collection::vec("(W/)?\"[a-f]{0,4}\"", 0..4), at in any::<usize>()) {
            let tag = "\"0123\"";
            prop_assert!(!is_known(&asking(&noise), tag) && !is_known(&asking(&others.join(", ")), tag));
            let mut list = others;
            list.insert(at % (list.len() + 1), tag.to_owned());
            prop_assert!(is_known(&asking(&list.join(",")), tag), "{list:?}");
        }
    }
}
