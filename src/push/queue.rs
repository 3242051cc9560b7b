//! What is to be sent, to whom, and when again.
//!
//! Each device has a queue of its own, and one call at a time: pushes to it come in order, and one whose push
//! service hangs keeps nobody else's waiting. Of the calls that are under way a single push service has a share, and so
//! has a single user.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::meters::Outcome;
use super::payload::payload;
use super::{MAX_CALLS_OF_HOST, MAX_CALLS_OF_USER, Manner, PushSender, is_gone};
use crate::chat::App;
use crate::chat::model::error::Result;
use crate::chat::model::id::{MessageId, PushId, UserId};
use crate::chat::model::push::Due;
use crate::chat::model::shares::Shares;
use crate::chat::model::time::Timestamp;
use crate::outbound::{self, Failure, Target};

/// Pushes that wait, on the whole; one more is dropped, but for a device of which few wait.
const MAX_WAITING: usize = 100_000;
/// Those of one device.
const MAX_WAITING_OF_DEVICE: usize = 1_000;
/// So few of one device wait however many of all others do.
const FEW_OF_DEVICE: usize = 16;
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
    /// The shares of its user and of its push service.
    shares: [Arc<Semaphore>; 2],
    since: Instant,
    /// Up to when it is news.
    until: Timestamp,
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
    users: Shares<UserId>,
    hosts: Shares<String>,
    pushes: usize,
    turns: JoinSet<(Job, End)>,
}

impl Queue {
    fn new(sender: Arc<PushSender>, app: App) -> Self {
        let (users, hosts) = (Shares::of(MAX_CALLS_OF_USER), Shares::of(MAX_CALLS_OF_HOST));
        Self { sender, app, devices: HashMap::new(), users, hosts, pushes: 0, turns: JoinSet::new() }
    }

    /// Takes a push that is due.
    fn take(&mut self, due: Due, endpoint: &str) {
        let device = self.devices.entry(due.device).or_default();
        let is_full = self.pushes >= MAX_WAITING && device.pushes >= FEW_OF_DEVICE;
        if is_full || device.pushes >= MAX_WAITING_OF_DEVICE {
            self.sender.meters.note(Outcome::Dropped);
            return;
        }
        let host = Target::parse(endpoint).map(|target| target.origin()).unwrap_or_default();
        let shares = [self.users.get(due.user), self.hosts.get(host)];
        let (since, until) = (Instant::now(), self.app.now().plus(TRIED_FOR));
        device.pushes += 1;
        self.pushes += 1;
        device.waiting.push_back(Job { due, shares, since, until, failures: 0 });
        self.call_next(due.device);
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
    }
}

/// Sends a push, if somebody still wants it when its turn has come.
async fn attempt(sender: &PushSender, app: &App, job: &Job) -> End {
    // One's own first: whoever waits for that keeps nobody from the others.
    let [user, host] = &job.shares;
    let (Ok(_user), Ok(_host), Ok(_call)) = (user.acquire().await, host.acquire().await, sender.calls.acquire().await)
    else {
        return End::Unwanted;
    };
    if app.now() > job.until {
        return End::Counted(Outcome::GivenUp);
    }
    let (to, push) = match app.push(job.due) {
        Ok(Some(told)) => told,
        Ok(None) => return End::Unwanted,
        Err(error) => {
            tracing::warn!(%error, "a push could not be read");
            return job.again(app, None);
        }
    };
    let topic = Some(format!("chat-{}", push.chat));
    let manner = Manner { user: job.due.user, topic, is_urgent: push.is_urgent };
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
            429 | 500..=599 => job.again(app, answer.retry_after),
            status => {
                tracing::info!(status, text = answer.text, "a push service refused a push");
                End::Counted(Outcome::Refused)
            }
        },
        Err(failure) if is_unsent(&failure) => job.again(app, None),
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
    /// To be tried again, as long as it is news: no sooner than the push service wants, and later each time, whatever
    /// it wants.
    fn again(&self, app: &App, retry_after: Option<Duration>) -> End {
        let usual = outbound::doubled(FIRST_WAIT, self.failures);
        let wait = usual.max(retry_after.unwrap_or_default());
        if app.now().plus(wait) > self.until {
            return End::Counted(Outcome::GivenUp);
        }
        End::Again(Instant::now() + wait)
    }
}

#[cfg(test)]
mod tests;
