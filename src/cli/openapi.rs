//! `fireside openapi`: the documents without a server.

use clap::Args;
use clap::builder::PossibleValuesParser;

use super::terminal::{CommandError, say};
use crate::api;

/// Flags of `fireside openapi`.
#[derive(Debug, Args)]
pub(super) struct Openapi {
    /// That of one dialect, as it stands under `/d/<name>`, in place of everything at the root
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(api::names()))]
    dialect: Option<String>,
}

impl Openapi {
    /// Prints the document.
    pub fn run(self) -> Result<(), CommandError> {
        let failed = || CommandError::new(CommandError::FAILED, "there is no such document");
        let document = api::document(self.dialect.as_deref()).ok_or_else(failed)?;
        say(&format!("{document:#}"));
        Ok(())
    }
}
