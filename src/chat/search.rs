//! Searching messages, and keeping the index of their words.
//!
//! An operator has no way to search what others say: whoever asks is a user, and finds what
//! that user could read.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::app::App;
use super::model::error::{Error, Result};
use super::model::file::File;
use super::model::id::{ChatId, UserId};
use super::model::receipt::ReadMark;
use super::model::search::{Found, FoundIn, FoundMessages, FoundPlace, Order, Question, Snippet};
use super::model::session::Actor;
use super::store::search::{Hit, Wish};
use super::store::{self, Db};

/// How long messages wait to be entered that are too few to be entered at once.
const AT_LATEST: Duration = Duration::from_secs(30);
/// How long the writer is left to others between two pieces, at least.
const PAUSE: Duration = Duration::from_millis(5);
/// And how many times as long as the piece took: whoever sends loses a twentieth of the writer.
const SHARE_OF_OTHERS: u32 = 19;
/// With more messages waiting than a search looks through in time, the index has half of the writer.
const MANY_WAIT: u64 = 200_000;
/// When a piece is tried again that could not be entered.
const RETRY: Duration = Duration::from_secs(5);

impl App {
    /// The messages that match, of all that the actor can read now, as `write` puts them into words:
    /// one more than `limit` where there are more.
    pub async fn search<T: Send + 'static>(
        &self,
        actor: &Actor,
        question: Question,
        order: Order,
        after: Option<FoundPlace>,
        limit: u32,
        write: impl FnOnce(&FoundMessages) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.check_searched()?;
        let (me, now, count) = (actor.user, self.now(), limit as usize + 1);
        let looked_through = self.limits.looked_through;
        self.store
            .scan_for(me, move |db| {
                let wish = Wish { me, question: &question, order, after, count, now, looked_through };
                let hits = store::search::find(db, &wish)?;
                let found = shown(db, me, &question, hits)?;
                write(&FoundMessages { found, indexed: store::search::indexed(db)? })
            })
            .await
    }

    /// Whether messages can be searched here.
    pub fn check_searched(&self) -> Result<()> {
        if self.is_searched { Ok(()) } else { Err(Error::SearchOff) }
    }

    /// Keeps the index as long as the runtime lives.
    pub(super) fn start_indexing(&self) {
        if !self.is_searched {
            return;
        }
        let app = self.clone();
        tokio::spawn(async move {
            loop {
                if let Err(error) = app.index_all().await {
                    tracing::warn!(%error, "messages will be entered in the index later");
                    tokio::time::sleep(RETRY).await;
                    continue;
                }
                loop {
                    let is_enough = tokio::time::timeout(AT_LATEST, app.unindexed.enough()).await.is_ok();
                    if app.unindexed.take() || is_enough {
                        break;
                    }
                }
            }
        });
    }

    /// Enters all that waits, piece by piece, with time for others between.
    async fn index_all(&self) -> Result<()> {
        let mut begun = Instant::now();
        while self.index_piece().await? {
            let share = if self.unindexed.count() > MANY_WAIT { 1 } else { SHARE_OF_OTHERS };
            tokio::time::sleep(PAUSE.max(begun.elapsed() * share)).await;
            begun = Instant::now();
        }
        Ok(())
    }

    /// Enters a piece of what waits. `true`: there may be more.
    pub(in crate::chat) async fn index_piece(&self) -> Result<bool> {
        self.store
            .write(|tx| {
                tx.is_unseen = true;
                Ok(store::search::enter_piece(tx)?)
            })
            .await
    }
}

/// What is shown of messages that were found: read once more, as the viewer reads them.
fn shown(db: &Db, viewer: UserId, question: &Question, hits: Vec<Hit>) -> Result<Vec<Found>> {
    let mut chats: HashMap<ChatId, (FoundIn, Arc<[ReadMark]>)> = HashMap::new();
    let mut found = Vec::with_capacity(hits.len());
    for hit in hits {
        let Some(message) = store::messages::find(db, viewer, hit.id)? else { continue };
        let (chat, marks) = match chats.entry(message.chat) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let Some(chat) = store::chats::find(db, viewer, message.chat)? else { continue };
                let marks = store::members::read_marks(db, message.chat)?.into();
                new.insert((FoundIn { id: chat.id, title: chat.title, kind: chat.kind }, marks))
            }
        };
        let names: Vec<&str> = message.attachments.iter().map(|file: &File| file.name.as_str()).collect();
        let snippet = Snippet::of(question, &message.text, &names);
        found.push(Found { snippet, marks: Arc::clone(marks), chat: chat.clone(), place: hit.place, message });
    }
    Ok(found)
}
