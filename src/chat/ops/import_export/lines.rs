//! Lines of records, cut from a stream of bytes.

use std::io::{self, Write};

use super::Import;
use crate::chat::model::record::{Record, RecordError};

/// Longest line that is read, in bytes: the longest post, each letter of it escaped.
pub const MAX_LINE: usize = 2 * 1024 * 1024;

/// Takes bytes, and gives each line to an import.
pub(super) struct Lines<'a> {
    import: &'a mut Import,
    file: &'a str,
    /// Of the line that is not whole yet.
    begun: Vec<u8>,
    line: u64,
    failure: Option<RecordError>,
}

impl<'a> Lines<'a> {
    pub fn new(import: &'a mut Import, file: &'a str) -> Self {
        Self { import, file, begun: Vec::new(), line: 0, failure: None }
    }

    /// After the last byte: what went wrong with a line, else with the stream, else how
    /// many lines there were.
    pub fn finish(mut self, read: Result<(), RecordError>) -> Result<u64, RecordError> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        read?;
        if self.begun.is_empty() { Ok(self.line) } else { Err(self.at_line("it is cut short".into())) }
    }

    fn add(&mut self, bytes: &[u8]) -> Result<(), RecordError> {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            if self.begun.is_empty() {
                self.line += 1;
            }
            if self.begun.len() + piece.len() > MAX_LINE {
                return Err(self.at_line(format!("it has more than {MAX_LINE} bytes")));
            }
            self.begun.extend_from_slice(piece);
            if self.begun.ends_with(b"\n") {
                let taken = self.take();
                self.begun.clear();
                taken?;
            }
        }
        Ok(())
    }

    fn take(&mut self) -> Result<(), RecordError> {
        // Nesting is bounded by the parser: a record has two levels, and it stops at 128.
        let record: Record = serde_json::from_slice(&self.begun).map_err(|cause| self.at_line(cause.to_string()))?;
        match self.import.take(record) {
            Err(RecordError::Record(why)) => Err(self.at_line(why)),
            other => other,
        }
    }

    fn at_line(&self, why: String) -> RecordError {
        RecordError::Line { file: self.file.to_owned(), line: self.line, why }
    }
}

impl Write for Lines<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.add(bytes) {
            Ok(()) => Ok(bytes.len()),
            Err(failure) => {
                self.failure = Some(failure);
                Err(io::Error::other("a line was refused"))
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
