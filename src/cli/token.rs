//! `fireside token`: credentials for programs.

use std::time::Duration;

use clap::{Args, Subcommand};

use super::ask::{List, Revoke, ask, print, unexpected};
use super::flags::DataFolder;
use super::flags::lifetime;
use super::terminal::{CommandError, say};
use crate::server::control::token::{Command, TokenLine};
use crate::server::control::{self, Outcome};

#[derive(Debug, Subcommand)]
pub(super) enum Token {
    /// Make one and print it: it is never shown again
    Create(Create),
    /// List all that were made so and are good
    List(List),
    /// Take one back
    Revoke(Revoke),
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// Who the program acts as: username or e-mail address
    name: String,
    /// What it is known by
    #[arg(long, value_name = "TEXT")]
    label: String,
    /// How long it is good, like 30days; until it is taken back unless given
    #[arg(long, value_name = "TIME", value_parser = lifetime)]
    expires: Option<Duration>,
    #[command(flatten)]
    data: DataFolder,
}

impl Token {
    pub fn run(self) -> Result<(), CommandError> {
        match self {
            Self::Create(Create { name, label, expires, data }) => {
                let seconds = expires.map(|life| life.as_secs());
                let command = Command::Create { username: name, label, seconds };
                match ask(&data.data, control::Command::Token(command))? {
                    Outcome::Token { token, .. } => say(&token),
                    other => return Err(unexpected(&other)),
                }
                Ok(())
            }
            Self::List(List { json, data }) => match ask(&data.data, control::Command::Token(Command::List))? {
                Outcome::Sessions(tokens) => print(&tokens, json, in_words),
                other => Err(unexpected(&other)),
            },
            Self::Revoke(Revoke { id, data }) => {
                ask(&data.data, control::Command::Token(Command::Revoke { id }))?;
                say(&format!("token {id} is taken back"));
                Ok(())
            }
        }
    }
}

pub(super) fn in_words(line: &TokenLine) -> String {
    let TokenLine { id, username, kind, label, used_at, expires_at, .. } = line;
    let end = expires_at.as_ref().map_or(String::new(), |at| format!(" until {at}"));
    format!("{id:>6}  {username}  {kind}{end}  used {used_at}  {label}")
}
