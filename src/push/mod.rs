//! Web Push: telling devices of messages while no page is open, by the push service of their browser.
//!
//! | file | |
//! |---|---|
//! | `encryption` | what is sent, readable for one browser alone (RFC 8291, RFC 8188) |
//! | `vapid` | who sends it (RFC 8292) |
//! | `payload` | what a browser is told |
//! | `queue` | what is to be sent, to whom, and when again |
//!
//! A sender has no part in posting: what was posted wakes it, and it reads what is stored. Nothing of it is asked
//! for, unless the server is started with `--push on`.

mod encryption;
pub mod meters;
mod payload;
mod queue;
mod vapid;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use tokio::sync::Semaphore;

use crate::chat::App;
use crate::chat::model::error::{Error, Result};
use crate::chat::model::id::{PushId, UserId};
use crate::chat::model::push::{PushKeys, PushTarget};
use crate::chat::model::session::Actor;
use crate::outbound::{Answer, Call, Failure, Network, Outbound, Rules, Target};
use meters::Meters;
use vapid::VapidKey;

/// Longest endpoint, in characters.
pub const MAX_ENDPOINT: usize = 2_048;
/// Calls of push services that are under way at once.
const MAX_CALLS: usize = 512;
/// Those of them to one push service.
const MAX_CALLS_OF_HOST: usize = 64;
/// Those of them to the devices of one user, who names as many push services as they like.
const MAX_CALLS_OF_USER: usize = 8;
/// Calls that people try their devices by, at once.
const MAX_TESTS: usize = 16;
/// How long a push service may take.
const DEADLINE: Duration = Duration::from_secs(10);
/// Bytes of its answer that are read.
const MAX_ANSWER: usize = 1_024;
/// How long a push service keeps a push for a device that is not there.
const TTL: Duration = Duration::from_hours(24);

/// What the operator decides.
pub struct PushOptions {
    /// The private key that push services know the server by.
    pub key: Vec<u8>,
    /// Whom push services write to when something is wrong: `mailto:` or `https://`.
    pub contact: String,
    /// Networks that may be called beside the public Internet.
    pub allowed: Vec<Network>,
}

/// The sender of pushes.
pub struct PushSender {
    outbound: Outbound,
    key: VapidKey,
    calls: Arc<Semaphore>,
    tests: Semaphore,
    meters: Meters,
}

/// What a push service said to a push that was to try it.
#[derive(Clone, Debug)]
pub struct Tried {
    /// `None`: nothing answered.
    pub status: Option<u16>,
    /// Its words, or why there are none.
    pub text: String,
}

/// How a push is sent.
struct Manner {
    /// For whom.
    user: UserId,
    topic: Option<String>,
    is_urgent: bool,
}

impl PushSender {
    /// `None`: it is no key.
    #[must_use]
    pub fn new(options: PushOptions) -> Option<Self> {
        let PushOptions { key, contact, allowed } = options;
        let rules = Rules { allowed, may_use_http: false, at_once: MAX_CALLS + MAX_TESTS };
        Some(Self {
            outbound: Outbound::new(rules),
            key: VapidKey::new(&key, contact)?,
            calls: Arc::new(Semaphore::new(MAX_CALLS)),
            tests: Semaphore::new(MAX_TESTS),
            meters: Meters::default(),
        })
    }

    /// The public key that browsers subscribe to: base64url.
    #[must_use]
    pub fn public_key(&self) -> &str {
        self.key.public()
    }

    /// What is counted.
    #[must_use]
    pub fn meters(&self) -> &Meters {
        &self.meters
    }

    /// Whether an endpoint may be called, as far as it tells.
    #[must_use]
    pub fn accepts(&self, endpoint: &str) -> bool {
        endpoint.chars().count() <= MAX_ENDPOINT && self.outbound.accepts(endpoint).is_some()
    }

    /// Sends what is to be sent, for as long as the core is open.
    pub async fn serve(self: Arc<Self>, app: App) {
        queue::serve(self, app).await;
    }

    /// Sends one push to one of the actor's devices, whatever they want to be told of.
    pub async fn test(&self, app: &App, actor: &Actor, device: PushId) -> Result<Tried> {
        let to = app.push_target(actor, device)?;
        let about = app.about()?;
        let Ok(_slot) = self.tests.try_acquire() else { return Err(Error::Busy { retry_after: DEADLINE }) };
        let payload = payload::test(about.name.as_deref().unwrap_or(crate::chat::model::server::UNNAMED));
        Ok(match self.send(&to, &payload, Manner { user: actor.user, topic: None, is_urgent: true }).await {
            Ok(answer) => {
                if is_gone(answer.status) {
                    app.end_push_endpoint(to.endpoint).await?;
                }
                Tried { status: Some(answer.status), text: answer.text }
            }
            Err(failure) => Tried { status: None, text: failure.to_string() },
        })
    }

    async fn send(&self, to: &PushTarget, payload: &[u8], manner: Manner) -> std::result::Result<Answer, Failure> {
        let target = Target::parse(&to.endpoint).ok_or(Failure::Refused)?;
        let broken = || Failure::Broken("the push could not be encrypted".to_owned());
        let body = encryption::encrypt(&to.keys, payload).ok_or_else(broken)?;
        let authorization = self.key.authorization(&target.origin(), SystemTime::now()).ok_or_else(broken)?;
        let mut headers = vec![
            ("authorization", authorization),
            ("content-encoding", "aes128gcm".to_owned()),
            ("content-type", "application/octet-stream".to_owned()),
            ("ttl", TTL.as_secs().to_string()),
            ("urgency", if manner.is_urgent { "high" } else { "normal" }.to_owned()),
        ];
        headers.extend(manner.topic.map(|topic| ("topic", topic)));
        let call = Call {
            user: Some(manner.user),
            headers,
            body: Bytes::from(body),
            deadline: DEADLINE,
            max_answer: MAX_ANSWER,
        };
        self.outbound.post(&target, call).await
    }
}

/// Whether a browser could have made these keys.
#[must_use]
pub fn are_usable(keys: &PushKeys) -> bool {
    encryption::encrypt(keys, b"").is_some()
}

/// The push service knows the subscription no more.
fn is_gone(status: u16) -> bool {
    matches!(status, 404 | 410)
}

impl fmt::Debug for PushSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PushSender(…)")
    }
}
