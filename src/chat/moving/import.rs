//! Taking records in.

use std::io::Read;
use std::path::Path;

use super::order::Order;
use super::{Failure, Record, Report};
use crate::chat::time::Timestamp;

/// What becomes of users whose names are taken here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum OnConflict {
    /// Nothing is imported, and all such names are told.
    #[default]
    Fail,
    /// They are the same people. Whoever is here keeps profile, password and tokens.
    Merge,
    /// They are others, and come under a new name: `bob-2`.
    Rename,
}

/// How to import.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// What becomes of users whose names are taken.
    pub on_conflict: OnConflict,
    /// Only says what would come: nothing is changed.
    pub is_dry_run: bool,
}

/// A file's bytes that were taken in: what a [`super::File`] says of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// In 64 hex digits.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
}

/// An import on its way. Dropping it before [`Import::finish`] leaves everything as it was.
///
/// Records come in the order of [`Record`]'s kinds, and name what came before. Whatever
/// they hold is checked like input from outside.
pub struct Import {
    order: Order,
    report: Report,
}

impl Import {
    /// Begins to import into a data folder, which is made if it is not there, and on which
    /// no server may run.
    pub fn new(_data: &Path, options: Options, _now: Timestamp) -> Result<Self, Failure> {
        let report = Report { is_dry_run: options.is_dry_run, ..Report::default() };
        Ok(Self { order: Order::default(), report })
    }

    /// Takes the bytes of a file in, before the records that name it.
    pub fn content(&mut self, from: impl Read) -> Result<Stored, Failure> {
        drop(from);
        Err(Failure::Record("files are not taken yet".into()))
    }

    /// Takes a record. After a failure nothing more is taken.
    pub fn take(&mut self, record: Record) -> Result<(), Failure> {
        self.order.check(&record)
    }

    /// Tells whoever reads the report.
    pub fn note(&mut self, sentence: impl Into<String>) {
        self.report.note(sentence);
    }

    /// Tells of something of the source that was not made a record: by kind in the plural.
    pub fn leave_out(&mut self, kind: &'static str, why: impl Into<String>) {
        self.report.leave_out(kind, why);
    }

    /// Makes all of it count, in one step; or, in a dry run, none of it.
    pub fn finish(self) -> Result<Report, Failure> {
        Ok(self.report)
    }
}
