//! An open socket, counted as long as it lives.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;

use super::frame;
use crate::api::http::backlog::{Backlog, Reader};
use crate::api::http::base::BasePath;
use crate::api::http::context::Context;
use crate::api::http::meters::{CODES, SocketMeter};
use crate::api::http::trace::RequestTrace;
use crate::dev_feed::DevEvent;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server closed it, with this code.
    Closed(u16),
    /// The client closed it.
    ByClient,
    /// The connection broke, or nobody was there any more.
    Gone,
}

/// An open socket, counted as long as this lives.
pub struct OpenSocket {
    context: Arc<Context>,
    dialect: usize,
    trace: Arc<RequestTrace>,
    /// Where what its client has not read of the past is counted, and for whom.
    unread: Option<(Arc<Backlog>, Reader)>,
}

impl OpenSocket {
    /// Counts one more, that the request `seen` became.
    pub fn new(context: Arc<Context>, dialect: usize, trace: Arc<RequestTrace>) -> Self {
        let socket = Self { context, dialect, trace, unread: None };
        socket.count(|meter| meter.open.fetch_add(1, Ordering::Relaxed));
        socket
    }

    /// The same where what its client has not read of the past is counted among the answers that wait.
    #[must_use]
    pub fn counted_in(mut self, backlog: Arc<Backlog>, reader: Reader) -> Self {
        self.unread = Some((backlog, reader));
        self
    }

    /// Resolves when there is room for more of the past.
    pub async fn room(&self) {
        if let Some((backlog, reader)) = &self.unread {
            Arc::clone(backlog).room(*reader).await;
        }
    }

    /// Counts a frame of the past until it is read.
    pub fn waits(&self, frame: Bytes) -> Bytes {
        match &self.unread {
            Some((backlog, reader)) => backlog.count(*reader, frame),
            None => frame,
        }
    }

    /// The path below which the server lives, for links.
    pub fn base(&self) -> &BasePath {
        self.context.base()
    }

    /// The id of the request that it was.
    pub fn request(&self) -> &str {
        &self.trace.id
    }

    /// Counts frames that were written.
    pub fn sent(&self, frames: usize) {
        self.count(|meter| meter.sent.fetch_add(frames as u64, Ordering::Relaxed));
    }

    /// Shows a frame to whoever watches a server for trying things out.
    pub fn shows(&self, is_in: bool, text: &str) {
        let Some(feed) = &self.context.settings.dev_feed else { return };
        feed.tell(|| DevEvent::Frame {
            is_in,
            api: self.context.names.get(self.dialect).copied().unwrap_or_default(),
            user: self.trace.user().map(|user| user.0),
            socket: self.trace.id.clone(),
            text: DevEvent::shown(text),
        });
    }

    /// The same of text frames that are to be written.
    pub fn shows_out(&self, frames: &[Bytes]) {
        if self.context.settings.dev_feed.is_some() {
            frames.iter().filter_map(|frame| frame::said(frame)).for_each(|text| self.shows(false, text));
        }
    }

    /// Counts how it ended.
    pub fn ended(&self, how: Outcome) {
        let place = match how {
            Outcome::Closed(code) => CODES.binary_search(&code).ok(),
            Outcome::ByClient => Some(CODES.len()),
            Outcome::Gone => Some(CODES.len() + 1),
        };
        if let Some(count) = place.and_then(|place| self.context.meters.closed.get(place)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn count(&self, add: impl FnOnce(&SocketMeter) -> u64) {
        self.context.meters.sockets.get(self.dialect).map(add);
    }
}

impl Drop for OpenSocket {
    fn drop(&mut self) {
        self.count(|meter| meter.open.fetch_sub(1, Ordering::Relaxed));
    }
}
