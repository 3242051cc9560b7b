//! `/_dev/events/`: what a server for trying things out does, as server-sent events, for the page at `/docs`.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::mpsc::{self, Sender};
use tokio::time::timeout;

use crate::api::http::reply::{Answer, ApiError};
use crate::api::ws::event_stream::{self, COMMENT, COMMENT_EVERY};
use crate::chat::model::error::Error;
use crate::dev_feed::{DevEvent, DevFeed, DevWatcher};

/// Events that are made before the connection takes them. What comes meanwhile waits in the feed, and is lost there.
const MAX_AHEAD: usize = 16;
/// When it is worth trying again where too many watch.
const TOO_MANY_RETRY: Duration = Duration::from_secs(1);

/// Shows what happens for as long as somebody reads it.
pub(super) fn answer(feed: &DevFeed) -> Answer {
    let watcher = feed.watch().ok_or(ApiError::Chat(Error::Busy { retry_after: TOO_MANY_RETRY }))?;
    let (out, events) = mpsc::channel(MAX_AHEAD);
    tokio::spawn(show(watcher, out));
    event_stream::answer(events)
}

async fn show(mut watcher: DevWatcher, out: Sender<Bytes>) {
    loop {
        let next = tokio::select! {
            () = out.closed() => return,
            next = timeout(COMMENT_EVERY, watcher.next()) => next,
        };
        let event = match next {
            Ok(None) => return,
            Ok(Some(event)) => format!("data: {}\n\n", told(event)).into(),
            Err(_) => COMMENT,
        };
        tokio::select! {
            sent = out.send(event) => if sent.is_err() { return },
            () = watcher.ended() => return,
        }
    }
}

fn told(event: Result<DevEvent, u64>) -> Value {
    match event {
        Err(count) => json!({ "type": "skipped", "count": count }),
        Ok(DevEvent::Request { method, path, status, ms, user }) => {
            json!({ "type": "request", "method": method, "path": path, "status": status, "ms": ms, "user": user })
        }
        Ok(DevEvent::Frame { is_in, api, user, socket, text }) => {
            let way = if is_in { "in" } else { "out" };
            json!({ "type": "frame", "way": way, "api": api, "user": user, "socket": socket, "text": text })
        }
        Ok(DevEvent::Delivery { hook, event, status, ms, error }) => {
            json!({ "type": "delivery", "hook": hook, "event": event, "status": status, "ms": ms, "error": error })
        }
    }
}
