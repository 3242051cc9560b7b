//! How many messages wait to be entered in the index of words, about.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::Notify;

use crate::chat::model::event::{Committed, Event};

/// Counts what is committed, and wakes who enters it when that is enough.
pub struct Unindexed {
    count: AtomicU64,
    enough: u64,
    /// So many are enough where somebody searches, who looks through them.
    enough_searched: u64,
    is_searched: AtomicBool,
    wake: Notify,
}

impl Unindexed {
    pub fn new(enough: u64, enough_searched: u64) -> Self {
        let (count, is_searched) = (AtomicU64::new(0), AtomicBool::new(false));
        Self { count, enough, enough_searched, is_searched, wake: Notify::new() }
    }

    pub fn hear(&self, committed: &Committed) {
        let told = committed.events.iter().filter(|event| matches!(event, Event::Message(_))).count() as u64;
        // What no event tells is a piece of many, as what goes for its age.
        let new = told + if committed.is_untold { self.enough } else { 0 };
        if new > 0 && self.count.fetch_add(new, Ordering::Relaxed) + new >= self.enough {
            self.wake.notify_one();
        }
    }

    /// Somebody searches.
    pub fn note_search(&self) {
        self.is_searched.store(true, Ordering::Relaxed);
        if self.count.load(Ordering::Relaxed) >= self.enough_searched {
            self.wake.notify_one();
        }
    }

    /// Whether somebody searched since this was last asked.
    pub fn take_search(&self) -> bool {
        self.is_searched.swap(false, Ordering::Relaxed)
    }

    /// Whether something waits. From here on it counts anew.
    pub fn take(&self) -> bool {
        self.count.swap(0, Ordering::Relaxed) > 0
    }

    /// Returns when enough waits.
    pub async fn enough(&self) {
        self.wake.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::{Committed, Event, Unindexed};
    use crate::chat::model::direct::Pair;
    use crate::chat::model::event::MessageEvent;
    use crate::chat::model::id::{ChatId, MessageId, Seq, UserId};

    fn deletion() -> Committed {
        let event = MessageEvent::Deleted {
            chat: ChatId(1),
            message: MessageId(1),
            sender: UserId(1),
            seq: Seq(2),
            pair: None::<Pair>,
        };
        Committed { events: vec![Event::Message(event)], ..Committed::default() }
    }

    #[test]
    fn whoever_enters_messages_wakes_when_enough_wait() {
        let unindexed = Unindexed::new(2, 1);
        assert!(!unindexed.take());
        unindexed.hear(&deletion());
        assert!(unindexed.enough().now_or_never().is_none(), "one is not enough");
        unindexed.hear(&deletion());
        assert!(unindexed.enough().now_or_never().is_some());
        assert!(unindexed.take() && !unindexed.take(), "it counts anew");
        unindexed.hear(&Committed { is_untold: true, ..Committed::default() });
        assert!(unindexed.enough().now_or_never().is_some(), "nobody knows how many");
    }

    #[test]
    fn where_somebody_searches_fewer_are_enough() {
        let unindexed = Unindexed::new(3, 2);
        unindexed.hear(&deletion());
        unindexed.note_search();
        assert!(unindexed.enough().now_or_never().is_none(), "one is not enough");
        unindexed.hear(&deletion());
        unindexed.note_search();
        assert!(unindexed.enough().now_or_never().is_some());
        assert!(unindexed.take_search() && !unindexed.take_search());
    }
}
