//! `fireside import --from`: what other systems keep.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::terminal::CommandError;
use crate::chat::model::time::Timestamp;
use crate::chat::ops::import_export::Import;
use crate::importers;
use crate::importers::{ImportError, Progress, django};

/// Where people come from.
#[derive(Debug, Args)]
pub(super) struct ForeignSource {
    /// What SRC is, if it is no export of Fireside
    #[arg(long = "from", value_enum, value_name = "SYSTEM")]
    system: Option<System>,
    /// With `--from django`: JSON that says what the project calls its tables and columns
    #[arg(long, value_name = "FILE", requires = "system")]
    map: Option<PathBuf>,
    /// With `--from django`: the project's media folder, for pictures and files
    #[arg(long, value_name = "DIR", requires = "system")]
    media: Option<PathBuf>,
}

/// A system whose data can be read.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum System {
    /// A Django project: its SQLite file, or what `manage.py dumpdata` wrote
    Django,
    /// The zip archive of a Slack workspace's export
    Slack,
}

impl ForeignSource {
    /// Whether SRC is another system's.
    pub fn is_meant(&self) -> bool {
        self.system.is_some()
    }

    /// Reads another system's data into an import.
    pub fn read(
        &self,
        source: &Path,
        import: &mut Import,
        now: Timestamp,
        progress: Progress<'_>,
    ) -> Result<(), CommandError> {
        let done = match (self.system, &self.map, &self.media) {
            (Some(System::Django), map, media) => {
                let from = django::From { database: source, mapping: map.as_deref(), media: media.as_deref() };
                django::read(from, import, now, progress)
            }
            (Some(System::Slack), None, None) => importers::slack::read(source, import, now, progress),
            _ => Err(ImportError::Source("--map and --media are for `--from django`".into())),
        };
        Ok(done?)
    }
}

impl From<ImportError> for CommandError {
    fn from(failure: ImportError) -> Self {
        match failure {
            ImportError::Moving(failure) => failure.into(),
            ImportError::Source(sentence) => Self::new(Self::FAILED, format!("nothing was imported: {sentence}")),
        }
    }
}
