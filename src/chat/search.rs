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
use super::store::search::{Hit, Progress, Wish};
use super::store::{self, Db};

/// How long messages wait to be entered that are too few to be entered at once.
const AT_LATEST: Duration = Duration::from_secs(30);
/// How long the writer is left to others between two pieces, at least.
const PAUSE: Duration = Duration::from_millis(5);
/// The part of the writer that entering has at least: whoever sends loses a twentieth.
const LEAST: f64 = 0.05;
/// The part that it has where nobody sends, and at most.
const MOST: f64 = 0.5;
/// Up to so many new messages are looked through in no time, and entering keeps to the least.
const FEW_WAIT: i64 = 2_000;
/// So many cannot be looked through in time.
const MANY_WAIT: i64 = 100_000;
/// Of a stream of messages that needs a larger part of the writer to be entered, that waits until it is over.
const TOO_MUCH: f64 = 0.3;
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
        let (looked_through, tail) = (self.limits.looked_through, Arc::clone(&self.tail));
        self.store
            .scan_for(me, move |db| {
                let wish = Wish { me, question: &question, order, after, count, now, looked_through, tail: &tail };
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
        self.in_background(async move {
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
        let mut before: Option<(Instant, i64)> = None;
        loop {
            let begun = Instant::now();
            let progress = self.index_piece().await?;
            if !progress.is_more {
                return Ok(());
            }
            let (cycle, came) =
                before.map_or((begun.elapsed(), 0), |(at, newest)| (at.elapsed(), progress.newest - newest));
            before = Some((begun, progress.newest));
            let waiting = progress.newest - progress.upto;
            tokio::time::sleep(pause(begun.elapsed(), cycle, short(came, progress), short(waiting, progress))).await;
        }
    }

    /// Enters a piece of what waits.
    pub(in crate::chat) async fn index_piece(&self) -> Result<Progress> {
        self.store
            .write(|tx| {
                tx.is_unseen = true;
                Ok(store::search::enter_piece(tx)?)
            })
            .await
    }
}

/// How many short messages are as much to enter as so many of those that the last piece held.
fn short(messages: i64, progress: Progress) -> i64 {
    messages.saturating_mul(store::search::PIECE.into()) / i64::from(progress.holds.max(1))
}

/// How long others have the writer behind a piece that `took` so long, when so many short messages `came` since
/// the one before began, a `cycle` ago, and so many wait.
fn pause(took: Duration, cycle: Duration, came: i64, waiting: i64) -> Duration {
    let pieces = i32::try_from(came).map_or(f64::MAX, f64::from) / f64::from(store::search::PIECE);
    let needed = pieces * took.as_secs_f64() / cycle.as_secs_f64().max(f64::EPSILON);
    let part = if came == 0 || waiting > MANY_WAIT {
        MOST
    } else if waiting > FEW_WAIT && needed < TOO_MUCH {
        // So that they become fewer.
        (needed * 2.0).clamp(LEAST, MOST)
    } else {
        LEAST
    };
    PAUSE.max(took.mul_f64(1.0 / part - 1.0))
}

/// What is shown of messages that were found: read once more, as the viewer reads them.
pub(super) fn shown(db: &Db, viewer: UserId, question: &Question, hits: Vec<Hit>) -> Result<Vec<Found>> {
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

#[cfg(test)]
mod tests {
    use super::{Duration, PAUSE, Progress, pause, short};

    #[test]
    fn who_sends_keeps_most_of_the_writer() {
        let (took, cycle) = (Duration::from_millis(10), Duration::from_millis(200));
        let pause = |came, waiting| pause(took, cycle, came, waiting).as_millis();
        assert_eq!(pause(0, 0), 10, "nobody sends");
        assert_eq!(pause(100, 300), 190, "few wait");
        // What came since is 16 pieces: the index needs most of the writer for them.
        let much = 16 * i64::from(crate::chat::store::search::PIECE);
        assert_eq!(pause(much, 50_000), 190, "too much to keep up with");
        assert_eq!(pause(much, 200_000), 10, "and too much to look through");
        assert!(pause(much / 8, 50_000) < 50, "what can be kept up with is");
        assert_eq!(super::pause(Duration::ZERO, Duration::ZERO, 1, 1), PAUSE);
    }

    #[test]
    fn long_messages_count_as_the_pieces_that_they_fill() {
        let piece = crate::chat::store::search::PIECE;
        let long = Progress { holds: 2, ..Progress::default() };
        assert_eq!(short(10, long), 5 * i64::from(piece));
        assert_eq!(short(10, Progress { holds: piece, ..long }), 10);
        assert_eq!(short(10, Progress::default()), 10 * i64::from(piece), "no piece is empty");
    }
}
