//! Looking names up. Each look-up keeps a thread for as long as the resolver wants: longer than a call may take, where
//! somebody names servers whose name servers are silent. So each user has a few at once, and a silent name is left
//! alone for a while.

use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::Failure;
use crate::chat::model::id::UserId;
use crate::chat::model::shares::Shares;

/// Names that are looked up at once.
const MAX_LOOKUPS: usize = 64;
/// Those of them for one user.
pub const MAX_LOOKUPS_OF_USER: usize = 4;
/// A look-up that fails after longer was answered by no name server: resolvers give up after five seconds or more.
pub(super) const SILENCE: Duration = Duration::from_secs(4);
/// How long a silent name is left alone.
pub(super) const REST: Duration = Duration::from_secs(30);
/// Silent names that are known.
const MAX_SILENT: usize = 1_024;

/// Asks the system for the addresses of a name; it blocks.
pub type Resolve = fn(&str, u16) -> io::Result<Vec<SocketAddr>>;

/// What looks names up.
pub(super) struct Lookups {
    all: Arc<Semaphore>,
    of_users: Mutex<Shares<UserId>>,
    /// Until when they are left alone.
    silent: Arc<Mutex<HashMap<String, Instant>>>,
    resolve: Resolve,
}

impl Lookups {
    pub fn new() -> Self {
        Self::by(|name, port| Ok((name, port).to_socket_addrs()?.collect()))
    }

    /// The same by another resolver.
    pub fn by(resolve: Resolve) -> Self {
        let of_users = Mutex::new(Shares::of(MAX_LOOKUPS_OF_USER));
        Self { all: Arc::new(Semaphore::new(MAX_LOOKUPS)), of_users, silent: Arc::default(), resolve }
    }

    /// The addresses of a name. Not bounded in time.
    pub async fn look_up(&self, name: String, port: u16, user: Option<UserId>) -> Result<Vec<SocketAddr>, Failure> {
        self.is_left_alone(&name)?;
        // One's own first: whoever waits for that keeps nobody from the others.
        let share = user.map(|user| self.of_users.lock().get(user));
        let own = match share {
            Some(share) => share.acquire_owned().await.ok(),
            None => None,
        };
        let permits = (own, Arc::clone(&self.all).acquire_owned().await);
        // It may have been asked for by others meanwhile.
        self.is_left_alone(&name)?;
        let (resolve, silent) = (self.resolve, Arc::clone(&self.silent));
        let work = move || {
            // They go with the thread, which goes on when nobody waits for it any more.
            let _permits = permits;
            let began = Instant::now();
            let found = resolve(&name, port);
            if found.is_err() && began.elapsed() > SILENCE {
                note(&mut silent.lock(), name);
            }
            found
        };
        let found = tokio::task::spawn_blocking(work).await.unwrap_or_else(|cause| Err(io::Error::other(cause)));
        found.map_err(Failure::Unresolved)
    }

    fn is_left_alone(&self, name: &str) -> Result<(), Failure> {
        if self.silent.lock().get(name).is_some_and(|until| *until > Instant::now()) {
            let cause = io::Error::new(io::ErrorKind::TimedOut, "its name servers did not answer a moment ago");
            return Err(Failure::Unresolved(cause));
        }
        Ok(())
    }
}

fn note(silent: &mut HashMap<String, Instant>, name: String) {
    let now = Instant::now();
    if silent.len() >= MAX_SILENT {
        silent.retain(|_, until| *until > now);
    }
    if silent.len() < MAX_SILENT {
        silent.insert(name, now + REST);
    }
}
