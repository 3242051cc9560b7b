//! Whether the index knows what the messages say.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use rusqlite::{Connection, OptionalExtension};

use super::enter::{select, tokens_of};
use super::state::{State, state};
use crate::chat::model::thresholds::SearchThresholds;

/// Numbers of messages that are compared together, as a power of two.
const TOGETHER: u32 = 10;

/// What is wrong with the index.
#[derive(Default)]
pub struct SearchFaults {
    /// Messages that ought to be entered and are not, and entries of none.
    pub misplaced: u64,
    /// Groups of messages that are entered by other words than they have.
    pub wrong: u64,
}

/// Compares the index with the messages, in one state of the database. `None`: there is no index.
/// Each word of each message is told by both sides, in an order of its own; so what is compared is a sum.
pub fn compare(db: &Connection, thresholds: SearchThresholds) -> rusqlite::Result<Option<SearchFaults>> {
    let moment = db.unchecked_transaction()?;
    let kept = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'search_state'";
    if moment.query_row(kept, [], |_| Ok(())).optional()?.is_none() {
        return Ok(None);
    }
    let state = state(&moment)?;
    if !state.is_on {
        return Ok(None);
    }
    let changed: HashSet<i64> = moment
        .prepare("SELECT message_id FROM search_changed UNION SELECT message_id FROM search_gone")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let mut sums = HashMap::new();
    let mut query = moment.prepare("SELECT term, doc FROM search_terms")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(1)?;
        if !changed.contains(&id) {
            add(&mut sums, id, row.get_ref(0)?.as_str()?, false);
        }
    }
    subtract_messages(&moment, state, thresholds, &changed, &mut sums)?;
    let wrong = sums.values().filter(|sum| **sum != 0).count() as u64;
    Ok(Some(SearchFaults { misplaced: misplaced(&moment, state)?, wrong }))
}

fn subtract_messages(
    db: &Connection,
    state: State,
    thresholds: SearchThresholds,
    changed: &HashSet<i64>,
    sums: &mut HashMap<i64, u64>,
) -> rusqlite::Result<()> {
    let mut query = db.prepare(select!("WHERE g.id > ?1 AND g.id <= ?2"))?;
    let mut rows = query.query([state.below, state.upto])?;
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        if !changed.contains(&id) {
            let tokens = tokens_of(db, row, thresholds)?;
            let once: HashSet<&str> = tokens.split_whitespace().collect();
            once.into_iter().for_each(|token| add(sums, id, token, true));
        }
    }
    Ok(())
}

fn add(sums: &mut HashMap<i64, u64>, id: i64, term: &str, is_less: bool) {
    let mut hasher = DefaultHasher::new();
    (id, term).hash(&mut hasher);
    let (sum, hash) = (sums.entry(id >> TOGETHER).or_default(), hasher.finish());
    *sum = if is_less { sum.wrapping_sub(hash) } else { sum.wrapping_add(hash) };
}

fn misplaced(db: &Connection, state: State) -> rusqlite::Result<u64> {
    let count: i64 = db.query_row(
        "SELECT (SELECT count(*) FROM messages g WHERE g.id > ?1 AND g.id <= ?2
                 AND NOT EXISTS (SELECT 1 FROM search_docsize WHERE id = g.id)
                 AND NOT EXISTS (SELECT 1 FROM search_changed WHERE message_id = g.id))
              + (SELECT count(*) FROM search_docsize d
                 WHERE NOT EXISTS (SELECT 1 FROM messages WHERE id = d.id AND id > ?1 AND id <= ?2)
                 AND NOT EXISTS (SELECT 1 FROM search_gone WHERE message_id = d.id))",
        [state.below, state.upto],
        |row| row.get(0),
    )?;
    Ok(u64::try_from(count).unwrap_or(0))
}
