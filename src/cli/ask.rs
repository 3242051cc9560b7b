//! Asking for what an operator wants, and printing what came of it.

use std::path::Path;

use clap::Args;
use serde::Serialize;

use super::flags::DataFolder;
use super::terminal::{CommandError, say, wait_for};
use crate::chat::model::error::OpenError;
use crate::chat::model::time::Clock;
use crate::chat::{App, Config, Durability, folder};
use crate::server::control::{self, Command, Link, Outcome};

/// Where people reach a server that says nothing else.
const LOCAL: &str = "http://127.0.0.1:8000";

/// What every listing takes.
#[derive(Debug, Args)]
pub(super) struct List {
    /// As JSON, an array of objects
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub data: DataFolder,
}

/// What is taken back by its number.
#[derive(Debug, Args)]
pub(super) struct Revoke {
    /// Its id, as the list says
    pub id: i64,
    #[command(flatten)]
    pub data: DataFolder,
}

/// What links begin with.
#[derive(Debug, Args)]
pub(super) struct LinkBase {
    /// Where people reach the server; what a running one says, unless given
    #[arg(long, env = "FIRESIDE_PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,
}

impl LinkBase {
    /// Prints a link, and until when it is good.
    pub fn print(self, outcome: Outcome) -> Result<(), CommandError> {
        let Outcome::Link(Link { base, page, code, expires_at }) = outcome else { return Err(unexpected(&outcome)) };
        let base = self.public_url.or(base).unwrap_or_else(|| LOCAL.to_owned());
        say(&format!("{}/{page}#{code}", base.trim_end_matches('/')));
        say(&format!("good until {expires_at}"));
        Ok(())
    }

    /// Prints a URL that programs call, or a secret that signs what they are sent.
    pub fn print_secret(self, outcome: Outcome) -> Result<(), CommandError> {
        if let Outcome::Secret(secret) = outcome {
            say(&secret);
            return Ok(());
        }
        let Outcome::Url { base, path } = outcome else { return Err(unexpected(&outcome)) };
        let base = self.public_url.or(base).unwrap_or_else(|| LOCAL.to_owned());
        say(&format!("{}/{path}", base.trim_end_matches('/')));
        Ok(())
    }
}

/// Asks the server that runs on the folder; where none does, does it itself.
pub(super) fn ask(data: &Path, command: Command) -> Result<Outcome, CommandError> {
    if !command.begins() && !folder::has_database(data) {
        let sentence = format!("there is no data of a server in {} (--data names another folder)", data.display());
        return Err(CommandError::new(CommandError::CONFIGURATION, sentence));
    }
    let outcome = match direct(data, &command)? {
        Some(outcome) => outcome,
        None => control::ask(data, &command).map_err(|cause| {
            let sentence = format!("the server on {} does not answer: {cause}", data.display());
            CommandError::new(CommandError::TRY_AGAIN, sentence)
        })?,
    };
    match outcome {
        Outcome::Refused(why) => Err(CommandError::new(CommandError::FAILED, why)),
        other => Ok(other),
    }
}

/// `None`: the folder is another process's.
fn direct(data: &Path, command: &Command) -> Result<Option<Outcome>, CommandError> {
    wait_for(async {
        let config = Config { durability: Durability::Full, clock: Clock::system(), ..Config::of(data.to_owned()) };
        match App::open(config) {
            Ok(chat) => {
                let outcome = control::execute(&chat, None, command.clone()).await;
                chat.close().await;
                Ok(Some(outcome))
            }
            Err(OpenError::InUse(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    })?
}

/// A list as JSON, or a line for each.
pub(super) fn print<T: Serialize>(list: &[T], json: bool, in_words: fn(&T) -> String) -> Result<(), CommandError> {
    if json {
        let listing = serde_json::to_string_pretty(list)
            .map_err(|cause| CommandError::new(CommandError::FAILED, cause.to_string()))?;
        say(&listing);
    } else {
        list.iter().for_each(|line| say(&in_words(line)));
    }
    Ok(())
}

/// The server that runs is of another version, and answers otherwise.
pub(super) fn unexpected(_outcome: &Outcome) -> CommandError {
    CommandError::new(CommandError::FAILED, "the running server answered something else; is it of another version?")
}
