//! `fireside restore`: a backup in the place of the data folder.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use clap::Args;

use super::flags::DataFolder;
use super::terminal::{CommandError, say};
use crate::chat::model::time::Clock;
use crate::chat::ops::backup::{Restored, restore};

#[derive(Debug, Args)]
pub(super) struct Restore {
    /// File that `fireside backup` wrote, or `-` for standard input
    #[arg(value_name = "SRC|-")]
    from: PathBuf,
    #[command(flatten)]
    data: DataFolder,
}

impl Restore {
    pub fn run(self) -> Result<(), CommandError> {
        let archive: Box<dyn Read> = if self.from == Path::new("-") {
            Box::new(std::io::stdin().lock())
        } else {
            let file = File::open(&self.from);
            let unread = |cause| CommandError::new(CommandError::FAILED, format!("{}: {cause}", self.from.display()));
            Box::new(file.map_err(unread)?)
        };
        let Restored { seq, schema, files, before } =
            restore(BufReader::new(archive), &self.data.data, Clock::system().now())?;
        let data = self.data.data.display();
        say(&format!("restored {data}: change {seq}, database version {schema}, {files} files"));
        if let Some(before) = before {
            say(&format!("what was there before is in {}", before.display()));
        }
        Ok(())
    }
}
