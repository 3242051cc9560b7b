//! Long arrays, written as they are read: some documents have no pages, and whoever asks
//! for a history or for everybody gets all of it. Memory holds one piece, however long the
//! array is, and others have their turn between two.

use std::future::ready;
use std::pin::Pin;

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use serde::Serialize;
use sync_wrapper::SyncStream;
use warp::Reply;
use warp::http::header::{CONTENT_TYPE, HeaderValue};
use warp::reply::Response;

use super::reply::Answer;
use crate::chat::model::error::Error;

/// Answers with `opening`, the elements that `next` yields, and `closing`. `next` gives a
/// piece at a time, each element as JSON, and an empty one at the end.
///
/// Two pieces are read before the answer begins, so that a refusal has its status and a short
/// array its length. A refusal that comes later (the reader was removed from the room, or signed
/// out) breaks the answer off: its end is missing, and nobody takes it for the whole.
pub fn stream<N>(opening: &str, mut next: N, closing: &'static str) -> Answer
where
    N: FnMut() -> Result<Vec<String>, Error> + Send + 'static,
{
    let first = next()?;
    let second = if first.is_empty() { Vec::new() } else { next()? };
    Ok(begun(opening, &first, second, stream::repeat_with(next), closing))
}

/// The same of pieces that may wait for a turn.
pub async fn stream_of<P>(opening: &str, pieces: P, closing: &'static str) -> Answer
where
    P: Stream<Item = Result<Vec<String>, Error>> + Send + 'static,
{
    let mut pieces = Box::pin(pieces);
    let first = next_of(&mut pieces).await?;
    let second = if first.is_empty() { Vec::new() } else { next_of(&mut pieces).await? };
    Ok(begun(opening, &first, second, pieces, closing))
}

fn begun<P>(opening: &str, first: &[String], second: Vec<String>, behind: P, closing: &'static str) -> Response
where
    P: Stream<Item = Result<Vec<String>, Error>> + Send + 'static,
{
    let begun = format!("{opening}{}", first.join(","));
    let mut response = if second.is_empty() {
        Response::new((begun + closing).into())
    } else {
        let rest = stream::unfold(Remaining::Piece(second, Box::pin(behind)), move |left| rest(left, closing));
        let whole = stream::once(ready(Ok::<_, Error>(Bytes::from(begun)))).chain(rest);
        warp::reply::stream(SyncStream::new(whole)).into_response()
    };
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

async fn next_of<P>(pieces: &mut Pin<Box<P>>) -> Result<Vec<String>, Error>
where
    P: Stream<Item = Result<Vec<String>, Error>>,
{
    pieces.next().await.unwrap_or(Ok(Vec::new()))
}

/// The next bytes of an array, and what is to come behind them.
async fn rest<P>(left: Remaining<P>, closing: &'static str) -> Option<(Result<Bytes, Error>, Remaining<P>)>
where
    P: Stream<Item = Result<Vec<String>, Error>>,
{
    // To a client that reads fast nothing here ever waits, and a long list would keep a thread to itself.
    tokio::task::yield_now().await;
    Some(match left {
        Remaining::Nothing => return None,
        Remaining::Piece(piece, _) if piece.is_empty() => (Ok(closing.into()), Remaining::Nothing),
        Remaining::Piece(piece, mut pieces) => {
            let behind = match next_of(&mut pieces).await {
                Ok(piece) => Remaining::Piece(piece, pieces),
                Err(error) => Remaining::Refused(error),
            };
            (Ok(behind_others(&piece)), behind)
        }
        Remaining::Refused(error) => (Err(error), Remaining::Nothing),
    })
}

/// What of an array is still to come.
enum Remaining<P> {
    /// This piece, and what yields those behind it.
    Piece(Vec<String>, Pin<Box<P>>),
    Refused(Error),
    Nothing,
}

/// An element as JSON. Nothing in the shapes of the documents can fail to be written.
pub fn element(shape: &impl Serialize) -> String {
    serde_json::to_string(shape).unwrap_or_default()
}

/// Elements that stand behind others.
fn behind_others(piece: &[String]) -> Bytes {
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
        let mut pieces = vec![Err(Error::NotFound), Ok(vec!["2".to_owned()]), Ok(vec!["1".to_owned()])];
        let response = stream("[", move || pieces.pop().unwrap_or(Ok(Vec::new())), "]").expect("an answer");
        assert!(response.into_body().collect().await.is_err());
    }
}
