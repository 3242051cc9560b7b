//! What outlives a restart: the state on the disk, and what everybody was told of it.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tempfile::TempDir;

use super::super::hub::Scope;
use super::super::id::{ChatId, MessageId, Seq, UserId};
use super::super::time::Clock;
use super::super::token::Token;
use super::super::upkeep::KEEP_KEYS;
use super::client::Line;
use super::dice::Dice;
use super::template::{DAWN, PASSWORD, Template};

/// Somebody.
pub(super) struct Person {
    pub id: UserId,
    pub name: &'static str,
    /// `None`: nobody knows which of two it is.
    pub password: Option<String>,
    /// A change of the password is under way.
    pub is_changing: bool,
    /// How many acts that end credentials were begun.
    pub endings: usize,
    /// How many of them are under way.
    pub ending_now: usize,
}

/// What is known of a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    Live,
    /// An act that ends it was begun.
    Ending,
    /// An act that ends it was answered.
    Dead,
    /// Nobody was answered.
    Unknown,
}

pub(super) struct Login {
    pub person: usize,
    pub token: Token,
    pub life: Life,
}

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
    pub at: i64,
    pub fates: Vec<Fate>,
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
    folder: TempDir,
    time: Arc<AtomicI64>,
    /// The latest that the clock ever told.
    latest: i64,
    pub people: Vec<Person>,
    pub logins: Vec<Login>,
    pub rooms: Vec<ChatId>,
    pub sent: Vec<Sent>,
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
    pub has_storms: bool,
    pub log: Vec<String>,
}

impl World {
    pub fn new(seed: u64) -> Self {
        let template = Template::get();
        let mut people = Vec::new();
        let mut logins = Vec::new();
        for (person, (id, name, tokens)) in template.people.iter().enumerate() {
            let password = Some(PASSWORD.to_owned());
            people.push(Person { id: *id, name, password, is_changing: false, endings: 0, ending_now: 0 });
            logins.extend(tokens.iter().map(|token| Login { person, token: token.clone(), life: Life::Live }));
        }
        Self {
            dice: Dice::new(seed),
            folder: template.copy(),
            time: Arc::new(AtomicI64::new(DAWN.0)),
            latest: DAWN.0,
            people,
            logins,
            rooms: vec![template.den],
            sent: Vec::new(),
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
        Clock::new(move || super::super::time::Timestamp(time.load(Ordering::Relaxed)))
    }

    pub fn now(&self) -> i64 {
        self.time.load(Ordering::Relaxed)
    }

    /// Moves the clock, in seconds, forward or back.
    pub fn jump(&mut self, seconds: i64) {
        self.time.fetch_add(seconds * 1_000, Ordering::Relaxed);
        self.latest = self.latest.max(self.now());
    }

    /// Whether the upkeep may have forgotten a message's key, so that it can be posted again.
    pub fn is_old(&self, sent: &Sent) -> bool {
        let kept = i64::try_from(KEEP_KEYS.as_millis()).expect("some days");
        sent.key.is_some() && self.latest - sent.at >= kept
    }

    pub fn note(&mut self, what: impl Into<String>) {
        self.log.push(format!("{:>4}  {}", self.step, what.into()));
    }

    /// The logins of somebody that something is known of.
    pub fn logins_of(&self, person: usize, life: Life) -> Vec<usize> {
        let all = self.logins.iter().enumerate();
        all.filter(|(_, login)| login.person == person && login.life == life).map(|(index, _)| index).collect()
    }
}
