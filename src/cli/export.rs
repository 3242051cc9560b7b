//! `fireside export`: everything in a documented form, to go elsewhere with.

use std::path::{Path, PathBuf};

use clap::Args;

use super::flags::DataFolder;
use super::progress::ProgressBar;
use super::terminal::{CommandError, complain, say};
use crate::chat::model::record::RecordError;
use crate::chat::model::time::Clock;
use crate::chat::ops::import_export;
use crate::chat::ops::import_export::{ExportScope, Exported};

#[derive(Debug, Args)]
pub(super) struct Export {
    /// New file, a folder to make one in, or `-` for standard output
    #[arg(value_name = "DEST|-")]
    to: PathBuf,
    /// One chat alone, with the names of its people
    #[arg(long, value_name = "ID")]
    chat: Option<i64>,
    /// One person's own data alone: what they ask for who want to see what is kept of them
    #[arg(long, value_name = "NAME", conflicts_with = "chat")]
    user: Option<String>,
    /// With the hashes of passwords and tokens and the secrets of second factors, by which all sign in elsewhere as
    /// before; whoever reads them can try passwords at leisure, and make codes
    #[arg(long, conflicts_with_all = ["chat", "user"])]
    with_secrets: bool,
    #[command(flatten)]
    data: DataFolder,
}

impl Export {
    pub fn run(self) -> Result<(), CommandError> {
        let subject = match (self.chat, self.user) {
            (Some(id), _) => ExportScope::Chat(id),
            (None, Some(name)) => ExportScope::User(name),
            (None, None) => ExportScope::Server { with_secrets: self.with_secrets },
        };
        let (now, mut bar) = (Clock::system().now(), ProgressBar::new("export"));
        let mut progress = |done, all| bar.show(done, all);
        if self.to == Path::new("-") {
            let made = import_export::stream(&self.data.data, &subject, std::io::stdout().lock(), &mut progress)?;
            drop(bar);
            complain(&in_words(&made));
            return Ok(());
        }
        let made = import_export::export(&self.data.data, &subject, &self.to, now, &mut progress)?;
        drop(bar);
        say(&in_words(&made));
        Ok(())
    }
}

fn in_words(made: &Exported) -> String {
    let path = made.path.as_ref().map_or("standard output".to_owned(), |path| path.display().to_string());
    let Exported { records, files, bytes, .. } = made;
    format!("exported to {path}: {records} records, {files} files, {} KiB", bytes / 1024)
}

impl From<RecordError> for CommandError {
    fn from(failure: RecordError) -> Self {
        match failure {
            RecordError::Same(same) => same.into(),
            other => Self::new(Self::FAILED, other.to_string()),
        }
    }
}
