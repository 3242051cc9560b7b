//! `fireside backup`: the whole state in one file.

use std::path::{Path, PathBuf};

use clap::Args;

use super::flags::DataFolder;
use super::progress::Bar;
use super::terminal::{Failed, complain, say};
use crate::chat::model::backup::Failure;
use crate::chat::model::time::Clock;
use crate::chat::ops::backup;
use crate::chat::ops::backup::Made;

#[derive(Debug, Args)]
pub(super) struct Backup {
    /// File to write, or a folder for a file named by the time, or `-` for standard output
    #[arg(value_name = "DEST|-")]
    to: PathBuf,
    #[command(flatten)]
    data: DataFolder,
}

impl Backup {
    pub fn run(self) -> Result<(), Failed> {
        let (now, mut bar) = (Clock::system().now(), Bar::new("backup"));
        let mut progress = |done, all| bar.show(done, all);
        if self.to == Path::new("-") {
            let made = backup::stream(&self.data.data, std::io::stdout().lock(), now, &mut progress)?;
            drop(bar);
            complain(&in_words(&made));
            return Ok(());
        }
        let made = backup::make(&self.data.data, &self.to, now, &mut progress)?;
        drop(bar);
        say(&in_words(&made));
        Ok(())
    }
}

fn in_words(made: &Made) -> String {
    let path = made.path.as_ref().map_or("standard output".to_owned(), |path| path.display().to_string());
    let Made { seq, files, bytes, .. } = made;
    format!("backed up to {path}: change {seq}, {files} files, {} KiB", bytes / 1024)
}

impl From<Failure> for Failed {
    fn from(failure: Failure) -> Self {
        let status = match failure {
            Failure::InUse(_) => Self::TRY_AGAIN,
            Failure::NoData(_) | Failure::Newer { .. } | Failure::Foreign(_) | Failure::Misplaced(_) => {
                Self::CONFIGURATION
            }
            Failure::Exists(_)
            | Failure::Database(_)
            | Failure::Data(_)
            | Failure::Archive(_)
            | Failure::NoRoom { .. }
            | Failure::Panicked
            | Failure::Io(..) => Self::FAILED,
        };
        Self::new(status, failure.to_string())
    }
}
