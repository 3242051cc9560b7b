//! The newest messages of a chat, in the words of whoever asked for them last.
//!
//! It is the page that everybody opens, and between two changes of the chat it is the same
//! for all: so its words are kept, and only who may have them is asked each time.
//!
//! What changes a page forgets it here as part of its commit, before its answer and before
//! any socket hears. Each invalidation moves a counter. Who took the counter before the
//! database was looked at keeps nothing that was read before an invalidation, and takes
//! nothing that was kept after one: a page is never newer than an answered removal.
//! Chats share a few counters, so that much writing in one seldom disturbs another.

use std::sync::Arc;

use bytes::Bytes;

use super::app::App;
use super::group::inside;
use super::memory::page_cache::{PageCache, PageKey};
use super::model::error::{Error, Result};
use super::model::id::{ChatId, UserId};
use super::model::message::{Message, Window};
use super::model::page::Page;
use super::model::receipt::ReadMark;
use super::model::session::Actor;
use super::store::{self, Db};

/// Messages to be put into words.
pub struct UncachedPage<'a> {
    db: &'a Db,
    chat: ChatId,
    /// Newest first.
    pub messages: Vec<Message>,
}

impl UncachedPage<'_> {
    /// Up to where each member has read, in the same state of the database.
    pub fn read_marks(&self) -> Result<Vec<ReadMark>> {
        store::members::read_marks(self.db, self.chat)
    }
}

impl App {
    /// A page of a chat that the actor is in, newest first, as `write` puts its messages into
    /// words, and how many there are in all. `form` names what `write` makes of messages: for
    /// the first page it is called only if nothing is kept under that name, so it may look at
    /// nothing else.
    pub async fn cached_page(
        &self,
        actor: &Actor,
        chat: ChatId,
        page: Page,
        form: &'static str,
        write: impl FnOnce(&UncachedPage<'_>) -> Result<Vec<u8>> + Send + 'static,
    ) -> Result<(i64, Bytes)> {
        let (me, count, newest) = (actor.user, self.page_cache.generation(chat), Arc::clone(&self.page_cache));
        self.store.read_page(me, page, move |db| newest.page(db, me, chat, page, (form, count), write)).await
    }
}

impl PageCache {
    fn page(
        &self,
        db: &Db,
        viewer: UserId,
        chat: ChatId,
        page: Page,
        (form, count): (&'static str, u64),
        write: impl FnOnce(&UncachedPage<'_>) -> Result<Vec<u8>>,
    ) -> Result<(i64, Bytes)> {
        let membership = inside(db, viewer, chat)?.membership.ok_or(Error::NotMember)?;
        if page.is_past(membership.message_count) {
            return Ok((membership.message_count, Bytes::from_static(b"[]")));
        }
        let view = PageKey { form, size: page.size, cleared: membership.cleared_mark };
        let is_newest = page.number == 1;
        if is_newest && let Some(json) = self.find(chat, view, count) {
            return Ok((membership.message_count, json));
        }
        let messages = store::messages::list(db, chat, membership.cleared_mark, Window::Page(page))?;
        // Without the room that it grew into, which would be kept as well.
        let json = Bytes::from(write(&UncachedPage { db, chat, messages })?.into_boxed_slice());
        if is_newest {
            self.keep(chat, view, json.clone(), count);
        }
        Ok((membership.message_count, json))
    }
}
