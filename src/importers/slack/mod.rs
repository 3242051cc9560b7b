//! A Slack workspace's export: a zip archive of JSON files, one for each day of each
//! channel.
//!
//! It is read twice: first to learn who spoke that no list of users has, since users
//! come before what they said, and then for the messages, a date at a time, so that they
//! come in the order of their times and only one date is in memory.

mod archive;
mod chats;
mod emoji;
mod json;
mod messages;
mod users;
mod words;

use std::collections::HashMap;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::report::ImportReport;
use super::values::ValueCounter;
use super::{ImportError, Progress, failed, head};
use crate::chat::model::time::Timestamp;
use crate::chat::ops::import_export::Import;
use archive::Archive;

/// Entries of one list or day at most.
const MAX_ENTRIES: usize = 200_000;
/// Values in a file at most, of all its entries: one of messages has some dozens each.
const MAX_VALUES: u64 = 5_000_000;
/// Bytes of all messages of one date at most: they are sorted in memory.
const MAX_DATE: u64 = 256 * 1_024 * 1_024;

/// Reads an export into an import. What has no time of its own comes with `now`.
pub fn read(path: &Path, import: &mut Import, now: Timestamp, progress: Progress<'_>) -> Result<(), ImportError> {
    let mut report = ImportReport::default();
    let mut slack = Slack { archive: Archive::open(path)?, now, ids: HashMap::new(), names: HashMap::new() };
    let lists = chats::lists(&mut slack, &mut report)?;
    let all = slack.archive.days().len() as u64 * 2;
    let mut done = 0;
    let mut step = || {
        done += 1;
        progress(done, all);
    };
    let listed = users::listed(&mut slack, &mut report)?;
    let strangers = users::strangers(&mut slack, &listed, &lists, &mut step)?;
    head(import, "slack")?;
    users::take(&mut slack, &listed, &strangers, import, &mut report)?;
    let chats = chats::take(&slack, &lists, import, &mut report)?;
    let said = messages::take(&mut slack, &lists, &chats, import, &mut report, &mut step)?;
    messages::reactions(&said, import)?;
    chats::members(&chats, &said, import)?;
    report.tell(import);
    Ok(())
}

/// What all of it is read with.
struct Slack {
    archive: Archive,
    now: Timestamp,
    /// By whatever Slack knows somebody by, their number in the records.
    ids: HashMap<String, i64>,
    /// By Slack's id, the username here.
    names: HashMap<String, String>,
}

impl Slack {
    /// A file that is a list; entries that are not as they should be are counted.
    fn list<T: DeserializeOwned>(&mut self, file: &str) -> Result<(Vec<T>, u64), ImportError> {
        match self.archive.read(file)? {
            Some(bytes) => entries(file, &bytes),
            None => Ok((Vec::new(), 0)),
        }
    }

    /// Each date with all of its messages in order: the folder's place in `lists`, the time
    /// in microseconds, and the message. The last is how many could not be read.
    fn each_date(
        &mut self,
        lists: &chats::Channels,
        mut with: impl FnMut(&mut Self, Vec<DatedMessage>, u64) -> Result<(), ImportError>,
    ) -> Result<(), ImportError> {
        for (date, folders) in self.archive.days() {
            let (mut messages, mut size, mut odd) = (Vec::new(), 0_u64, 0);
            for folder in folders {
                let file = format!("{folder}/{date}.json");
                let Some(place) = lists.place_of(&folder) else { continue };
                let Some(bytes) = self.archive.read(&file)? else { continue };
                size += bytes.len() as u64;
                if size > MAX_DATE {
                    return failed(format!("the messages of {date} have more than {MAX_DATE} bytes"));
                }
                let (entries, not) = entries::<json::Message>(&file, &bytes)?;
                odd += not;
                for message in entries {
                    match json::micros(&message.ts) {
                        Some(at) => messages.push(DatedMessage { place, at, message }),
                        None => odd += 1,
                    }
                }
            }
            messages.sort_by_key(|dated| (dated.at, dated.place));
            with(self, messages, odd)?;
        }
        Ok(())
    }
}

/// A message, where and when.
struct DatedMessage {
    place: usize,
    at: i64,
    message: json::Message,
}

fn entries<T: DeserializeOwned>(file: &str, bytes: &[u8]) -> Result<(Vec<T>, u64), ImportError> {
    if ValueCounter::default().count(bytes) > MAX_VALUES {
        return failed(format!("{file} in the archive has more than {MAX_VALUES} values"));
    }
    let raw: Vec<&RawValue> = serde_json::from_slice(bytes)
        .map_err(|cause| ImportError::Source(format!("{file} in the archive is no list: {cause}")))?;
    if raw.len() > MAX_ENTRIES {
        return failed(format!("{file} in the archive has {} entries; at most {MAX_ENTRIES} are read", raw.len()));
    }
    let count = raw.len();
    let entries: Vec<T> = raw.into_iter().filter_map(|entry| serde_json::from_str(entry.get()).ok()).collect();
    let odd = (count - entries.len()) as u64;
    Ok((entries, odd))
}
