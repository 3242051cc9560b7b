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
use super::history::{History, load, membership};
use super::memory::page_cache::{PageCache, PageKey};
use super::model::error::Result;
use super::model::id::{ChatId, UserId};
use super::model::message::Window;
use super::model::page::Page;
use super::model::session::Actor;
use super::store::Db;

/// What is made of a page's messages.
#[derive(Clone, Copy)]
pub struct Form {
    /// Pages are kept under it: those of one name are alike.
    pub name: &'static str,
    /// It shows who has read a message.
    pub has_marks: bool,
}

/// A page that somebody asks for.
struct Asked {
    viewer: UserId,
    chat: ChatId,
    page: Page,
    form: Form,
    /// The counter before the database was looked at.
    generation: u64,
}

impl App {
    /// A page of a chat that the actor is in, newest first, as `write` puts its messages into
    /// words, and how many there are in all. For the first page it is called only if nothing is
    /// kept under the form's name, so it may look at nothing else; where the page is long, once more.
    pub async fn cached_page(
        &self,
        actor: &Actor,
        chat: ChatId,
        page: Page,
        form: Form,
        write: impl Fn(&History) -> Result<Vec<u8>> + Send + 'static,
    ) -> Result<(i64, Bytes)> {
        let (generation, newest) = (self.page_cache.generation(chat), Arc::clone(&self.page_cache));
        let asked = Asked { viewer: actor.user, chat, page, form, generation };
        let work = move |db: &Db, max_weight| newest.page(db, &asked, max_weight, &write);
        self.store.read_long(actor.user, !page.is_far(), work).await
    }
}

impl PageCache {
    fn page(
        &self,
        db: &Db,
        asked: &Asked,
        max_weight: usize,
        write: impl Fn(&History) -> Result<Vec<u8>>,
    ) -> Result<Option<(i64, Bytes)>> {
        let Asked { chat, page, form, generation, .. } = *asked;
        let membership = membership(db, asked.viewer, chat)?;
        let view = PageKey { form: form.name, size: page.size, cleared: membership.cleared_mark };
        let is_newest = page.number == 1;
        if is_newest && let Some(json) = self.find(chat, view, generation) {
            return Ok(Some((membership.message_count, json)));
        }
        let found = load(db, chat, &membership, Window::Page(page), form.has_marks, max_weight)?;
        let Some(past) = found else { return Ok(None) };
        let json = write(&past)?;
        if !is_newest {
            return Ok(Some((past.count, json.into())));
        }
        // Without the room that it grew into, which would be kept as well.
        let json = Bytes::from(json.into_boxed_slice());
        self.keep(chat, view, json.clone(), generation);
        Ok(Some((past.count, json)))
    }
}
