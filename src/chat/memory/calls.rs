//! Who is in the call of which chat.

use std::collections::{HashMap, HashSet};
use std::num::NonZeroU32;
use std::time::Duration;

use governor::Quota;
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::pace::Pace;
use crate::chat::model::call::CallRecord;
use crate::chat::model::id::{ChatId, SocketId, UserId};
use crate::chat::model::name::Username;

/// How often one person makes a chat ring at once: whoever joins and leaves in turn would ring all the
/// time, and fill the history.
const MAX_RINGS: NonZeroU32 = NonZeroU32::new(3).unwrap();
/// And once more in this time.
const RINGS_AGAIN: Duration = Duration::from_secs(30);
/// What happened to calls and is not written down yet. Of calls that end when there is more, a line is left at the
/// next start.
const MAX_UNWRITTEN: usize = 1_024;

#[derive(Clone)]
pub struct Participant {
    pub user: UserId,
    pub username: Username,
    pub socket: SocketId,
}

/// One call, from the first who joins to the last who leaves.
pub struct Call {
    pub participants: Vec<Participant>,
    pub starter: UserId,
    /// Somebody but who began it was in it.
    pub was_answered: bool,
    /// Whoever hears of it is told.
    pub rings: bool,
    pub declined_by: HashSet<UserId>,
    has_video: bool,
    began: Instant,
}

impl Call {
    pub fn begun(by: UserId, has_video: bool, rings: bool) -> Self {
        Self {
            participants: Vec::new(),
            starter: by,
            was_answered: false,
            rings,
            declined_by: HashSet::new(),
            has_video,
            began: Instant::now(),
        }
    }

    /// One that rings for nobody and that nobody joined leaves no trace.
    pub fn leaves_line(&self) -> bool {
        self.rings || self.was_answered
    }

    pub fn record(&self, chat: ChatId, last: UserId) -> CallRecord {
        CallRecord {
            chat,
            starter: self.starter,
            last,
            has_video: self.has_video,
            was_answered: self.was_answered,
            seconds: u32::try_from(self.began.elapsed().as_secs()).unwrap_or(u32::MAX),
        }
    }
}

/// What is to be written down of a call.
#[derive(Clone, Copy)]
pub enum CallChange {
    /// It goes on, and is known of after a crash.
    GoesOn(CallRecord),
    /// It leaves its line in the history.
    Ended(CallRecord),
}

/// The calls of all chats. Its lock is held while their events are published, so that
/// everybody sees the same order; the hub's lock is taken inside it, never around it.
pub struct Calls {
    by_chat: Mutex<HashMap<ChatId, Call>>,
    rings: Pace<(ChatId, UserId)>,
    changes: mpsc::Sender<CallChange>,
    /// Read by whoever writes them down.
    unwritten: tokio::sync::Mutex<mpsc::Receiver<CallChange>>,
}

impl Default for Calls {
    fn default() -> Self {
        let (changes, unwritten) = mpsc::channel(MAX_UNWRITTEN);
        let rings = Pace::new("ring", Quota::with_period(RINGS_AGAIN).map(|quota| quota.allow_burst(MAX_RINGS)));
        Self { by_chat: Mutex::default(), rings, changes, unwritten: tokio::sync::Mutex::new(unwritten) }
    }
}

impl Calls {
    pub fn lock(&self) -> MutexGuard<'_, HashMap<ChatId, Call>> {
        self.by_chat.lock()
    }

    /// Who is in a chat's call, in order of joining.
    pub fn users_in(&self, chat: ChatId) -> Vec<UserId> {
        self.lock().get(&chat).map(|call| ids(&call.participants)).unwrap_or_default()
    }

    /// Whether a chat rings for a call that somebody begins.
    pub fn may_ring(&self, chat: ChatId, by: UserId) -> bool {
        !self.rings.count(&(chat, by), NonZeroU32::MIN).is_too_often()
    }

    /// Hands on what is to be written down.
    pub fn note(&self, change: CallChange) {
        if self.changes.try_send(change).is_err() {
            tracing::warn!("too many calls begin and end at once: the line of one is missing until the next start");
        }
    }

    pub async fn next_change(&self) -> Option<CallChange> {
        self.unwritten.lock().await.recv().await
    }

    /// The next that happened already, if nobody else waits for it.
    pub fn take_change(&self) -> Option<CallChange> {
        self.unwritten.try_lock().ok()?.try_recv().ok()
    }

    /// Those that go on and will leave a line.
    pub fn records(&self) -> Vec<CallRecord> {
        let calls = self.lock();
        let lasting = calls.iter().filter(|(_, call)| call.leaves_line());
        lasting.filter_map(|(chat, call)| Some(call.record(*chat, call.participants.last()?.user))).collect()
    }
}

pub fn ids(call: &[Participant]) -> Vec<UserId> {
    users(call).into_iter().map(|(user, _)| user).collect()
}

/// Each user once, in order of joining.
pub fn users(call: &[Participant]) -> Vec<(UserId, Username)> {
    let mut users: Vec<(UserId, Username)> = Vec::new();
    for participant in call {
        if users.iter().all(|(user, _)| *user != participant.user) {
            users.push((participant.user, participant.username.clone()));
        }
    }
    users
}

#[cfg(test)]
mod simulated {
    use super::{Call, Calls};
    use crate::chat::model::id::{ChatId, SocketId, UserId};

    impl Calls {
        /// Everybody who is in a call, in order of joining.
        pub fn all(&self) -> Vec<(ChatId, Vec<(UserId, SocketId)>)> {
            let sockets = |call: &Call| call.participants.iter().map(|each| (each.user, each.socket)).collect();
            let mut all: Vec<_> = self.lock().iter().map(|(chat, call)| (*chat, sockets(call))).collect();
            all.sort_by_key(|(chat, _)| *chat);
            all
        }
    }
}
