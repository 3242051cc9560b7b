//! What outlives a restart: the state on the disk, and what everybody was told of it.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tempfile::TempDir;

use super::client::Line;
use super::dice::Dice;
use super::login::{Life, Login, Person, Secret};
use super::mirror::Replica;
use super::template::{DAWN, FAMILY_LIFE, PASSWORD, Template};
use crate::chat::model::event::Scope;
use crate::chat::model::file::File;
use crate::chat::model::id::{ChatId, MessageId, Seq, UserId};
use crate::chat::model::name::KEEP_KEYS;
use crate::chat::model::time::Clock;

/// What became of one attempt to write something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Not answered yet, or nobody waited for the answer.
    Open,
    Refused,
    Stored(MessageId),
}

/// A message that somebody sent, perhaps more than once.
pub(super) struct Sent {
    pub person: usize,
    pub chat: ChatId,
    pub text: String,
    pub key: Option<String>,
    /// Places among the world's files.
    pub files: Vec<usize>,
    pub at: i64,
    pub fates: Vec<Fate>,
}

/// A file that somebody uploaded.
pub(super) struct Sample {
    pub person: usize,
    /// As it was answered.
    pub file: Option<File>,
    /// Messages that were answered with it.
    pub used_by: BTreeSet<MessageId>,
}

/// Whether somebody is in a chat, as far as it was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    In,
    /// Out, when this was the newest number.
    Out(Seq),
}

pub(super) struct World {
    pub dice: Dice,
    /// Which bug of the store's.
    pub planted: Option<usize>,
    folder: TempDir,
    time: Arc<AtomicI64>,
    /// The latest that the clock ever told.
    pub latest: i64,
    /// What it was set to, and at which step.
    set: Vec<(usize, i64)>,
    pub people: Vec<Person>,
    pub logins: Vec<Login>,
    pub rooms: Vec<ChatId>,
    pub sent: Vec<Sent>,
    pub files: Vec<Sample>,
    /// What each person's own client holds.
    pub replicas: Vec<Replica>,
    /// Texts of edits: whether each may be stored.
    pub edits: HashMap<String, bool>,
    /// The newest number that was answered for a message.
    pub changed: HashMap<MessageId, Seq>,
    pub deleted: HashSet<MessageId>,
    pub gone: HashSet<ChatId>,
    pub places: HashMap<(ChatId, UserId), Place>,
    /// Somebody's joining or leaving is under way.
    pub moving: HashSet<(ChatId, UserId)>,
    /// Reactions as last answered; `None`: one was not.
    pub reactions: HashMap<(MessageId, UserId), Option<bool>>,
    /// What each socket heard in its life.
    pub heard: Vec<(Scope, Vec<Line>)>,
    pub step: usize,
    /// Of some worlds there is more than of others, so that limits are met.
    pub has_storms: bool,
    pub has_calls: bool,
    pub has_files: bool,
    pub log: Vec<String>,
}

impl World {
    pub fn new(seed: u64, planted: Option<usize>) -> Self {
        let template = Template::get();
        let mut people = Vec::new();
        let mut logins = Vec::new();
        let mut replicas = Vec::new();
        for (person, (id, name, secrets)) in template.people.iter().enumerate() {
            let password = Some(PASSWORD.to_owned());
            people.push(Person { id: *id, name, password, is_changing: false, endings: 0, ending_now: 0 });
            let login = |secret: &Secret| Login {
                person,
                secret: secret.clone(),
                life: Life::Live,
                until: matches!(secret, Secret::Family(_)).then_some(DAWN.plus(FAMILY_LIFE)),
                was_over: false,
            };
            logins.extend(secrets.iter().map(login));
            replicas.push(Replica::new(*id));
        }
        Self {
            dice: Dice::new(seed),
            planted,
            folder: template.copy(),
            time: Arc::new(AtomicI64::new(DAWN.0)),
            latest: DAWN.0,
            set: vec![(0, DAWN.0)],
            people,
            logins,
            rooms: vec![template.den],
            sent: Vec::new(),
            files: Vec::new(),
            replicas,
            edits: HashMap::new(),
            changed: HashMap::new(),
            deleted: HashSet::new(),
            gone: HashSet::new(),
            places: HashMap::new(),
            moving: HashSet::new(),
            reactions: HashMap::new(),
            heard: Vec::new(),
            step: 0,
            has_storms: seed.is_multiple_of(16),
            has_calls: seed % 8 == 1,
            has_files: seed % 8 == 2,
            log: Vec::new(),
        }
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    pub fn database(&self) -> PathBuf {
        self.folder.path().join("fireside.db")
    }

    pub fn clock(&self) -> Clock {
        let time = Arc::clone(&self.time);
        Clock::new(move || crate::chat::model::time::Timestamp(time.load(Ordering::Relaxed)))
    }

    pub fn now(&self) -> i64 {
        self.time.load(Ordering::Relaxed)
    }

    /// Moves the clock, in seconds, forward or back.
    pub fn jump(&mut self, seconds: i64) {
        self.time.fetch_add(seconds * 1_000, Ordering::Relaxed);
        let now = self.now();
        self.latest = self.latest.max(now);
        self.set.push((self.step, now));
        for login in &mut self.logins {
            login.was_over |= login.until.is_some_and(|until| now >= until.0);
        }
    }

    /// The earliest that the clock told since a step.
    pub fn earliest_since(&self, step: usize) -> i64 {
        let before = self.set.iter().rfind(|(at, _)| *at < step);
        let since = self.set.iter().filter(|(at, _)| *at >= step);
        before.into_iter().chain(since).map(|(_, now)| *now).min().expect("its beginning")
    }

    /// Whether the maintenance may have forgotten a message's key, so that it can be posted again.
    pub fn is_old(&self, sent: &Sent) -> bool {
        let kept = i64::try_from(KEEP_KEYS.as_millis()).expect("some days");
        sent.key.is_some() && self.latest - sent.at >= kept
    }

    pub fn note(&mut self, what: impl Into<String>) {
        self.log.push(format!("{:>4}  {}", self.step, what.into()));
    }
}
