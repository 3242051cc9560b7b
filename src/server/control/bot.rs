//! Commands about bots.

use serde::{Deserialize, Serialize};

use crate::chat::App;
use crate::chat::model::admin::Administrator;
use crate::chat::model::bot::{Bot, BotMakers, NewBot};
use crate::chat::model::error::Error;
use crate::chat::model::id::UserId;
use crate::chat::model::name::rule::Violation;
use crate::chat::model::name::{self, Username};

/// Bots that are listed at most.
const MAX_LISTED: u32 = 1_000;

/// What an operator asks for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    Create {
        username: String,
        /// What others see; `None`: its name.
        display_name: Option<String>,
    },
    /// All that there are.
    List,
    Delete {
        username: String,
    },
}

/// A bot in a list.
#[derive(Debug, Serialize, Deserialize)]
pub struct BotLine {
    pub id: i64,
    pub username: String,
    /// What others see.
    pub display_name: String,
    /// Since when it is there.
    pub created_at: String,
    /// The id of whoever made it; `None`: the command line.
    pub created_by: Option<i64>,
}

impl From<Bot> for BotLine {
    fn from(bot: Bot) -> Self {
        Self {
            id: bot.user.id.0,
            username: bot.user.username.to_string(),
            display_name: bot.user.display_name,
            created_at: bot.created_at.to_string(),
            created_by: bot.made_by.map(|maker| maker.0),
        }
    }
}

/// What came of a command.
pub(super) enum Done {
    /// A bot was made: its id and its token.
    Made(i64, String),
    /// All that there are.
    Listed(Vec<BotLine>),
    /// A bot is deleted.
    Deleted,
}

fn failed(error: Error) -> String {
    error.to_string()
}

pub(super) async fn execute(app: &App, command: Command) -> Result<Done, String> {
    let by = Administrator::CommandLine;
    match command {
        Command::Create { username, display_name } => {
            let wrong = |Violation(sentence)| sentence;
            let username = Username::parse(&username).map_err(wrong)?;
            let display_name = display_name.as_deref().map(name::display_name).transpose().map_err(wrong)?;
            let made = app.create_bot(&by, NewBot { username, display_name }, BotMakers::default()).await;
            let (bot, token) = made.map_err(failed)?;
            Ok(Done::Made(bot.user.id.0, token.as_str().to_owned()))
        }
        Command::List => {
            let bots = app.bots(&by, UserId(i64::MAX), MAX_LISTED).map_err(failed)?;
            Ok(Done::Listed(bots.into_iter().map(BotLine::from).collect()))
        }
        Command::Delete { username } => {
            let deleted = match app.account_of(&username) {
                Ok(account) => app.delete_bot(&by, account.user.id).await,
                Err(error) => Err(error),
            };
            match deleted {
                Ok(()) => Ok(Done::Deleted),
                Err(Error::NotFound) => Err(format!("{username} is no bot")),
                Err(error) => Err(failed(error)),
            }
        }
    }
}
