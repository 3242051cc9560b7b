//! The pieces of a multipart body on their way to the parser, which has no limit of its own on
//! the head of a part and takes at once whatever has come.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::Stream;

use crate::api::http::request::BodyStream;

/// A head has not ended where the longest does.
#[derive(Debug, thiserror::Error)]
#[error("the head of a part is too long")]
pub(super) struct HeadTooLong;

/// Counts what comes while a head is read.
pub(super) struct HeadLimit(Arc<Heads>);

struct Heads {
    max: usize,
    is_head: AtomicBool,
    taken: AtomicUsize,
}

/// The pieces of `body`, and the limit on the bytes of each head among them.
pub(super) fn limit_heads(body: BodyStream, max: usize) -> (Chunks, HeadLimit) {
    let heads = Arc::new(Heads { max, is_head: AtomicBool::new(false), taken: AtomicUsize::new(0) });
    (Chunks { body, heads: Arc::clone(&heads), is_given: false }, HeadLimit(heads))
}

impl HeadLimit {
    /// Awaits `next`, which reads a head.
    pub async fn of<T>(&self, next: impl Future<Output = T>) -> T {
        self.0.taken.store(0, Ordering::Relaxed);
        self.0.is_head.store(true, Ordering::Relaxed);
        let came = next.await;
        self.0.is_head.store(false, Ordering::Relaxed);
        came
    }
}

/// One piece at each look. The parser looks through what it has before it takes the next, so
/// that it never holds more than it needs.
pub(super) struct Chunks {
    body: BodyStream,
    heads: Arc<Heads>,
    is_given: bool,
}

impl Heads {
    /// Whether a piece may still be taken: the one in which a head ends may be longer than is left.
    fn has_room(&self, bytes: usize) -> bool {
        !self.is_head.load(Ordering::Relaxed) || self.taken.fetch_add(bytes, Ordering::Relaxed) <= self.max
    }
}

impl Stream for Chunks {
    type Item = Result<Bytes, Box<dyn Error + Send + Sync>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if std::mem::take(&mut self.is_given) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        match self.body.as_mut().poll_next(cx) {
            Poll::Ready(Some(Ok(piece))) if self.heads.has_room(piece.len()) => {
                self.is_given = true;
                Poll::Ready(Some(Ok(piece)))
            }
            Poll::Ready(Some(Ok(_))) => Poll::Ready(Some(Err(Box::new(HeadTooLong)))),
            Poll::Ready(Some(Err(cause))) => Poll::Ready(Some(Err(Box::new(cause)))),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    }
}
