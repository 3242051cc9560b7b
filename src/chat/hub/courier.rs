//! Carries what has queued to the sockets that it waits for.
//!
//! Whoever publishes writes to a few sockets itself: a hop to another thread would take
//! longer than the writing. More than that are the courier's, a thread of its own, so
//! that a word to thousands holds up neither the next commit nor a request. While it is
//! under way, more may queue for sockets that still wait: they get all of it at once.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::socket::Socket;

/// Sockets that a publisher writes to itself.
const AT_ONCE: usize = 2;
/// Sockets of one publishing that go before those of larger ones.
const SMALL: usize = 64;
/// Sockets of a large publishing that are written to between two small ones.
const TURN: usize = 64;

/// A handle on the courier's desk, whose thread ends with it.
pub(super) struct Courier {
    desk: Arc<Desk>,
}

/// What the courier's thread does, turn by turn.
#[derive(Default)]
pub(in crate::chat) struct Desk {
    rounds: Mutex<Rounds>,
    ring: Condvar,
}

#[derive(Default)]
struct Rounds {
    small: VecDeque<Arc<Socket>>,
    large: VecDeque<Arc<Socket>>,
    is_over: bool,
}

impl Rounds {
    fn take(&mut self, turn: &mut Vec<Arc<Socket>>) {
        let small = self.small.len().min(SMALL);
        turn.extend(self.small.drain(..small));
        let large = self.large.len().min(TURN);
        turn.extend(self.large.drain(..large));
    }
}

impl Courier {
    /// A handle, and the desk that somebody has to serve.
    pub fn new() -> (Self, Arc<Desk>) {
        let desk = Arc::new(Desk::default());
        (Self { desk: Arc::clone(&desk) }, desk)
    }

    /// Lets each of `due` have what has queued for it, now or soon.
    pub fn deliver(&self, due: Vec<Arc<Socket>>) {
        if due.len() <= AT_ONCE {
            due.iter().for_each(|socket| socket.flush());
            return;
        }
        let mut rounds = self.desk.lock();
        if due.len() <= SMALL {
            rounds.small.extend(due)
        } else {
            rounds.large.extend(due)
        }
        drop(rounds);
        self.desk.ring.notify_one();
    }
}

impl Drop for Courier {
    fn drop(&mut self) {
        self.desk.lock().is_over = true;
        self.desk.ring.notify_one();
    }
}

impl Desk {
    /// Serves the desk on a thread of its own until its handle is dropped.
    pub fn start(self: Arc<Self>) -> std::io::Result<()> {
        std::thread::Builder::new().name("courier".into()).spawn(move || self.serve()).map(drop)
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
        let is_idle = |rounds: &mut Rounds| rounds.small.is_empty() && rounds.large.is_empty() && !rounds.is_over;
        let mut rounds = self.ring.wait_while(self.lock(), is_idle).unwrap_or_else(PoisonError::into_inner);
        rounds.take(turn);
        !rounds.is_over
    }

    fn lock(&self) -> MutexGuard<'_, Rounds> {
        self.rounds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod simulated {
    use super::Desk;

    impl Desk {
        /// One turn here and now, for a simulation that is the thread.
        pub fn step(&self) {
            let mut turn = Vec::new();
            self.lock().take(&mut turn);
            turn.iter().for_each(|socket| socket.flush());
        }
    }
}
