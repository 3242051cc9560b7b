//! Commands about hooks.

use serde::{Deserialize, Serialize};

use crate::chat::App;
use crate::chat::model::admin::Administrator;
use crate::chat::model::error::Error;
use crate::chat::model::hook::{Hook, MAX_HOOKS};
use crate::chat::model::id::{ChatId, HookId};
use crate::chat::model::name;
use crate::chat::model::name::rule::Violation;
use crate::chat::model::token::Token;

/// What an operator asks for, about a group.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Make one.
    Create {
        /// The group.
        chat: i64,
        /// What it is known by.
        label: String,
    },
    /// All of the group.
    List {
        /// The group.
        chat: i64,
    },
    /// Give one another URL.
    Rotate {
        /// The group.
        chat: i64,
        /// Which.
        id: i64,
    },
    /// End one.
    Delete {
        /// The group.
        chat: i64,
        /// Which.
        id: i64,
    },
}

/// A hook in a list.
#[derive(Debug, Serialize, Deserialize)]
pub struct HookLine {
    /// Its id.
    pub id: i64,
    /// What it is known by.
    pub label: String,
    /// The username of its bot.
    pub bot: String,
    /// Since when it is there.
    pub created_at: String,
}

impl From<Hook> for HookLine {
    fn from(hook: Hook) -> Self {
        Self {
            id: hook.id.0,
            label: hook.label,
            bot: hook.bot.username.to_string(),
            created_at: hook.created_at.to_string(),
        }
    }
}

/// What came of a command.
pub(super) enum Done {
    /// A hook has a new URL, of which this is the path.
    Shown(String),
    /// All that there are.
    Listed(Vec<HookLine>),
    /// A hook is deleted.
    Deleted,
}

pub(super) async fn execute(app: &App, command: Command) -> Result<Done, String> {
    let by = Administrator::CommandLine;
    let shown = |(_, secret): (Hook, Token)| Done::Shown(format!("hooks/{}/", secret.as_str()));
    match command {
        Command::Create { chat, label } => {
            let label = name::display_name(&label).map_err(|Violation(sentence)| sentence)?;
            app.create_hook(&by, ChatId(chat), label).await.map(shown).map_err(|error| failed(error, chat))
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
            deleted.map(|()| Done::Deleted).map_err(|error| unknown(error, chat, id))
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
