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
use super::model::search::{Found, FoundIn, FoundMessages, FoundPlace, MAX_TIME, Order, Question, Snippet};
use super::model::session::Actor;
use super::store::search::{Hit, Progress, Wish};
use super::store::{self, Db};

/// How long messages wait to be entered that are too few to be entered at once.
const AT_LATEST: Duration = Duration::from_secs(30);
/// How long the writer is left to others between two pieces, at least.
const PAUSE: Duration = Duration::from_millis(5);
/// The part of the writer that entering has at least.
const LEAST: f64 = 0.01;
/// Whoever sends waits no longer for it at once.
const MAX_PAUSE: Duration = Duration::from_secs(1);
/// The part that it has where nobody sends, and at most.
const MOST: f64 = 0.5;
/// Up to so many new messages are looked through in no time, and entering keeps to the least.
const FEW_WAIT: i64 = 2_000;
/// So many cannot be looked through in time.
const MANY_WAIT: i64 = 250_000;
/// Of a stream of messages that needs a larger part of the writer to be entered, that waits until it is over: whoever
/// sends loses a twentieth at most.
const TOO_MUCH: f64 = 0.05;
/// The same where somebody searches, who looks through all that waits.
const TOO_MUCH_SEARCHED: f64 = 0.3;
/// How long after a search somebody is taken to be searching.
const SEARCHING: Duration = Duration::from_secs(10);
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
        let thresholds = self.thresholds.search;
        self.unindexed.note_search();
        self.store
            .search_for(me, move |db| {
                let until = std::time::Instant::now() + MAX_TIME;
                let wish = Wish { me, question: &question, order, after, count, now, thresholds, until };
                let hits = store::search::find(db, &wish)?;
                let (found, is_cut) = shown(db, me, &question, hits, || wish.is_over())?;
                write(&FoundMessages { found, is_cut, indexed: store::search::indexed(db)? })
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
        let (mut before, mut searched): (Option<(Instant, i64)>, Option<Instant>) = (None, None);
        loop {
            let begun = Instant::now();
            let progress = self.index_piece().await?;
            if !progress.is_more {
                return Ok(());
            }
            let (cycle, came) =
                before.map_or((begun.elapsed(), 0), |(at, newest)| (at.elapsed(), progress.newest - newest));
            before = Some((begun, progress.newest));
            if self.unindexed.take_search() {
                searched = Some(Instant::now());
            }
            let piece = self.thresholds.search.piece;
            let load = Load {
                cycle,
                came: short(came, piece, progress.holds),
                waiting: short(progress.newest - progress.upto, piece, progress.holds),
                piece,
                is_searched: searched.is_some_and(|at| at.elapsed() < SEARCHING),
            };
            tokio::time::sleep(load.pause(begun.elapsed())).await;
        }
    }

    /// Enters a piece of what waits.
    pub(in crate::chat) async fn index_piece(&self) -> Result<Progress> {
        let thresholds = self.thresholds.search;
        self.store
            .write(move |tx| {
                tx.is_unseen = true;
                Ok(store::search::enter_piece(tx, thresholds)?)
            })
            .await
    }
}

/// How many short messages are as much to enter as so many of those of which a piece `holds` so many.
fn short(messages: i64, piece: u32, holds: u32) -> i64 {
    messages.saturating_mul(piece.into()) / i64::from(holds.max(1))
}

/// What comes while messages are entered, counted in short messages.
#[derive(Clone, Copy)]
struct Load {
    /// How long ago the piece before was begun.
    cycle: Duration,
    /// How many came since.
    came: i64,
    /// How many wait.
    waiting: i64,
    /// How many are a piece.
    piece: u32,
    is_searched: bool,
}

impl Load {
    /// How long others have the writer behind a piece that `took` so long.
    fn pause(self, took: Duration) -> Duration {
        let pieces = i32::try_from(self.came).map_or(f64::MAX, f64::from) / f64::from(self.piece);
        let needed = pieces * took.as_secs_f64() / self.cycle.as_secs_f64().max(f64::EPSILON);
        let too_much = if self.is_searched { TOO_MUCH_SEARCHED } else { TOO_MUCH };
        let part = if self.came == 0 || self.waiting > MANY_WAIT {
            MOST
        } else if self.waiting > FEW_WAIT && needed < too_much {
            // So that they become fewer.
            (needed * 2.0).clamp(LEAST, MOST)
        } else {
            LEAST
        };
        took.mul_f64(1.0 / part - 1.0).clamp(PAUSE, MAX_PAUSE)
    }
}

/// What is shown of messages that were found: read once more, as the viewer reads them. Whether time ended it: then
/// behind the second, so that there is one to go on from, and one that says that there is more.
pub(super) fn shown(
    db: &Db,
    viewer: UserId,
    question: &Question,
    hits: Vec<Hit>,
    is_over: impl Fn() -> bool,
) -> Result<(Vec<Found>, bool)> {
    let mut chats: HashMap<ChatId, (FoundIn, Arc<[ReadMark]>)> = HashMap::new();
    let mut found = Vec::with_capacity(hits.len());
    for hit in hits {
        if found.len() >= 2 && is_over() {
            return Ok((found, true));
        }
        let Some(message) = store::messages::find(db, viewer, hit.id)? else { continue };
        let (chat, marks) = match chats.entry(message.chat) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let Some(chat) = store::chats::find(db, viewer, message.chat)? else { continue };
                let marks = store::members::read_marks(db, message.chat)?;
                new.insert((FoundIn { id: chat.id, title: chat.title, kind: chat.kind }, marks))
            }
        };
        let names: Vec<&str> = message.attachments.iter().map(|file: &File| file.name.as_str()).collect();
        let snippet = Snippet::of(question, &message.text, &names);
        found.push(Found { snippet, marks: Arc::clone(marks), chat: chat.clone(), place: hit.place, message });
    }
    Ok((found, false))
}

#[cfg(test)]
mod tests {
    use super::{Duration, FoundPlace, Hit, Load, MAX_PAUSE, PAUSE, Question, short, shown};
    use crate::chat::Durability;
    use crate::chat::app::{App, Config};
    use crate::chat::model::message::Draft;
    use crate::chat::model::name::MessageText;
    use crate::chat::tests::{group, person};

    const PIECE: u32 = 100;

    #[tokio::test]
    async fn a_page_that_takes_too_long_ends_where_one_can_go_on() {
        let folder = tempfile::tempdir().expect("a folder");
        let app = App::open(Config { durability: Durability::Normal, ..Config::of(folder.path()) }).expect("opened");
        let alice = person(&app, "alice").await;
        let den = group(&app, &alice, &[]).await;
        let mut ids = Vec::new();
        for text in ["one", "two", "three"] {
            let draft = Draft::of(MessageText::parse(text, 100).expect("a text"), None);
            ids.push(app.post(&alice, den, draft).await.expect("posted").message.id);
        }
        for (is_over, many) in [(true, 2), (false, 3)] {
            let hits = ids.iter().map(|id| Hit { id: *id, place: FoundPlace { id: *id, rank: None } }).collect();
            let user = alice.user;
            let page = app.store.search_for(user, move |db| shown(db, user, &Question::default(), hits, || is_over));
            let (found, is_cut) = page.await.expect("a page");
            assert_eq!((found.len(), is_cut), (many, is_over));
        }
    }

    #[test]
    fn who_sends_keeps_most_of_the_writer() {
        let (took, cycle) = (Duration::from_millis(2), Duration::from_millis(40));
        let pause = |came, waiting, is_searched| {
            Load { cycle, came, waiting, piece: PIECE, is_searched }.pause(took).as_millis()
        };
        assert_eq!(pause(0, 0, false), 5, "nobody sends");
        assert_eq!(pause(10, 300, false), 198, "few wait");
        // The index needs a fifth of the writer for what came: four pieces.
        assert_eq!(pause(400, 50_000, false), 198, "too much to keep up with, and nobody searches");
        assert_eq!(pause(400, 50_000, true), 5, "somebody looks through what waits");
        assert_eq!(pause(400, 300_000, false), 5, "too much to look through");
        assert_eq!(pause(40, 50_000, false), 48, "what can be kept up with is");
        assert_eq!(pause(1_000, 50_000, true), 198, "most of the writer");
        let load = Load { cycle, came: 1, waiting: 1, piece: PIECE, is_searched: false };
        assert_eq!([Duration::ZERO, Duration::from_secs(1)].map(|took| load.pause(took)), [PAUSE, MAX_PAUSE]);
    }

    #[test]
    fn long_messages_count_as_the_pieces_that_they_fill() {
        assert_eq!(short(10, PIECE, 2), 500);
        assert_eq!(short(10, PIECE, PIECE), 10);
        assert_eq!(short(10, PIECE, 0), 1_000, "no piece is empty");
    }
}
