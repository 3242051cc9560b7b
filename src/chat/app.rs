//! The handle on everything, and what it is made of.
//!
//! It stands on the store, the hub and what is kept in memory; every operation is a method of
//! it, in the file of its noun.

use std::fs::File;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use argon2::Argon2;
use tokio::runtime::{Handle, TryCurrentError};

use super::folder::{self, erase::Eraser};
use super::hasher::{Hasher, HasherThreads};
use super::hub::{FanOutWorker, Hub};
use super::memory::absences::Absences;
use super::memory::background::Background;
use super::memory::backups::BackupWorker;
use super::memory::calls::Calls;
use super::memory::clock::ClockWatch;
use super::memory::credential_cache::CredentialCache;
use super::memory::files_size::FilesSize;
use super::memory::hook_wakes::HookWakes;
use super::memory::open_files::OpenFiles;
use super::memory::pace::Pace;
use super::memory::page_cache::PageCache;
use super::memory::posted::Posted;
use super::memory::previews::Previews;
use super::memory::readiness::Readiness;
use super::memory::replication::Replication;
use super::memory::typing::TypingUsers;
use super::memory::unindexed::Unindexed;
use super::memory::uploads::UploadsInProgress;
use super::model::clock::MAX_STEP;
use super::model::error::{OpenError, Result as Outcome};
use super::model::event::Committed;
use super::model::id::UserId;
use super::model::quota::Quota;
use super::model::retention::Retention;
use super::model::second_factor::FactorRequirement;
use super::model::thresholds::Thresholds;
use super::model::time::{Clock, Timestamp};
use super::model::token::Keys;
use super::store::{self, Durability, Store, WriterThread};

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
    pub thresholds: Thresholds,
    /// Whether messages can be searched: without, no index is kept.
    pub is_searched: bool,
    /// Who has to have a second factor.
    pub factor_required: FactorRequirement,
}

impl Config {
    /// A folder, and all else as it is unless somebody says otherwise.
    pub fn of(data: impl Into<PathBuf>) -> Self {
        Self {
            data: data.into(),
            durability: Durability::Full,
            min_free: 0,
            quota: Quota::default(),
            retention: Retention::default(),
            sends: None,
            clock: Clock::system(),
            thresholds: Thresholds::default(),
            is_searched: true,
            factor_required: FactorRequirement::Nobody,
        }
    }
}

/// The handle on everything. Cloning shares it.
#[derive(Clone)]
pub struct App(Arc<Core>);

/// What the nouns' files work with.
pub struct Core {
    pub(super) store: Store,
    pub(super) hub: Arc<Hub>,
    pub(super) credentials: Arc<CredentialCache>,
    pub(super) page_cache: Arc<PageCache>,
    pub(super) calls: Calls,
    pub(super) typing: TypingUsers,
    pub(super) absences: Absences,
    pub(super) hook_wakes: Arc<HookWakes>,
    pub(super) pace: Pace<UserId>,
    /// How often the hooks speak that each user made.
    pub(super) hooked: Pace<UserId>,
    pub(super) hasher: Hasher,
    pub(super) keys: Keys,
    pub(super) clock: Clock,
    pub(super) clock_watch: ClockWatch,
    pub(super) files: PathBuf,
    pub(super) open_files: OpenFiles,
    pub(super) previews: Previews,
    pub(super) files_size: FilesSize,
    pub(super) readiness: Readiness,
    pub(super) replication: Replication,
    pub(super) min_free: u64,
    pub(super) quota: Quota,
    pub(super) incoming: UploadsInProgress,
    pub(super) retention: Retention,
    pub(super) thresholds: Thresholds,
    pub(super) is_searched: bool,
    pub(super) factor_required: FactorRequirement,
    pub(super) unindexed: Arc<Unindexed>,
    pub(super) posted: Arc<Posted>,
    /// How often what is kept for a time was let go.
    pub(super) retaining: tokio::sync::Mutex<u32>,
    pub(super) data: PathBuf,
    pub(super) opened_at: super::model::time::Timestamp,
    /// The hash of the code that makes the first admin, where it was given out.
    pub(super) setup: OnceLock<[u8; 32]>,
    /// Who makes backups, where somebody does.
    pub(super) backup_worker: OnceLock<BackupWorker>,
    pub(super) background: Background,
    /// Held as long as the process works on the folder.
    _lock: File,
}

impl Deref for App {
    type Target = Core;
    fn deref(&self) -> &Core {
        &self.0
    }
}

impl App {
    /// Opens the state in a data folder, and makes it where there is none. Needs a
    /// tokio runtime around it.
    pub fn open(config: Config) -> Result<Self, OpenError> {
        let (app, threads) = Self::assemble(config, Argon2::default())?;
        threads.start()?;
        app.watch_clock();
        app.start_maintenance();
        app.start_indexing();
        let calls = app.clone();
        app.in_background(async move { calls.record_calls().await });
        Ok(app)
    }

    /// All of it, with nobody at work yet: the threads wait to be started, or to be
    /// stepped by a simulation.
    pub(super) fn assemble(config: Config, argon2: Argon2<'static>) -> Result<(Self, Threads), OpenError> {
        let (is_searched, factor_required) = (config.is_searched, config.factor_required);
        let Config { data, durability, min_free, quota, retention, sends, clock, thresholds, .. } = config;
        let database = super::model::storage::database(&data);
        let (lock, keys, files) = open_folder(&data, database.exists())?;
        let (hub, fan_out) = Hub::new();
        let hub = Arc::new(hub);
        let known = Arc::new(CredentialCache::default());
        let newest = Arc::new(PageCache::default());
        let runtime = Handle::try_current().map_err(no_runtime)?;
        let unindexed = Arc::new(Unindexed::new(thresholds.unindexed, thresholds.unindexed_searched));
        let eraser = Eraser::new(data.clone());
        let posted = Arc::new(Posted::default());
        let hook_wakes = Arc::new(HookWakes::default());
        let heard = (Arc::clone(&unindexed), Arc::clone(&posted), Arc::clone(&hook_wakes));
        let caches = (Arc::clone(&known), Arc::clone(&newest));
        let on_commit = after_commit(Arc::clone(&hub), caches, heard, eraser, runtime);
        let (store, writer) = Store::open(&database, durability, clock.clone(), thresholds, is_searched, on_commit)?;
        let time = known_time(&store, clock.now()).map_err(|cause| OpenError::Damaged(cause.to_string()))?;
        let clock_watch = ClockWatch::new(clock.clone(), time);
        let (hasher, hashers) = Hasher::new(argon2, &foreign_hashes(&store));
        let core = Core {
            store,
            hub,
            credentials: known,
            page_cache: newest,
            calls: Calls::default(),
            typing: TypingUsers::default(),
            absences: Absences::default(),
            hook_wakes,
            pace: Pace::new("send", sends),
            hooked: Pace::new("send", sends),
            hasher,
            keys,
            opened_at: clock.now(),
            clock,
            clock_watch,
            files,
            open_files: OpenFiles::default(),
            previews: Previews::default(),
            files_size: FilesSize::default(),
            readiness: Readiness::default(),
            replication: Replication::default(),
            min_free,
            quota,
            incoming: UploadsInProgress::default(),
            retention,
            thresholds,
            is_searched,
            factor_required,
            unindexed,
            posted,
            retaining: tokio::sync::Mutex::default(),
            data,
            setup: OnceLock::new(),
            backup_worker: OnceLock::new(),
            background: Background::default(),
            _lock: lock,
        };
        Ok((Self(Arc::new(core)), Threads { writer, fan_out, hashers }))
    }

    /// Goes on with this until the folder is closed.
    pub fn in_background(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.background.begin(task);
    }

    /// Ends what goes on in the background, commits what was handed over and closes the database. Sockets should be
    /// closed before.
    pub async fn close(&self) {
        self.background.end().await;
        self.record_last_calls().await;
        self.store.close().await;
    }

    /// Frees what is only kept so that the next who asks has it sooner.
    pub async fn let_go_of_caches(&self) {
        self.page_cache.let_go();
        self.store.let_go().await;
        self.hasher.let_go();
    }

    pub fn data_folder(&self) -> &Path {
        &self.data
    }

    /// The version of the database's layout.
    pub fn schema_version(&self) -> usize {
        super::store::SCHEMA_VERSION
    }

    /// What time it is for the core.
    pub fn now(&self) -> super::model::time::Timestamp {
        self.clock.now()
    }
}

/// The hashes that were made elsewhere. A page that cannot be read here is told where it
/// is asked for; without these, the time of a refusal tells more than it should.
fn foreign_hashes(store: &Store) -> Vec<String> {
    store.read(super::store::users::foreign_hashes).unwrap_or_else(|error| {
        tracing::warn!(%error, "the passwords from elsewhere were not counted");
        Vec::new()
    })
}

/// What works behind the core's back.
pub(super) struct Threads {
    pub writer: WriterThread,
    pub fan_out: Arc<FanOutWorker>,
    pub hashers: HasherThreads,
}

impl Threads {
    pub fn start(self) -> Result<(), OpenError> {
        self.writer.start()?;
        self.fan_out.start().map_err(OpenError::NoThread)?;
        self.hashers.start().map_err(OpenError::NoThread)
    }
}

fn no_runtime(cause: TryCurrentError) -> OpenError {
    OpenError::Refused(cause.to_string())
}

/// The data folder's lock, its keys, and where its files lie; makes what is not there yet.
fn open_folder(data: &Path, has_database: bool) -> Result<(File, Keys, PathBuf), OpenError> {
    folder::make(data)?;
    let lock = folder::lock(data)?;
    let keys = Keys::new(&folder::secret(data, has_database)?);
    let files = data.join("files");
    folder::make(&files)?;
    Ok((lock, keys, files))
}

/// Runs on the writer's thread: events go out in commit order, then files are erased.
fn after_commit(
    hub: Arc<Hub>,
    (known, newest): (Arc<CredentialCache>, Arc<PageCache>),
    (unindexed, posted, hook_wakes): (Arc<Unindexed>, Arc<Posted>, Arc<HookWakes>),
    mut eraser: Eraser,
    runtime: Handle,
) -> impl FnMut(Committed) + Send {
    move |committed| {
        newest.hear(&committed);
        unindexed.hear(&committed);
        posted.hear(&committed);
        hook_wakes.hear(&committed);
        committed.events.iter().for_each(|event| known.hear(event));
        hub.publish_committed(committed.events, &runtime);
        eraser.erase(committed.erased);
    }
}

/// Until when the server knew the time.
fn known_time(store: &Store, now: Timestamp) -> Outcome<Option<Timestamp>> {
    store.read(|db| match store::clock::known(db)? {
        Some(known) => Ok(Some(known)),
        // Never written down: the newest of what is there tells, unless it is of the future.
        None => store::clock::newest(db, now.plus(MAX_STEP)),
    })
}
