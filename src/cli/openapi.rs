//! `fireside openapi`: the documents without a server.

use clap::Args;
use clap::builder::PossibleValuesParser;

use super::terminal::{CommandError, say};
use crate::api;
use crate::api::http::base::BasePath;
use crate::api::http::mount::Mount;

/// Flags of `fireside openapi`.
#[derive(Debug, Args)]
pub(super) struct Openapi {
    /// That of one dialect, as it stands under `/d/<name>`, in place of everything at the root
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(api::names()))]
    dialect: Option<String>,
    /// That of the dialect as its own client calls it, as it stands under `/c/<name>`
    #[arg(long, requires = "dialect")]
    client: bool,
}

impl Openapi {
    /// Prints the document.
    pub fn run(self) -> Result<(), CommandError> {
        let failed = || CommandError::new(CommandError::FAILED, "there is no such document");
        let mount = match self.dialect {
            None => Mount::Root,
            Some(_) if self.client => Mount::Client,
            Some(_) => Mount::Document,
        };
        let document = api::document(mount, self.dialect.as_deref().unwrap_or_default(), &BasePath::default())
            .ok_or_else(failed)?;
        say(&format!("{document:#}"));
        Ok(())
    }
}
