//! Another system's SQLite file, read and never written: the only SQL outside the store.
//!
//! Whoever made the file may mean harm. It is opened for reading, its schema is not
//! trusted with functions, values have a largest size, and nothing but the columns of
//! ordinary tables is asked for.

use std::cell::RefCell;
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Row};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::{copy, time};
use crate::chat::model::time::Timestamp;
use crate::importers::{ImportError, failed};

/// Largest value of a column, in bytes.
const MAX_VALUE: i32 = 16 * 1_024 * 1_024;
/// Longest text that is taken for a key, in bytes.
const MAX_KEY: usize = 64;
/// Tables at most.
const MAX_TABLES: usize = 2_000;

/// An open database, at one state. Fields are dropped in their order: the copy goes when nothing is open.
pub(super) struct Source {
    db: Connection,
    _copy: Option<TempDir>,
}

/// A table as the database describes it.
pub(super) struct Table {
    pub name: String,
    pub columns: Vec<String>,
    /// Columns that are foreign keys, and of which table.
    pub refers: Vec<(String, String)>,
}

/// A row's values by field.
pub(super) struct TableRow<'a> {
    row: &'a Row<'a>,
    fields: &'a [&'static str],
}

impl Source {
    /// Opens a file and keeps to the state that it has now, even if a project works on it. Nothing is made beside
    /// it: who reads a database with a write-ahead log has to, so of such a one a copy is read.
    pub fn open(path: &Path) -> Result<Self, ImportError> {
        let wrong = |cause: rusqlite::Error| ImportError::Source(format!("{} cannot be read: {cause}", path.display()));
        let copy = if copy::is_needed(path) { Some(copy::make(path)?) } else { None };
        let read = copy.as_ref().map_or_else(|| path.to_owned(), |folder| folder.path().join(copy::NAME));
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(read, flags).map_err(wrong)?;
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true).map_err(wrong)?;
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false).map_err(wrong)?;
        db.set_limit(Limit::SQLITE_LIMIT_LENGTH, MAX_VALUE).map_err(wrong)?;
        db.execute_batch("PRAGMA query_only = ON; PRAGMA cell_size_check = ON; BEGIN").map_err(wrong)?;
        // The state is fixed by the first look, which also tells whether this is a database.
        db.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(())).map_err(wrong)?;
        Ok(Self { db, _copy: copy })
    }

    /// Every ordinary table.
    pub fn tables(&self) -> Result<Vec<Table>, ImportError> {
        let names: Vec<String> = self.strings(
            "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite%'
             ORDER BY name",
            &[],
        )?;
        if names.len() > MAX_TABLES {
            return failed(format!("it has {} tables; at most {MAX_TABLES} are looked at", names.len()));
        }
        names.into_iter().map(|name| self.table(name)).collect()
    }

    fn table(&self, name: String) -> Result<Table, ImportError> {
        // Columns that the schema computes are not listed here, and so never asked for.
        let columns = self.strings("SELECT name FROM pragma_table_info(?1) ORDER BY cid", &[&name])?;
        let keys = self.strings("SELECT \"from\" FROM pragma_foreign_key_list(?1) ORDER BY id", &[&name])?;
        let of = self.strings("SELECT \"table\" FROM pragma_foreign_key_list(?1) ORDER BY id", &[&name])?;
        Ok(Table { name, columns, refers: keys.into_iter().zip(of).collect() })
    }

    fn strings(&self, sql: &str, values: &[&str]) -> Result<Vec<String>, ImportError> {
        let mut query = self.db.prepare(sql).map_err(unread)?;
        let rows = query.query_map(rusqlite::params_from_iter(values), |row| row.get(0)).map_err(unread)?;
        rows.collect::<rusqlite::Result<_>>().map_err(unread)
    }

    /// How many rows a table has.
    pub fn count(&self, table: &str) -> Result<u64, ImportError> {
        let sql = format!("SELECT count(*) FROM {}", quoted(table));
        let count: i64 = self.db.query_row(&sql, [], |row| row.get(0)).map_err(|cause| unread_in(table, &cause))?;
        Ok(count.unsigned_abs())
    }

    /// Each row of a table: the columns of these fields, in the order of some of the columns.
    pub fn each(
        &self,
        table: &str,
        columns: &[(&'static str, String)],
        order: &[&str],
        mut with: impl FnMut(&TableRow<'_>) -> Result<(), ImportError>,
    ) -> Result<(), ImportError> {
        let fields: Vec<&'static str> = columns.iter().map(|(field, _)| *field).collect();
        let wanted: Vec<String> = columns.iter().map(|(_, column)| quoted(column)).collect();
        let order: Vec<String> = order.iter().map(|column| quoted(column)).collect();
        let order = if order.is_empty() { "1".to_owned() } else { order.join(", ") };
        let sql = format!("SELECT {} FROM {} ORDER BY {order}", wanted.join(", "), quoted(table));
        let failing = RefCell::new(None);
        let mut query = self.db.prepare(&sql).map_err(|cause| unread_in(table, &cause))?;
        let mut rows = query.query([]).map_err(|cause| unread_in(table, &cause))?;
        while let Some(row) = rows.next().map_err(|cause| unread_in(table, &cause))? {
            if let Err(failure) = with(&TableRow { row, fields: &fields }) {
                failing.replace(Some(failure));
                break;
            }
        }
        failing.into_inner().map_or(Ok(()), Err)
    }
}

impl TableRow<'_> {
    fn value(&self, field: &str) -> ValueRef<'_> {
        let place = self.fields.iter().position(|known| *known == field);
        place.and_then(|place| self.row.get_ref(place).ok()).unwrap_or(ValueRef::Null)
    }

    /// A text that is there and is text.
    pub fn text(&self, field: &str) -> Option<&str> {
        match self.value(field) {
            ValueRef::Text(bytes) => std::str::from_utf8(bytes).ok(),
            _ => None,
        }
    }

    /// What a row is known by: a number, or a text such as a UUID, of which a number is
    /// made that no other text will have.
    pub fn key(&self, field: &str) -> Option<i64> {
        match self.value(field) {
            ValueRef::Integer(number) => Some(number),
            ValueRef::Text(text) if (1..=MAX_KEY).contains(&text.len()) => {
                let mut begin = [0; 8];
                begin.copy_from_slice(&Sha256::digest(text)[..8]);
                Some(i64::from_be_bytes(begin) & (i64::MAX >> 1))
            }
            _ => None,
        }
    }

    /// A whole number.
    pub fn int(&self, field: &str) -> Option<i64> {
        match self.value(field) {
            ValueRef::Integer(number) => Some(number),
            _ => None,
        }
    }

    /// Whether a yes is there.
    pub fn is(&self, field: &str) -> bool {
        self.int(field).is_some_and(|number| number != 0)
    }

    /// Django's way to write a moment.
    pub fn time(&self, field: &str) -> Option<Timestamp> {
        time::parse(self.text(field)?)
    }
}

/// A name of the schema, which may have any character in it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn unread(cause: rusqlite::Error) -> ImportError {
    ImportError::Source(format!("the database cannot be read: {cause}"))
}

fn unread_in(table: &str, cause: &rusqlite::Error) -> ImportError {
    ImportError::Source(format!("the table {table} cannot be read: {cause}"))
}
