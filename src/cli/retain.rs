//! `fireside retain`: how long a chat keeps its messages.

use clap::Args;

use super::ask::ask;
use super::flags::DataFolder;
use super::terminal::{Failed, say};
use crate::chat::model::retention::{MAX_RETENTION_DAYS, Term};
use crate::server::control::Command;

#[derive(Debug, Args)]
pub(super) struct Retain {
    /// The chat's id
    chat: i64,
    /// A number of days, or `forever`, or `default` for what the server is told by --retain-messages
    #[arg(value_name = "DAYS|forever|default", value_parser = term)]
    term: Term,
    #[command(flatten)]
    data: DataFolder,
}

impl Retain {
    pub fn run(self) -> Result<(), Failed> {
        let Self { chat, term, data } = self;
        ask(&data.data, Command::Retain { chat, days: term.days() })?;
        say(&match term {
            Term::Server => format!("chat {chat} keeps its messages as long as the server is told"),
            Term::Forever => format!("chat {chat} keeps its messages for ever"),
            Term::Days(days) => format!("chat {chat} keeps its messages for {days} days; what is older goes"),
        });
        Ok(())
    }
}

fn term(text: &str) -> Result<Term, String> {
    match text {
        "default" => Ok(Term::Server),
        "forever" => Ok(Term::Forever),
        days => match days.trim_end_matches('d').parse().ok().and_then(Term::of_days) {
            Some(Term::Days(days)) => Ok(Term::Days(days)),
            _ => Err(format!("`{days}` is none of 1 to {MAX_RETENTION_DAYS}, forever and default")),
        },
    }
}
