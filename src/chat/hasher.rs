//! Passwords, and the threads that hash them.
//!
//! argon2id takes some 15 ms of a core and 19 MiB. On the runtime eight sign-ins at
//! once would stop everybody's messages, so hashing has threads of its own, of low
//! priority, behind a bounded queue: when that is full the answer is "busy".

mod pool;
mod stored;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;
use std::{fmt, thread};

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher as _, SaltString};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::model::error::{Error, Result};
use super::model::gauges::{HasherGauges, HasherMeter};
use super::model::password::Password;
use pool::PooledArgon2;
use stored::{Costs, StoredHash};

/// How many may wait to be hashed; one more is told that the server is busy.
pub const MAX_WAITING: usize = 64;

/// How much nicer than the rest of the server the hashing threads are.
const NICENESS: i32 = 10;
/// About how long a full queue takes to empty.
const BUSY_RETRY: Duration = Duration::from_secs(1);

type Job = Box<dyn FnOnce() + Send>;

/// Whether a stored hash can be verified here, at a bounded cost.
pub(super) fn can_verify(stored: &str) -> bool {
    StoredHash::parse(stored).is_some()
}

/// What ends a hash that no password has: of the 2^256 that there are, all zeros.
const NO_PASSWORD: [u8; 32] = [0; 32];

/// A hash that no password has, as costly to try as all others: who has it needs a link.
pub fn no_password() -> String {
    let encoded = |bytes: &[u8]| STANDARD_NO_PAD.encode(bytes);
    format!("$argon2id$v=19$m=19456,t=2,p=1${}${}", encoded(&rand::random::<[u8; 16]>()), encoded(&NO_PASSWORD))
}

/// Whether some password has this hash, as far as can be told: those that were made before said nothing of it.
pub fn has_password(hash: &str) -> bool {
    hash.rsplit('$').next() != Some(&STANDARD_NO_PAD.encode(NO_PASSWORD))
}

/// Whose hash a password is verified against.
pub(super) enum Reference {
    /// There is no such user: refused, after as long.
    Nobody,
    /// Somebody who may not sign in, at all or just now: refused, after as long.
    Disabled(String),
    /// An account's stored hash.
    Account(String),
}

/// The hashing threads. Cloning shares them; they end when the last clone is dropped.
#[derive(Clone)]
pub(super) struct Hasher {
    jobs: SyncSender<Job>,
    argon2: Argon2<'static>,
    /// What a refusal costs beside our own hash: see [`Costs`].
    costs: Arc<Costs>,
    meter: Arc<HasherMeter>,
}

/// What the hashing threads do, job by job.
pub(super) struct HasherThreads(Receiver<Job>);

impl HasherThreads {
    /// Starts as many threads as the machine has cores.
    pub fn start(self) -> std::io::Result<()> {
        let waiting = Arc::new(Mutex::new(self.0));
        let threads = thread::available_parallelism().map_or(1, std::num::NonZero::get);
        for _ in 0..threads {
            let waiting = Arc::clone(&waiting);
            thread::Builder::new().name("hasher".into()).spawn(move || work(&waiting))?;
        }
        Ok(())
    }
}

impl Hasher {
    /// The two ends of the queue. Nothing is hashed until the threads are started.
    /// `foreign` are the stored hashes that were made elsewhere.
    pub fn new(argon2: Argon2<'static>, foreign: &[String]) -> (Self, HasherThreads) {
        let (jobs, waiting) = sync_channel::<Job>(MAX_WAITING);
        let costs = Arc::new(Costs::of(foreign, argon2.params()));
        (Self { jobs, argon2, costs, meter: Arc::default() }, HasherThreads(waiting))
    }

    /// Whether a stored hash was made elsewhere, and should be replaced when its password
    /// is seen.
    pub fn is_foreign(&self, stored: &str) -> bool {
        !StoredHash::parse(stored).is_some_and(|stored| stored.is_made_with(self.argon2.params()))
    }

    /// The PHC string to store for `password`.
    pub async fn hash(&self, password: Password) -> Result<String> {
        let argon2 = self.argon2.clone();
        self.run(move || {
            let salt = SaltString::encode_b64(&rand::random::<[u8; 16]>()).map_err(internal)?;
            let params = argon2.params().clone();
            let hash = PooledArgon2(&argon2).hash_password_customized(password.0.as_bytes(), None, None, params, &salt);
            let hash = hash.map_err(internal)?;
            Ok(hash.to_string())
        })
        .await?
    }

    /// Whether `password` is that of an account. Every refusal takes the same time.
    pub async fn verify(&self, password: Password, against: Reference) -> Result<bool> {
        let costs = Arc::clone(&self.costs);
        self.run(move || {
            let (may, text) = match &against {
                Reference::Nobody => (false, ""),
                Reference::Disabled(text) => (false, text.as_str()),
                Reference::Account(text) => (true, text.as_str()),
            };
            let (password, stored) = (password.0.as_bytes(), StoredHash::parse(text));
            if stored.as_ref().is_some_and(|stored| stored.verify(password)) && may {
                return true;
            }
            costs.spend_rest(password, stored.as_ref());
            false
        })
        .await
    }

    /// Frees what hashes keep for the next.
    pub fn let_go(&self) {
        pool::let_go();
    }

    pub fn gauges(&self) -> HasherGauges {
        HasherGauges {
            waiting: self.meter.waiting.load(Ordering::Relaxed),
            taken: self.meter.taken.get(),
            refused: self.meter.refused.get(),
        }
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let (done, result) = oneshot::channel();
        let meter = Arc::clone(&self.meter);
        let job = Box::new(move || {
            meter.waiting.fetch_sub(1, Ordering::Relaxed);
            drop(done.send(work()));
        });
        // Counted first: a thread may take it before this one goes on.
        self.meter.waiting.fetch_add(1, Ordering::Relaxed);
        self.jobs.try_send(job).map_err(|refused| {
            self.meter.waiting.fetch_sub(1, Ordering::Relaxed);
            self.meter.refused.add(1);
            match refused {
                TrySendError::Full(_) => Error::Busy { retry_after: BUSY_RETRY },
                TrySendError::Disconnected(_) => Error::Internal,
            }
        })?;
        self.meter.taken.add(1);
        result.await.map_err(internal)
    }
}

fn work(waiting: &Mutex<Receiver<Job>>) {
    // Elsewhere than on Linux a priority is the whole process's, and not the thread's.
    if cfg!(target_os = "linux")
        && let Err(cause) = rustix::process::nice(NICENESS)
    {
        tracing::debug!(%cause, "hashing threads keep the ordinary priority");
    }
    loop {
        // The lock is held while waiting: one thread takes the next job, the others queue behind it.
        let next = waiting.lock().recv();
        match next {
            Ok(job) => job(),
            Err(_) => return,
        }
    }
}

fn internal(cause: impl fmt::Display) -> Error {
    tracing::error!(%cause, "hashing a password failed");
    Error::Internal
}

#[cfg(test)]
mod simulated {
    use super::HasherThreads;

    impl HasherThreads {
        /// One job here and now, for a simulation that is the threads. `false`: none waited.
        pub fn step(&self) -> bool {
            self.0.try_recv().map(|job| job()).is_ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Hasher, Reference};
    use crate::chat::model::password::Password;

    #[tokio::test]
    async fn only_the_right_password_verifies() {
        let (hasher, threads) = Hasher::new(argon2::Argon2::default(), &[]);
        threads.start().expect("threads start");
        let stored = hasher.hash(Password::attempt("correct horse")).await.expect("hashed");
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(!hasher.is_foreign(&stored));
        for (against, right, wrong) in [
            (Reference::Account(stored.clone()), true, "wrong horse"),
            (Reference::Disabled(stored.clone()), false, "wrong horse"),
            (Reference::Nobody, false, ""),
        ] {
            assert_eq!(hasher.verify(Password::attempt("correct horse"), against).await, Ok(right));
            let against = Reference::Account(stored.clone());
            assert_eq!(hasher.verify(Password::attempt(wrong), against).await, Ok(false));
        }
    }

    #[test]
    fn what_was_made_elsewhere_is_known() {
        let (hasher, _) = Hasher::new(argon2::Argon2::default(), &[]);
        let ours = "$argon2id$v=19$m=19456,t=2,p=1$Zmlyc3QgbGlnaHQgZGVjbw$2vZyzWkWBH6sP5TKZTzMCpPIgDl0xBeYbqxUnpgnRCM";
        assert!(!hasher.is_foreign(ours));
        for foreign in [
            "pbkdf2_sha256$1000000$mhnaaY0frI0YTZDxhwSlRQ$o4RVKgYQWClLYEigNEvZyHF9o5F68OryhvOxopH+ePA=",
            &ours.replace("m=19456", "m=102400"),
            "!",
            "",
        ] {
            assert!(hasher.is_foreign(foreign), "{foreign}");
        }
    }

    #[test]
    fn lengths_are_bounded_in_bytes() {
        assert!(Password::parse("1234567").is_err());
        assert!(Password::parse("12345678").is_ok());
        assert!(Password::parse("пароль").is_ok(), "six letters, twelve bytes");
        assert!(Password::parse(&"x".repeat(1_024)).is_ok());
        assert!(Password::parse(&"x".repeat(1_025)).is_err());
    }
}
