//! Commands about hooks.

use serde::{Deserialize, Serialize};

use crate::chat::App;
use crate::chat::hook::HookSecret;
use crate::chat::model::admin::Administrator;
use crate::chat::model::delivery::{Attempt, PastDelivery};
use crate::chat::model::error::Error;
use crate::chat::model::hook::{Hook, HookEvent, HookEvents, MAX_DELIVERIES, MAX_HOOKS, Only, Outgoing};
use crate::chat::model::id::{ChatId, DeliveryId, HookId, Seq};
use crate::chat::model::name;
use crate::chat::model::name::rule::Violation;

/// What an operator asks for, about a group.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    Create {
        chat: i64,
        /// What it is known by.
        label: String,
        /// What it sends, if it does.
        sends: Option<Sends>,
    },
    /// All of the group.
    List {
        chat: i64,
    },
    /// Give one another URL.
    Rotate {
        chat: i64,
        id: i64,
    },
    /// What one has sent.
    Deliveries {
        chat: i64,
        id: i64,
    },
    /// Send a test.
    Test {
        chat: i64,
        id: i64,
    },
    /// Send what happened again.
    Replay {
        chat: i64,
        id: i64,
        /// After this number.
        since: i64,
    },
    Delete {
        chat: i64,
        id: i64,
    },
}

/// What a hook sends. The URL was looked at where it was typed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sends {
    /// The receiver.
    pub url: String,
    /// Which events; none: new messages.
    pub events: Vec<String>,
    /// About which messages; nothing: all.
    pub only: Option<String>,
}

impl Sends {
    fn outgoing(self) -> Result<Outgoing, String> {
        let event = |name: &String| HookEvent::of(name).ok_or_else(|| format!("there is no event {name}"));
        let events = self.events.iter().map(event).collect::<Result<Vec<_>, _>>()?;
        let only = self.only.as_deref().map(Only::parse).transpose().map_err(|Violation(sentence)| sentence)?;
        let events = if events.is_empty() { HookEvents::default() } else { HookEvents::of(&events) };
        Ok(Outgoing { url: self.url, events, only: only.unwrap_or_default() })
    }
}

/// An attempt to send something, in a list.
#[derive(Debug, Serialize, Deserialize)]
pub struct DeliveryLine {
    pub id: i64,
    /// What the receiver knows it by.
    pub webhook_id: String,
    /// What was sent.
    pub kind: String,
    /// What was answered.
    pub status: Option<u16>,
    /// How long it took.
    pub ms: i64,
    pub at: String,
    /// Why it counts for nothing.
    pub error: Option<String>,
}

impl From<PastDelivery> for DeliveryLine {
    fn from(past: PastDelivery) -> Self {
        let PastDelivery { id, webhook_id, kind, attempt: Attempt { status, ms, error }, at, .. } = past;
        Self { id: id.0, webhook_id, kind, status, ms, at: at.to_string(), error }
    }
}

/// A hook in a list.
#[derive(Debug, Serialize, Deserialize)]
pub struct HookLine {
    pub id: i64,
    /// What it is known by.
    pub label: String,
    /// The username of its bot.
    pub bot: String,
    /// Since when it is there.
    pub created_at: String,
    /// Where it sends to, if it does.
    pub url: Option<String>,
    /// Why it neither sends nor takes anything.
    pub off_reason: Option<String>,
}

impl From<Hook> for HookLine {
    fn from(hook: Hook) -> Self {
        Self {
            id: hook.id.0,
            label: hook.label,
            bot: hook.bot.username.to_string(),
            created_at: hook.created_at.to_string(),
            url: hook.outgoing.map(|sends| sends.url),
            off_reason: hook.off_reason,
        }
    }
}

/// What came of a command.
pub(super) enum Done {
    /// A hook has a new URL, of which this is the path.
    Shown(String),
    /// A hook that sends has this secret.
    Signs(String),
    /// What one has sent.
    Sent(Vec<DeliveryLine>),
    /// All that there are.
    Listed(Vec<HookLine>),
    /// A test was sent: what was answered, and why that counts for nothing.
    Tested(Option<u16>, Option<String>),
    /// A hook is deleted, or sends again.
    Plainly,
}

/// `is_serving`: somebody sends, too.
pub(super) async fn execute(app: &App, is_serving: bool, command: Command) -> Result<Done, String> {
    let by = Administrator::CommandLine;
    let shown = |(_, secret): (Hook, HookSecret)| match secret {
        HookSecret::Url(secret) => Done::Shown(format!("hooks/{}/", secret.as_str())),
        HookSecret::Signs(key) => Done::Signs(key.shown()),
    };
    match command {
        Command::Create { chat, label, sends } => {
            let label = name::display_name(&label).map_err(|Violation(sentence)| sentence)?;
            let outgoing = sends.map(Sends::outgoing).transpose()?;
            app.create_hook(&by, ChatId(chat), label, outgoing).await.map(shown).map_err(|error| failed(error, chat))
        }
        Command::List { chat } => {
            let hooks = app.hooks(&by, ChatId(chat), HookId(i64::MAX), MAX_HOOKS);
            let hooks = hooks.map_err(|error| failed(error, chat))?;
            Ok(Done::Listed(hooks.into_iter().map(HookLine::from).collect()))
        }
        Command::Rotate { chat, id } => {
            app.rotate_hook(&by, ChatId(chat), HookId(id)).await.map(shown).map_err(|error| unknown(error, chat, id))
        }
        Command::Delete { chat, id } => {
            let deleted = app.delete_hook(&by, ChatId(chat), HookId(id)).await;
            deleted.map(|()| Done::Plainly).map_err(|error| unknown(error, chat, id))
        }
        Command::Deliveries { chat, id } => {
            let newest = DeliveryId(i64::MAX);
            let sent = app.deliveries(&by, ChatId(chat), HookId(id), newest, MAX_DELIVERIES);
            let sent = sent.map_err(|error| unknown_sender(error, chat, id))?;
            Ok(Done::Sent(sent.into_iter().map(DeliveryLine::from).collect()))
        }
        Command::Test { .. } if !is_serving => Err("it is the server that sends a test, and none runs".to_owned()),
        Command::Test { chat, id } => {
            let tested = app.order_hook_test(&by, ChatId(chat), HookId(id)).await;
            let tested = tested.map_err(|error| unknown_sender(error, chat, id))?;
            Ok(Done::Tested(tested.status, tested.error))
        }
        Command::Replay { chat, id, since } => {
            let replayed = app.replay_hook(&by, ChatId(chat), HookId(id), Seq(since)).await;
            replayed.map(|()| Done::Plainly).map_err(|error| unknown_sender(error, chat, id))
        }
    }
}

fn failed(error: Error, chat: i64) -> String {
    match error {
        Error::NotFound => format!("there is no group {chat}"),
        other => other.to_string(),
    }
}

fn unknown(error: Error, chat: i64, id: i64) -> String {
    match error {
        Error::NotFound => format!("there is no hook {id} in a group {chat}"),
        other => other.to_string(),
    }
}

fn unknown_sender(error: Error, chat: i64, id: i64) -> String {
    match error {
        Error::NotFound => format!("there is no hook {id} that sends in a group {chat}"),
        other => other.to_string(),
    }
}
