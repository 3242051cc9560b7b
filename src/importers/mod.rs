//! Arriving from elsewhere: what other systems keep, read into the records of an export.
//!
//! Nothing here writes: the records go to [`Import`], which checks them as it
//! checks everybody's. What a source holds is believed as little as a request: every
//! text is brought to the rules of this server or told of, every path is looked up
//! beneath the folder that was named, and every size has a limit.

pub mod django;
mod people;
mod report;
pub mod slack;
mod text;
mod values;

use crate::chat::model::record::{self, Head, Record, Scope, VERSION};
use crate::chat::ops::import_export::Import;

/// Why nothing came. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The records did not become an import.
    #[error(transparent)]
    Moving(#[from] record::RecordError),
    /// The source cannot be read, or not as it was said.
    #[error("{0}")]
    Source(String),
}

/// Told how much of how much is read.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64);

/// How often, in messages, progress is told.
const TOLD_EVERY: u64 = 256;

fn failed<T>(sentence: impl Into<String>) -> Result<T, ImportError> {
    Err(ImportError::Source(sentence.into()))
}

fn head(import: &mut Import, program: &str) -> Result<(), ImportError> {
    let head = Head { version: VERSION, program: program.to_owned(), scope: Scope::Server, has_secrets: true };
    Ok(import.take(Record::Head(head))?)
}
