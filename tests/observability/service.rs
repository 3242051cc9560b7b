//! What a service manager is told over its socket.

use std::time::{Duration, Instant};

use tokio::net::UnixDatagram;

use super::ready::hold_database;
use crate::world::home::PATIENCE;
use crate::world::machine::{Strace, has_strace};
use crate::world::{Fireside, Home};

/// A service manager: its socket, and what was heard on it.
struct Manager {
    socket: UnixDatagram,
    folder: tempfile::TempDir,
}

impl Manager {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = UnixDatagram::bind(folder.path().join("notify")).unwrap();
        Self { socket, folder }
    }

    async fn starts(&self, flags: &[&str], watchdog: Option<Duration>) -> Fireside {
        let path = self.folder.path().join("notify").to_str().unwrap().to_owned();
        let mut variables = vec![("NOTIFY_SOCKET", path)];
        variables.extend(watchdog.map(|limit| ("WATCHDOG_USEC", limit.as_micros().to_string())));
        Fireside::start_under(Home::new(), flags, &variables).await
    }

    /// From now on nothing more fits into its queue, until it reads.
    fn is_stuck(&self) {
        let sender = std::os::unix::net::UnixDatagram::unbound().unwrap();
        sender.set_nonblocking(true).unwrap();
        let path = self.folder.path().join("notify");
        let begun = Instant::now();
        while sender.send_to(b"STATUS=of another program", &path).is_ok() {
            assert!(begun.elapsed() < PATIENCE, "its queue has no end");
        }
    }

    /// The lines of the next message.
    async fn hears(&self, within: Duration) -> Option<Vec<String>> {
        let mut bytes = [0; 4096];
        let length = tokio::time::timeout(within, self.socket.recv(&mut bytes)).await.ok()?.unwrap();
        Some(std::str::from_utf8(&bytes[..length]).unwrap().lines().map(ToOwned::to_owned).collect())
    }

    /// Messages until one has this line.
    async fn hears_at_last(&self, line: &str) -> Vec<String> {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(20) {
            if let Some(said) = self.hears(Duration::from_secs(20)).await
                && said.iter().any(|said| said == line)
            {
                return said;
            }
        }
        panic!("never told {line}");
    }
}

#[tokio::test]
async fn the_start_and_the_stop_are_told() {
    let manager = Manager::new();
    let mut fireside = manager.starts(&[], None).await;
    let said = manager.hears(Duration::from_secs(20)).await.expect("a message");
    assert!(said.contains(&"READY=1".to_owned()), "{said:?}");
    // Whoever hears that it is ready can ask at once.
    fireside.anyone().get("/healthz").await.is(200);
    let status = manager.hears_at_last("STATUS=serving 0 open sockets").await;
    assert!(!status.contains(&"WATCHDOG=1".to_owned()), "nobody asked for a watchdog: {status:?}");
    assert_eq!(fireside.is_asked_to_stop().await, Some(0));
    manager.hears_at_last("STOPPING=1").await;
}

#[tokio::test]
async fn a_manager_that_does_not_read_holds_nobody_up() {
    let manager = Manager::new();
    manager.is_stuck();
    let mut fireside = manager.starts(&[], Some(Duration::from_secs(2))).await;
    let served = async {
        let alice = fireside.registers("alice").await;
        let den = alice.opens_room("den").await;
        let mut listener = alice.listens_in(&den).await;
        alice.posts("hi").in_room(&den).await;
        listener.hears_message("hi").await;
    };
    tokio::time::timeout(PATIENCE, served).await.expect("people are served meanwhile");
    // It reads again: nothing was lost that matters, and all goes on.
    manager.hears_at_last("READY=1").await;
    manager.hears_at_last("WATCHDOG=1").await;
    manager.is_stuck();
    fireside.anyone().get("/healthz").await.is(200);
    assert_eq!(fireside.is_asked_to_stop().await, Some(0));
}

#[tokio::test]
async fn the_watchdog_is_fed_twice_in_its_time() {
    let manager = Manager::new();
    let _fireside = manager.starts(&[], Some(Duration::from_secs(2))).await;
    manager.hears_at_last("WATCHDOG=1").await;
    let start = Instant::now();
    for _ in 0..3 {
        manager.hears_at_last("WATCHDOG=1").await;
    }
    let took = start.elapsed();
    assert!(took > Duration::from_secs(2) && took < Duration::from_secs(6), "three in {took:?}");
}

#[tokio::test]
async fn a_lock_that_another_program_holds_does_not_starve_the_watchdog() {
    let manager = Manager::new();
    let fireside = manager.starts(&[], Some(Duration::from_secs(2))).await;
    manager.hears_at_last("WATCHDOG=1").await;
    let held = hold_database(&fireside);
    let status = "STATUS=not ready: another program holds the database's lock";
    // A restart would wait for the same lock: what is told with each of them is that it is alive.
    for _ in 0..4 {
        let said = manager.hears_at_last(status).await;
        assert!(said.contains(&"WATCHDOG=1".to_owned()), "{said:?}");
    }
    fireside.anyone().get("/readyz").await.is(503);
    drop(held);
    manager.hears_at_last("STATUS=serving 0 open sockets").await;
    fireside.anyone().get("/readyz").await.is(200);
}

#[tokio::test]
async fn a_writer_that_hangs_starves_the_watchdog() {
    if !has_strace() {
        return;
    }
    let manager = Manager::new();
    let fireside = manager.starts(&[], Some(Duration::from_secs(2))).await;
    manager.hears_at_last("WATCHDOG=1").await;
    // A disk that does not answer: each time for longer than is looked at below.
    let calls = "fsync,fdatasync";
    let trace = [&format!("trace={calls}"), &format!("inject={calls}:delay_enter=15000000")];
    let _strace = Strace::attaches(&fireside, &["-e", trace[0], "-e", trace[1]]);
    manager.hears_at_last("STATUS=not ready: a write did not go through within a second").await;
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(3) {
        if let Some(said) = manager.hears(Duration::from_millis(500)).await {
            assert!(!said.contains(&"WATCHDOG=1".to_owned()), "fed while nothing is written: {said:?}");
        }
    }
    // The runtime is well: only the writer hangs.
    fireside.anyone().get("/healthz").await.is(200);
    drop(fireside);
}
