//! Taking records in.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::Report;
use super::check::{MAX_FILE, refused};
use super::order::{Order, kind};
use super::target::Target;
use crate::chat::folder;
use crate::chat::model::audit::AuditAction;
use crate::chat::model::record::{Record, RecordError};
use crate::chat::model::storage;
use crate::chat::model::time::Timestamp;
use crate::chat::model::token::Keys;
use crate::chat::store::import::{BrokenRule, ImportTx};

pub(super) type Result<T> = std::result::Result<T, RecordError>;

/// Names that a refusal tells; others are counted.
pub(super) const NAMES_TOLD: usize = 20;
/// What is titled by nothing that can be seen.
pub(super) const NO_TITLE: &str = "…";
/// Bytes moved at once.
const CHUNK: usize = 64 * 1024;

/// What becomes of users whose names are taken here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum OnConflict {
    /// Nothing is imported, and all such names are told.
    #[default]
    Fail,
    /// They are the same people. Whoever is here keeps profile, password and tokens.
    Merge,
    /// They are others, and come under a new name: `bob-2`.
    Rename,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// What becomes of users whose names are taken.
    pub on_conflict: OnConflict,
    /// Only says what would come: nothing is changed.
    pub is_dry_run: bool,
}

/// A file's bytes that were taken in: what a [`crate::chat::model::record::File`] says of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFile {
    /// In 64 hex digits.
    pub sha256: String,
    pub size: u64,
}

/// An import on its way. Dropping it before [`Import::finish`] leaves everything as it was.
///
/// Records come in the order of [`Record`]'s kinds, and name what came before. Whatever
/// they hold is checked like input from outside.
pub struct Import {
    // First, so that the database is closed before its folder goes.
    pub(super) tx: ImportTx,
    pub(super) target: Target,
    pub(super) options: Options,
    pub(super) now: Timestamp,
    pub(super) keys: Keys,
    pub(super) report: Report,
    order: Order,
    /// By the source's ids.
    pub(super) users: HashMap<i64, MappedUser>,
    /// Who was here and is one with a user of the source.
    pub(super) merged: HashSet<i64>,
    pub(super) chats: HashMap<i64, MappedChat>,
    /// The source's ids, which grow: the place of one says its number here.
    pub(super) messages: Vec<i64>,
    /// Who was called how before, where that is no username here: for the end, when all names are known.
    pub(super) former_names: Vec<FormerName>,
    /// How many messages of each chat came pinned.
    pub(super) pins: HashMap<i64, u32>,
    /// Names and addresses that are taken, where that ends it.
    pub(super) conflicts: Conflicts,
}

/// A user of the source, here.
#[derive(Clone, Copy)]
pub(super) struct MappedUser {
    pub id: i64,
    pub is_new: bool,
}

/// A name from before, and of whom.
pub(super) struct FormerName {
    pub user: i64,
    pub username: String,
    pub name: String,
}

/// A chat of the source, here.
#[derive(Clone, Copy)]
pub(super) struct MappedChat {
    pub id: i64,
    pub is_direct: bool,
    /// The time of its last message is when it was active.
    pub finds_activity: bool,
}

/// What stands in the way.
#[derive(Default)]
pub(super) struct Conflicts {
    names: Vec<String>,
    more: u64,
}

impl Conflicts {
    pub fn add(&mut self, name: &str) {
        if self.names.len() < NAMES_TOLD { self.names.push(name.to_owned()) } else { self.more += 1 }
    }

    fn check(&self) -> Result<()> {
        if self.names.is_empty() {
            return Ok(());
        }
        let more = if self.more > 0 { format!(" and {} more", self.more) } else { String::new() };
        let names = self.names.join(", ");
        let choices = "--on-conflict merge makes them one with whom it was found, --on-conflict rename gives new names";
        Err(RecordError::Taken(format!("taken here already: {names}{more}; {choices}")))
    }
}

impl Import {
    /// Begins to import into a data folder, which is made if it is not there, and on which
    /// no server may run.
    pub fn new(data: &Path, options: Options, now: Timestamp) -> Result<Self> {
        let target = Target::new(data, options.is_dry_run)?;
        let database = storage::database(target.root());
        let key = folder::secret(target.root(), database.exists())
            .map_err(|cause| crate::chat::model::backup::BackupError::Data(cause.to_string()))?;
        Ok(Self {
            tx: ImportTx::begin(&database, options.is_dry_run)?,
            target,
            options,
            now,
            keys: Keys::new(&key),
            report: Report { is_dry_run: options.is_dry_run, ..Report::default() },
            order: Order::default(),
            users: HashMap::new(),
            merged: HashSet::new(),
            chats: HashMap::new(),
            messages: Vec::new(),
            former_names: Vec::new(),
            pins: HashMap::new(),
            conflicts: Conflicts::default(),
        })
    }

    /// Takes the bytes of a file in, before the record that names them.
    pub fn content(&mut self, from: impl Read) -> Result<StoredFile> {
        self.target.stage(|out| copy(from, out))
    }

    /// Takes a record. After a failure nothing more is to be taken.
    pub fn take(&mut self, record: Record) -> Result<()> {
        self.order.check(&record)?;
        if !matches!(record, Record::Head(_) | Record::User(_)) {
            self.conflicts.check()?;
        }
        let kind = kind(&record);
        let is_taken = match record {
            Record::Head(_) => return Ok(()),
            Record::User(user) => self.user(&user)?,
            Record::Credential(credential) => self.credential(&credential)?,
            Record::Identity(identity) => self.identity(&identity)?,
            Record::Friend(friend) => self.friend(&friend)?,
            Record::Post(post) => self.post(&post)?,
            Record::Chat(chat) => self.chat(&chat)?,
            Record::Message(message) => self.message(&message)?,
            Record::Reaction(reaction) => self.reaction(&reaction)?,
            Record::File(file) => self.file(file)?,
            Record::Member(member) => self.member(&member)?,
        };
        if is_taken {
            self.report.take(kind);
        }
        Ok(())
    }

    /// Tells whoever reads the report.
    pub fn note(&mut self, sentence: impl Into<String>) {
        self.report.note(sentence);
    }

    /// Counts something of the source that does not come: by kind in the plural, and why.
    pub fn leave_out(&mut self, kind: &'static str, why: impl Into<String>) {
        self.report.leave_out(kind, why);
    }

    /// Makes all of it count, in one step; or, in a dry run, none of it.
    pub fn finish(mut self) -> Result<Report> {
        self.conflicts.check()?;
        self.keep_former_names()?;
        let rooms: HashMap<i64, MappedChat> = self.chats.values().map(|chat| (chat.id, *chat)).collect();
        for chat in rooms.values().filter(|chat| chat.is_direct) {
            self.tx.complete_pair(chat.id)?;
        }
        self.tx.count()?;
        for chat in rooms.values() {
            self.tx.count_chat(chat.id, chat.finds_activity)?;
        }
        if let Some(broken) = self.tx.broken()? {
            return refused(self.in_words(&broken));
        }
        let count = |kind| self.report.taken.get(kind).copied().unwrap_or(0);
        let detail = format!("{} chats, {} messages", count("chats"), count("messages"));
        self.tx.audit(self.now, AuditAction::Imported.as_str(), &format!("{} users", count("users")), &detail)?;
        if self.options.is_dry_run {
            self.tx.roll_back()?;
            return Ok(self.report);
        }
        self.place_files()?;
        self.tx.commit()?;
        self.target.finish()?;
        Ok(std::mem::take(&mut self.report))
    }

    /// The bytes are safe on the disk before the rows that name them.
    fn place_files(&self) -> Result<()> {
        let mut placed = Vec::new();
        let done = self.tx.each_file(|name, sha256| {
            placed.push(name.to_owned());
            self.target.place(name, sha256)
        });
        let done = done.and_then(|()| self.target.sync());
        if done.is_err() {
            for name in placed {
                // What stays is known to no row, and the server sweeps it.
                drop(std::fs::remove_file(self.target.file(&name)));
            }
        }
        done
    }

    fn in_words(&self, broken: &BrokenRule) -> String {
        let chat = |id: &i64| self.chats.iter().find(|(_, room)| room.id == *id).map_or(0, |(source, _)| *source);
        let message = |id: &i64| {
            let place = usize::try_from(id - self.tx.before.seq - 1).ok();
            place.and_then(|place| self.messages.get(place)).copied().unwrap_or(0)
        };
        match broken {
            BrokenRule::OwnerOutside(id) => format!("the owner of the chat {} is not among its members", chat(id)),
            BrokenRule::TooMany(id) => format!("the chat {} has too many members", chat(id)),
            BrokenRule::Files(id) => format!("the message {} has too many files", message(id)),
            BrokenRule::Emoji(id) => format!("the message {} has too many different emoji", message(id)),
            BrokenRule::Blank(id) => format!("the message {} has neither text nor files", message(id)),
        }
    }

    /// A user that a record names.
    pub(super) fn person(&self, field: &str, id: i64) -> Result<MappedUser> {
        match self.users.get(&id) {
            Some(person) => Ok(*person),
            None => refused(format!("{field}: there is no user {id} before this")),
        }
    }

    pub(super) fn room(&self, id: i64) -> Result<MappedChat> {
        match self.chats.get(&id) {
            Some(room) => Ok(*room),
            None => refused(format!("chat: there is no chat {id} before this")),
        }
    }

    /// The number here of a message of the source.
    pub(super) fn number(&self, id: i64) -> Option<i64> {
        self.messages.binary_search(&id).ok().map(|place| self.number_at(place))
    }

    /// The number here of the newest message up to one of the source, there or not.
    pub(super) fn mark(&self, id: Option<i64>) -> i64 {
        match self.messages.partition_point(|known| id.is_some_and(|id| *known <= id)) {
            0 => 0,
            place => self.number_at(place - 1),
        }
    }

    pub(super) fn number_at(&self, place: usize) -> i64 {
        self.tx.before.seq + 1 + i64::try_from(place).unwrap_or(i64::MAX / 2)
    }
}

/// Copies a file's bytes, as many as a file may have; their SHA-256.
fn copy(mut from: impl Read, out: &mut File) -> Result<String> {
    let (mut hash, mut chunk, mut size) = (Sha256::new(), vec![0; CHUNK], 0_u64);
    loop {
        let read =
            from.read(&mut chunk).map_err(|cause| RecordError::Record(format!("a file was not read: {cause}")))?;
        if read == 0 {
            return Ok(hex::encode(hash.finalize()));
        }
        size += read as u64;
        if size > MAX_FILE {
            return refused(format!("a file has more than {MAX_FILE} bytes"));
        }
        hash.update(&chunk[..read]);
        let written = out.write_all(&chunk[..read]);
        written.map_err(|cause| RecordError::Record(format!("a file was not kept: {cause}")))?;
    }
}
