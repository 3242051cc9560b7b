//! The thread that makes previews, and who waits for it.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::chat::model::id::UserId;

/// How many previews may wait to be made: some screens full of pictures. One more is told to
/// come back.
pub const MAX_WAITING: usize = 256;
/// Those of one user: a browser asks for half a dozen at once.
pub const MAX_WAITING_OF_USER: usize = 32;
/// How much nicer than the rest of the server the thread is.
const NICENESS: i32 = 10;

type Job = Box<dyn FnOnce() + Send>;

/// The queue of the one thread, which starts with the first preview and ends with the queue.
/// One, so that only one picture is in memory at a time.
#[derive(Default)]
pub struct Previews {
    jobs: OnceLock<Option<SyncSender<Job>>>,
    waiting: Arc<Waiting>,
}

/// How many wait for whom. Nobody stands in it for whom none does.
#[derive(Default)]
struct Waiting(Mutex<HashMap<UserId, usize>>);

/// One of them, until it is made or given up.
struct Place(Arc<Waiting>, UserId);

impl Waiting {
    /// `None`: as many as may wait for that user do.
    fn enter(self: &Arc<Self>, user: UserId) -> Option<Place> {
        let mut by_user = self.0.lock();
        let count = by_user.entry(user).or_default();
        if *count >= MAX_WAITING_OF_USER {
            return None;
        }
        *count += 1;
        Some(Place(Arc::clone(self), user))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut by_user = self.0.0.lock();
        if let Some(count) = by_user.get_mut(&self.1) {
            *count -= 1;
            if *count == 0 {
                by_user.remove(&self.1);
            }
        }
    }
}

impl Previews {
    /// Runs `work` when its turn comes. `None`: too many wait, or too many for this user.
    pub fn run<T: Send + 'static>(
        &self,
        user: UserId,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<oneshot::Receiver<T>> {
        let jobs = self.jobs.get_or_init(start).as_ref()?;
        let place = self.waiting.enter(user)?;
        let (done, result) = oneshot::channel();
        // Whoever is not waiting any more needs nothing made.
        let job = Box::new(move || {
            let made = (!done.is_closed()).then(work);
            drop(place);
            if let Some(made) = made {
                drop(done.send(made));
            }
        });
        jobs.try_send(job).ok().map(|()| result)
    }
}

fn start() -> Option<SyncSender<Job>> {
    let (jobs, waiting) = sync_channel::<Job>(MAX_WAITING);
    let started = std::thread::Builder::new().name("previews".into()).spawn(move || work(&waiting));
    started.inspect_err(|cause| tracing::error!(%cause, "no previews can be made")).ok().map(|_| jobs)
}

fn work(waiting: &Receiver<Job>) {
    // Elsewhere than on Linux a priority is the whole process's, and not the thread's.
    if cfg!(target_os = "linux")
        && let Err(cause) = rustix::process::nice(NICENESS)
    {
        tracing::debug!(%cause, "previews are made with the ordinary priority");
    }
    waiting.iter().for_each(|job| job());
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::{MAX_WAITING, MAX_WAITING_OF_USER, Previews, UserId};

    #[test]
    fn one_user_leaves_room_to_others() {
        let previews = Previews::default();
        let (go_on, wait) = channel::<()>();
        let (greedy, other) = (UserId(1), UserId(2));
        let first = previews.run(greedy, move || wait.recv().is_err()).expect("room");
        let waiting: Vec<_> = (0..MAX_WAITING).filter_map(|_| previews.run(greedy, || ())).collect();
        assert_eq!(waiting.len() + 1, MAX_WAITING_OF_USER, "as many as one may have, and the queue has room");
        let hers = previews.run(other, || "made").expect("room for somebody else");
        drop(go_on);
        assert!(first.blocking_recv().expect("made"));
        assert_eq!(hers.blocking_recv(), Ok("made"));
        // One has room again as soon as one's own are made, and nobody is remembered for whom none waits.
        for made in waiting {
            made.blocking_recv().expect("made");
        }
        previews.run(greedy, || ()).expect("room again").blocking_recv().expect("made");
        assert!(previews.waiting.0.lock().is_empty());
    }
}
