//! Rows of `users` as a list of people: by the name that others see.

use std::collections::HashSet;

use rusqlite::{Row, params};

use super::db::{Db, Sql};
use super::users::{columns, user};
use crate::chat::model::error::Result;
use crate::chat::model::id::UserId;
use crate::chat::model::user::{Person, PersonPlace};

/// The display name without regard to case: what stands in `search_key` behind the username.
/// Spelled as in the index `users_by_name`.
macro_rules! name {
    () => {
        "substr(u.search_key, length(u.username_key) + 2)"
    };
}

macro_rules! select_person {
    ($rest:expr) => {
        concat!("SELECT ", columns!("u"), ", u.last_seen_at, ", name!(), " AS name FROM users u WHERE ", $rest)
    };
}

fn person(row: &Row<'_>) -> rusqlite::Result<Person> {
    Ok(Person {
        user: user(row, 0)?,
        last_seen: row.get("last_seen_at")?,
        name_key: row.get("name")?,
        is_online: false,
    })
}

/// Those who can sign in, by name, from behind a place: the first so many that are wanted.
pub fn by_name(
    db: &Db,
    part: &str,
    after: Option<&PersonPlace>,
    wanted: usize,
    is_wanted: impl Fn(&Person) -> bool,
) -> Result<Vec<Person>> {
    let mut query = db.cached(select_person!(concat!(
        "u.is_disabled = 0 AND NOT EXISTS (SELECT 1 FROM hooks h WHERE h.bot_id = u.id) AND ",
        name!(),
        " >= ?1 AND (",
        name!(),
        " > ?1 OR u.id > ?2) AND instr(u.search_key, ?3) > 0 ORDER BY ",
        name!(),
        ", u.id"
    )))?;
    let (name, id) = after.map_or(("", 0), |place| (place.name_key.as_str(), place.id.0));
    let mut rows = query.query(params![name, id, part])?;
    let mut found = Vec::new();
    while found.len() < wanted
        && let Some(row) = rows.next()?
    {
        let person = person(row)?;
        if is_wanted(&person) {
            found.push(person);
        }
    }
    Ok(found)
}

/// The same of a few, who are looked up one by one.
pub fn among(
    db: &Db,
    ids: &HashSet<UserId>,
    part: &str,
    after: Option<&PersonPlace>,
    wanted: usize,
    is_wanted: impl Fn(&Person) -> bool,
) -> Result<Vec<Person>> {
    let sql = select_person!("u.id = ?1 AND u.is_disabled = 0 AND instr(u.search_key, ?2) > 0");
    let mut found = Vec::new();
    for id in ids {
        let person = db.first(sql, params![id.0, part], person)?;
        found.extend(person.filter(&is_wanted).filter(|person| after.is_none_or(|place| person.is_behind(place))));
    }
    found.sort_by(|one, other| one.order().cmp(&other.order()));
    found.truncate(wanted);
    Ok(found)
}
