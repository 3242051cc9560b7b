//! Ordinary users beside an attack: how long each of their requests takes. They have a
//! thread of their own, so that they do not wait for the attackers' turns in the test.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use crate::world::machine::percentile;
use crate::world::{Fireside, Person, Room};

/// Somebody who posts now and then, and reads.
pub struct Ordinary {
    stop: Arc<AtomicBool>,
    times: JoinHandle<Vec<Duration>>,
}

/// What no ordinary user's request takes longer than, however busy the tests' machine
/// is. On one that does nothing else it is milliseconds: the figure is printed.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// What the server makes once and keeps is made, such as each hashing thread's memory: what
/// it holds from here on is comparable.
pub async fn everybody_was_here(fireside: &Fireside) {
    let names: Vec<_> = (0..8).map(|number| format!("early{number}")).collect();
    join_all(names.iter().map(|name| fireside.registers(name))).await;
}

/// What an ordinary user felt.
pub struct Felt {
    pub requests: usize,
    pub median: Duration,
    pub p99: Duration,
}

impl std::fmt::Display for Felt {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { requests, median, p99 } = self;
        write!(out, "median {median:.1?}, p99 {p99:.1?} of {requests} requests")
    }
}

impl Ordinary {
    /// Registers, and begins.
    pub async fn begins(fireside: &Fireside, name: &str) -> Self {
        let person = fireside.registers(name).await;
        let room = person.opens_room("home").await;
        let stop = Arc::new(AtomicBool::new(false));
        // Connections belong to the thread that they were opened on.
        let person = person.back_to(fireside);
        let is_over = Arc::clone(&stop);
        let times = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(goes_on(person, room, is_over))
        });
        Self { stop, times }
    }

    pub async fn ends(self) -> Felt {
        self.stop.store(true, Ordering::Relaxed);
        let times = tokio::task::spawn_blocking(|| self.times.join());
        let mut times = times.await.unwrap().unwrap();
        Felt { requests: times.len(), median: percentile(&mut times, 50), p99: percentile(&mut times, 99) }
    }
}

/// Every one of the answers is the right one.
async fn goes_on(person: Person, room: Room, stop: Arc<AtomicBool>) -> Vec<Duration> {
    let mut times = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let text = format!("as usual {}", times.len());
        let asked = Instant::now();
        person.posts(&text).in_room(&room).await;
        assert_eq!(person.reads(&room).await[0], text);
        times.push(asked.elapsed() / 2);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    times
}
