//! `fireside audit`: who administered what.

use clap::Args;

use super::ask::{ask, print, unexpected};
use super::flags::DataFolder;
use super::terminal::CommandError;
use crate::server::control::audit::AuditLine;
use crate::server::control::{Command, Outcome};

#[derive(Debug, Args)]
pub(super) struct Audit {
    /// Lines at most, the newest first
    #[arg(long, default_value_t = 100, value_name = "N")]
    limit: u32,
    /// As JSON, an array of objects
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: DataFolder,
}

impl Audit {
    pub fn run(self) -> Result<(), CommandError> {
        match ask(&self.data.data, Command::Audit { limit: self.limit })? {
            Outcome::Audit(entries) => print(&entries, self.json, in_words),
            other => Err(unexpected(&other)),
        }
    }
}

fn in_words(line: &AuditLine) -> String {
    let AuditLine { at, actor, action, subject, detail, .. } = line;
    format!("{at}  {actor}  {action}  {subject}  {detail}").trim_end().to_owned()
}
