//! `fireside backup`: the whole state in one file.

use std::path::{Path, PathBuf};

use clap::Args;

use super::flags::DataFolder;
use super::progress::ProgressBar;
use super::terminal::{CommandError, complain, say};
use crate::chat::model::backup::BackupError;
use crate::chat::model::time::Clock;
use crate::chat::ops::backup;
use crate::chat::ops::backup::MadeBackup;

#[derive(Debug, Args)]
pub(super) struct Backup {
    /// File to write, or a folder for a file named by the time, or `-` for standard output
    #[arg(value_name = "DEST|-")]
    to: PathBuf,
    #[command(flatten)]
    data: DataFolder,
}

impl Backup {
    pub fn run(self) -> Result<(), CommandError> {
        let (now, mut bar) = (Clock::system().now(), ProgressBar::new("backup"));
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

fn in_words(made: &MadeBackup) -> String {
    let path = made.path.as_ref().map_or("standard output".to_owned(), |path| path.display().to_string());
    let MadeBackup { seq, files, bytes, .. } = made;
    format!("backed up to {path}: change {seq}, {files} files, {} KiB", bytes / 1024)
}

impl From<BackupError> for CommandError {
    fn from(failure: BackupError) -> Self {
        let status = match failure {
            BackupError::InUse(_) => Self::TRY_AGAIN,
            BackupError::NoData(_)
            | BackupError::Newer { .. }
            | BackupError::Foreign(_)
            | BackupError::Misplaced(_) => Self::CONFIGURATION,
            BackupError::Exists(_)
            | BackupError::Database(_)
            | BackupError::Data(_)
            | BackupError::Archive(_)
            | BackupError::NoRoom { .. }
            | BackupError::Panicked
            | BackupError::Io(..) => Self::FAILED,
        };
        Self::new(status, failure.to_string())
    }
}
