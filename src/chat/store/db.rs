//! Connections, and how each is prepared.

use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::FromSql;
use rusqlite::{CachedStatement, Connection, OptionalExtension, Params, Row};

use crate::chat::model::error::{Error, OpenError, Result};

/// What the functions per noun take to read: a connection inside a transaction.
pub type Db = Connection;

/// Runs statements, which stay compiled.
pub trait Sql {
    /// What becomes of SQLite's own errors.
    type Error: From<rusqlite::Error>;

    fn connection(&self) -> &Connection;

    fn cached(&self, sql: &str) -> Result<CachedStatement<'_>, Self::Error> {
        Ok(self.connection().prepare_cached(sql)?)
    }

    /// Every row.
    fn all<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, Self::Error> {
        Ok(self.cached(sql)?.query_map(params, read)?.collect::<rusqlite::Result<_>>()?)
    }

    /// The first column of every row.
    fn column<T: FromSql>(&self, sql: &str, params: impl Params) -> Result<Vec<T>, Self::Error> {
        self.all(sql, params, |row| row.get(0))
    }

    /// The first row, if there is one.
    fn first<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, Self::Error> {
        Ok(self.cached(sql)?.query_row(params, read).optional()?)
    }

    /// The first column of a row that there always is.
    fn one<T: FromSql>(&self, sql: &str, params: impl Params) -> Result<T, Self::Error> {
        Ok(self.cached(sql)?.query_row(params, |row| row.get(0))?)
    }

    fn exists(&self, sql: &str, params: impl Params) -> Result<bool, Self::Error> {
        Ok(self.cached(sql)?.exists(params)?)
    }

    fn run(&self, sql: &str, params: impl Params) -> Result<(), Self::Error> {
        self.changed(sql, params).map(drop)
    }

    /// Whether a statement changed any row.
    fn changed(&self, sql: &str, params: impl Params) -> Result<bool, Self::Error> {
        Ok(self.cached(sql)?.execute(params)? > 0)
    }

    /// The id of the row that a statement makes.
    fn insert(&self, sql: &str, params: impl Params) -> Result<i64, Self::Error> {
        Ok(self.cached(sql)?.insert(params)?)
    }
}

impl Sql for Connection {
    type Error = Error;

    fn connection(&self) -> &Connection {
        self
    }
}

/// How many statements stay compiled on each connection.
pub const STATEMENTS: usize = 128;

/// How long the start waits while another program holds the file's lock.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How much a commit waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Durability {
    /// Every commit is on the disk before it is acknowledged: survives a power cut.
    #[default]
    Full,
    /// Survives `kill -9`; a power cut can take the last moments.
    Normal,
}

/// What every connection is given, to write or to read.
pub fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // A plan is the same for every value. Otherwise a statement that is kept compiled is
    // compiled again at each use whose `LIMIT` is a parameter, to see whether that is small.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// The first of `items`, until they weigh `max`: the one that reaches it is the last.
pub fn take_within<T>(
    items: impl IntoIterator<Item = Result<T>>,
    weight: impl Fn(&T) -> usize,
    max: usize,
) -> Result<Vec<T>> {
    let (mut taken, mut sum) = (Vec::new(), 0);
    for item in items {
        let item = item?;
        sum += weight(&item);
        taken.push(item);
        if sum >= max {
            break;
        }
    }
    Ok(taken)
}

/// Frees the pages and the compiled statements that a connection keeps.
pub fn release(connection: &Connection) {
    connection.flush_prepared_statement_cache();
    if let Err(cause) = connection.release_memory() {
        tracing::debug!(%cause, "a connection keeps its pages");
    }
}

pub fn prepare_writer(connection: &Connection, durability: Durability) -> Result<(), OpenError> {
    let synchronous = match durability {
        Durability::Full => "FULL",
        Durability::Normal => "NORMAL",
    };
    connection.execute_batch(&format!(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = {synchronous};
         PRAGMA foreign_keys = ON;
         PRAGMA trusted_schema = OFF;
         PRAGMA cell_size_check = ON;
         PRAGMA secure_delete = ON;
         PRAGMA temp_store = MEMORY;",
    ))?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(super::checkpoint::watch(connection)?)
}
