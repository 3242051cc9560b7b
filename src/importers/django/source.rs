//! Another system's SQLite file, or a dump of its database, read and never written: the only SQL outside the store.
//!
//! Whoever made the file may mean harm. It is opened for reading, its schema is not
//! trusted with functions, values have a largest size, and nothing but the columns of
//! ordinary tables is asked for.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags, Row};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::dump::References;
use super::plan::{Plan, TablePlan};
use super::{copy, dump, time};
use crate::chat::model::time::Timestamp;
use crate::importers::{ImportError, failed, text};

/// Largest value of a column, in bytes.
const MAX_VALUE: i32 = 16 * 1_024 * 1_024;
/// How much is told of what is damaged, in characters.
const MAX_FOUND: usize = 200;
/// Longest text that is taken for a key, in bytes.
pub(super) const MAX_KEY: usize = 64;
/// Tables at most.
pub(super) const MAX_TABLES: usize = 2_000;
/// Steps of the database's machine at most, of all that is asked: so many, and some for each byte of the file.
/// An ordinary project's takes a few dozen a byte.
const MAX_STEPS: u64 = 500_000_000;
const MAX_STEPS_PER_BYTE: u64 = 4_000;
/// After how many steps they are counted.
const STEPS: i32 = 10_000;
/// Columns of which one pass over a table counts.
const COLUMNS_AT_ONCE: usize = 100;
/// What a column has, as text, that says nothing.
const NOTHING: &str = "'', '0', '0.0', 'false', '[]', '{}', 'null'";
/// What Django calls the column of its hashes.
const PASSWORD: &str = "password";

/// An open database, at one state. Fields are dropped in their order: the copy goes when nothing is open.
pub(super) struct Source {
    db: Connection,
    _copy: Option<TempDir>,
    /// What a dump's columns refer to, since its tables have no keys of the database's; whether that is beyond doubt.
    dumped: Option<(References, bool)>,
}

/// A table as the database describes it.
pub(super) struct Table {
    pub name: String,
    pub columns: Vec<String>,
    /// Columns that are foreign keys, and of which table.
    pub refers: Vec<(String, String)>,
    /// The column by which its rows are known, if that is one.
    pub key: Option<String>,
    /// Whether a row has a password as Django keeps them.
    pub has_passwords: bool,
}

/// The field that says of a row of users that it is gone: these come all the same, for what they wrote.
pub(super) const IS_GONE: &str = "is_gone";

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
        let (copy, dumped) = if dump::is_one(path)? {
            let dump = dump::load(path)?;
            (Some(dump.folder), Some((dump.references, dump.is_natural)))
        } else {
            (if copy::is_needed(path) { Some(copy::make(path)?) } else { None }, None)
        };
        let read = copy.as_ref().map_or_else(|| path.to_owned(), |folder| folder.path().join(copy::NAME));
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(read, flags).map_err(wrong)?;
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true).map_err(wrong)?;
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false).map_err(wrong)?;
        db.set_limit(Limit::SQLITE_LIMIT_LENGTH, MAX_VALUE).map_err(wrong)?;
        let bytes = path.metadata().map_or(0, |file| file.len());
        bound_steps(&db, bytes.saturating_mul(MAX_STEPS_PER_BYTE).saturating_add(MAX_STEPS)).map_err(wrong)?;
        let begin = "PRAGMA query_only = ON; PRAGMA cell_size_check = ON; PRAGMA ignore_check_constraints = ON; BEGIN";
        db.execute_batch(begin).map_err(wrong)?;
        // The state is fixed by the first look, which also tells whether this is a database, and that none of its
        // pages stands in it twice: a few can be made to look like billions.
        let found: String = db.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(wrong)?;
        if found != "ok" {
            return failed(format!("{} is damaged: {}", path.display(), text::cut(&found, MAX_FOUND)));
        }
        Ok(Self { db, _copy: copy, dumped })
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
        let key = self.strings("SELECT name FROM pragma_table_info(?1) WHERE pk = 1", &[&name])?.pop();
        let has_passwords = match columns.iter().find(|column| *column == PASSWORD) {
            Some(column) => self.has_passwords(&name, column)?,
            None => false,
        };
        let mut refers: Vec<(String, String)> = keys.into_iter().zip(of).collect();
        refers.extend(self.dumped.iter().filter_map(|(dumped, _)| dumped.get(&name)).flatten().cloned());
        Ok(Table { name, columns, refers, key, has_passwords })
    }

    /// Hashes of Django begin with their kind and have parts between dollars; `!` begins what nobody can type.
    fn has_passwords(&self, table: &str, column: &str) -> Result<bool, ImportError> {
        let (column, of) = (quoted(column), quoted(table));
        let sql = format!("SELECT EXISTS (SELECT 1 FROM {of} WHERE {column} GLOB '?*$*$?*' OR {column} GLOB '!?*')");
        self.db.query_row(&sql, [], |row| row.get(0)).map_err(|cause| unread_in(table, &cause))
    }

    fn strings(&self, sql: &str, values: &[&str]) -> Result<Vec<String>, ImportError> {
        let mut query = self.db.prepare(sql).map_err(unread)?;
        let rows = query.query_map(rusqlite::params_from_iter(values), |row| row.get(0)).map_err(unread)?;
        rows.collect::<rusqlite::Result<_>>().map_err(unread)
    }

    /// Whether it may have been taken wrongly who is who: a dump does not say whether 3 is a user or a profile.
    pub fn is_unsure(&self, plan: &Plan) -> Result<bool, ImportError> {
        let (Some((_, false)), Some(profiles)) = (&self.dumped, plan.get("profiles")) else { return Ok(false) };
        let (Some(id), Some(user)) = (profiles.column("id"), profiles.column("user")) else { return Ok(false) };
        let (id, user, table) = (quoted(id), quoted(user), quoted(&profiles.table));
        let sql = format!("SELECT EXISTS (SELECT 1 FROM {table} WHERE {id} <> {user})");
        self.db.query_row(&sql, [], |row| row.get(0)).map_err(|cause| unread_in(&profiles.table, &cause))
    }

    /// How many rows a table has.
    pub fn count(&self, table: &str) -> Result<u64, ImportError> {
        // Steps are counted in a sum, and not in what a table's own count does.
        let sql = format!("SELECT coalesce(sum(1), 0) FROM {}", quoted(table));
        let count: i64 = self.db.query_row(&sql, [], |row| row.get(0)).map_err(|cause| unread_in(table, &cause))?;
        Ok(count.unsigned_abs())
    }

    /// Of each of some columns of a table: in how many rows it says something.
    pub fn say(&self, table: &str, columns: &[String]) -> Result<Vec<u64>, ImportError> {
        let mut counts = Vec::new();
        for columns in columns.chunks(COLUMNS_AT_ONCE) {
            let says = |column: &String| {
                let column = quoted(column);
                format!("coalesce(sum({column} IS NOT NULL AND CAST({column} AS TEXT) NOT IN ({NOTHING})), 0)")
            };
            let sums: Vec<String> = columns.iter().map(says).collect();
            let sql = format!("SELECT {} FROM {}", sums.join(", "), quoted(table));
            let row = |row: &Row<'_>| (0..columns.len()).map(|place| row.get::<_, i64>(place)).collect();
            let found: Vec<i64> = self.db.query_row(&sql, [], row).map_err(|cause| unread_in(table, &cause))?;
            counts.extend(found.into_iter().map(i64::unsigned_abs));
        }
        Ok(counts)
    }

    /// Each row of a table that is gone: which of the marks says so first, and what the row is known by.
    pub fn gone(&self, mapped: &TablePlan, mut with: impl FnMut(usize, &str)) -> Result<(), ImportError> {
        let Some(any) = is_gone(mapped) else { return Ok(()) };
        let cases = mapped.marks.iter().enumerate().map(|(place, mark)| format!("WHEN {} THEN {place}", mark.sql()));
        let cases: Vec<String> = cases.collect();
        let id = mapped.column("id").map_or_else(|| "''".to_owned(), quoted);
        let table = quoted(&mapped.table);
        let sql = format!(
            "SELECT CASE {} END, CAST({id} AS TEXT) FROM {table} WHERE {any} ORDER BY {id}, 1",
            cases.join(" ")
        );
        let unread = |cause| unread_in(&mapped.table, &cause);
        let mut query = self.db.prepare(&sql).map_err(unread)?;
        let mut rows = query.query([]).map_err(unread)?;
        while let Some(row) = rows.next().map_err(unread)? {
            let place = usize::try_from(row.get::<_, i64>(0).map_err(unread)?).unwrap_or_default();
            let id = row.get_ref(1).ok().and_then(|id| id.as_str().ok()).unwrap_or_default();
            with(place, id);
        }
        Ok(())
    }

    /// Each row of a table that is not gone, in the order of some of its columns. Of users and members
    /// those that are gone come too, and say so in [`IS_GONE`].
    pub fn each(
        &self,
        mapped: &TablePlan,
        order: &[&str],
        with_gone: bool,
        mut with: impl FnMut(&TableRow<'_>) -> Result<(), ImportError>,
    ) -> Result<(), ImportError> {
        let mut fields: Vec<&'static str> = mapped.columns.iter().map(|(field, _)| *field).collect();
        let mut wanted: Vec<String> = mapped.columns.iter().map(|(_, column)| quoted(column)).collect();
        let gone = is_gone(mapped);
        let filter = match &gone {
            Some(gone) if with_gone => {
                fields.push(IS_GONE);
                wanted.push(gone.clone());
                String::new()
            }
            Some(gone) => format!(" WHERE NOT ({gone})"),
            None => String::new(),
        };
        // Whatever is left open by these columns, the others decide: a source is always read in one order.
        let places = (1..=wanted.len()).map(|place| place.to_string());
        let order: Vec<String> = order.iter().map(|column| quoted(column)).chain(places).collect();
        let (wanted, order, table) = (wanted.join(", "), order.join(", "), quoted(&mapped.table));
        let sql = format!("SELECT {wanted} FROM {table}{filter} ORDER BY {order}");
        let unread = |cause| unread_in(&mapped.table, &cause);
        let mut query = self.db.prepare(&sql).map_err(unread)?;
        let mut rows = query.query([]).map_err(unread)?;
        while let Some(row) = rows.next().map_err(unread)? {
            with(&TableRow { row, fields: &fields })?;
        }
        Ok(())
    }
}

/// Ends whatever takes more steps than that, over all that is asked.
fn bound_steps(db: &Connection, max: u64) -> rusqlite::Result<()> {
    let mut left = max;
    let count = move || {
        left = left.saturating_sub(u64::from(STEPS.unsigned_abs()));
        left == 0
    };
    db.progress_handler(STEPS, Some(count))
}

/// SQL that is true of a row that one of the marks says is gone.
fn is_gone(mapped: &TablePlan) -> Option<String> {
    let marks: Vec<String> = mapped.marks.iter().map(|mark| format!("({})", mark.sql())).collect();
    (!marks.is_empty()).then(|| marks.join(" OR "))
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
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn unread(cause: rusqlite::Error) -> ImportError {
    ImportError::Source(format!("the database cannot be read: {cause}"))
}

fn unread_in(table: &str, cause: &rusqlite::Error) -> ImportError {
    let table = text::cut(table, MAX_FOUND);
    if cause.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) {
        return ImportError::Source(format!("the table {table} takes more work than a file of this size may"));
    }
    ImportError::Source(format!("the table {table} cannot be read: {cause}"))
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::{bound_steps, unread_in};

    #[test]
    fn what_takes_too_many_steps_is_ended_and_told() {
        let db = Connection::open_in_memory().expect("a database");
        bound_steps(&db, 1_000_000).expect("bounded");
        let count = |to: u32| {
            let sql = format!(
                "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < {to}) SELECT sum(x) FROM n"
            );
            db.query_row(&sql, [], |row| row.get::<_, i64>(0))
        };
        assert_eq!(count(100).expect("few"), 5_050);
        let told = unread_in("chat_message", &count(u32::MAX).expect_err("endless")).to_string();
        assert_eq!(told, "the table chat_message takes more work than a file of this size may");
    }
}
