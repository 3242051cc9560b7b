//! Whose messages of which chats may be found: the actor's rights, and the filters that narrow them.

use std::collections::HashMap;

use rusqlite::{OptionalExtension, Row};

use crate::chat::model::id::UserId;
use crate::chat::model::name::rule::fold;
use crate::chat::model::search::{Author, Has, Place, Question, Words, has_link};
use crate::chat::store::db::Db;

/// What may be found.
pub struct Scope<'a> {
    question: &'a Question,
    /// The actor's chats, of those that are asked for, and up to where they cleared each.
    pub chats: HashMap<i64, i64>,
    /// Messages that the actor sees in them.
    pub visible: i64,
    /// Chats were asked for by name.
    pub is_narrowed: bool,
    /// Who may have said it; `None`: whoever did.
    pub from: Option<Vec<i64>>,
    pub not_from: Vec<i64>,
    has_score: bool,
}

/// A message that matches.
#[derive(Clone, Copy)]
pub struct Match {
    pub id: i64,
    pub edited_at: Option<i64>,
    /// 0 where nobody asks for it.
    pub score: i64,
}

/// What is known of a message before it is judged.
#[derive(Clone, Copy)]
pub enum Known {
    Nothing,
    /// That all words that are asked for stand in it, and none that may not.
    ToMatch,
}

/// What is judged of a message. In the order in which [`Scope::judge`] reads it.
macro_rules! select_candidate {
    ($rest:literal) => {
        concat!(
            "SELECT g.id, g.chat_id, g.sender_id, g.created_at, g.edited_at, g.attachment_count, g.content FROM ",
            $rest
        )
    };
}
pub(super) use select_candidate;

impl<'a> Scope<'a> {
    pub fn of(db: &Db, me: UserId, question: &'a Question, has_score: bool) -> rusqlite::Result<Self> {
        let mut scope = Self {
            question,
            chats: HashMap::new(),
            visible: 0,
            is_narrowed: !question.chats.is_empty(),
            from: None,
            not_from: authors(db, me, &question.not_from)?,
            has_score,
        };
        if !question.from.is_empty() {
            scope.from = Some(authors(db, me, &question.from)?);
        }
        let mut query = db.prepare_cached(
            "SELECT m.chat_id, m.cleared_mark, c.message_count - m.cleared_count
             FROM members m JOIN chats c ON c.id = m.chat_id WHERE m.user_id = ?1 AND c.is_deleted = 0",
        )?;
        let titles = titles(db, me, question)?;
        let is_named = |chat: i64, places: &[Place]| {
            let title = titles.get(&chat);
            places.iter().any(|place| place.id == Some(chat) || title.is_some() && place.title.as_ref() == title)
        };
        let mut rows = query.query([me.0])?;
        while let Some(row) = rows.next()? {
            let chat: i64 = row.get(0)?;
            let is_wanted = !scope.is_narrowed || is_named(chat, &question.chats);
            if is_wanted && !is_named(chat, &question.not_chats) {
                scope.chats.insert(chat, row.get(1)?);
                scope.visible += row.get::<_, i64>(2)?;
            }
        }
        Ok(scope)
    }

    /// Whether nothing can be found.
    pub fn is_empty(&self) -> bool {
        self.chats.is_empty() || self.from.as_ref().is_some_and(Vec::is_empty)
    }

    /// Whether a message of [`select_candidate`] is one that is searched for, read as it is now.
    pub fn judge(&self, db: &Db, row: &Row<'_>, known: Known) -> rusqlite::Result<Option<Match>> {
        let (id, chat, sender, at): (i64, i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        let question = self.question;
        let is_readable = self.chats.get(&chat).is_some_and(|cleared| id > *cleared);
        let is_said_by =
            self.from.as_ref().is_none_or(|from| from.contains(&sender)) && !self.not_from.contains(&sender);
        let is_of_time =
            question.after.is_none_or(|after| at >= after.0) && question.before.is_none_or(|before| at < before.0);
        if !(is_readable && is_said_by && is_of_time) {
            return Ok(None);
        }
        let content = row.get_ref(6)?.as_str()?;
        let files = if row.get::<_, i64>(5)? > 0 { files(db, id)? } else { Vec::new() };
        let has = |has: &Has| match has {
            Has::File => !files.is_empty(),
            Has::Image => files.iter().any(|(_, is_image)| *is_image),
            Has::Link => has_link(content),
        };
        if !question.has.iter().all(has) || question.has_not.iter().any(has) {
            return Ok(None);
        }
        let mut score = 0;
        let has_phrases = !question.wanted.is_empty() || !question.unwanted.is_empty();
        if has_phrases && (self.has_score || !matches!(known, Known::ToMatch)) {
            if files.is_empty() && !question.may_be_met_by(content) {
                return Ok(None);
            }
            let texts = std::iter::once(content).chain(files.iter().map(|(name, _)| name.as_str()));
            let texts: Vec<Words> = texts.map(Words::of).collect();
            if !question.is_met_by(&texts) {
                return Ok(None);
            }
            if self.has_score {
                score = question.score(&texts);
            }
        }
        Ok(Some(Match { id, edited_at: row.get(4)?, score }))
    }
}

/// The names of a message's files, and which are pictures.
fn files(db: &Db, message: i64) -> rusqlite::Result<Vec<(String, bool)>> {
    let mut query =
        db.prepare_cached("SELECT name, content_type FROM files WHERE message_id = ?1 ORDER BY position")?;
    let rows = query.query_map([message], |row| Ok((row.get(0)?, row.get_ref(1)?.as_str()?.starts_with("image/"))))?;
    rows.collect()
}

/// Those who exist.
fn authors(db: &Db, me: UserId, named: &[Author]) -> rusqlite::Result<Vec<i64>> {
    let mut query = db.prepare_cached("SELECT id FROM users WHERE username_key = ?1")?;
    let mut found = Vec::with_capacity(named.len());
    for author in named {
        match author {
            Author::Me => found.push(me.0),
            Author::Named(key) => found.extend(query.query_row([key], |row| row.get::<_, i64>(0)).optional()?),
        }
    }
    Ok(found)
}

/// The titles of the actor's chats as they read them, folded, where some are named by their title.
fn titles(db: &Db, me: UserId, question: &Question) -> rusqlite::Result<HashMap<i64, String>> {
    if question.chats.iter().chain(&question.not_chats).all(|place| place.title.is_none()) {
        return Ok(HashMap::new());
    }
    let mut query = db.prepare_cached(
        "SELECT c.id, c.title, x.display_name FROM members m JOIN chats c ON c.id = m.chat_id
         LEFT JOIN users x ON x.id = CASE WHEN c.low_user = ?1 THEN c.high_user ELSE c.low_user END
         WHERE m.user_id = ?1",
    )?;
    let rows = query.query_map([me.0], |row| {
        let other: Option<String> = row.get(2)?;
        Ok((row.get(0)?, fold(&other.map_or_else(|| row.get(1), Ok)?)))
    })?;
    rows.collect()
}
