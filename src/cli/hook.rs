//! `fireside hook`: URLs by which programs speak in a group, and those that are sent what happens there.

use clap::{Args, Subcommand};

use super::ask::{LinkBase, List, ask, print, unexpected};
use super::flags::DataFolder;
use super::terminal::{CommandError, say};
use crate::chat::model::hook::{HookEvent, Only};
use crate::chat::model::name::rule::Violation;
use crate::outbound::Target;
use crate::server::control::hook::{Command, DeliveryLine, HookLine, Sends};
use crate::server::control::{self, Outcome};

#[derive(Debug, Subcommand)]
pub(super) enum Hook {
    /// Make one and print its URL, or with --url the secret that signs what it sends: it is never shown again
    Create(Create),
    /// List the hooks of a group
    List(Listed),
    /// Give one another URL or secret and print it: the old one ends
    Rotate(Rotate),
    /// List what one has sent: each attempt of the last hundred
    Deliveries(Sent),
    /// Let one send a test, and say what its receiver answered
    Test(One),
    /// Let one send what happened again, as of a number of the sequence: it is switched on, if it is off
    Replay(Replay),
    /// Delete one: its bot leaves the group
    Delete(One),
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// The group's id
    chat: i64,
    /// What it is known by, and what its bot is called
    label: String,
    /// Send what happens in the group to this URL
    #[arg(long, value_name = "URL", value_parser = receiver)]
    url: Option<String>,
    /// What it sends: message_created, unless others are named; repeat it for more
    #[arg(long, value_name = "EVENT", value_delimiter = ',', requires = "url", value_parser = event)]
    event: Vec<String>,
    /// Which messages it sends: all, mentions, or those whose first word is a /word
    #[arg(long, value_name = "WHICH", requires = "url", value_parser = only)]
    only: Option<String>,
    #[command(flatten)]
    base: LinkBase,
    #[command(flatten)]
    data: DataFolder,
}

#[derive(Debug, Args)]
pub(super) struct Sent {
    /// The group's id
    chat: i64,
    /// Its id, as the list says
    id: i64,
    #[command(flatten)]
    list: List,
}

#[derive(Debug, Args)]
pub(super) struct Replay {
    /// The group's id
    chat: i64,
    /// Its id, as the list says
    id: i64,
    /// What happened after this number is sent again
    #[arg(long, value_name = "SEQ", value_parser = clap::value_parser!(i64).range(0..))]
    since: i64,
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
pub(super) struct One {
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
            Self::Create(Create { chat, label, url, event: events, only, base, data }) => {
                let sends = url.map(|url| Sends { url, events, only });
                base.print_secret(asks(&data, Command::Create { chat, label, sends })?)
            }
            Self::Rotate(Rotate { chat, id, base, data }) => {
                base.print_secret(asks(&data, Command::Rotate { chat, id })?)
            }
            Self::Deliveries(Sent { chat, id, list: List { json, data } }) => {
                match asks(&data, Command::Deliveries { chat, id })? {
                    Outcome::Deliveries(sent) => print(&sent, json, as_attempt),
                    other => Err(unexpected(&other)),
                }
            }
            Self::Test(One { chat, id, data }) => tested(asks(&data, Command::Test { chat, id })?),
            Self::Replay(Replay { chat, id, since, data }) => {
                asks(&data, Command::Replay { chat, id, since })?;
                say(&format!("the hook {id} sends what happened after {since} again"));
                Ok(())
            }
            Self::List(Listed { chat, list: List { json, data } }) => match asks(&data, Command::List { chat })? {
                Outcome::Hooks(hooks) => print(&hooks, json, in_words),
                other => Err(unexpected(&other)),
            },
            Self::Delete(One { chat, id, data }) => {
                asks(&data, Command::Delete { chat, id })?;
                say(&format!("the hook {id} is deleted"));
                Ok(())
            }
        }
    }
}

fn tested(outcome: Outcome) -> Result<(), CommandError> {
    match outcome {
        Outcome::Tested { status: Some(status), error: None } => {
            say(&format!("its receiver answered {status}"));
            Ok(())
        }
        Outcome::Tested { error, .. } => {
            let why = error.unwrap_or_else(|| "it did not answer".to_owned());
            Err(CommandError::new(CommandError::FAILED, format!("its receiver did not take it: {why}")))
        }
        other => Err(unexpected(&other)),
    }
}

/// A URL of a private address is taken: the list of deliveries says that it may not be called, unless `--hook-allow`
/// lets it.
fn receiver(url: &str) -> Result<String, String> {
    let taken = Target::parse(url).map(|_| url.to_owned());
    taken.ok_or_else(|| format!("`{url}` is no http or https URL, or has a name or password in it"))
}

fn event(name: &str) -> Result<String, String> {
    let names = || format!("an event is one of {}", HookEvent::ALL.map(HookEvent::as_str).join(", "));
    HookEvent::of(name).map(|event| event.as_str().to_owned()).ok_or_else(names)
}

fn only(text: &str) -> Result<String, String> {
    Only::parse(text).map(|only| only.as_str().to_owned()).map_err(|Violation(sentence)| sentence)
}

fn in_words(hook: &HookLine) -> String {
    let HookLine { id, label, bot, created_at, url, off_reason } = hook;
    let sends = url.as_ref().map_or(String::new(), |url| format!("  sends to {url}"));
    let off = off_reason.as_ref().map_or(String::new(), |reason| format!("  off: {reason}"));
    format!("{id:>6}  {label}  as {bot}  since {created_at}{sends}{off}")
}

fn as_attempt(sent: &DeliveryLine) -> String {
    let DeliveryLine { id, webhook_id, kind, status, ms, at, error } = sent;
    let status = status.map_or_else(|| "-".to_owned(), |status| status.to_string());
    let error = error.as_ref().map_or(String::new(), |error| format!("  {error}"));
    format!("{id:>6}  {at}  {kind}  {webhook_id}  {status}  {ms} ms{error}")
}
