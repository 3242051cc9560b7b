//! What the server does: users, chats, messages, files, calls.
//!
//! The middle knows no protocol: no HTTP, no JSON, no status codes; the lines of an
//! export (`moving`) are its own form, and no dialect's. A public method
//! of [`Chat`] is a whole operation: it takes who asks, checks their right inside
//! its transaction, and returns when the outcome is stored. `store` (SQL) and `hub`
//! (open sockets) are private to it and do not know each other: a transaction's
//! events leave through the writer after its commit.

mod account_token;
mod acting;
pub mod admin;
pub mod audit;
pub mod backup;
pub mod call;
pub mod changes;
pub mod check;
pub mod clock;
pub mod credential;
pub mod direct;
mod erase;
pub mod error;
pub mod event;
pub mod file;
pub mod folder;
pub mod gauges;
pub mod gc;
mod hub;
pub mod id;
pub mod invite;
mod known;
pub mod label;
pub mod limits;
pub mod listen;
pub mod member;
pub mod message;
pub mod moving;
pub mod name;
pub mod newest;
pub mod overview;
mod pace;
pub mod page;
pub mod password;
mod presence;
pub mod profile;
pub mod quota;
pub mod reaction;
pub mod readiness;
pub mod receipt;
mod replication;
pub mod reset;
pub mod retention;
pub mod room;
pub mod session;
mod setup;
pub mod sign_in;
#[cfg(test)]
#[expect(clippy::print_stdout, reason = "it says which world it played")]
mod simulation;
pub mod status;
pub mod storage;
mod store;
#[cfg(test)]
pub(crate) mod tests;
pub mod time;
pub mod token;
mod trial;
pub mod typing;
mod upkeep;
pub mod user;

use std::fs::File;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use argon2::Argon2;
use backup::Keeper;
use call::Calls;
use clock::ClockWatch;
use erase::Eraser;
use file::OpenFiles;
use gauges::FilesSize;
pub use hub::{Broadcast, Closing, Inbox, MAX_CODECS, MAX_SOCKETS, Outlet, Scope};
use hub::{Desk, Hub};
use known::Known;
use limits::Limits;
use newest::Newest;
use pace::Pace;
use password::{Hasher, HasherThreads};
use quota::{Incoming, Quota};
use readiness::Readiness;
use replication::Replication;
use retention::Retention;
pub use store::Durability;
use store::{Committed, Store, WriterThread};
use time::Clock;
use token::Keys;
use tokio::runtime::{Handle, TryCurrentError};
use typing::TypingNow;

/// Where the state is, and how it is kept.
#[derive(Clone, Debug)]
pub struct Config {
    /// The data folder: the database, the files, the secret. Made if it is not there.
    pub data: PathBuf,
    /// How much a commit waits for.
    pub durability: Durability,
    /// Uploads stop while fewer bytes than these are free on the disk.
    pub min_free: u64,
    /// How much of it files may take.
    pub quota: Quota,
    /// How long what is said is kept.
    pub retention: Retention,
    /// How often a user says or changes what others are told; `None`: as often as they like.
    pub sends: Option<governor::Quota>,
    /// What tells the time.
    pub clock: Clock,
    /// Sizes from which on it works in another way.
    pub limits: Limits,
}

impl Config {
    /// A folder, and all else as it is unless somebody says otherwise.
    #[must_use]
    pub fn of(data: impl Into<PathBuf>) -> Self {
        Self {
            data: data.into(),
            durability: Durability::Full,
            min_free: 0,
            quota: Quota::default(),
            retention: Retention::default(),
            sends: None,
            clock: Clock::system(),
            limits: Limits::default(),
        }
    }
}

/// Why the state could not be opened. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process works on the folder.
    #[error("another Fireside is running on the data folder {0}")]
    InUse(PathBuf),
    /// The database is of a later version.
    #[error(
        "the data was written by a newer Fireside (database version {found}, this one knows {newest}); \
         start that version, or restore a backup from before the upgrade"
    )]
    Newer {
        /// In the file.
        found: usize,
        /// The newest that this program knows.
        newest: usize,
    },
    /// The file is not a whole Fireside database.
    #[error("the database cannot be used: {0}; restore a backup, or move the file away to start anew")]
    Damaged(String),
    /// It is of an earlier version, and stays of it: something in it is not as that version made it.
    #[error(
        "the database could not be brought from version {found} to {newest}: {cause}; it is unchanged, \
         and the version that wrote it opens it as before"
    )]
    NotMigrated {
        /// In the file.
        found: usize,
        /// This program's.
        newest: usize,
        /// What the database said.
        cause: String,
    },
    /// The disk is full or fails, or another program holds the file: the data may be whole.
    #[error("the database cannot be opened now: {0}; look at the disk under it, and who else uses it")]
    Refused(String),
    /// The secret that tokens are derived from is gone while the database is there.
    #[error("{0} is missing; restore it from the backup that the database came from")]
    SecretMissing(PathBuf),
    /// A file or folder could not be made or read.
    #[error("{0}: {1}")]
    Io(PathBuf, #[source] std::io::Error),
}

/// The handle on everything. Cloning shares it.
#[derive(Clone)]
pub struct Chat(Arc<Core>);

/// What the nouns' files work with.
pub struct Core {
    store: Store,
    hub: Arc<Hub>,
    known: Arc<Known>,
    newest: Arc<Newest>,
    calls: Calls,
    typing: TypingNow,
    pace: Pace,
    hasher: Hasher,
    keys: Keys,
    clock: Clock,
    clock_watch: ClockWatch,
    files: PathBuf,
    open_files: OpenFiles,
    files_size: FilesSize,
    readiness: Readiness,
    replication: Replication,
    min_free: u64,
    quota: Quota,
    incoming: Incoming,
    retention: Retention,
    limits: Limits,
    /// How often what is kept for a time was let go.
    retaining: tokio::sync::Mutex<u32>,
    data: PathBuf,
    opened_at: time::Timestamp,
    /// The hash of the code that makes the first admin, where it was given out.
    setup: OnceLock<[u8; 32]>,
    /// Who makes backups, where somebody does.
    keeper: OnceLock<Keeper>,
    /// Held as long as the process works on the folder.
    _lock: File,
}

impl Deref for Chat {
    type Target = Core;
    fn deref(&self) -> &Core {
        &self.0
    }
}

impl Chat {
    /// Opens the state in a data folder, and makes it where there is none. Needs a
    /// tokio runtime around it.
    pub fn open(config: Config) -> Result<Self, OpenError> {
        let (chat, threads) = Self::assemble(config, Argon2::default())?;
        threads.start()?;
        chat.watch_clock();
        chat.keep_up();
        Ok(chat)
    }

    /// All of it, with nobody at work yet: the threads wait to be started, or to be
    /// stepped by a simulation.
    fn assemble(config: Config, argon2: Argon2<'static>) -> Result<(Self, Threads), OpenError> {
        let Config { data, durability, min_free, quota, retention, sends, clock, limits } = config;
        folder::make(&data)?;
        let lock = folder::lock(&data)?;
        let database = data.join(folder::DATABASE);
        let keys = Keys::new(&folder::secret(&data, database.exists())?);
        let files = data.join("files");
        folder::make(&files)?;
        let (hub, courier) = Hub::new();
        let hub = Arc::new(hub);
        let known = Arc::new(Known::default());
        let newest = Arc::new(Newest::default());
        let runtime = Handle::try_current().map_err(no_runtime)?;
        let eraser = Eraser::new(data.clone());
        let on_commit = after_commit(Arc::clone(&hub), Arc::clone(&known), Arc::clone(&newest), eraser, runtime);
        let (store, writer) = Store::open(&database, durability, clock.clone(), limits, on_commit)?;
        let clock_watch =
            ClockWatch::new(clock.clone(), &store).map_err(|cause| OpenError::Damaged(cause.to_string()))?;
        let (hasher, hashers) = Hasher::new(argon2, &foreign_hashes(&store));
        let core = Core {
            store,
            hub,
            known,
            newest,
            calls: Calls::default(),
            typing: TypingNow::default(),
            pace: Pace::new(sends),
            hasher,
            keys,
            opened_at: clock.now(),
            clock,
            clock_watch,
            files,
            open_files: OpenFiles::default(),
            files_size: FilesSize::default(),
            readiness: Readiness::default(),
            replication: Replication::default(),
            min_free,
            quota,
            incoming: Incoming::default(),
            retention,
            limits,
            retaining: tokio::sync::Mutex::default(),
            data,
            setup: OnceLock::new(),
            keeper: OnceLock::new(),
            _lock: lock,
        };
        Ok((Self(Arc::new(core)), Threads { writer, courier, hashers }))
    }

    /// Commits what was handed over and closes the database. Sockets should be closed before.
    pub async fn close(&self) {
        self.store.close().await;
    }

    /// Frees what is only kept so that the next who asks has it sooner.
    pub async fn let_go_of_caches(&self) {
        self.newest.let_go();
        self.store.let_go().await;
        self.hasher.let_go();
    }

    /// The data folder.
    #[must_use]
    pub fn data_folder(&self) -> &Path {
        &self.data
    }

    /// The version of the database's layout.
    #[must_use]
    pub fn schema_version(&self) -> usize {
        store::SCHEMA_VERSION
    }

    /// What time it is for the core.
    #[must_use]
    pub fn now(&self) -> time::Timestamp {
        self.clock.now()
    }
}

/// The hashes that were made elsewhere. A page that cannot be read here is told where it
/// is asked for; without these, the time of a refusal tells more than it should.
fn foreign_hashes(store: &Store) -> Vec<String> {
    store.read(store::users::foreign_hashes).unwrap_or_else(|error| {
        tracing::warn!(%error, "the passwords from elsewhere were not counted");
        Vec::new()
    })
}

/// What works behind the core's back.
struct Threads {
    writer: WriterThread,
    courier: Arc<Desk>,
    hashers: HasherThreads,
}

impl Threads {
    fn start(self) -> Result<(), OpenError> {
        self.writer.start()?;
        self.courier.start().map_err(no_thread)?;
        self.hashers.start().map_err(no_thread)
    }
}

fn no_thread(cause: std::io::Error) -> OpenError {
    OpenError::Damaged(format!("no thread could be started: {cause}"))
}

fn no_runtime(cause: TryCurrentError) -> OpenError {
    OpenError::Refused(cause.to_string())
}

/// Runs on the writer's thread: events go out in commit order, then files are erased.
fn after_commit(
    hub: Arc<Hub>,
    known: Arc<Known>,
    newest: Arc<Newest>,
    mut eraser: Eraser,
    runtime: Handle,
) -> impl FnMut(Committed) + Send {
    move |committed| {
        newest.hear(&committed);
        committed.events.iter().for_each(|event| known.hear(event));
        hub.publish_committed(committed.events, &runtime);
        eraser.erase(committed.erased);
    }
}
