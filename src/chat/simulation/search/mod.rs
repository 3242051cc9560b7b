//! Searching under a schedule that a seed decides.
//!
//! A world is a few people who talk, edit, delete, come, go and hide chats, while messages age, the
//! index takes in a piece now and then, is merged, and is off for a while. Between that they search,
//! part after part while others go on. Each part has to be what a scan of all that one reads in the
//! chats' histories finds (`scan`, `question`), and the index has to be what the messages say.

mod act;
mod question;
mod scan;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use rusqlite::Connection;
use tempfile::TempDir;

use super::dice::Dice;
use super::run::{Violation, assembled};
use super::template::{DAWN, Template, cheap, config};
use super::{Run, SEARCHES};
use crate::chat::app::{App, Config};
use crate::chat::model::error::Error;
use crate::chat::model::id::{ChatId, MessageId, UserId};
use crate::chat::model::message::Window;
use crate::chat::model::page::Page;
use crate::chat::model::quota::Quota;
use crate::chat::model::search::{FoundMessages, FoundPlace, MAX_SNIPPET, Order, Question};
use crate::chat::model::session::Actor;
use crate::chat::model::time::{Clock, Timestamp};
use crate::chat::store;
use crate::chat::tests::SMALL;
use question::{Asked, Due, Seen, Vocabulary};

/// Worlds of an ordinary run.
const WORLDS: u64 = 100;
/// Moves of one world.
const STEPS: usize = 70;
/// Parts of one search that are asked for at most.
const MAX_PARTS: usize = 6;
/// More messages than there are in a world.
const ALL: Page = Page { number: 1, size: 1_000 };

/// What has to happen in some world.
const SEEN: &[&str] = &[
    "says",
    "with a file",
    "edits",
    "deletes message",
    "joins: done",
    "leaves: done",
    "hides",
    "deletes chat",
    "days are kept",
    "is off",
    "is on again",
    "is merged",
    "a piece is entered, and there is more",
    "by relevance: 3",
    "goes on: 2",
    "from:me",
    "in:\\\"",
    "-in:",
    "-has:",
    "has:image",
    "(Has, ",
    "(Chat, ",
    "-after:",
    "before:",
    "and finds 5",
];

#[test]
fn every_search_agrees_with_a_scan() {
    Run::asked_for(WORLDS).holds(SEARCHES, SEEN, play);
}

/// Plays one world.
fn play(seed: u64) -> Result<Vec<String>, Violation> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let mut world = World::new(seed);
    let played = runtime.block_on(world.live());
    let World { log, .. } = world;
    played.map(|()| log.clone()).map_err(|what| Violation { test: SEARCHES, seed, planted: None, what, log })
}

struct World {
    dice: Dice,
    words: Vocabulary,
    folder: TempDir,
    time: Arc<AtomicI64>,
    /// Some have files, which wait for a disk.
    has_files: bool,
    chats: Vec<ChatId>,
    messages: Vec<(MessageId, usize)>,
    people: Vec<(UserId, &'static str)>,
    log: Vec<String>,
}

/// A process from its start to its end.
struct Stage {
    app: App,
    actors: Vec<Actor>,
}

impl World {
    fn new(seed: u64) -> Self {
        let (template, mut dice) = (Template::get(), Dice::new(seed));
        Self {
            words: Vocabulary::some(&mut dice),
            dice,
            folder: template.copy(),
            time: Arc::new(AtomicI64::new(DAWN.0)),
            has_files: seed.is_multiple_of(4),
            chats: vec![template.den],
            messages: Vec::new(),
            people: template.people.iter().map(|(id, name, _)| (*id, *name)).collect(),
            log: Vec::new(),
        }
    }

    fn note(&mut self, what: impl Into<String>) {
        self.log.push(what.into());
    }

    fn start(&self, is_searched: bool) -> Stage {
        let time = Arc::clone(&self.time);
        let clock = Clock::new(move || Timestamp(time.load(Ordering::Relaxed)));
        let config = Config { quota: Quota::default(), is_searched, ..config(self.folder.path(), clock, false) };
        let (app, threads) = assembled(|| App::assemble(config.clone(), cheap()));
        threads.start().expect("threads");
        let secrets = Template::get().people.iter().map(|(_, _, secrets)| &secrets[0]);
        let actors = secrets.map(|secret| secret.actor(&app).expect("signed in")).collect();
        Stage { app, actors }
    }

    async fn live(&mut self) -> Result<(), String> {
        let mut stage = self.start(true);
        for _ in 0..STEPS {
            self.time.fetch_add(i64::try_from(self.dice.below(2)).expect("few"), Ordering::Relaxed);
            match self.dice.below(100) {
                0..27 => self.search(&stage).await?,
                27..36 => self.index(&stage).await,
                36 => {
                    stage.app.close().await;
                    drop(stage);
                    stage = self.restart().await;
                }
                _ => self.act(&stage).await,
            }
        }
        while stage.app.index_piece().await.map_err(|error| error.to_string())?.is_more {}
        self.check_index()?;
        self.search(&stage).await?;
        stage.app.close().await;
        Ok(())
    }

    /// The index is off for a while, or not.
    async fn restart(&mut self) -> Stage {
        if self.dice.chance(50) {
            let stage = self.start(false);
            self.note("the index is off");
            for _ in 0..self.dice.below(12) {
                self.act(&stage).await;
            }
            stage.app.close().await;
        }
        self.note("the index is on again");
        self.start(true)
    }

    async fn index(&mut self, stage: &Stage) {
        if self.dice.chance(15) {
            self.note("the index is merged");
            let merged = stage.app.store.write(|tx| Ok(store::search::merge(tx, SMALL.search)?));
            merged.await.expect("merged");
        } else {
            let is_more = stage.app.index_piece().await.expect("entered").is_more;
            self.note(format!("a piece is entered, and there is {}", if is_more { "more" } else { "no more" }));
        }
    }

    fn database(&self) -> PathBuf {
        self.folder.path().join("fireside.db")
    }

    /// Up to which message those wait that were there before the index.
    fn waits(&self) -> MessageId {
        let db = Connection::open(self.database()).expect("the database");
        let waits = db.query_row("SELECT below FROM search_state", [], |row| row.get(0));
        MessageId(waits.expect("a number"))
    }

    /// What the operator's check says of the index.
    fn check_index(&self) -> Result<(), String> {
        let db = Connection::open(self.database()).expect("the database");
        let faults = store::search::integrity::compare(&db, SMALL.search).map_err(|error| error.to_string())?;
        match faults {
            Some(faults) if faults.misplaced == 0 && faults.wrong == 0 => Ok(()),
            Some(faults) => Err(format!("of the index {} are misplaced, {} wrong", faults.misplaced, faults.wrong)),
            None => Err("there is no index".into()),
        }
    }

    /// Somebody searches, and asks on while others go on.
    async fn search(&mut self, stage: &Stage) -> Result<(), String> {
        let who = self.dice.below(stage.actors.len());
        let (actor, name) = (&stage.actors[who], self.people[who].1);
        let names: Vec<_> = self.people.iter().map(|(_, name)| *name).collect();
        let mut seen = self.read(&stage.app, actor);
        let asked = Asked::any(&mut self.dice, &self.words, &seen, &names);
        let limit = *self.dice.pick(&[1, 2, 100]).expect("some");
        let by = if asked.order == Order::Relevance { "by relevance" } else { "the newest first" };
        let (q, beside) = (asked.q(), asked.beside());
        let mut after: Option<FoundPlace> = None;
        for part in 0..MAX_PARTS {
            let question = Question::read(&q, &beside).map_err(|fault| format!("{q:?} is refused: {fault:?}"))?;
            let found = find(&stage.app, actor, question, asked.order, after, limit).await?;
            let mut due = asked.answer(&seen, name);
            if let Some(after) = after {
                go_on(&mut due, after);
            }
            let (count, most) = (due.len(), usize::try_from(limit).expect("few") + 1);
            let ids: Vec<_> = found.found.iter().map(|found| found.message.id).collect();
            let is_due = |due: &[Due]| due.iter().take(most).map(|(_, id, _)| id).eq(&ids);
            let what = if part == 0 { "asks" } else { "goes on" };
            self.note(format!(
                "{name} {what}: {limit} of {q:?} beside {beside:?} {by}: {count} and finds {}",
                ids.len()
            ));
            if found.indexed < 1.0 && !is_due(&due) {
                // Old messages that wait are found where the index is not asked, as they are for the beginning of a
                // word while they are among the newest, and else are not.
                let waits = self.waits();
                due.retain(|(_, id, _)| *id > waits || ids.contains(id));
            }
            if !is_due(&due) {
                return Err(format!("{q:?} beside {beside:?} {by} finds {ids:?}, and a scan {due:?} after {after:?}"));
            }
            check_shown(&found, &seen, asked.has_words())?;
            after = found.found.get(most - 2).map(|found| found.place);
            if ids.len() < most {
                break;
            }
            for _ in 0..self.dice.below(3) {
                self.act(stage).await;
            }
            if self.dice.chance(30) {
                self.index(stage).await;
            }
            seen = self.read(&stage.app, actor);
        }
        Ok(())
    }

    /// All that somebody reads, in the histories of all chats.
    fn read(&self, app: &App, actor: &Actor) -> Vec<Seen> {
        let mut seen = Vec::new();
        for id in &self.chats {
            let Ok(history) = app.history(actor, *id, Window::Page(ALL)) else { continue };
            let title = app.chat(actor, *id).expect("one that is read").title;
            seen.extend(history.items.into_iter().map(|message| {
                Seen {
                    id: message.id,
                    chat: id.0,
                    title: title.clone(),
                    sender: message.sender.username.to_string(),
                    text: message.text,
                    files: message
                        .attachments
                        .into_iter()
                        .map(|file| (file.name, file.content_type.starts_with("image/")))
                        .collect(),
                    at: message.created_at.0,
                    edited_at: message.is_edited.then_some(message.updated_at.0),
                }
            }));
        }
        seen
    }
}

/// A machine that has other work may keep a search waiting for its time.
async fn find(
    app: &App,
    actor: &Actor,
    question: Question,
    order: Order,
    after: Option<FoundPlace>,
    limit: u32,
) -> Result<FoundMessages, String> {
    loop {
        match app.search(actor, question.clone(), order, after, limit, |found| Ok(found.clone())).await {
            Err(Error::Busy { .. }) => {}
            Ok(found) if found.is_cut => {}
            other => return other.map_err(|error| format!("{question:?}: {error:?}")),
        }
    }
}

/// What is left of an answer behind a place.
fn go_on(due: &mut Vec<Due>, after: FoundPlace) {
    match after.rank {
        None => due.retain(|(_, id, _)| *id < after.id),
        Some(rank) => due.retain(|(score, id, edited_at)| {
            (*score, *id) < (rank.score, after.id)
                && (rank.oldest..=rank.newest).contains(id)
                && edited_at.is_none_or(|at| at <= rank.at.0)
        }),
    }
}

/// Each is shown as it is read, where it stands, with what matched in it.
fn check_shown(found: &FoundMessages, seen: &[Seen], has_words: bool) -> Result<(), String> {
    for found in &found.found {
        let id = found.message.id;
        let read = seen.iter().find(|seen| seen.id == id).ok_or("it is not read")?;
        if (&found.message.text, found.chat.id.0, &found.chat.title) != (&read.text, read.chat, &read.title) {
            return Err(format!("{id} is shown as {:?} of {:?}", found.message.text, found.chat));
        }
        let (snippet, lit) = (&found.snippet, &found.snippet.highlights);
        if lit.is_empty() == has_words || snippet.text.chars().count() > MAX_SNIPPET {
            return Err(format!("{id} is shown by {snippet:?}"));
        }
    }
    if (0.0..=1.0).contains(&found.indexed) { Ok(()) } else { Err(format!("indexed: {}", found.indexed)) }
}
