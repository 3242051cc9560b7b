//! What the server does: users, chats, messages, files, calls.
//!
//! The middle knows no protocol: no HTTP, no JSON, no status codes. A public method
//! of [`Chat`] is a whole operation: it takes who asks, checks their right inside
//! its transaction, and returns when the outcome is stored. `store` (SQL) and `hub`
//! (open sockets) are private to it and do not know each other: a transaction's
//! events leave through the writer after its commit.

pub mod call;
pub mod changes;
pub mod direct;
pub mod error;
pub mod event;
pub mod file;
mod hub;
pub mod id;
mod known;
pub mod listen;
pub mod member;
pub mod message;
pub mod name;
pub mod overview;
pub mod page;
pub mod password;
mod presence;
pub mod profile;
pub mod reaction;
pub mod receipt;
pub mod room;
pub mod session;
mod store;
pub mod time;
pub mod token;
pub mod typing;
mod upkeep;
pub mod user;

use std::fs::{self, File};
use std::io::Write;
use std::ops::Deref;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use call::Calls;
use hub::Hub;
pub use hub::{Broadcast, Closing, MAX_CODECS, MAX_SOCKETS, Scope};
use known::Known;
use password::Hasher;
pub use store::Durability;
use store::{Committed, Store};
use time::Clock;
use token::Keys;
use typing::TypingNow;

/// Where the state is, and how it is kept.
#[derive(Clone, Debug)]
pub struct Config {
    /// The data folder: the database, the files, the secret. Made if it is not there.
    pub data: PathBuf,
    /// How much a commit waits for.
    pub durability: Durability,
    /// What tells the time.
    pub clock: Clock,
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
    calls: Calls,
    typing: TypingNow,
    hasher: Hasher,
    keys: Keys,
    clock: Clock,
    files: PathBuf,
    data: PathBuf,
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
        let Config { data, durability, clock } = config;
        make_folder(&data)?;
        let lock = lock(&data)?;
        let database = data.join("fireside.db");
        let keys = Keys::new(&secret(&data.join("secret.key"), database.exists())?);
        let files = data.join("files");
        make_folder(&files)?;
        let hub = Arc::new(Hub::default());
        let known = Arc::new(Known::default());
        let on_commit = after_commit(Arc::clone(&hub), Arc::clone(&known), files.clone());
        let store = Store::open(&database, durability, clock.clone(), on_commit)?;
        let hasher = Hasher::start().map_err(|_| OpenError::Damaged("no thread could be started".into()))?;
        let core = Core {
            store,
            hub,
            known,
            calls: Calls::default(),
            typing: TypingNow::default(),
            hasher,
            keys,
            clock,
            files,
            data,
            _lock: lock,
        };
        let chat = Self(Arc::new(core));
        chat.keep_up();
        Ok(chat)
    }

    /// Commits what was handed over and closes the database. Sockets should be closed before.
    pub async fn close(&self) {
        self.store.close().await;
    }

    /// Whether a write goes through, all the way to the disk.
    pub async fn is_ready(&self) -> bool {
        let taken = self.store.write(|tx| {
            tx.next_seq();
            Ok(())
        });
        taken.await.is_ok()
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

/// Runs on the writer's thread: events go out in commit order, then files are erased.
fn after_commit(hub: Arc<Hub>, known: Arc<Known>, files: PathBuf) -> impl FnMut(Committed) + Send {
    move |committed| {
        committed.events.iter().for_each(|event| known.hear(event));
        hub.publish(committed.events);
        for name in committed.erased {
            let path = files.join(name.as_str());
            if let Err(cause) = fs::remove_file(&path) {
                tracing::warn!(%cause, "a file was not erased; the sweep will try again");
            }
        }
    }
}

fn make_folder(path: &Path) -> Result<(), OpenError> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|cause| OpenError::Io(path.to_owned(), cause))
}

/// One process for each data folder: two would each believe themselves the only writer.
fn lock(data: &Path) -> Result<File, OpenError> {
    let path = data.join("lock");
    let file = File::create(&path).map_err(|cause| OpenError::Io(path.clone(), cause))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(OpenError::InUse(data.to_owned())),
        Err(fs::TryLockError::Error(cause)) => Err(OpenError::Io(path, cause)),
    }
}

/// The server's secret, apart from the database so that a stolen copy of that alone
/// derives no token. Made with the first start, and never again under an old database.
fn secret(path: &Path, has_database: bool) -> Result<Vec<u8>, OpenError> {
    let failed = |cause| OpenError::Io(path.to_owned(), cause);
    match fs::read(path) {
        Ok(secret) if secret.len() >= 32 => Ok(secret),
        Ok(_) => Err(OpenError::SecretMissing(path.to_owned())),
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => Err(failed(cause)),
        Err(_) if has_database => Err(OpenError::SecretMissing(path.to_owned())),
        Err(_) => {
            let secret = hex::encode(rand::random::<[u8; 32]>()).into_bytes();
            let mut file =
                fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
            file.write_all(&secret).and_then(|()| file.sync_all()).map_err(failed)?;
            Ok(secret)
        }
    }
}
