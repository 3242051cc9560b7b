//! The newest messages of a chat, in the words of whoever asked for them last.
//!
//! It is the page that everybody opens, and between two changes of the chat it is the same
//! for all: so its words are kept, and only who may have them is asked each time.
//!
//! What changes a page forgets it here as part of its commit, before its answer and before
//! any socket hears. Each forgetting moves a counter. Who took the counter before the
//! database was looked at keeps nothing that was read before a forgetting, and takes
//! nothing that was kept after one: a page is never newer than an answered removal.
//! Chats share a few counters, so that much writing in one seldom disturbs another.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use super::Chat;
use super::error::{Error, Result};
use super::event::Event;
use super::id::{ChatId, MessageId, UserId};
use super::message::{Message, Window};
use super::page::Page;
use super::receipt::ReadMark;
use super::room::inside;
use super::session::Asker;
use super::store::{self, Committed, Db};

/// What all pages that are kept may take; when they are more, all are forgotten and come
/// back as they are asked for.
const MAX_KEPT_BYTES: usize = 8 * 1024 * 1024;
/// A longer page is not kept.
const MAX_PAGE_BYTES: usize = MAX_KEPT_BYTES / 16;
/// Counters of forgettings.
const COUNTERS: usize = 32;
/// What a page takes beside its words.
const PAGE_OVERHEAD: usize = 128;

/// Messages to be put into words.
pub struct Past<'a> {
    db: &'a Db,
    chat: ChatId,
    /// Newest first.
    pub messages: Vec<Message>,
}

impl Past<'_> {
    /// Up to where each member has read, in the same state of the database.
    pub fn read_marks(&self) -> Result<Vec<ReadMark>> {
        store::members::read_marks(self.db, self.chat)
    }
}

impl Chat {
    /// A page of a chat that the asker is in, newest first, as `write` puts its messages into
    /// words, and how many there are in all. `form` names what `write` makes of messages: for
    /// the first page it is called only if nothing is kept under that name, so it may look at
    /// nothing else.
    pub async fn page_in_words(
        &self,
        asker: &Asker,
        chat: ChatId,
        page: Page,
        form: &'static str,
        write: impl FnOnce(&Past<'_>) -> Result<Vec<u8>> + Send + 'static,
    ) -> Result<(i64, Bytes)> {
        let (me, count, newest) = (asker.user, self.newest.count(chat), Arc::clone(&self.newest));
        self.store.read_page(page, move |db| newest.page(db, me, chat, page, (form, count), write)).await
    }
}

impl Newest {
    fn page(
        &self,
        db: &Db,
        viewer: UserId,
        chat: ChatId,
        page: Page,
        (form, count): (&'static str, u64),
        write: impl FnOnce(&Past<'_>) -> Result<Vec<u8>>,
    ) -> Result<(i64, Bytes)> {
        let standing = inside(db, viewer, chat)?.standing.ok_or(Error::NotMember)?;
        if page.is_past(standing.message_count) {
            return Ok((standing.message_count, Bytes::from_static(b"[]")));
        }
        let view = View { form, size: page.size, cleared: standing.cleared_mark };
        let is_newest = page.number == 1;
        if is_newest && let Some(words) = self.find(chat, view, count) {
            return Ok((standing.message_count, words));
        }
        let messages = store::messages::list(db, chat, standing.cleared_mark, Window::Page(page))?;
        // Without the room that it grew into, which would be kept as well.
        let words = Bytes::from(write(&Past { db, chat, messages })?.into_boxed_slice());
        if is_newest {
            self.keep(chat, view, words.clone(), count);
        }
        Ok((standing.message_count, words))
    }
}

/// What a page is besides its chat's.
#[derive(Clone, Copy, PartialEq, Eq)]
struct View {
    form: &'static str,
    size: u32,
    /// The asker has cleared what is up to this message.
    cleared: MessageId,
}

struct Kept {
    view: View,
    words: Bytes,
    /// The counter before it was read.
    count: u64,
}

/// All that is kept.
#[derive(Default)]
pub(super) struct Newest(Mutex<State>);

#[derive(Default)]
struct State {
    by_chat: HashMap<ChatId, Vec<Kept>>,
    bytes: usize,
    forgettings: [u64; COUNTERS],
}

impl Newest {
    /// The chat's counter, to be taken before the database is looked at.
    fn count(&self, chat: ChatId) -> u64 {
        self.lock().forgettings[counter(chat)]
    }

    fn find(&self, chat: ChatId, view: View, count: u64) -> Option<Bytes> {
        let state = self.lock();
        let kept = state.by_chat.get(&chat)?.iter().find(|kept| kept.view == view && kept.count <= count)?;
        Some(kept.words.clone())
    }

    fn keep(&self, chat: ChatId, view: View, words: Bytes, count: u64) {
        let mut state = self.lock();
        let weight = words.len() + PAGE_OVERHEAD;
        let is_kept = state.by_chat.get(&chat).is_some_and(|pages| pages.iter().any(|kept| kept.view == view));
        if state.forgettings[counter(chat)] != count || weight > MAX_PAGE_BYTES || is_kept {
            return;
        }
        if state.bytes + weight > MAX_KEPT_BYTES {
            state.forget_all();
        }
        state.bytes += weight;
        state.by_chat.entry(chat).or_default().push(Kept { view, words, count });
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
                Event::MessagePosted { message, .. } | Event::MessageEdited { message, .. } => {
                    self.lock().forget(message.chat);
                }
                Event::MessageDeleted { chat, .. }
                | Event::ReactionsChanged { chat, .. }
                | Event::Read { chat, .. } => self.lock().forget(*chat),
                Event::SocketOpened(_) | Event::Presence { .. } => {}
                _ => self.lock().forget_all(),
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Which counter is a chat's.
fn counter(chat: ChatId) -> usize {
    usize::try_from(chat.0).unwrap_or(0) % COUNTERS
}

impl State {
    fn forget(&mut self, chat: ChatId) {
        self.forgettings[counter(chat)] += 1;
        let gone = self.by_chat.remove(&chat).unwrap_or_default();
        self.bytes -= gone.iter().map(|kept| kept.words.len() + PAGE_OVERHEAD).sum::<usize>();
    }

    fn forget_all(&mut self) {
        self.forgettings.iter_mut().for_each(|count| *count += 1);
        self.by_chat.clear();
        self.bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{Committed, MAX_KEPT_BYTES, MAX_PAGE_BYTES, Newest, PAGE_OVERHEAD, View};
    use crate::chat::event::Event;
    use crate::chat::id::{ChatId, MessageId, UserId};

    const HERE: ChatId = ChatId(1);
    const THERE: ChatId = ChatId(2);
    const VIEW: View = View { form: "plain", size: 50, cleared: MessageId(0) };

    fn kept_in(chats: &[ChatId]) -> Newest {
        let newest = Newest::default();
        for chat in chats {
            newest.keep(*chat, VIEW, Bytes::from_static(b"words"), newest.count(*chat));
        }
        newest
    }

    fn is_kept(newest: &Newest, chat: ChatId) -> bool {
        newest.find(chat, VIEW, newest.count(chat)).is_some()
    }

    fn told(event: Event) -> Committed {
        Committed { events: vec![event], ..Committed::default() }
    }

    #[test]
    fn a_page_is_found_by_those_who_see_the_same() {
        let newest = kept_in(&[HERE]);
        assert!(is_kept(&newest, HERE));
        for other in [View { form: "other", ..VIEW }, View { size: 49, ..VIEW }, View { cleared: MessageId(1), ..VIEW }]
        {
            assert!(newest.find(HERE, other, newest.count(HERE)).is_none());
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
            told(Event::MemberRemoved { chat: HERE, user: UserId(1) }),
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
        let count = newest.count(HERE);
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
        let count = newest.count(HERE);
        newest.hear(&told(Event::MemberRemoved { chat: HERE, user: UserId(1) }));
        newest.keep(HERE, VIEW, Bytes::from_static(b"said since"), newest.count(HERE));
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
                newest.count(ChatId(number)),
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
