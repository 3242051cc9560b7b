//! The thread that makes previews, and who waits for it.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::chat::model::id::UserId;
use crate::chat::model::turns::Turns;

/// How many previews may wait to be made: some screens full of pictures. One more is told to
/// come back, but for a user for whom few wait.
pub const MAX_WAITING: usize = 256;
/// Those of one user: a browser asks for half a dozen at once.
pub const MAX_WAITING_OF_USER: usize = 32;
/// So few of one user wait however many of all others do.
const FEW_OF_USER: usize = 6;
/// How much nicer than the rest of the server the thread is.
const NICENESS: i32 = 10;

type Job = Box<dyn FnOnce() + Send>;
/// Users take turns, since a single picture can take seconds.
type Jobs = Arc<Mutex<Turns<UserId, Job>>>;

/// The queue of the one thread, which starts with the first preview and ends with the queue.
/// One, so that only one picture is in memory at a time.
#[derive(Default)]
pub struct Previews {
    /// Says once for each job that there is one.
    wake: OnceLock<Option<Sender<()>>>,
    jobs: Jobs,
}

impl Previews {
    /// Runs `work` when its turn comes. `None`: too many wait, or too many for this user.
    pub fn run<T: Send + 'static>(
        &self,
        user: UserId,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<oneshot::Receiver<T>> {
        let wake = self.wake.get_or_init(|| start(Arc::clone(&self.jobs))).as_ref()?;
        let (done, result) = oneshot::channel();
        // Whoever is not waiting any more needs nothing made.
        let job = Box::new(move || {
            if !done.is_closed() {
                drop(done.send(work()));
            }
        });
        let mut jobs = self.jobs.lock();
        let own = jobs.len_of(user);
        if own >= MAX_WAITING_OF_USER || (own >= FEW_OF_USER && jobs.total() >= MAX_WAITING) {
            return None;
        }
        jobs.push(user, job);
        drop(jobs);
        wake.send(()).ok().map(|()| result)
    }
}

fn start(jobs: Jobs) -> Option<Sender<()>> {
    let (wake, woken) = channel();
    let started = std::thread::Builder::new().name("previews".into()).spawn(move || work(&woken, &jobs));
    started.inspect_err(|cause| tracing::error!(%cause, "no previews can be made")).ok().map(|_| wake)
}

fn work(woken: &Receiver<()>, jobs: &Jobs) {
    // Elsewhere than on Linux a priority is the whole process's, and not the thread's.
    if cfg!(target_os = "linux")
        && let Err(cause) = rustix::process::nice(NICENESS)
    {
        tracing::debug!(%cause, "previews are made with the ordinary priority");
    }
    for () in woken {
        // The lock is let go of before the job is done.
        let next = jobs.lock().pop(|_| true);
        if let Some((_, job)) = next {
            job();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::{FEW_OF_USER, MAX_WAITING, MAX_WAITING_OF_USER, Previews, UserId};

    /// Keeps the thread busy until the sender is dropped.
    fn busy() -> (Previews, std::sync::mpsc::Sender<()>) {
        let (previews, (go_on, wait), (begun, begins)) = (Previews::default(), channel::<()>(), channel());
        std::mem::forget(previews.run(UserId(0), move || begun.send(()).is_ok() && wait.recv().is_err()));
        begins.recv().expect("it begins");
        (previews, go_on)
    }

    #[test]
    fn one_user_leaves_room_to_others_and_turns() {
        let (previews, go_on) = busy();
        let (greedy, other) = (UserId(1), UserId(2));
        let (made, order) = channel();
        let job = |who: UserId| {
            let made = made.clone();
            previews.run(who, move || made.send(who).is_ok())
        };
        let waiting: Vec<_> = (0..MAX_WAITING).filter_map(|_| job(greedy)).collect();
        assert_eq!(waiting.len(), MAX_WAITING_OF_USER, "as many as one may have, and the queue has room");
        let hers = [job(other), job(other)];
        assert!(hers.iter().all(Option::is_some), "room for somebody else");
        drop(go_on);
        let order: Vec<_> = order.iter().take(MAX_WAITING_OF_USER + 2).collect();
        assert_eq!(order[..5], [greedy, other, greedy, other, greedy], "in turn, not behind all of the first");
        // One has room again as soon as one's own are made, and nobody is remembered for whom none waits.
        for made in waiting {
            assert_eq!(made.blocking_recv(), Ok(true));
        }
        job(greedy).expect("room again").blocking_recv().expect("made");
        assert_eq!(previews.jobs.lock().total(), 0);
    }

    #[test]
    fn however_many_wait_there_is_room_for_a_few_of_anybody() {
        let (previews, _go_on) = busy();
        let mut kept = Vec::new();
        for user in (1..).take(MAX_WAITING / MAX_WAITING_OF_USER) {
            kept.extend((0..MAX_WAITING_OF_USER).map(|_| previews.run(UserId(user), || ()).expect("room")));
        }
        kept.extend((0..FEW_OF_USER).map(|_| previews.run(UserId(999), || ()).expect("room for a few")));
        assert!(previews.run(UserId(999), || ()).is_none(), "and for no more");
    }
}
