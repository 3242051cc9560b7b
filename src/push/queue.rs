//! What is to be sent, to whom, and when again.
//!
//! Each device has a queue of its own, and one call at a time: pushes to it come in order, and one whose push
//! service hangs keeps nobody else's waiting. Of the calls that are under way a single push service has a share.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::meters::Outcome;
use super::payload::payload;
use super::{MAX_CALLS_OF_HOST, Manner, PushSender, is_gone};
use crate::chat::App;
use crate::chat::model::error::Result;
use crate::chat::model::id::{MessageId, PushId};
use crate::chat::model::push::Due;
use crate::outbound::{Failure, Target};

/// Pushes that wait, on the whole; one more is dropped. Each takes about a hundred bytes.
const MAX_WAITING: usize = 100_000;
/// Those of one device.
const MAX_WAITING_OF_DEVICE: usize = 1_000;
/// How long a push is tried for.
const TRIED_FOR: Duration = Duration::from_mins(10);
/// The wait before the second attempt, unless the push service says otherwise; each after it is twice as long.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// Posts within so long are looked at together.
const MOMENT: Duration = Duration::from_millis(50);
/// The wait after a read that failed.
const PAUSE: Duration = Duration::from_secs(1);

/// Sends what is to be sent, until it is dropped.
pub async fn serve(sender: Arc<PushSender>, app: App) {
    let upto = match app.follow_posts() {
        Ok(upto) => upto,
        Err(error) => {
            tracing::error!(%error, "nothing is pushed until the next start");
            return;
        }
    };
    let mut queue = Queue::new(sender, app.clone());
    let mut posts = Posts { app, upto, is_behind: true, rest: Instant::now() };
    loop {
        tokio::select! {
            () = posts.wait() => {
                if let Some(dues) = posts.look().await {
                    dues.into_iter().for_each(|(due, endpoint)| queue.take(due, &endpoint));
                }
            }
            Some(ended) = queue.turns.join_next() => match ended {
                Ok((job, end)) => queue.end(job, end),
                Err(cause) => tracing::error!(%cause, "a push came to no end"),
            },
        }
    }
}

/// What was posted, as far as it was not looked at.
struct Posts {
    app: App,
    upto: MessageId,
    /// There may be more without anybody saying so.
    is_behind: bool,
    rest: Instant,
}

impl Posts {
    async fn wait(&self) {
        sleep_until(self.rest).await;
        if !self.is_behind {
            self.app.next_post().await;
        }
    }

    /// Which devices are to be told of the next messages. That they were looked at is on the disk before anything is
    /// sent, so that no crash has anybody told twice.
    async fn look(&mut self) -> Option<Vec<(Due, String)>> {
        match self.next().await {
            Ok(dues) => Some(dues),
            Err(error) => {
                tracing::warn!(%error, "what was posted could not be looked at for pushes: it will be");
                (self.is_behind, self.rest) = (true, Instant::now() + PAUSE);
                None
            }
        }
    }

    async fn next(&mut self) -> Result<Vec<(Due, String)>> {
        let found = self.app.due_pushes(self.upto).await?;
        if found.is_followed && found.upto > self.upto {
            self.app.keep_pushed(found.upto).await?;
        }
        (self.upto, self.is_behind) = (found.upto, found.has_more);
        self.rest = Instant::now() + if found.has_more { Duration::ZERO } else { MOMENT };
        Ok(found.dues)
    }
}

/// A push on its way.
struct Job {
    due: Due,
    /// The share of its push service.
    host: Arc<Semaphore>,
    since: Instant,
    /// Attempts that failed.
    failures: u32,
}

/// How a turn of a push ended.
enum End {
    /// Somebody has read it meanwhile, or does not want to be told any more.
    Unwanted,
    Counted(Outcome),
    /// To be tried again then.
    Again(Instant),
    /// It is then.
    Waited,
}

#[derive(Default)]
struct Device {
    waiting: VecDeque<Job>,
    is_called: bool,
    /// Those that wait, the one that is sent and those that are tried again later.
    pushes: usize,
}

struct Queue {
    sender: Arc<PushSender>,
    app: App,
    devices: HashMap<PushId, Device>,
    hosts: HashMap<String, Arc<Semaphore>>,
    pushes: usize,
    turns: JoinSet<(Job, End)>,
}

impl Queue {
    fn new(sender: Arc<PushSender>, app: App) -> Self {
        let (devices, hosts, turns) = (HashMap::new(), HashMap::new(), JoinSet::new());
        Self { sender, app, devices, hosts, pushes: 0, turns }
    }

    /// Takes a push that is due.
    fn take(&mut self, due: Due, endpoint: &str) {
        let host = self.host(endpoint);
        let device = self.devices.entry(due.device).or_default();
        if self.pushes >= MAX_WAITING || device.pushes >= MAX_WAITING_OF_DEVICE {
            self.sender.meters.note(Outcome::Dropped);
            return;
        }
        device.pushes += 1;
        self.pushes += 1;
        device.waiting.push_back(Job { due, host, since: Instant::now(), failures: 0 });
        self.call_next(due.device);
    }

    fn host(&mut self, endpoint: &str) -> Arc<Semaphore> {
        let name = Target::parse(endpoint).map(|target| target.origin()).unwrap_or_default();
        Arc::clone(self.hosts.entry(name).or_insert_with(|| Arc::new(Semaphore::new(MAX_CALLS_OF_HOST))))
    }

    /// Sends what has waited longest for a device, unless something is being sent there.
    fn call_next(&mut self, id: PushId) {
        if let Some(device) = self.devices.get_mut(&id).filter(|device| !device.is_called)
            && let Some(job) = device.waiting.pop_front()
        {
            device.is_called = true;
            let (sender, app) = (Arc::clone(&self.sender), self.app.clone());
            self.turns.spawn(async move {
                let end = attempt(&sender, &app, &job).await;
                (job, end)
            });
        }
        self.sender.meters.set_waiting(self.pushes);
    }

    fn end(&mut self, mut job: Job, end: End) {
        let id = job.due.device;
        let Some(device) = self.devices.get_mut(&id) else { return };
        match end {
            End::Waited => device.waiting.push_back(job),
            End::Again(at) => {
                device.is_called = false;
                job.failures += 1;
                self.sender.meters.note_retry();
                self.turns.spawn(async move {
                    sleep_until(at).await;
                    (job, End::Waited)
                });
            }
            End::Unwanted | End::Counted(_) => {
                device.is_called = false;
                device.pushes -= 1;
                self.pushes -= 1;
            }
        }
        if let End::Counted(outcome) = end {
            self.sender.meters.note(outcome);
        }
        self.call_next(id);
        self.forget(id);
    }

    /// What nothing waits for takes no memory.
    fn forget(&mut self, id: PushId) {
        if self.devices.get(&id).is_some_and(|device| device.pushes == 0) {
            self.devices.remove(&id);
        }
        if self.pushes == 0 {
            self.hosts.clear();
        }
    }
}

/// Sends a push, if somebody still wants it when its turn has come.
async fn attempt(sender: &PushSender, app: &App, job: &Job) -> End {
    let (Ok(_share), Ok(_call)) = (job.host.acquire().await, sender.calls.acquire().await) else {
        return End::Unwanted;
    };
    let (to, push) = match app.push(job.due) {
        Ok(Some(told)) => told,
        Ok(None) => return End::Unwanted,
        Err(error) => {
            tracing::warn!(%error, "a push could not be read");
            return job.again(None);
        }
    };
    let manner = Manner { topic: Some(format!("chat-{}", push.chat)), is_urgent: push.is_urgent };
    // What a call takes is taken while it is under way, and not by all who wait.
    match Box::pin(sender.send(&to, &payload(&push), manner)).await {
        Ok(answer) if is_gone(answer.status) => {
            if let Err(error) = app.end_push_endpoint(to.endpoint).await {
                tracing::warn!(%error, "a device that is gone stays");
            }
            End::Counted(Outcome::Gone)
        }
        Ok(answer) => match answer.status {
            200..=299 => {
                sender.meters.note_time(job.since.elapsed());
                End::Counted(Outcome::Sent)
            }
            429 | 500..=599 => job.again(answer.retry_after),
            status => {
                tracing::info!(status, text = answer.text, "a push service refused a push");
                End::Counted(Outcome::Refused)
            }
        },
        Err(failure) if is_unsent(&failure) => job.again(None),
        // It may have come through.
        Err(failure) => {
            tracing::debug!(%failure, "a push service did not answer");
            End::Counted(Outcome::Unreached)
        }
    }
}

/// Whether nothing of a call reached anybody, so that another tells nobody twice.
fn is_unsent(failure: &Failure) -> bool {
    matches!(failure, Failure::Unresolved(_) | Failure::Unreachable(_) | Failure::Tls(_))
}

impl Job {
    /// To be tried again, as long as it is news.
    fn again(&self, retry_after: Option<Duration>) -> End {
        let usual = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(self.failures));
        let wait = retry_after.map_or(usual, |wait| wait.max(FIRST_WAIT));
        if self.since.elapsed().saturating_add(wait) > TRIED_FOR {
            return End::Counted(Outcome::GivenUp);
        }
        End::Again(Instant::now() + wait)
    }
}
