//! What a socket says as server-sent events (WHATWG HTML, 9.2): an answer that goes on as long as
//! somebody reads it. The codec is the socket's own; only the way out is another.
//!
//! Frames come as `data:`, with their `seq` as `id:` where they have one. Whoever is cut off sends
//! the last back as `Last-Event-ID`, and misses nothing.

use std::any::TypeId;
use std::convert::Infallible;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use tokio::sync::Notify;
use tokio::sync::mpsc::{self, Sender};
use tokio::time::{Instant, sleep_until};
use warp::Reply;
use warp::http::Method;
use warp::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};

use super::open::{OpenSocket, Outcome};
use super::socket::{Audience, Codec, close_code};
use crate::api::http::auth;
use crate::api::http::base::BasePath;
use crate::api::http::reply::{Answer, ApiError};
use crate::api::http::request::Request;
use crate::api::http::route::{Access, Route};
use crate::chat::model::session::Actor;
use crate::chat::subscription::Subscription;
use crate::chat::{Broadcast, Inbox, Sink};

/// What such an answer is.
pub const EVENT_STREAM: &str = "text/event-stream";
/// After so long without a word a comment is sent, so that nobody between takes the connection for dead.
pub const COMMENT_EVERY: Duration = Duration::from_secs(15);
/// It says nothing.
pub const COMMENT: Bytes = Bytes::from_static(b":\n\n");
/// Events that are made before the connection takes them. What comes meanwhile waits in the socket's queue.
const MAX_AHEAD: usize = 4;

/// The events of a codec are kept beside a broadcast as its frames are, in a place of their own.
struct EventsOf<C>(PhantomData<C>);

impl Route {
    /// An event stream for signed-in users: `open` finds what it listens to and makes its codec.
    pub fn event_stream<C, F, Fut>(pattern: &'static str, open: F) -> Self
    where
        C: Codec,
        F: Fn(Actor, Request) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<(Subscription, C), ApiError>> + Send + 'static,
    {
        let route = Self::open(Method::GET, pattern, move |request: Request| {
            let open = open.clone();
            async move {
                let actor = auth::socket_actor(&request)?;
                request.trace.signed_by(actor.user);
                let (slot, method) = (request.codec, request.method.clone());
                let socket = OpenSocket::new(Arc::clone(&request.context), request.dialect, Arc::clone(&request.trace));
                let (subscription, codec) = open(actor, request).await?;
                let (out, events) = mpsc::channel(MAX_AHEAD);
                if method != Method::HEAD {
                    tokio::spawn(run(codec, subscription, slot, socket, out));
                }
                answer(events)
            }
        });
        Self { access: Access::EventStream, codec: Some(TypeId::of::<EventsOf<C>>()), ..route }
    }
}

/// What is sent as events, as long as somebody reads it.
pub fn answer(events: mpsc::Receiver<Bytes>) -> Answer {
    let body = stream::unfold(events, |mut events| async {
        let event = events.recv().await?;
        Some((Ok::<_, Infallible>(event), events))
    });
    let mut response = warp::reply::stream(body).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(EVENT_STREAM));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // nginx would keep events until its buffer is full.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// Tells what there is to tell until the client goes, or the reason comes for which a socket would close.
async fn run<C: Codec>(codec: C, subscription: Subscription, slot: usize, socket: OpenSocket, out: Sender<Bytes>) {
    let inbox = subscription.inbox();
    let queued = Arc::new(Queued::default());
    let sink: Weak<Queued> = Arc::downgrade(&queued);
    subscription.attach(sink as Weak<dyn Sink>);
    let outcome = tokio::select! {
        biased;
        reason = inbox.closed() => Outcome::Closed(close_code(reason)),
        () = out.closed() => Outcome::Gone,
        () = tell(&codec, &inbox, slot, &queued, &socket, &out) => Outcome::Gone,
    };
    socket.ended(outcome);
}

/// Something has queued.
#[derive(Default)]
struct Queued(Notify);

impl Sink for Queued {
    fn flush(&self) {
        self.0.notify_one();
    }
}

/// Tells the past, and then what happens. Returns when nobody reads any more.
async fn tell<C: Codec>(
    codec: &C,
    inbox: &Inbox,
    slot: usize,
    queued: &Queued,
    socket: &OpenSocket,
    out: &Sender<Bytes>,
) {
    loop {
        while C::READS_UNTIL_NOW && inbox.take().is_some() {}
        let past = codec.catch_up().await;
        if past.is_empty() {
            break;
        }
        for text in past {
            socket.sent(1);
            socket.shows(false, &text);
            if out.send(event(codec, &text)).await.is_err() {
                return;
            }
        }
    }
    loop {
        let comment_at = Instant::now() + COMMENT_EVERY;
        while let Some(broadcast) = inbox.take() {
            for event in events(codec, &broadcast, slot, socket.base()) {
                socket.sent(1);
                socket.shows(false, std::str::from_utf8(&event).unwrap_or_default());
                if out.send(event).await.is_err() {
                    return;
                }
            }
        }
        tokio::select! {
            () = queued.0.notified() => {}
            () = sleep_until(comment_at) => {
                if out.send(COMMENT).await.is_err() {
                    return;
                }
            }
        }
    }
}

fn events<C: Codec>(codec: &C, broadcast: &Broadcast, slot: usize, base: &BasePath) -> Vec<Bytes> {
    match codec.hears(broadcast.event()) {
        Audience::Not => Vec::new(),
        Audience::Shared => {
            broadcast.frame(slot, |told| C::encode(told, base).map(|text| event(codec, &text))).into_iter().collect()
        }
        Audience::Own => codec.view(broadcast, slot).iter().map(|text| event(codec, text)).collect(),
    }
}

/// A frame as an event. JSON has its line breaks escaped, so it is one line.
fn event<C: Codec>(codec: &C, text: &str) -> Bytes {
    let id = codec.number(text).map_or(String::new(), |number| format!("id: {number}\n"));
    format!("{id}data: {text}\n\n").into()
}
