//! What a server for trying things out shows of itself while it works: requests, frames, and deliveries of hooks, to
//! whoever watches. Each layer tells it what it does, and none of them waits for it; below everything else.

use std::sync::Arc;

use tokio::sync::{broadcast, watch};

/// Events that are kept for a watcher who is behind. Then the oldest go, and it is told how many.
const MAX_KEPT: usize = 512;
/// Watchers at once.
const MAX_WATCHERS: usize = 16;
/// Bytes of a frame that are shown.
const MAX_TEXT: usize = 4 * 1024;

/// Something that the server did.
#[derive(Clone, Debug)]
pub enum DevEvent {
    /// It answered a request.
    Request {
        method: String,
        /// Its path, without the query and without secrets.
        path: String,
        /// The status of the answer.
        status: u16,
        /// How long that took.
        ms: u64,
        /// Who asked, if signed in.
        user: Option<i64>,
    },
    /// A frame came in or went out.
    Frame {
        /// From the client.
        is_in: bool,
        /// Whose words it is in.
        api: &'static str,
        /// Whose socket it is.
        user: Option<i64>,
        /// Which socket: the id of the request that it was.
        socket: String,
        /// What it says, or its beginning.
        text: String,
    },
    /// An event was delivered to somebody else's server, or was not.
    Delivery {
        hook: i64,
        /// The type of the event.
        event: String,
        /// What the other server answered, if it did.
        status: Option<u16>,
        /// How long that took.
        ms: u64,
        /// Why there was no answer.
        error: Option<String>,
    },
}

impl DevEvent {
    /// The beginning of a long text, so that watchers hold little.
    pub fn shown(text: &str) -> String {
        let end = text.floor_char_boundary(MAX_TEXT);
        if end < text.len() { format!("{}…", &text[..end]) } else { text.to_owned() }
    }
}

/// The way from whatever happens to whoever watches. Cloning shares it.
#[derive(Clone, Debug)]
pub struct DevFeed(Arc<Ways>);

#[derive(Debug)]
struct Ways {
    events: broadcast::Sender<DevEvent>,
    is_over: watch::Sender<bool>,
}

impl Default for DevFeed {
    fn default() -> Self {
        Self(Arc::new(Ways { events: broadcast::Sender::new(MAX_KEPT), is_over: watch::Sender::new(false) }))
    }
}

impl DevFeed {
    /// Tells something. It is made only if somebody watches.
    pub fn tell(&self, make: impl FnOnce() -> DevEvent) {
        if self.0.events.receiver_count() > 0 {
            // The last may have gone just now.
            self.0.events.send(make()).ok();
        }
    }

    /// Begins to watch; `None`: too many do.
    #[must_use]
    pub fn watch(&self) -> Option<DevWatcher> {
        let has_place = self.0.events.receiver_count() < MAX_WATCHERS;
        has_place.then(|| DevWatcher { events: self.0.events.subscribe(), is_over: self.0.is_over.subscribe() })
    }

    /// Lets all watchers go: the server stops.
    pub fn end(&self) {
        self.0.is_over.send_replace(true);
    }
}

#[derive(Debug)]
pub struct DevWatcher {
    events: broadcast::Receiver<DevEvent>,
    is_over: watch::Receiver<bool>,
}

impl DevWatcher {
    /// What happens next, or how many were lost because they came too fast; `None`: it is over.
    pub async fn next(&mut self) -> Option<Result<DevEvent, u64>> {
        tokio::select! {
            biased;
            () = over(&mut self.is_over) => None,
            event = self.events.recv() => match event {
                Ok(event) => Some(Ok(event)),
                Err(broadcast::error::RecvError::Lagged(lost)) => Some(Err(lost)),
                Err(broadcast::error::RecvError::Closed) => None,
            },
        }
    }

    /// Resolves when the server stops.
    pub async fn ended(&mut self) {
        over(&mut self.is_over).await;
    }
}

async fn over(is_over: &mut watch::Receiver<bool>) {
    // A sender that is gone means the same.
    is_over.wait_for(|over| *over).await.ok();
}

#[cfg(test)]
mod tests {
    use super::{DevEvent, DevFeed, MAX_KEPT, MAX_TEXT, MAX_WATCHERS};

    fn request(status: u16) -> DevEvent {
        DevEvent::Request { method: "GET".into(), path: "/".into(), status, ms: 0, user: None }
    }

    #[tokio::test]
    async fn watchers_hear_what_happens_and_how_much_they_missed() {
        let feed = DevFeed::default();
        feed.tell(|| unreachable!("nobody watches"));
        let mut watcher = feed.watch().expect("a place");
        let others: Vec<_> = (1..MAX_WATCHERS).map(|_| feed.watch().expect("a place")).collect();
        assert!(feed.watch().is_none(), "too many");
        drop(others);
        assert!(feed.watch().is_some());
        for _ in 0..MAX_KEPT + 10 {
            feed.tell(|| request(200));
        }
        assert_eq!(watcher.next().await.expect("more").expect_err("too fast"), 10);
        assert!(matches!(watcher.next().await, Some(Ok(DevEvent::Request { status: 200, .. }))));
        feed.end();
        assert!(watcher.next().await.is_none());
    }

    #[test]
    fn a_long_text_is_cut_between_two_letters() {
        assert_eq!(DevEvent::shown("short"), "short");
        let long = DevEvent::shown(&"ы".repeat(MAX_TEXT));
        assert!(long.len() <= MAX_TEXT + "…".len() && long.ends_with("ы…"), "{}", long.len());
    }
}
