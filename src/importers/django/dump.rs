//! A dump of a project, as `manage.py dumpdata` writes it whatever database the project runs on.
//!
//! Its rows are read one by one into a database beside the others' temporary files, which
//! goes when the reading ends: so a dump of any size takes the memory of one row, and all
//! else reads dumps and databases alike. What a dump does not say, which columns name rows
//! of which tables, is worked out when all rows are there: see `references`.

mod bounded;
mod references;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::rc::Rc;

use rusqlite::Connection;
use rusqlite::types::Value as Stored;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, SeqAccess, Visitor};
use serde_json::{Map, Value};
use tempfile::TempDir;

use self::bounded::{Bounded, Left};
use super::copy;
use super::source::{MAX_KEY, MAX_TABLES, quoted};
use crate::importers::values::ValueCounter;
use crate::importers::{ImportError, failed};

/// Columns of a table at most.
const MAX_COLUMNS: usize = 300;
/// Columns of all tables at most.
const MAX_ALL_COLUMNS: usize = 20_000;
/// Those of them at most that are in no first row of their model: for each the whole schema is read again.
const MAX_LATE_COLUMNS: usize = 1_000;
/// Longest name of a model or of a field, in bytes.
const MAX_NAME: usize = 128;
/// Statements that are kept for rows alike.
const STATEMENTS: usize = 256;
/// Bytes of a beginning by which a dump is known.
const HEAD: u64 = 4_096;
/// What a row without a key is known by.
const ID: &str = "id";

/// By table, its columns that name rows of other tables.
pub(super) type References = HashMap<String, Vec<(String, String)>>;

/// A dump that was read.
pub(super) struct Dump {
    /// Where the database is, as [`copy::NAME`].
    pub folder: TempDir,
    pub references: References,
    /// Rows name others by words, so that there is no doubt who is who.
    pub is_natural: bool,
}

/// One row of the dump.
#[derive(Deserialize)]
struct Row {
    model: String,
    #[serde(default)]
    pk: Value,
    fields: Map<String, Value>,
}

/// Whether a file begins as JSON does, and not as a database. What cannot be read is left to others to complain about.
pub(super) fn is_one(path: &Path) -> Result<bool, ImportError> {
    let mut head = Vec::new();
    if File::open(path).and_then(|file| file.take(HEAD).read_to_end(&mut head)).is_err() {
        return Ok(false);
    }
    match head.as_slice() {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
            failed(format!("{} is in UTF-16: `manage.py dumpdata --output FILE` writes it in UTF-8", path.display()))
        }
        [0x1f, 0x8b, ..] => failed(format!("{} is compressed: unpack it first", path.display())),
        _ => Ok(after_mark(&head).iter().find(|byte| !byte.is_ascii_whitespace()).is_some_and(|b| b"[{".contains(b))),
    }
}

/// Without the mark that some editors put before UTF-8.
fn after_mark(head: &[u8]) -> &[u8] {
    head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head)
}

/// Reads a dump, a list of rows or a row a line.
pub(super) fn load(path: &Path) -> Result<Dump, ImportError> {
    let kept = |cause: &dyn fmt::Display| {
        let place = std::env::temp_dir();
        ImportError::Source(format!("{} could not be read into {}: {cause}", path.display(), place.display()))
    };
    let folder = copy::folder().map_err(|cause| kept(&cause))?;
    let db = Connection::open(folder.path().join(copy::NAME)).map_err(|cause| kept(&cause))?;
    db.set_prepared_statement_cache_capacity(STATEMENTS);
    let begin = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN";
    db.execute_batch(begin).map_err(|cause| kept(&cause))?;
    let left = Rc::new(Left::default());
    let mut loader =
        Loader { db, tables: BTreeMap::new(), columns: 0, late_columns: 0, rows: 0, left: Rc::clone(&left) };
    let file = File::open(path).map_err(|cause| kept(&cause))?;
    let mut input = BufReader::new(file);
    let is_list = begins_with_list(&mut input).map_err(|cause| kept(&cause))?;
    let input = Bounded { input, values: ValueCounter::default(), left };
    let read = if is_list { loader.list(input) } else { loader.lines(input) };
    let rows = loader.rows;
    read.map_err(|cause| ImportError::Source(format!("{}: {cause} (after {rows} whole rows)", path.display())))?;
    let is_natural = loader.tables.values().any(|loaded| loaded.columns.values().any(|seen| seen.naturals));
    let references = loader.finish().map_err(|cause| kept(&cause))?;
    Ok(Dump { folder, references, is_natural })
}

/// Passes over what stands before the first sign.
fn begins_with_list(input: &mut BufReader<File>) -> io::Result<bool> {
    use std::io::BufRead;
    let head = input.fill_buf()?;
    let mark = head.len() - after_mark(head).len();
    let is_list = head[mark..].iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    input.consume(mark);
    Ok(is_list)
}

/// What was seen in a column.
#[derive(Clone, Copy, Default)]
struct Seen {
    /// Numbers, UUIDs: what rows are known by.
    keys: bool,
    /// Lists of words, by which `--natural-foreign` names a row.
    naturals: bool,
    /// Anything else.
    others: bool,
}

/// A table on its way.
#[derive(Default)]
struct Loaded {
    columns: BTreeMap<String, Seen>,
    /// Of a list of keys in each row: the table whose rows have it, its field.
    link: Option<(String, String)>,
    rows: i64,
}

struct Loader {
    db: Connection,
    tables: BTreeMap<String, Loaded>,
    /// Of all tables.
    columns: usize,
    late_columns: usize,
    rows: u64,
    left: Rc<Left>,
}

impl<'de> DeserializeSeed<'de> for &mut Loader {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for &mut Loader {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of rows, as `manage.py dumpdata` writes it")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<(), A::Error> {
        while let Some(row) = rows.next_element::<Row>()? {
            self.take(row).map_err(A::Error::custom)?;
        }
        Ok(())
    }
}

impl Loader {
    fn list(&mut self, input: Bounded) -> Result<(), serde_json::Error> {
        let mut json = serde_json::Deserializer::from_reader(input);
        self.deserialize(&mut json)?;
        json.end()
    }

    fn lines(&mut self, input: Bounded) -> Result<(), serde_json::Error> {
        for row in serde_json::Deserializer::from_reader(input).into_iter::<Row>() {
            self.take(row?).map_err(serde_json::Error::custom)?;
        }
        Ok(())
    }

    /// Takes one row in, or says what is wrong with it.
    fn take(&mut self, row: Row) -> Result<(), String> {
        let is_name = |part: &str| {
            (1..=MAX_NAME).contains(&part.len()) && part.chars().all(|letter| letter.is_alphanumeric() || letter == '_')
        };
        let model = row.model.to_lowercase();
        let table = match model.split_once('.') {
            Some((app, name)) if is_name(app) && is_name(name) => format!("{app}_{name}"),
            _ => return Err(format!("`{}` is no model", cut(&row.model))),
        };
        // The framework keeps a token as the key of its row.
        let key_column = if table == "authtoken_token" { "key" } else { ID };
        let mut fields = Vec::with_capacity(row.fields.len());
        for (field, value) in row.fields {
            if !is_name(&field) {
                return Err(format!("`{}` is no field", cut(&field)));
            }
            fields.push((field.to_lowercase(), value));
        }
        let own = fields.iter().filter(|(_, value)| keys_of_list(value).is_none());
        let columns: BTreeSet<&str> =
            own.map(|(field, _)| field.as_str()).filter(|field| *field != key_column).collect();
        let columns: Vec<&str> = [key_column].into_iter().chain(columns).collect();
        self.table(&table, &columns, None)?;
        let key = match self.value(&table, key_column, &row.pk)? {
            Stored::Null => {
                let loaded = self.tables.get(&table).map_or(0, |loaded| loaded.rows);
                Stored::Integer(loaded + 1)
            }
            key => key,
        };
        let mut values = vec![(key_column.to_owned(), key.clone())];
        for (field, value) in fields {
            if let Some(keys) = keys_of_list(&value) {
                self.link(&table, &field, &key, keys)?;
            } else if !values.iter().any(|(known, _)| *known == field) {
                let value = self.value(&table, &field, &value)?;
                values.push((field, value));
            }
        }
        self.insert(&table, &values)?;
        self.rows += 1;
        self.left.reset();
        Ok(())
    }

    /// Makes a table with these columns, the first its key, where there is none of the name.
    fn table(&mut self, name: &str, columns: &[&str], link: Option<(String, String)>) -> Result<(), String> {
        if self.tables.contains_key(name) {
            return Ok(());
        }
        if self.tables.len() >= MAX_TABLES {
            return Err(format!("there are more than {MAX_TABLES} models and lists"));
        }
        self.count_columns(name, columns.len(), columns.len())?;
        let mut defined: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
        if link.is_none() {
            defined[0].push_str(" PRIMARY KEY");
        }
        let sql = format!("CREATE TABLE {} ({})", quoted(name), defined.join(", "));
        self.db.execute_batch(&sql).map_err(|cause| cause.to_string())?;
        let columns = columns.iter().map(|column| ((*column).to_owned(), Seen::default())).collect();
        self.tables.insert(name.to_owned(), Loaded { columns, link, rows: 0 });
        Ok(())
    }

    /// Whether there may be so many columns more, and so many in this table.
    fn count_columns(&mut self, table: &str, more: usize, in_table: usize) -> Result<(), String> {
        self.columns += more;
        if in_table > MAX_COLUMNS {
            return Err(format!("{table} has more than {MAX_COLUMNS} fields"));
        }
        if self.columns > MAX_ALL_COLUMNS {
            return Err(format!("all models together have more than {MAX_ALL_COLUMNS} fields"));
        }
        Ok(())
    }

    /// A value as a database has it. Makes its column where there is none.
    fn value(&mut self, table: &str, column: &str, value: &Value) -> Result<Stored, String> {
        let Some(loaded) = self.tables.get(table) else { return Ok(Stored::Null) };
        if !loaded.columns.contains_key(column) {
            self.count_columns(table, 1, loaded.columns.len() + 1)?;
            self.late_columns += 1;
            if self.late_columns > MAX_LATE_COLUMNS {
                return Err(format!("more than {MAX_LATE_COLUMNS} fields are in no first row of their model"));
            }
            let sql = format!("ALTER TABLE {} ADD COLUMN {}", quoted(table), quoted(column));
            self.db.execute_batch(&sql).map_err(|cause| cause.to_string())?;
        }
        let Some(loaded) = self.tables.get_mut(table) else { return Ok(Stored::Null) };
        let seen = loaded.columns.entry(column.to_owned()).or_default();
        match value {
            Value::Null => {}
            Value::Number(_) => seen.keys = true,
            Value::String(text) if is_uuid(text) => seen.keys = true,
            Value::Array(words) if words.iter().all(Value::is_string) => seen.naturals = true,
            _ => seen.others = true,
        }
        Ok(match value {
            Value::Null => Stored::Null,
            Value::Bool(is) => Stored::Integer(i64::from(*is)),
            Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(whole), _) => Stored::Integer(whole),
                (None, Some(real)) => Stored::Real(real),
                (None, None) => Stored::Text(number.to_string()),
            },
            Value::String(text) => Stored::Text(text.clone()),
            list_or_object => Stored::Text(list_or_object.to_string()),
        })
    }

    /// The rows that a row names in a list, as a database has them: in a table of their own.
    fn link(&mut self, table: &str, field: &str, owner: &Stored, keys: &[Value]) -> Result<(), String> {
        let name = format!("{table}_{field}");
        // It stands in each row of the list, and a longer one would be no key to whoever reads it.
        if matches!(owner, Stored::Text(key) if key.len() > MAX_KEY) {
            return Err(format!("the {table} with a list of {field} has a key of more than {MAX_KEY} bytes"));
        }
        self.table(&name, &[OWNER, TARGET], Some((table.to_owned(), field.to_owned())))?;
        for key in keys {
            let target = self.value(&name, TARGET, key)?;
            self.insert(&name, &[(OWNER.to_owned(), owner.clone()), (TARGET.to_owned(), target)])?;
        }
        Ok(())
    }

    fn insert(&mut self, table: &str, values: &[(String, Stored)]) -> Result<(), String> {
        let columns: Vec<String> = values.iter().map(|(column, _)| quoted(column)).collect();
        let places = vec!["?"; values.len()].join(", ");
        // As `manage.py loaddata` has it, a row that comes again replaces the one before.
        let sql = format!("INSERT OR REPLACE INTO {} ({}) VALUES ({places})", quoted(table), columns.join(", "));
        let done = self
            .db
            .prepare_cached(&sql)
            .and_then(|mut insert| insert.execute(rusqlite::params_from_iter(values.iter().map(|(_, value)| value))));
        done.map_err(|cause| cause.to_string())?;
        if let Some(loaded) = self.tables.get_mut(table) {
            loaded.rows += 1;
        }
        Ok(())
    }
}

/// What the columns of a list are called until it is known what they name.
const OWNER: &str = "owner";
const TARGET: &str = "target";

/// The keys of a list that names rows. A list of other words is itself a key, or no list of keys at all.
fn keys_of_list(value: &Value) -> Option<&[Value]> {
    let keys = value.as_array()?;
    let is_key = |key: &Value| match key {
        Value::Number(number) => number.is_i64(),
        Value::String(text) => is_uuid(text),
        Value::Array(words) => !words.is_empty() && words.iter().all(Value::is_string),
        _ => false,
    };
    keys.iter().all(is_key).then_some(keys)
}

/// Whether a text is a UUID as Django writes it.
fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.char_indices().all(|(place, sign)| match place {
            8 | 13 | 18 | 23 => sign == '-',
            _ => sign.is_ascii_hexdigit(),
        })
}

fn cut(name: &str) -> &str {
    crate::importers::text::cut(name, 40)
}

#[cfg(test)]
mod tests;
