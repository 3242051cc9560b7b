//! `fireside promote`: a second machine takes over.

use clap::Args;

use super::flags::DataFolder;
use super::terminal::{CommandError, say};
use crate::chat::ops::backup::{Promoted, promote};

#[derive(Debug, Args)]
pub(super) struct Promote {
    #[command(flatten)]
    data: DataFolder,
}

impl Promote {
    pub fn run(self) -> Result<(), CommandError> {
        let Promoted { seq, schema, files, missing } = promote(&self.data.data)?;
        let data = self.data.data.display();
        say(&format!("promoted {data}: change {seq}, database version {schema}, {files} files"));
        if missing > 0 {
            say(&format!("{missing} of {files} files missing; they can still be copied into {data}/files"));
        }
        Ok(())
    }
}
