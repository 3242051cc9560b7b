//! `fireside bot`: accounts of programs.

use clap::{Args, Subcommand};

use super::ask::{List, ask, print, unexpected};
use super::flags::DataFolder;
use super::terminal::{CommandError, say};
use crate::server::control::bot::{BotLine, Command};
use crate::server::control::{self, Outcome};

#[derive(Debug, Subcommand)]
pub(super) enum Bot {
    /// Make one and print its token: it is never shown again
    Create(Create),
    /// List all bots
    List(List),
    /// Delete one: it leaves its groups, and its token ends
    Delete(Delete),
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// Username
    name: String,
    /// What others see; the username unless given
    #[arg(long, value_name = "TEXT")]
    display_name: Option<String>,
    #[command(flatten)]
    data: DataFolder,
}

#[derive(Debug, Args)]
pub(super) struct Delete {
    /// Username
    name: String,
    #[command(flatten)]
    data: DataFolder,
}

impl Bot {
    pub fn run(self) -> Result<(), CommandError> {
        let asks = |data: &DataFolder, command| ask(&data.data, control::Command::Bot(command));
        match self {
            Self::Create(Create { name, display_name, data }) => {
                match asks(&data, Command::Create { username: name, display_name })? {
                    Outcome::Token { token, .. } => say(&token),
                    other => return Err(unexpected(&other)),
                }
                Ok(())
            }
            Self::List(List { json, data }) => match asks(&data, Command::List)? {
                Outcome::Bots(bots) => print(&bots, json, in_words),
                other => Err(unexpected(&other)),
            },
            Self::Delete(Delete { name, data }) => {
                asks(&data, Command::Delete { username: name.clone() })?;
                say(&format!("the bot {name} is deleted"));
                Ok(())
            }
        }
    }
}

fn in_words(bot: &BotLine) -> String {
    let BotLine { id, username, display_name, created_at, .. } = bot;
    format!("{id:>6}  {username}  {display_name}  since {created_at}")
}
