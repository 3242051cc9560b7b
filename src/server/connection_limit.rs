//! How many connections there may be: in all, and from one network.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::chat::model::network::network;

/// Connections at most unless the operator says another number, if the process may open that many files.
pub const MAX_CONNECTIONS: u64 = 16_000;
/// Fewer serve nobody.
const MIN_CONNECTIONS: u64 = 64;
/// Files that are kept for the database, uploads and the rest.
const SPARE_FILES: u64 = 512;
/// Connections from one address, or one network of IPv6; the machine itself is not counted.
const MAX_PER_NETWORK: usize = 256;
/// Connections that make a crowd, once they are gone.
const CROWD: usize = 128;

/// Lets connections in while there is room.
#[derive(Clone, Debug)]
pub(super) struct ConnectionLimit {
    all: Arc<Semaphore>,
    permits: usize,
    /// Most connections at once since a crowd was told to have left.
    most: Arc<AtomicUsize>,
    by_network: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

/// A connection's place; dropping it gives the place back.
#[derive(Debug)]
pub(super) struct ConnectionPermit {
    _permit: OwnedSemaphorePermit,
    counted: Option<(IpAddr, ConnectionLimit)>,
}

impl ConnectionLimit {
    /// So many, or what the machine allows after it was asked for more, which is logged.
    pub fn new(most: u64) -> Self {
        let allowed = raise_file_limit().saturating_sub(SPARE_FILES).max(MIN_CONNECTIONS);
        if allowed < most {
            tracing::warn!(allowed, most, "the limit of open files (LimitNOFILE, ulimit -n) allows fewer connections");
        }
        let connections = most.clamp(MIN_CONNECTIONS, allowed);
        let permits = usize::try_from(connections).unwrap_or(Semaphore::MAX_PERMITS);
        Self { all: Arc::new(Semaphore::new(permits)), permits, most: Arc::default(), by_network: Arc::default() }
    }

    /// Whether a crowd has left since this was last the answer.
    pub fn has_crowd_left(&self) -> bool {
        let open = self.open();
        let has_left = self.most.load(Ordering::Relaxed).saturating_sub(open) >= CROWD;
        if has_left {
            self.most.store(open, Ordering::Relaxed);
        }
        has_left
    }

    fn open(&self) -> usize {
        self.permits - self.all.available_permits()
    }

    /// Waits until there is room for one more: a listener that does not accept lets the
    /// kernel queue, and then refuse.
    pub async fn wait(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.all).acquire_owned().await.ok()
    }

    /// A place for a connection from `address`, unless it has too many. Many clients come by
    /// one proxy, so a trusted one is not counted.
    pub fn admit(&self, address: IpAddr, is_trusted: bool, permit: OwnedSemaphorePermit) -> Option<ConnectionPermit> {
        self.most.fetch_max(self.open(), Ordering::Relaxed);
        if is_trusted || address.to_canonical().is_loopback() {
            return Some(ConnectionPermit { _permit: permit, counted: None });
        }
        let network = network(address);
        let mut by_network = self.by_network.lock();
        let count = by_network.entry(network).or_default();
        if *count >= MAX_PER_NETWORK {
            return None;
        }
        *count += 1;
        Some(ConnectionPermit { _permit: permit, counted: Some((network, self.clone())) })
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let Some((network, connections)) = &self.counted else { return };
        let mut by_network = connections.by_network.lock();
        if let Some(count) = by_network.get_mut(network) {
            *count -= 1;
            if *count == 0 {
                by_network.remove(network);
            }
        }
    }
}

/// Raises the soft limit of open files to the hard one: every socket is a file.
fn raise_file_limit() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum.unwrap_or(u64::MAX),
        Err(cause) => {
            tracing::debug!(%cause, "the limit of open files stays as it is");
            limit.current.unwrap_or(u64::MAX)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CROWD, ConnectionLimit, MAX_CONNECTIONS, MAX_PER_NETWORK};

    #[tokio::test]
    async fn a_crowd_leaves_once() {
        let connections = ConnectionLimit::new(MAX_CONNECTIONS);
        let mut places = Vec::new();
        for _ in 0..CROWD + 10 {
            let permit = connections.wait().await.expect("room");
            places.push(connections.admit("127.0.0.1".parse().expect("an address"), false, permit).expect("a place"));
        }
        places.truncate(11);
        assert!(!connections.has_crowd_left(), "one too few");
        places.truncate(10);
        assert!(connections.has_crowd_left());
        places.clear();
        assert!(!connections.has_crowd_left(), "it was told");
    }

    #[tokio::test]
    async fn one_network_does_not_take_all_places() {
        let connections = ConnectionLimit::new(MAX_CONNECTIONS);
        let stranger = "192.0.2.1".parse().expect("an address");
        let (mut places, mut neighbours) = (Vec::new(), Vec::new());
        for number in 0..=MAX_PER_NETWORK {
            let permit = connections.wait().await.expect("room");
            let neighbour = format!("2001:db8::{number:x}").parse().expect("an address");
            neighbours.extend(connections.admit(neighbour, false, permit));
        }
        assert_eq!(neighbours.len(), MAX_PER_NETWORK, "each from an address of its own");
        let permit = connections.wait().await.expect("room");
        assert!(
            connections.admit("2001:db8:0:1::1".parse().expect("an address"), false, permit).is_some(),
            "another network"
        );
        drop(neighbours);
        assert!(connections.by_network.lock().is_empty());
        for _ in 0..MAX_PER_NETWORK {
            let permit = connections.wait().await.expect("room");
            places.push(connections.admit(stranger, false, permit).expect("a place"));
        }
        let permit = connections.wait().await.expect("room");
        assert!(connections.admit(stranger, false, permit).is_none());
        let permit = connections.wait().await.expect("room");
        assert!(connections.admit(stranger, true, permit).is_some(), "a proxy brings many");
        let permit = connections.wait().await.expect("room");
        assert!(connections.admit("192.0.2.2".parse().expect("an address"), false, permit).is_some());
        places.pop();
        let permit = connections.wait().await.expect("room");
        assert!(connections.admit(stranger, false, permit).is_some());
    }
}
