//! `fireside hook`: URLs by which programs speak in a group.

use clap::{Args, Subcommand};

use super::ask::{LinkBase, List, ask, print, unexpected};
use super::flags::DataFolder;
use super::terminal::{CommandError, say};
use crate::server::control::hook::{Command, HookLine};
use crate::server::control::{self, Outcome};

#[derive(Debug, Subcommand)]
pub(super) enum Hook {
    /// Make one and print its URL: it is never shown again
    Create(Create),
    /// List the hooks of a group
    List(Listed),
    /// Give one another URL and print it: the old one ends
    Rotate(Rotate),
    /// Delete one: its bot leaves the group
    Delete(Delete),
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// The group's id
    chat: i64,
    /// What it is known by, and what its bot is called
    label: String,
    #[command(flatten)]
    base: LinkBase,
    #[command(flatten)]
    data: DataFolder,
}

#[derive(Debug, Args)]
pub(super) struct Listed {
    /// The group's id
    chat: i64,
    #[command(flatten)]
    list: List,
}

#[derive(Debug, Args)]
pub(super) struct Rotate {
    /// The group's id
    chat: i64,
    /// Its id, as the list says
    id: i64,
    #[command(flatten)]
    base: LinkBase,
    #[command(flatten)]
    data: DataFolder,
}

#[derive(Debug, Args)]
pub(super) struct Delete {
    /// The group's id
    chat: i64,
    /// Its id, as the list says
    id: i64,
    #[command(flatten)]
    data: DataFolder,
}

impl Hook {
    pub fn run(self) -> Result<(), CommandError> {
        let asks = |data: &DataFolder, command| ask(&data.data, control::Command::Hook(command));
        match self {
            Self::Create(Create { chat, label, base, data }) => {
                base.print_url(asks(&data, Command::Create { chat, label })?)
            }
            Self::Rotate(Rotate { chat, id, base, data }) => base.print_url(asks(&data, Command::Rotate { chat, id })?),
            Self::List(Listed { chat, list: List { json, data } }) => match asks(&data, Command::List { chat })? {
                Outcome::Hooks(hooks) => print(&hooks, json, in_words),
                other => Err(unexpected(&other)),
            },
            Self::Delete(Delete { chat, id, data }) => {
                asks(&data, Command::Delete { chat, id })?;
                say(&format!("the hook {id} is deleted"));
                Ok(())
            }
        }
    }
}

fn in_words(hook: &HookLine) -> String {
    let HookLine { id, label, bot, created_at } = hook;
    format!("{id:>6}  {label}  as {bot}  since {created_at}")
}
