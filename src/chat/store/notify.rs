//! Rows of `notify`: how people want to be told, where they said so.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::db::Db;
use crate::chat::model::error::Result;
use crate::chat::model::id::UserId;
use crate::chat::model::quiet::{Minute, NotifySettings, Quiet};

pub fn find(db: &Db, user: UserId) -> Result<NotifySettings> {
    let mut query =
        db.prepare_cached("SELECT preview, quiet_from, quiet_to, quiet_zone FROM notify WHERE user_id = ?1")?;
    let found =
        query.query_row([user.0], |row| Ok(NotifySettings { quiet: quiet(row)?, preview: row.get("preview")? }));
    Ok(found.optional()?.unwrap_or_default())
}

/// The quiet hours of a row.
pub fn quiet(row: &Row<'_>) -> rusqlite::Result<Option<Quiet>> {
    let (from, to): (Option<i64>, Option<i64>) = (row.get("quiet_from")?, row.get("quiet_to")?);
    let zone: Option<String> = row.get("quiet_zone")?;
    Ok(from.zip(to).zip(zone).and_then(|((from, to), zone)| Quiet::stored(from, to, &zone)))
}

pub fn set(db: &Connection, user: i64, settings: &NotifySettings) -> rusqlite::Result<()> {
    let quiet = settings.quiet;
    db.prepare_cached("INSERT OR REPLACE INTO notify VALUES (?1, ?2, ?3, ?4, ?5)")?.execute(params![
        user,
        quiet.map(|quiet| Minute::to_stored(quiet.from)),
        quiet.map(|quiet| Minute::to_stored(quiet.to)),
        quiet.map(|quiet| quiet.zone),
        settings.preview,
    ])?;
    Ok(())
}
