//! The newest pages of chats, in the words of whoever asked for them last.

use std::collections::HashMap;

use bytes::Bytes;
use parking_lot::{Mutex, MutexGuard};

use crate::chat::model::event::{ChatEvent, Committed, Event, MessageEvent, Steering};
use crate::chat::model::id::{ChatId, MessageId};

/// What all pages that are kept may take; when they are more, all are forgotten and come
/// back as they are asked for.
pub const MAX_KEPT_BYTES: usize = 8 * 1024 * 1024;
/// A longer page is not kept.
pub const MAX_PAGE_BYTES: usize = MAX_KEPT_BYTES / 16;
/// Counters of invalidations.
pub const COUNTERS: usize = 32;
/// What a page takes beside its words.
pub const PAGE_OVERHEAD: usize = 128;

/// What a page is besides its chat's.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PageKey {
    pub form: &'static str,
    pub size: u32,
    /// The actor has cleared what is up to this message.
    pub cleared: MessageId,
}

pub struct CachedPage {
    pub view: PageKey,
    pub json: Bytes,
    /// The counter before it was read.
    pub generation: u64,
}

/// All that is kept.
#[derive(Default)]
pub struct PageCache(pub Mutex<State>);

#[derive(Default)]
pub struct State {
    pub by_chat: HashMap<ChatId, Vec<CachedPage>>,
    pub bytes: usize,
    pub generations: [u64; COUNTERS],
}

impl PageCache {
    /// The chat's counter, to be taken before the database is looked at.
    pub fn generation(&self, chat: ChatId) -> u64 {
        self.lock().generations[counter(chat)]
    }

    pub fn find(&self, chat: ChatId, view: PageKey, count: u64) -> Option<Bytes> {
        let state = self.lock();
        let kept = state.by_chat.get(&chat)?.iter().find(|kept| kept.view == view && kept.generation <= count)?;
        Some(kept.json.clone())
    }

    pub fn keep(&self, chat: ChatId, view: PageKey, json: Bytes, count: u64) {
        let mut state = self.lock();
        let weight = json.len() + PAGE_OVERHEAD;
        let is_kept = state.by_chat.get(&chat).is_some_and(|pages| pages.iter().any(|kept| kept.view == view));
        if state.generations[counter(chat)] != count || weight > MAX_PAGE_BYTES || is_kept {
            return;
        }
        if state.bytes + weight > MAX_KEPT_BYTES {
            state.forget_all();
        }
        state.bytes += weight;
        state.by_chat.entry(chat).or_default().push(CachedPage { view, json, generation: count });
    }

    /// Forgets all pages: they come back as they are asked for.
    pub fn let_go(&self) {
        let mut state = self.lock();
        state.forget_all();
        state.by_chat.shrink_to_fit();
    }

    /// Forgets what a commit changes. By default that is everything: what only concerns
    /// one chat, or no message, is listed here.
    pub fn hear(&self, committed: &Committed) {
        if committed.is_untold {
            self.lock().forget_all();
        }
        for event in &committed.events {
            match event {
                Event::Message(MessageEvent::Posted { message, .. } | MessageEvent::Edited { message, .. })
                | Event::MessagePinned { message, .. } => self.lock().forget(message.chat),
                Event::Message(MessageEvent::Deleted { chat, .. })
                | Event::ReactionsChanged { chat, .. }
                | Event::Read { chat, .. } => self.lock().forget(*chat),
                Event::Steering(Steering::SocketOpened { .. })
                | Event::Presence { .. }
                | Event::Chat(ChatEvent::OwnPartChanged { .. }) => {}
                _ => self.lock().forget_all(),
            }
        }
    }

    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock()
    }
}

/// Which counter is a chat's.
pub fn counter(chat: ChatId) -> usize {
    usize::try_from(chat.0).unwrap_or(0) % COUNTERS
}

impl State {
    pub fn forget(&mut self, chat: ChatId) {
        self.generations[counter(chat)] += 1;
        let gone = self.by_chat.remove(&chat).unwrap_or_default();
        self.bytes -= gone.iter().map(|kept| kept.json.len() + PAGE_OVERHEAD).sum::<usize>();
    }

    pub fn forget_all(&mut self) {
        self.generations.iter_mut().for_each(|count| *count += 1);
        self.by_chat.clear();
        self.bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{MAX_KEPT_BYTES, MAX_PAGE_BYTES, PAGE_OVERHEAD, PageCache, PageKey};
    use crate::chat::model::event::{Committed, Event, MemberEvent};
    use crate::chat::model::id::{ChatId, MessageId, UserId};

    const HERE: ChatId = ChatId(1);
    const THERE: ChatId = ChatId(2);
    const VIEW: PageKey = PageKey { form: "plain", size: 50, cleared: MessageId(0) };

    fn kept_in(chats: &[ChatId]) -> PageCache {
        let newest = PageCache::default();
        for chat in chats {
            newest.keep(*chat, VIEW, Bytes::from_static(b"words"), newest.generation(*chat));
        }
        newest
    }

    fn is_kept(newest: &PageCache, chat: ChatId) -> bool {
        newest.find(chat, VIEW, newest.generation(chat)).is_some()
    }

    fn told(event: Event) -> Committed {
        Committed { events: vec![event], ..Committed::default() }
    }

    #[test]
    fn a_page_is_found_by_those_who_see_the_same() {
        let newest = kept_in(&[HERE]);
        assert!(is_kept(&newest, HERE));
        for other in
            [PageKey { form: "other", ..VIEW }, PageKey { size: 49, ..VIEW }, PageKey { cleared: MessageId(1), ..VIEW }]
        {
            assert!(newest.find(HERE, other, newest.generation(HERE)).is_none());
        }
        assert!(!is_kept(&newest, THERE));
    }

    #[test]
    fn what_is_read_in_a_chat_forgets_its_pages_alone() {
        let newest = kept_in(&[HERE, THERE]);
        newest.hear(&told(Event::Read { chat: HERE, user: UserId(1), upto: MessageId(1) }));
        assert!(!is_kept(&newest, HERE));
        assert!(is_kept(&newest, THERE));
    }

    #[test]
    fn what_is_not_known_to_concern_one_chat_forgets_all() {
        for committed in [
            told(Event::Member(MemberEvent::Removed { chat: HERE, user: UserId(1), members: 2, is_quiet: false })),
            Committed { is_untold: true, ..Committed::default() },
        ] {
            let newest = kept_in(&[HERE, THERE]);
            newest.hear(&committed);
            assert!(!is_kept(&newest, HERE) && !is_kept(&newest, THERE));
        }
        let newest = kept_in(&[HERE]);
        newest.hear(&told(Event::Presence { user: UserId(1), online: true, last_seen: None, chats: vec![HERE] }));
        newest.hear(&Committed::default());
        assert!(is_kept(&newest, HERE), "nothing that a page shows was changed");
    }

    #[test]
    fn what_was_read_before_a_change_is_not_kept_after_it() {
        let newest = kept_in(&[]);
        let count = newest.generation(HERE);
        newest.hear(&told(Event::Read { chat: THERE, user: UserId(1), upto: MessageId(1) }));
        newest.keep(HERE, VIEW, Bytes::from_static(b"words"), count);
        assert!(is_kept(&newest, HERE), "another chat's is no matter");
        newest.hear(&told(Event::Read { chat: HERE, user: UserId(1), upto: MessageId(1) }));
        newest.keep(HERE, VIEW, Bytes::from_static(b"words"), count);
        assert!(!is_kept(&newest, HERE));
    }

    #[test]
    fn who_asked_before_a_change_gets_nothing_that_was_read_after_it() {
        let newest = kept_in(&[]);
        let count = newest.generation(HERE);
        newest.hear(&told(Event::Member(MemberEvent::Removed {
            chat: HERE,
            user: UserId(1),
            members: 2,
            is_quiet: false,
        })));
        newest.keep(HERE, VIEW, Bytes::from_static(b"said since"), newest.generation(HERE));
        assert!(newest.find(HERE, VIEW, count).is_none());
        assert!(is_kept(&newest, HERE), "who asks now does");
    }

    #[test]
    fn they_take_no_more_than_their_bound() {
        let newest = kept_in(&[]);
        newest.keep(HERE, VIEW, vec![b' '; MAX_PAGE_BYTES].into(), 0);
        assert!(!is_kept(&newest, HERE), "too long");
        for number in 0..100 {
            newest.keep(
                ChatId(number),
                VIEW,
                vec![b' '; MAX_PAGE_BYTES - PAGE_OVERHEAD].into(),
                newest.generation(ChatId(number)),
            );
            assert!(is_kept(&newest, ChatId(number)));
            assert!(newest.lock().bytes <= MAX_KEPT_BYTES);
        }
        for number in 0..100 {
            newest.lock().forget(ChatId(number));
        }
        assert_eq!(newest.lock().bytes, 0);
    }
}
