//! `fireside gc`: what may go.

use clap::Args;
use serde::Serialize;

use super::ask::ask;
use super::flags::DataFolder;
use super::terminal::{CommandError, say};
use crate::chat::model::time::Clock;
use crate::chat::ops::gc;
use crate::chat::ops::gc::Garbage;
use crate::server::control::Command;

#[derive(Debug, Args)]
pub(super) struct Gc {
    /// Say what would go, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// With the server stopped: write the database anew, without the pages that hold nothing
    #[arg(long, conflicts_with = "dry_run")]
    compact: bool,
    /// Say that this machine's clock is right, where the server doubts it, so that things go for their age again
    #[arg(long, conflicts_with = "dry_run")]
    confirm_clock: bool,
    /// As JSON, an array of objects
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: DataFolder,
}

/// Something that went, in JSON.
#[derive(Serialize)]
struct GarbageLine {
    what: &'static str,
    count: u64,
    bytes: u64,
}

impl Gc {
    pub fn run(self) -> Result<(), CommandError> {
        let data = &self.data.data;
        let look = || gc::look(data, Clock::system().now());
        if self.confirm_clock {
            ask(data, Command::ConfirmClock)?;
        }
        let mut garbage = look()?;
        if !self.dry_run {
            ask(data, Command::Gc)?;
            garbage = gc::gone(&garbage, &look()?);
        }
        if self.compact {
            garbage.push(gc::compact(data)?);
        }
        self.print(&garbage)
    }

    fn print(&self, garbage: &[Garbage]) -> Result<(), CommandError> {
        if self.json {
            let lines =
                garbage.iter().map(|Garbage { what, count, bytes }| GarbageLine { what, count: *count, bytes: *bytes });
            let text = serde_json::to_string_pretty(&lines.collect::<Vec<_>>());
            say(&text.map_err(|cause| CommandError::new(CommandError::FAILED, cause.to_string()))?);
            return Ok(());
        }
        for Garbage { what, count, bytes } in garbage.iter().filter(|garbage| garbage.count > 0) {
            let bytes = if *bytes > 0 { format!(", {bytes} bytes") } else { String::new() };
            say(&format!("{count:>8} {what}{bytes}"));
        }
        let bytes: u64 = garbage.iter().map(|garbage| garbage.bytes).sum();
        let done = if self.dry_run { "may go" } else { "went" };
        say(&format!("{bytes} bytes {done}"));
        Ok(())
    }
}
