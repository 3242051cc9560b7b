//! Faults on purpose, for whoever tries a client out: slowness, refusals, lost sockets.
//!
//! Nothing of it is drawn from the machine's randomness: the same seed gives the n-th
//! request the same fate. Each kind of fault has draws of its own, so that a socket
//! more or less does not change what happens to requests.

use std::io;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::stream::NetStream;

/// Pieces of a socket's bytes that are on their way in one direction.
const MAX_UNDER_WAY: usize = 256;
/// Bytes of such a piece.
const PIECE: usize = 16 * 1024;
/// How long a socket lives on average, times the share of requests that are refused.
const LIFE: Duration = Duration::from_secs(1);

/// What was asked for: how slow, and how unreliable.
#[derive(Debug)]
pub struct FaultInjection {
    delay: RangeInclusive<Duration>,
    /// The share of requests that are refused, 0 to 1.
    chaos: f64,
    fates: Dice,
    lives: Dice,
    delays: Dice,
}

#[derive(Debug)]
struct Dice(Mutex<Xoshiro256PlusPlus>);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(Mutex::new(Xoshiro256PlusPlus::seed_from_u64(seed)))
    }

    /// A number from 0 to below 1.
    fn next(&self) -> f64 {
        self.0.lock().random()
    }
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// What it would without faults.
    Answered,
    /// It is refused, and nothing was done.
    RefusedBefore,
    /// It is refused, and all was done: whoever repeats it has to be recognised.
    RefusedAfter,
}

impl FaultInjection {
    /// Delays every request and, each way, what goes over sockets; refuses `percent` of the
    /// requests and ends sockets after a while, the sooner the higher that is.
    pub fn new(delay: RangeInclusive<Duration>, percent: u8, seed: u64) -> Self {
        let chaos = f64::from(percent.min(100)) / 100.0;
        let draws = |kind: u64| Dice::new(seed.wrapping_mul(3).wrapping_add(kind));
        Self { delay, chaos, fates: draws(0), lives: draws(1), delays: draws(2) }
    }

    /// Takes as long as a request or a frame is to be late.
    pub async fn wait(&self) {
        let late = self.lateness();
        if !late.is_zero() {
            sleep(late).await;
        }
    }

    /// What becomes of the next request.
    pub fn draw(&self) -> Fault {
        let draw = self.fates.next();
        if draw >= self.chaos {
            Fault::Answered
        } else if draw < self.chaos / 2.0 {
            Fault::RefusedBefore
        } else {
            Fault::RefusedAfter
        }
    }

    /// The connection under a socket, with the faults between: its bytes come late, and one
    /// day it is cut off without a word. The socket itself need not know.
    pub async fn between(self: Arc<Self>, client: NetStream) -> io::Result<NetStream> {
        let (near, far) = pair().await?;
        let life = self.life();
        tokio::spawn(async move {
            let ((from_client, to_client), (from_server, to_server)) = (split(client), split(far));
            let relayed =
                async { tokio::join!(self.relay(from_client, to_server), self.relay(from_server, to_client)) };
            match life {
                None => drop(relayed.await),
                Some(life) => drop(timeout(life, relayed).await),
            }
        });
        Ok(NetStream::Tcp(near))
    }

    fn lateness(&self) -> Duration {
        let (least, most) = (*self.delay.start(), *self.delay.end());
        if most.is_zero() { most } else { least + most.saturating_sub(least).mul_f64(self.delays.next()) }
    }

    /// How long a socket lives: as likely to end in this second as in any other.
    fn life(&self) -> Option<Duration> {
        let draw = (1.0 - self.lives.next()).max(f64::MIN_POSITIVE);
        (self.chaos > 0.0).then(|| LIFE.mul_f64(-draw.ln() / self.chaos))
    }

    /// Carries bytes one way. Each piece is as late as is drawn for it, and none overtakes another.
    async fn relay(&self, mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
        let (leave, mut arrive) = mpsc::channel::<(Instant, Vec<u8>)>(MAX_UNDER_WAY);
        let departing = async move {
            loop {
                let mut piece = Vec::with_capacity(PIECE);
                match from.read_buf(&mut piece).await {
                    Ok(0) | Err(_) => return,
                    Ok(_) => {}
                }
                if leave.send((Instant::now() + self.lateness(), piece)).await.is_err() {
                    return;
                }
            }
        };
        let arriving = async move {
            while let Some((due, piece)) = arrive.recv().await {
                sleep_until(due).await;
                if to.write_all(&piece).await.is_err() {
                    return;
                }
            }
            if let Err(cause) = to.shutdown().await {
                tracing::trace!(%cause, "the other end was gone already");
            }
        };
        tokio::join!(departing, arriving);
    }
}

/// The two ends of a connection of the process with itself.
async fn pair() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let near = TcpStream::connect(listener.local_addr()?).await?;
    near.set_nodelay(true)?;
    loop {
        let (far, peer) = listener.accept().await?;
        // Somebody else on the machine could have been quicker.
        if peer == near.local_addr()? {
            far.set_nodelay(true)?;
            return Ok((near, far));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Fault, FaultInjection};

    const NONE: std::ops::RangeInclusive<Duration> = Duration::ZERO..=Duration::ZERO;

    fn fates(percent: u8, seed: u64) -> Vec<Fault> {
        let faults = FaultInjection::new(NONE, percent, seed);
        (0..10_000).map(|_| faults.draw()).collect()
    }

    #[test]
    fn the_share_that_was_asked_for_is_refused_half_before_and_half_after() {
        let all = fates(30, 1);
        let count = |wanted| all.iter().filter(|fate| **fate == wanted).count();
        assert!((1_350..=1_650).contains(&count(Fault::RefusedBefore)), "{}", count(Fault::RefusedBefore));
        assert!((1_350..=1_650).contains(&count(Fault::RefusedAfter)), "{}", count(Fault::RefusedAfter));
        assert!(fates(0, 1).iter().all(|fate| *fate == Fault::Answered));
        assert!(fates(100, 1).iter().all(|fate| *fate != Fault::Answered));
    }

    #[test]
    fn a_seed_means_the_same_trouble_again() {
        assert_eq!(fates(30, 7), fates(30, 7));
        assert_ne!(fates(30, 7), fates(30, 8));
        let (one, other) = (FaultInjection::new(NONE, 30, 7), FaultInjection::new(NONE, 30, 7));
        other.draw();
        assert_eq!(one.life(), other.life(), "a request more does not change how long a socket lives");
        assert_eq!(FaultInjection::new(NONE, 0, 7).life(), None);
    }

    #[test]
    fn lateness_stays_in_its_bounds() {
        let (least, most) = (Duration::from_millis(20), Duration::from_millis(30));
        let faults = FaultInjection::new(least..=most, 0, 1);
        let all: Vec<Duration> = (0..1_000).map(|_| faults.lateness()).collect();
        assert!(all.iter().all(|late| (least..=most).contains(late)));
        assert!(all.iter().min() < all.iter().max());
        assert_eq!(FaultInjection::new(NONE, 0, 1).lateness(), Duration::ZERO);
    }
}
