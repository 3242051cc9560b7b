//! The thread that makes previews, and who waits for it.

use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use tokio::sync::oneshot;

/// How many previews may wait to be made: some screens full of pictures. One more is told to
/// come back.
pub const MAX_WAITING: usize = 256;
/// How much nicer than the rest of the server the thread is.
const NICENESS: i32 = 10;

type Job = Box<dyn FnOnce() + Send>;

/// The queue of the one thread, which starts with the first preview and ends with the queue.
/// One, so that only one picture is in memory at a time.
#[derive(Default)]
pub struct Previews(OnceLock<Option<SyncSender<Job>>>);

impl Previews {
    /// Runs `work` when its turn comes. `None`: too many wait.
    pub fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<oneshot::Receiver<T>> {
        let jobs = self.0.get_or_init(start).as_ref()?;
        let (done, result) = oneshot::channel();
        // Whoever is not waiting any more needs nothing made.
        let job = Box::new(move || {
            if !done.is_closed() {
                drop(done.send(work()))
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
