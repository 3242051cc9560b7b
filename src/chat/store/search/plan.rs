//! What the index is asked for.
//!
//! It is asked for more than what is searched for, and never for less: each message that it
//! names is read and judged. No word of the actor's reaches its language but in quotes.

use rusqlite::OptionalExtension;

use super::scope::Scope;
use super::state::State;
use super::token;
use crate::chat::model::search::{Has, IndexTerm, Phrase, Question};
use crate::chat::model::thresholds::SearchThresholds;
use crate::chat::store::db::Db;

/// Chats that the index is asked for by name; who is in more has others' messages passed over.
const MAX_CHATS: usize = 256;
/// Nor are they where the actor sees more than one in so many messages.
const SHARE: i64 = 8;

/// What the index is asked for: one of each group, and none of the others.
#[derive(Default)]
pub struct Plan {
    groups: Vec<Vec<String>>,
    /// The beginning of many words, where nothing else is asked for.
    beginning: Option<String>,
    none_of: Vec<String>,
}

impl Plan {
    /// `None`: the index has nothing to look up, since only beginnings of very many words, days or chats are asked for.
    pub fn of(
        db: &Db,
        question: &Question,
        scope: &Scope<'_>,
        state: State,
        thresholds: SearchThresholds,
    ) -> rusqlite::Result<Option<Self>> {
        let (mut plan, mut beginnings) = (Self::default(), Vec::new());
        let expansions = if question.is_begun() { thresholds.expansions_alone } else { thresholds.expansions };
        for phrase in &question.wanted {
            for term in phrase.index_terms() {
                match term {
                    IndexTerm::Whole(term) => plan.groups.push(vec![term]),
                    IndexTerm::Beginning(beginning) => match expand(db, &beginning, expansions)? {
                        Some(terms) => plan.groups.push(terms),
                        None => beginnings.push(beginning),
                    },
                }
            }
        }
        plan.groups.extend(scope.from.as_ref().map(|from| from.iter().copied().map(token::sender).collect()));
        plan.groups.extend(question.has.iter().map(|has: &Has| vec![token::has(*has).to_owned()]));
        let is_small = scope.visible.saturating_mul(SHARE) < state.upto - state.below;
        if plan.groups.is_empty() {
            // A few chats are looked through sooner.
            plan.beginning = beginnings.pop().filter(|_| !is_small && !scope.is_narrowed);
            if plan.beginning.is_none() {
                return Ok(None);
            }
        }
        if scope.chats.len() <= MAX_CHATS && (scope.is_narrowed || is_small) {
            plan.groups.push(scope.chats.keys().copied().map(token::chat).collect());
        }
        plan.groups.sort_unstable();
        plan.groups.dedup();
        plan.none_of.extend(question.unwanted.iter().filter_map(Phrase::exact_term));
        plan.none_of.extend(scope.not_from.iter().copied().map(token::sender));
        plan.none_of.extend(question.has_not.iter().map(|has| token::has(*has).to_owned()));
        Ok(Some(plan))
    }

    /// Whether no message can match: a beginning that no word has.
    pub fn is_void(&self) -> bool {
        self.groups.iter().any(Vec::is_empty)
    }

    /// How many entries of so many messages the index passes over at most before it names one.
    pub fn most_passed_over(&self, messages: i64) -> i64 {
        let is_joined = self.groups.len() > 1 || !self.none_of.is_empty();
        if is_joined { self.groups().map(|(_, terms)| terms).sum::<i64>().saturating_mul(messages) } else { 0 }
    }

    /// What is joined: each in the index's own language, and how many terms it has.
    pub fn groups(&self) -> impl Iterator<Item = (String, i64)> {
        let all = self.groups.iter().chain(Some(&self.none_of).filter(|none| !none.is_empty()));
        all.map(|group| (any_of(group), i64::try_from(group.len()).unwrap_or(i64::MAX)))
    }

    /// Whether nothing but the beginning of many words is asked for: the index reads all of them before it names
    /// a message, so that it had better be rare.
    pub const fn is_beginning(&self) -> bool {
        self.beginning.is_some()
    }

    /// In the index's own language; with `blocks`, of these blocks alone.
    pub fn expression(&self, blocks: Option<std::ops::RangeInclusive<i64>>) -> String {
        let blocks = blocks.map(|blocks| blocks.map(token::block).collect::<Vec<_>>());
        let groups = self.groups.iter().chain(&blocks).map(|group| any_of(group));
        let beginning = self.beginning.iter().map(|beginning| format!("(\"{beginning}\" *)"));
        let mut expression = beginning.chain(groups).collect::<Vec<_>>().join(" AND ");
        if !self.none_of.is_empty() {
            expression = format!("({expression}) NOT {}", any_of(&self.none_of));
        }
        expression
    }
}

fn any_of(terms: &[String]) -> String {
    let quoted: Vec<_> = terms.iter().map(|term| format!("\"{term}\"")).collect();
    format!("({})", quoted.join(" OR "))
}

/// All terms of the index that begin so; `None`: there are more than `most`.
fn expand(db: &Db, beginning: &str, most: usize) -> rusqlite::Result<Option<Vec<String>>> {
    let end = format!("{beginning}{}", char::MAX);
    let mut first = db.prepare_cached("SELECT term FROM search_terms WHERE term >= ?1 AND term < ?2 LIMIT 1")?;
    let mut next = db.prepare_cached("SELECT term FROM search_terms WHERE term > ?1 AND term < ?2 LIMIT 1")?;
    let mut terms: Vec<String> = Vec::new();
    loop {
        let found: Option<String> = match terms.last() {
            None => first.query_row([beginning, &end], |row| row.get(0)).optional()?,
            Some(last) => next.query_row([last, &end], |row| row.get(0)).optional()?,
        };
        match found {
            None => return Ok(Some(terms)),
            Some(_) if terms.len() == most => return Ok(None),
            Some(term) => terms.push(term),
        }
    }
}
