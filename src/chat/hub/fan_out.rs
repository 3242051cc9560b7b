//! Carries what has queued to the sockets that it waits for.
//!
//! Whoever publishes writes to a few sockets itself: a hop to another thread would take
//! longer than the writing. More than that are the fan-out worker's, a thread of its own, so
//! that a word to thousands holds up neither the next commit nor a request. While it is
//! under way, more may queue for sockets that still wait: they get all of it at once.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::{Condvar, Mutex};

use super::socket::Socket;

/// Sockets that a publisher writes to itself.
const AT_ONCE: usize = 2;
/// Sockets of one publishing that go before those of larger ones.
const SMALL: usize = 64;
/// Sockets of a large publishing that are written to between two small ones.
const TURN: usize = 64;

/// A handle on the fan-out worker's worker, whose thread ends with it.
pub(super) struct FanOut {
    worker: Arc<FanOutWorker>,
}

/// What the fan-out worker's thread does, turn by turn.
#[derive(Default)]
pub(in crate::chat) struct FanOutWorker {
    queue: Mutex<FanOutQueue>,
    ring: Condvar,
}

#[derive(Default)]
struct FanOutQueue {
    small: VecDeque<Arc<Socket>>,
    large: VecDeque<Arc<Socket>>,
    is_over: bool,
}

impl FanOutQueue {
    fn take(&mut self, turn: &mut Vec<Arc<Socket>>) {
        let small = self.small.len().min(SMALL);
        turn.extend(self.small.drain(..small));
        let large = self.large.len().min(TURN);
        turn.extend(self.large.drain(..large));
    }
}

impl FanOut {
    /// A handle, and the worker that somebody has to serve.
    pub fn new() -> (Self, Arc<FanOutWorker>) {
        let worker = Arc::new(FanOutWorker::default());
        (Self { worker: Arc::clone(&worker) }, worker)
    }

    /// Lets each of `due` have what has queued for it, now or soon.
    pub fn deliver(&self, due: Vec<Arc<Socket>>) {
        if due.len() <= AT_ONCE {
            due.iter().for_each(|socket| socket.flush());
            return;
        }
        let mut queue = self.worker.queue.lock();
        if due.len() <= SMALL {
            queue.small.extend(due)
        } else {
            queue.large.extend(due)
        }
        drop(queue);
        self.worker.ring.notify_one();
    }
}

impl Drop for FanOut {
    fn drop(&mut self) {
        self.worker.queue.lock().is_over = true;
        self.worker.ring.notify_one();
    }
}

impl FanOutWorker {
    /// Serves the worker on a thread of its own until its handle is dropped.
    pub fn start(self: Arc<Self>) -> std::io::Result<()> {
        std::thread::Builder::new().name("fan-out".into()).spawn(move || self.serve()).map(drop)
    }

    fn serve(&self) {
        let mut turn = Vec::with_capacity(SMALL + TURN);
        while self.next(&mut turn) {
            turn.drain(..).for_each(|socket| socket.flush());
        }
    }

    /// Waits for somebody to write to. A large publishing neither waits for ever behind
    /// small ones nor holds them up. `false`: the hub is gone.
    fn next(&self, turn: &mut Vec<Arc<Socket>>) -> bool {
        let is_idle = |queue: &mut FanOutQueue| queue.small.is_empty() && queue.large.is_empty() && !queue.is_over;
        let mut queue = self.queue.lock();
        self.ring.wait_while(&mut queue, is_idle);
        queue.take(turn);
        !queue.is_over
    }
}

#[cfg(test)]
mod simulated {
    use super::FanOutWorker;

    impl FanOutWorker {
        /// One turn here and now, for a simulation that is the thread.
        pub fn step(&self) {
            let mut turn = Vec::new();
            self.queue.lock().take(&mut turn);
            turn.iter().for_each(|socket| socket.flush());
        }
    }
}
