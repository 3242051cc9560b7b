//! `fireside retain`: how long a chat keeps its messages.

use clap::Args;

use super::ask::ask;
use super::flags::DataFolder;
use super::terminal::{CommandError, say};
use crate::chat::model::retention::{MAX_RETENTION_DAYS, RetentionOverride};
use crate::server::control::Command;

#[derive(Debug, Args)]
pub(super) struct Retain {
    /// The chat's id
    chat: i64,
    /// A number of days, or `forever`, or `default` for what the server is told by --retain-messages
    #[arg(value_name = "DAYS|forever|default", value_parser = term)]
    term: RetentionOverride,
    #[command(flatten)]
    data: DataFolder,
}

impl Retain {
    pub fn run(self) -> Result<(), CommandError> {
        let Self { chat, term, data } = self;
        ask(&data.data, Command::Retain { chat, days: term.days() })?;
        say(&match term {
            RetentionOverride::Server => format!("chat {chat} keeps its messages as long as the server is told"),
            RetentionOverride::Forever => format!("chat {chat} keeps its messages for ever"),
            RetentionOverride::Days(days) => {
                format!("chat {chat} keeps its messages for {days} days; what is older goes")
            }
        });
        Ok(())
    }
}

fn term(text: &str) -> Result<RetentionOverride, String> {
    match text {
        "default" => Ok(RetentionOverride::Server),
        "forever" => Ok(RetentionOverride::Forever),
        days => match days.trim_end_matches('d').parse().ok().and_then(RetentionOverride::of_days) {
            Some(RetentionOverride::Days(days)) => Ok(RetentionOverride::Days(days)),
            _ => Err(format!("`{days}` is none of 1 to {MAX_RETENTION_DAYS}, forever and default")),
        },
    }
}
