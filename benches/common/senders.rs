//! Those who say something over a socket, and say the next thing when they have heard
//! their own echo, which the server sends after the commit.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::wire::Socket;
use super::{CONTENT, LOST};

/// Somebody who sends, and where.
pub struct Sender {
    socket: Socket,
    name: String,
    said: usize,
}

/// What one spell of sending brought.
pub struct Spell {
    pub senders: Vec<Sender>,
    pub latencies: Vec<Duration>,
    pub elapsed: Duration,
}

impl Sender {
    /// The number tells the words of one sender from those of the others.
    pub async fn open(addr: SocketAddr, room: u64, token: &str, number: usize) -> Self {
        Self::by(Socket::open(addr, room, token).await, number)
    }

    /// The same by a socket that is open.
    pub fn by(socket: Socket, number: usize) -> Self {
        Self { socket, name: format!("sender {number}"), said: 0 }
    }

    /// Says one thing and answers how long it took until it was heard.
    pub async fn say(&mut self) -> Duration {
        // The full stop ends the number, so that no text is another's beginning.
        let unique = format!("{} says {}.", self.name, self.said);
        let content = format!("{unique:-<CONTENT$}");
        let said_at = Instant::now();
        self.socket.say(&content).await;
        self.socket.hear(&unique).await;
        self.said += 1;
        said_at.elapsed()
    }
}

/// Lets everybody send until the time is over and the last echo is heard.
pub async fn spell(senders: Vec<Sender>, length: Duration) -> Spell {
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for sender in senders {
        tasks.spawn(tokio::time::timeout(length + LOST, closed_loop(sender, start + length)));
    }
    let mut spell = Spell { senders: Vec::new(), latencies: Vec::new(), elapsed: length };
    while let Some(task) = tasks.join_next().await {
        let (sender, latencies) = task.expect("no sender fails").expect("no echo is lost");
        spell.senders.push(sender);
        spell.latencies.extend(latencies);
    }
    spell.elapsed = start.elapsed();
    spell
}

async fn closed_loop(mut sender: Sender, end: Instant) -> (Sender, Vec<Duration>) {
    let mut latencies = Vec::new();
    while Instant::now() < end {
        latencies.push(sender.say().await);
    }
    (sender, latencies)
}
