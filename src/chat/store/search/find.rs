//! Finding messages: through the index, or by looking through chats.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::time::{Duration, Instant};

use rusqlite::{Row, params};

use super::plan::Plan;
use super::scope::{Known, Match, Scope, select_candidate};
use super::state::{State, state};
use crate::chat::model::error::{Error, Result};
use crate::chat::model::id::{MessageId, UserId};
use crate::chat::model::search::{FoundPlace, MAX_RANKED, Order, Question, RankedPlace};
use crate::chat::model::thresholds::SearchThresholds;
use crate::chat::model::time::Timestamp;
use crate::chat::store::by_chat;
use crate::chat::store::db::{Db, Sql};

/// When it is worth asking again.
const RETRY: Duration = Duration::from_secs(1);
/// Steps of SQLite's machine between two looks at the clock.
const STEPS: i32 = 10_000;
/// Messages of a chat whose numbers are read at once.
const NUMBERS: i64 = 32;
/// A block or several that took less have four times as many behind them.
const QUICK: Duration = Duration::from_millis(4);
/// Blocks that the index is asked for at once.
const MAX_BLOCKS: i64 = 64;
/// How many times as many messages are looked through where the index would have to read very many words.
const MANY_WORDS: usize = 4;
/// Parts of the index that tell how much there is of a term: the oldest messages, the newest, and some between.
const SAMPLES: i64 = 3;
/// Each is so small a part of a block.
const SAMPLE: i64 = 32;

/// All messages between two numbers, the newest first.
const NEWER: &str = select_candidate!("messages g WHERE g.id > ?1 AND g.id < ?2 ORDER BY g.id DESC");

/// What to search for, and from where on.
pub struct Wish<'a> {
    pub me: UserId,
    pub question: &'a Question,
    pub order: Order,
    pub after: Option<FoundPlace>,
    /// So many at most.
    pub count: usize,
    pub now: Timestamp,
    pub thresholds: SearchThresholds,
    /// When the time is over that it may hold a connection, with whatever is done with what it finds.
    pub until: Instant,
}

impl Wish<'_> {
    pub fn is_over(&self) -> bool {
        Instant::now() > self.until
    }
}

/// A message that was found.
pub struct Hit {
    pub id: MessageId,
    pub place: FoundPlace,
}

/// What matches, in the order that is asked for, and is the actor's to read.
pub fn find(db: &Db, wish: &Wish<'_>) -> Result<Vec<Hit>> {
    if !wish.question.is_wish {
        return Ok(Vec::new());
    }
    let until = wish.until;
    db.progress_handler(STEPS, Some(move || Instant::now() > until))?;
    let _handler = Handler(db);
    let is_ranked = wish.order == Order::Relevance;
    let scope = Scope::of(db, wish.me, wish.question, is_ranked)?;
    if scope.is_empty() {
        return Ok(Vec::new());
    }
    let state = state(db)?;
    let finder = Finder { db, wish, scope, state };
    if is_ranked { ranked(&finder, wish) } else { newest(&finder, wish) }
}

/// Takes the clock off a connection that others will have.
struct Handler<'a>(&'a Db);

impl Drop for Handler<'_> {
    fn drop(&mut self) {
        if let Err(cause) = self.0.progress_handler(0, None::<fn() -> bool>) {
            tracing::error!(%cause, "a connection keeps looking at the clock");
        }
    }
}

fn newest(finder: &Finder<'_>, wish: &Wish<'_>) -> Result<Vec<Hit>> {
    let below = wish.after.map_or(i64::MAX, |place| place.id.0);
    let found = finder.newest(0, below, wish.count)?;
    let hit = |found: Match| Hit { id: MessageId(found.id), place: FoundPlace { id: MessageId(found.id), rank: None } };
    Ok(found.into_iter().map(hit).collect())
}

/// The newest that match, those first that speak most of it. They stay the same for who asks on:
/// what came since is newer, and who was edited since is passed over.
fn ranked(finder: &Finder<'_>, wish: &Wish<'_>) -> Result<Vec<Hit>> {
    let after = wish.after.and_then(|place| Some((place.id.0, place.rank?)));
    let (above, below) =
        after.map_or((0, i64::MAX), |(_, rank)| (rank.oldest.0.saturating_sub(1), rank.newest.0.saturating_add(1)));
    let mut found = finder.newest(above, below, MAX_RANKED)?;
    let (newest, oldest) = match after {
        Some((_, rank)) => (rank.newest, rank.oldest),
        None => {
            (MessageId(found.first().map_or(0, |found| found.id)), MessageId(found.last().map_or(0, |found| found.id)))
        }
    };
    let at = after.map_or(wish.now, |(_, rank)| rank.at);
    if let Some((id, rank)) = after {
        found.retain(|found| {
            found.edited_at.is_none_or(|edited| edited <= at.0) && (found.score, found.id) < (rank.score, id)
        });
    }
    found.sort_unstable_by_key(|found| Reverse((found.score, found.id)));
    found.truncate(wish.count);
    let hit = |found: Match| {
        let rank = RankedPlace { score: found.score, newest, oldest, at };
        Hit { id: MessageId(found.id), place: FoundPlace { id: MessageId(found.id), rank: Some(rank) } }
    };
    Ok(found.into_iter().map(hit).collect())
}

struct Finder<'a> {
    db: &'a Db,
    wish: &'a Wish<'a>,
    scope: Scope<'a>,
    state: State,
}

impl Finder<'_> {
    /// The newest so many that match, of the messages between two numbers; both are outside.
    fn newest(&self, above: i64, below: i64, count: usize) -> Result<Vec<Match>> {
        let SearchThresholds { looked_through, newest: most, .. } = self.wish.thresholds;
        // The index would first pass over everybody else's.
        if self.scope.visible <= looked_through {
            return Ok(self.look_through(above, below, count, usize::MAX)?.0);
        }
        if !self.wish.question.is_begun() {
            return self.by_plan(above, below, count);
        }
        // What many messages have is among the newest, and found there before the index says which words begin so.
        self.among_newest(above, below, count, most, |below, count| self.by_plan(above, below, count))
    }

    /// Looks through so many messages, and finds `elsewhere` what is missing below them.
    fn among_newest(
        &self,
        above: i64,
        below: i64,
        count: usize,
        most: usize,
        elsewhere: impl FnOnce(i64, usize) -> Result<Vec<Match>>,
    ) -> Result<Vec<Match>> {
        let (mut found, rest) = self.look_through(above, below, count, most)?;
        if let Some(below) = rest {
            found.extend(elsewhere(below, count - found.len())?);
        }
        Ok(found)
    }

    fn by_plan(&self, above: i64, below: i64, count: usize) -> Result<Vec<Match>> {
        let thresholds = self.wish.thresholds;
        let Some(plan) = Plan::of(self.db, self.wish.question, &self.scope, self.state, thresholds)? else {
            return Ok(self.look_through(above, below, count, usize::MAX)?.0);
        };
        if !plan.is_beginning() {
            return self.by_index(&plan, above, below, count);
        }
        let most = MANY_WORDS * thresholds.newest;
        self.among_newest(above, below, count, most, |below, count| self.by_index(&plan, above, below, count))
    }

    fn by_index(&self, plan: &Plan, above: i64, below: i64, count: usize) -> Result<Vec<Match>> {
        let mut found = Vec::new();
        self.judge_all(NEWER, (above.max(self.state.upto), below), count, &mut found)?;
        if found.len() >= count {
            return Ok(found);
        }
        let changed = self.changed()?;
        let newer = found.len();
        if !changed.is_empty() {
            self.judge_all(
                select_candidate!(
                    "search_changed s CROSS JOIN messages g ON g.id = s.message_id
                     WHERE s.message_id > ?1 AND s.message_id < ?2 ORDER BY s.message_id DESC"
                ),
                (above, below),
                count,
                &mut found,
            )?;
        }
        if !plan.is_void() {
            self.ask_index(plan, (above, below), &changed, count - newer, &mut found)?;
        }
        found.sort_unstable_by_key(|found| Reverse(found.id));
        found.truncate(count);
        Ok(found)
    }

    /// Messages that are not as they were entered.
    fn changed(&self) -> Result<HashSet<i64>> {
        Ok(self.db.column("SELECT message_id FROM search_changed", [])?.into_iter().collect())
    }

    /// Judges what a query tells until so many match.
    fn judge_all(&self, sql: &str, (above, below): (i64, i64), count: usize, found: &mut Vec<Match>) -> Result<()> {
        let (mut query, end) = (self.db.cached(sql)?, found.len() + count);
        let mut rows = query.query([above, below])?;
        while found.len() < end
            && let Some(row) = rows.next()?
        {
            self.look_at_clock()?;
            found.extend(self.scope.judge(self.db, row, Known::Nothing)?);
        }
        Ok(())
    }

    /// Asks the index, and judges what it names until so many match. Where it may have to pass over
    /// much it is asked for a few blocks at a time: nothing interrupts it.
    fn ask_index(
        &self,
        plan: &Plan,
        (above, below): (i64, i64),
        changed: &HashSet<i64>,
        count: usize,
        found: &mut Vec<Match>,
    ) -> Result<()> {
        let Some((first, last)) = self.blocks()? else { return Ok(()) };
        let block_bits = self.wish.thresholds.block_bits;
        let first = first.max((above.max(self.state.below) + 1) >> block_bits);
        let mut last = last.min(below.min(self.state.upto + 1).saturating_sub(1) >> block_bits);
        let end = found.len() + count;
        let (mut width, is_long) = (1, self.is_long(plan)?);
        let known = if self.wish.question.is_exact() { Known::ToMatch } else { Known::Nothing };
        while first <= last && found.len() < end {
            let begun = Instant::now();
            let from = if is_long { first.max(last - width + 1) } else { first };
            let expression = plan.expression(is_long.then_some(from..=last));
            // A block's first number is above no other block's last.
            let between = (above.max((from << block_bits) - 1), below.min((last + 1) << block_bits));
            self.ask(&expression, between, known, changed, end, found)?;
            if begun.elapsed() < QUICK {
                width = (width * 4).min(MAX_BLOCKS);
            }
            last = from - 1;
        }
        Ok(())
    }

    /// Whether the index may have to pass over so much before it names a message that it is to be asked for blocks.
    fn is_long(&self, plan: &Plan) -> Result<bool> {
        let (messages, uninterrupted) = (self.state.upto - self.state.below, self.wish.thresholds.uninterrupted);
        if plan.most_passed_over(messages) <= uninterrupted {
            return Ok(false);
        }
        // As if all messages had a term: most have few, as some of them tell.
        let sample = ((1 << self.wish.thresholds.block_bits) / SAMPLE).clamp(1, messages);
        let sql = "SELECT count(*) FROM search WHERE search MATCH ?1 AND rowid > ?2 AND rowid <= ?3";
        let mut passed_over = 0_i64;
        for (expression, terms) in plan.groups() {
            for turn in 1..=SAMPLES {
                let end = self.state.below + messages * turn / SAMPLES;
                passed_over += terms * self.db.one::<i64>(sql, params![expression, end - sample, end])?;
            }
        }
        Ok(passed_over.saturating_mul(messages) / (sample * SAMPLES).max(1) > uninterrupted)
    }

    fn ask(
        &self,
        expression: &str,
        (above, below): (i64, i64),
        known: Known,
        changed: &HashSet<i64>,
        end: usize,
        found: &mut Vec<Match>,
    ) -> Result<()> {
        let mut query = self.db.cached(
            "SELECT rowid FROM search WHERE search MATCH ?1 AND rowid > ?2 AND rowid < ?3 ORDER BY rowid DESC",
        )?;
        let mut rows = query.query(params![expression, above, below])?;
        while found.len() < end
            && let Some(row) = rows.next()?
        {
            let id = row.get(0)?;
            if !changed.contains(&id) {
                self.judge(id, known, found)?;
            }
        }
        Ok(())
    }

    /// The first and the last block with messages of the time that is asked for.
    fn blocks(&self) -> Result<Option<(i64, i64)>> {
        let sql = "SELECT min(block), max(block) FROM search_blocks WHERE newest >= ?1 AND oldest < ?2";
        let after = self.wish.question.after.map_or(i64::MIN, |after| after.0);
        let before = self.wish.question.before.map_or(i64::MAX, |before| before.0);
        let ends = |row: &Row<'_>| Ok(row.get::<_, Option<i64>>(0)?.zip(row.get(1)?));
        Ok(self.db.first(sql, [after, before], ends)?.flatten())
    }

    fn judge(&self, id: i64, known: Known, found: &mut Vec<Match>) -> Result<()> {
        self.look_at_clock()?;
        let sql = select_candidate!("messages g WHERE g.id = ?1");
        found.extend(self.db.first(sql, [id], |row| self.scope.judge(self.db, row, known))?.flatten());
        Ok(())
    }

    /// Goes through the chats, the newest message of all first, and through so many at most: below which
    /// message it ended, if it did so before all were found.
    fn look_through(&self, above: i64, below: i64, count: usize, most: usize) -> Result<(Vec<Match>, Option<i64>)> {
        let (above, below) = self.within_days(above, below)?;
        let (mut found, indexed) = (Vec::new(), by_chat::indexed(self.db)?);
        // Those that no chat has yet are newer than all others, and few.
        self.judge_all(NEWER, (above.max(indexed), below), count, &mut found)?;
        let below = below.min(indexed + 1);
        let (mut heads, mut rest) = (BinaryHeap::new(), HashMap::new());
        for (chat, cleared) in &self.scope.chats {
            self.look_at_clock()?;
            let mut numbers = self.numbers(*chat, above.max(*cleared), below)?;
            heads.extend(numbers.pop().map(|id| (id, *chat)));
            rest.insert(*chat, numbers);
        }
        let mut judged = 0;
        while found.len() < count
            && let Some((id, chat)) = heads.pop()
        {
            if judged == most {
                return Ok((found, Some(id + 1)));
            }
            judged += 1;
            self.judge(id, Known::Nothing, &mut found)?;
            let Some(numbers) = rest.get_mut(&chat) else { continue };
            if numbers.is_empty() {
                let cleared = self.scope.chats.get(&chat).copied().unwrap_or(i64::MAX);
                *numbers = self.numbers(chat, above.max(cleared), id)?;
            }
            heads.extend(numbers.pop().map(|id| (id, chat)));
        }
        Ok((found, None))
    }

    /// Some of the numbers that a chat has, the newest last.
    fn numbers(&self, chat: i64, above: i64, below: i64) -> Result<Vec<i64>> {
        let mut ids = self.db.column(
            "SELECT message_id FROM messages_by_chat WHERE chat_id = ?1 AND message_id > ?2 AND message_id < ?3
             ORDER BY message_id DESC LIMIT ?4",
            [chat, above, below, NUMBERS],
        )?;
        ids.reverse();
        Ok(ids)
    }

    /// Between which numbers messages of the days are that are asked for. What is not entered may be of any day.
    fn within_days(&self, above: i64, below: i64) -> Result<(i64, i64)> {
        let has_days = self.wish.question.after.is_some() || self.wish.question.before.is_some();
        if !has_days || self.state.below > 0 {
            return Ok((above, below));
        }
        let waits = self.db.exists("SELECT 1 FROM messages WHERE id > ?1", [self.state.upto])?;
        let bits = self.wish.thresholds.block_bits;
        Ok(match self.blocks()? {
            Some((first, last)) if !waits => (above.max((first << bits) - 1), below.min((last + 1) << bits)),
            Some((first, _)) => (above.max((first << bits) - 1), below),
            None => (above.max(self.state.upto), below),
        })
    }

    fn look_at_clock(&self) -> Result<()> {
        if self.wish.is_over() { Err(Error::Busy { retry_after: RETRY }) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
