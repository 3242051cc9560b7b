//! Where something happened that a hook may send.
//!
//! Every commit passes by here, so that it costs a look at a set, and nothing where no hook sends anything. What is
//! kept is only that there is something: the hook itself finds it behind its cursor, also after a kill.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};

use crate::chat::model::delivery::Attempt;
use crate::chat::model::event::{Committed, Event, MemberEvent, MessageEvent};
use crate::chat::model::id::{ChatId, HookId};

/// Groups with hooks that send, and which of them have something new.
#[derive(Default)]
pub struct HookWakes {
    is_any: AtomicBool,
    groups: Mutex<Groups>,
    wake: Notify,
}

#[derive(Default)]
struct Groups {
    watched: HashSet<ChatId>,
    new: HashSet<ChatId>,
    tests: Vec<OrderedTest>,
}

/// A test that the operator ordered, and where what comes of it goes.
pub type OrderedTest = (ChatId, HookId, oneshot::Sender<Attempt>);

impl HookWakes {
    /// Listens to a group from here on.
    pub fn watch(&self, chat: ChatId) {
        self.groups.lock().watched.insert(chat);
        self.is_any.store(true, Ordering::Release);
    }

    /// Does not any more.
    pub fn unwatch(&self, chat: ChatId) {
        self.groups.lock().watched.remove(&chat);
    }

    /// Says that there is something to send in a group.
    pub fn ring(&self, chat: ChatId) {
        self.groups.lock().new.insert(chat);
        self.wake.notify_one();
    }

    /// Has a test sent by whoever sends.
    pub fn order_test(&self, chat: ChatId, hook: HookId) -> oneshot::Receiver<Attempt> {
        let (tell, told) = oneshot::channel();
        self.groups.lock().tests.push((chat, hook, tell));
        self.wake.notify_one();
        told
    }

    /// Those that were ordered since.
    pub fn take_tests(&self) -> Vec<OrderedTest> {
        std::mem::take(&mut self.groups.lock().tests)
    }

    pub fn hear(&self, committed: &Committed) {
        if !self.is_any.load(Ordering::Acquire) || committed.events.is_empty() {
            return;
        }
        let mut groups = self.groups.lock();
        let mut is_new = false;
        for chat in committed.events.iter().filter_map(chat_of) {
            is_new |= groups.watched.contains(&chat) && groups.new.insert(chat);
        }
        drop(groups);
        if is_new {
            self.wake.notify_one();
        }
    }

    /// Returns when something happened since the last [`take`](Self::take).
    pub async fn woken(&self) {
        self.wake.notified().await;
    }

    /// Where.
    pub fn take(&self) -> HashSet<ChatId> {
        std::mem::take(&mut self.groups.lock().new)
    }
}

/// Where something happened that a hook can send.
fn chat_of(event: &Event) -> Option<ChatId> {
    match event {
        Event::Message(MessageEvent::Posted { message, .. } | MessageEvent::Edited { message, .. })
        | Event::MessagePinned { message, .. } => Some(message.chat),
        Event::Message(MessageEvent::Deleted { chat, .. })
        | Event::Member(MemberEvent::Added { chat, .. } | MemberEvent::Removed { chat, .. }) => Some(*chat),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::HookWakes;
    use crate::chat::model::event::{Committed, Event, MemberEvent};
    use crate::chat::model::id::{ChatId, UserId};

    fn somebody_left(chat: ChatId) -> Committed {
        let event = Event::Member(MemberEvent::Removed { chat, user: UserId(1), members: 1, is_quiet: false });
        Committed { events: vec![event], ..Committed::default() }
    }

    #[test]
    fn only_what_happens_where_a_hook_sends_wakes_it() {
        let wakes = HookWakes::default();
        wakes.hear(&somebody_left(ChatId(1)));
        wakes.watch(ChatId(1));
        wakes.hear(&somebody_left(ChatId(2)));
        assert!(wakes.woken().now_or_never().is_none() && wakes.take().is_empty());
        wakes.hear(&somebody_left(ChatId(1)));
        assert!(wakes.woken().now_or_never().is_some());
        assert_eq!(wakes.take().into_iter().collect::<Vec<_>>(), [ChatId(1)]);
        wakes.unwatch(ChatId(1));
        wakes.hear(&somebody_left(ChatId(1)));
        assert!(wakes.woken().now_or_never().is_none() && wakes.take().is_empty(), "nobody listens any more");
    }
}
