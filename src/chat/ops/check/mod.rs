//! Whether a data folder is as it should be: its database, its numbers, its files.
//!
//! It reads and changes nothing. A server may run meanwhile and goes on; what it does
//! between two looks is no fault.

mod counters;
mod files;

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use crate::chat::folder;
use crate::chat::model::backup::{BackupError, Progress};
use crate::chat::model::clock::ClockDoubt;
use crate::chat::model::second_factor::FactorSecret;
use crate::chat::model::storage::database;
use crate::chat::model::time::Timestamp;
use crate::chat::model::token::Keys;
use crate::chat::store::{self, Db, integrity};
pub(in crate::chat) use files::each_unknown;

/// How far the newest message may be ahead of this machine's clock.
const MAX_AHEAD: Duration = Duration::from_secs(60);
/// What a line is worth on the way to the end.
const LINE: u64 = 1_000;
/// Lines, of which the looks at tables, chats, messages and files are one each.
const LINES: u64 = 9;

/// What to look at, and what for.
#[derive(Clone, Copy, Debug)]
pub struct CheckOptions {
    /// Reads each file and compares its SHA-256.
    pub deep: bool,
    /// Bytes that should be free on the disk.
    pub min_free: u64,
}

/// What came of one question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is as it should be.
    Good,
    /// Something is wrong.
    Found,
    /// It could not be told, or it is no fault.
    Note,
}

/// A question's outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is about, in a word that stays the same.
    pub about: &'static str,
    /// Good or not.
    pub verdict: Verdict,
    /// In a sentence.
    pub says: String,
}

impl Finding {
    fn new(about: &'static str, verdict: Verdict, says: impl Into<String>) -> Self {
        Self { about, verdict, says: says.into() }
    }

    /// Good if nothing was counted.
    fn of(about: &'static str, count: u64, good: &str, wrong: &str) -> Self {
        if count == 0 {
            Self::new(about, Verdict::Good, good)
        } else {
            Self::new(about, Verdict::Found, format!("{count} {wrong}"))
        }
    }
}

/// What a look at one thing, or at several on one way, brings.
type Findings = Result<Vec<Finding>, BackupError>;

/// Asks everything of a data folder and tells each outcome as soon as it is known.
pub fn check(
    data: &Path,
    wish: CheckOptions,
    now: Timestamp,
    progress: Progress<'_>,
    tell: &mut dyn FnMut(Finding),
) -> Result<(), BackupError> {
    let path = database(data);
    if !path.exists() {
        return Err(BackupError::NoData(data.to_owned()));
    }
    let (db, schema) = match integrity::open(&path) {
        Ok(opened) => opened,
        Err(BackupError::Database(cause)) => {
            tell(Finding::new("database", Verdict::Found, format!("the database cannot be read: {cause}")));
            return Ok(());
        }
        Err(other) => return Err(other),
    };
    let mut way = CheckProgress { line: 0, progress };
    let mut add = |about: &'static str, found: Findings| match found {
        Ok(findings) => findings.into_iter().for_each(&mut *tell),
        Err(cause) => tell(Finding::new(about, Verdict::Found, format!("this could not be looked at: {cause}"))),
    };
    add("schema", Ok(vec![version(schema)]));
    add("database", integrity(&db, is_running(data), &mut way));
    add("references", references(&db, &mut way));
    add("sequence", counters::sequence(&db, &mut way));
    add("chats", counters::chats(&db, &mut way));
    add("messages", counters::messages(&db, &mut way));
    add("search", counters::search(&db, &mut way));
    add("users", counters::users(&db, &mut way));
    add("second-factors", second_factors(&db, data));
    add("files", files::named(&db, data, wish.deep, &mut way));
    add("unknown-files", files::unknown(&db, data, now, &mut way));
    add("free-space", free_space(data, wish.min_free));
    add("clock", clock(&db, now));
    Ok(())
}

/// How far one is.
struct CheckProgress<'a> {
    line: u64,
    progress: Progress<'a>,
}

impl CheckProgress<'_> {
    /// So much of this line.
    fn at(&mut self, done: u64, all: u64) {
        let part = done.min(all).saturating_mul(LINE) / all.max(1);
        (self.progress)(self.line * LINE + part, LINES * LINE);
    }

    fn next_line(&mut self) {
        self.line += 1;
        self.at(0, 1);
    }
}

/// Whether a server answers on the folder.
fn is_running(data: &Path) -> bool {
    UnixStream::connect(data.join("control.sock")).is_ok()
}

fn version(found: usize) -> Finding {
    let newest = store::SCHEMA_VERSION;
    if found == newest {
        Finding::new("schema", Verdict::Good, format!("the database is of version {found}, which this program writes"))
    } else {
        let says = format!("the database is of version {found}; the next start makes it version {newest}");
        Finding::new("schema", Verdict::Note, says)
    }
}

/// Beside a running server table by table: one look at all of the file would keep the log from
/// being checkpointed for as long as it takes.
fn integrity(db: &Db, is_running: bool, way: &mut CheckProgress<'_>) -> Findings {
    let tables = integrity::tables(db)?;
    let mut faults = Vec::new();
    if is_running {
        for (number, table) in std::iter::once("sqlite_schema").chain(tables.iter().map(String::as_str)).enumerate() {
            way.at(number as u64, tables.len() as u64);
            faults.extend(integrity::integrity(db, Some(table))?);
        }
    } else {
        faults = integrity::integrity(db, None)?;
    }
    way.next_line();
    Ok(vec![if faults.is_empty() {
        let how = if is_running { "table by table" } else { "as a whole" };
        Finding::new("database", Verdict::Good, format!("SQLite finds the database whole, {how}"))
    } else {
        Finding::new("database", Verdict::Found, format!("SQLite finds the database damaged: {}", faults.join("; ")))
    }])
}

fn references(db: &Db, way: &mut CheckProgress<'_>) -> Findings {
    let tables = integrity::tables(db)?;
    let mut faults = Vec::new();
    for (number, table) in tables.iter().enumerate() {
        way.at(number as u64, tables.len() as u64);
        faults.extend(integrity::dangling(db, table)?);
    }
    way.next_line();
    Ok(vec![if faults.is_empty() {
        Finding::new("references", Verdict::Good, "every reference of a row leads to a row")
    } else {
        Finding::new("references", Verdict::Found, faults.join("; "))
    }])
}

/// A secret that does not open lets nobody in: `secret.key` is another's.
fn second_factors(db: &Db, data: &Path) -> Findings {
    let sealed = integrity::second_factors(db)?;
    if sealed.is_empty() {
        return Ok(vec![Finding::new("second-factors", Verdict::Good, "nobody has a second factor")]);
    }
    let secret = folder::secret(data, true).map_err(|cause| BackupError::Data(cause.to_string()))?;
    let key = Keys::new(&secret).factor_key();
    let lost = sealed.iter().filter(|(user, sealed)| FactorSecret::unsealed(sealed, &key, *user).is_none()).count();
    let good = "secret.key opens every second factor";
    Ok(vec![Finding::of("second-factors", lost as u64, good, "second factors do not open by secret.key")])
}

fn free_space(data: &Path, min_free: u64) -> Findings {
    let disk = rustix::fs::statvfs(data).map_err(|errno| BackupError::Io(data.to_owned(), errno.into()))?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let says = format!("{} MiB are free on the disk, and {} MiB are asked for", free >> 20, min_free.div_ceil(1 << 20));
    Ok(vec![if free >= min_free {
        Finding::new("free-space", Verdict::Good, says)
    } else {
        Finding::new("free-space", Verdict::Found, format!("{says}: uploads are refused"))
    }])
}

fn clock(db: &Db, now: Timestamp) -> Findings {
    let newest = integrity::newest_message_at(db)?;
    if let Some(doubt) = ClockDoubt::of(integrity::known_time(db)?, now) {
        let says = format!("{doubt}: nothing is deleted for its age (`fireside gc --confirm-clock` where it is right)");
        return Ok(vec![Finding::new("clock", Verdict::Found, says)]);
    }
    Ok(vec![match newest {
        Some(at) if at.minus(MAX_AHEAD) > now => Finding::new(
            "clock",
            Verdict::Found,
            format!("the newest message is of {at}, and this machine's clock says {now}: one of the two was wrong"),
        ),
        _ => Finding::new("clock", Verdict::Good, "no newest message is ahead of this machine's clock"),
    }])
}
