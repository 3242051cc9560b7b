//! A dump as a reader that ends where a row is too large: whoever writes the file must not fill the memory.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::rc::Rc;

use crate::importers::values::ValueCounter;

/// Largest row, in bytes of JSON.
pub(super) const MAX_ROW: u64 = 16 * 1_024 * 1_024;
/// Values in a row at most: what a list or an object takes once it is read has little to do with its bytes.
const MAX_VALUES: u64 = 200_000;

/// What a row may still have.
pub(super) struct Left {
    bytes: Cell<u64>,
    values: Cell<u64>,
}

impl Default for Left {
    fn default() -> Self {
        Self { bytes: Cell::new(MAX_ROW), values: Cell::new(MAX_VALUES) }
    }
}

impl Left {
    fn take(&self, bytes: u64, values: u64) -> io::Result<()> {
        let more_than = |max: u64, what: &str| io::Error::other(format!("a row has more than {max} {what}"));
        self.bytes.set(self.bytes.get().checked_sub(bytes).ok_or_else(|| more_than(MAX_ROW, "bytes"))?);
        self.values.set(self.values.get().checked_sub(values).ok_or_else(|| more_than(MAX_VALUES, "values"))?);
        Ok(())
    }

    /// For the next row.
    pub(super) fn reset(&self) {
        self.bytes.set(MAX_ROW);
        self.values.set(MAX_VALUES);
    }
}

/// Reads as much as a row may have, and no more.
pub(super) struct Bounded {
    pub(super) input: BufReader<File>,
    pub(super) values: ValueCounter,
    pub(super) left: Rc<Left>,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.left.take(read as u64, self.values.count(&buffer[..read]))?;
        Ok(read)
    }
}
