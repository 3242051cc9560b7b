//! Long arrays, written as they are read: this document has no pages, and whoever asks
//! for a history gets all of it. Memory holds one piece, however long the array is.

use std::iter;

use bytes::Bytes;
use futures_util::stream;
use warp::Reply;
use warp::http::header::{CONTENT_TYPE, HeaderValue};

use crate::api::reply::Answer;
use crate::chat::error::Error;

/// Answers with `opening`, the elements that `next` yields, and `closing`. `next` gives a
/// piece at a time, each element as JSON, and an empty one at the end.
///
/// The first piece is read before the answer begins, so that a refusal has its status.
/// One that comes later (the reader was removed from the room, or signed out) breaks the answer off:
/// its end is missing, and nobody takes it for the whole.
pub fn stream<N>(opening: &str, mut next: N, closing: &'static str) -> Answer
where
    N: FnMut() -> Result<Vec<String>, Error> + Send + Sync + 'static,
{
    let first = next()?;
    let begun = format!("{opening}{}", first.join(","));
    let mut next = Some(next).filter(|_| !first.is_empty());
    let mut is_closed = false;
    let rest = iter::from_fn(move || {
        if is_closed {
            return None;
        }
        let piece = next.as_mut().map_or(Ok(Vec::new()), |next| next());
        is_closed = piece.as_ref().map_or(true, Vec::is_empty);
        Some(piece.map(|piece| if is_closed { Bytes::from_static(closing.as_bytes()) } else { behind(&piece) }))
    });
    let whole = iter::once(Ok::<_, Error>(Bytes::from(begun))).chain(rest);
    let mut response = warp::reply::stream(stream::iter(whole)).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

/// Elements that stand behind others.
fn behind(piece: &[String]) -> Bytes {
    piece.iter().flat_map(|element| [",", element]).collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::{Error, stream};

    async fn written(pieces: &[&[&str]]) -> String {
        let mut pieces: Vec<Vec<String>> =
            pieces.iter().rev().map(|piece| piece.iter().map(ToString::to_string).collect()).collect();
        let response = stream("[", move || Ok(pieces.pop().unwrap_or_default()), "]").expect("an answer");
        let body = response.into_body().collect().await.expect("a whole body").to_bytes();
        String::from_utf8(body.to_vec()).expect("text")
    }

    #[tokio::test]
    async fn pieces_make_one_array() {
        assert_eq!(written(&[]).await, "[]");
        assert_eq!(written(&[&["1"]]).await, "[1]");
        assert_eq!(written(&[&["1", "2"], &["3"], &["4", "5"]]).await, "[1,2,3,4,5]");
        assert_eq!(written(&[&[], &["1"]]).await, "[]", "an empty piece is the end");
    }

    #[tokio::test]
    async fn a_refusal_is_one_at_first_and_a_broken_answer_later() {
        assert!(stream("[", || Err(Error::NotFound), "]").is_err());
        let mut pieces = vec![Err(Error::NotFound), Ok(vec!["1".to_owned()])];
        let response = stream("[", move || pieces.pop().unwrap_or(Ok(Vec::new())), "]").expect("an answer");
        assert!(response.into_body().collect().await.is_err());
    }
}
