//! Word that something was posted, for whoever tells people of it who have no page open.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

use crate::chat::model::event::{Committed, Event, MessageEvent};

/// Carries no message: who is woken reads what is stored, so that nothing queues here and nothing is lost.
#[derive(Default)]
pub struct Posted {
    is_followed: AtomicBool,
    wake: Notify,
}

impl Posted {
    pub fn hear(&self, committed: &Committed) {
        let is_posted = |event: &Event| matches!(event, Event::Message(MessageEvent::Posted { .. }));
        if self.is_followed.load(Ordering::Relaxed) && committed.events.iter().any(is_posted) {
            self.wake.notify_one();
        }
    }

    /// From here on it wakes.
    pub fn follow(&self) {
        self.is_followed.store(true, Ordering::Relaxed);
    }

    /// Returns when something was posted since it returned last.
    pub async fn any(&self) {
        self.wake.notified().await;
    }
}
