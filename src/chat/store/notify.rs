//! Rows of `notify`: how people want to be told, where they said so.

use rusqlite::{Connection, Row, params};

use super::db::{Db, Sql};
use crate::chat::model::error::Result;
use crate::chat::model::id::UserId;
use crate::chat::model::quiet::{Minute, NotifySettings, Quiet};

pub fn find(db: &Db, user: UserId) -> Result<NotifySettings> {
    let sql = "SELECT preview, quiet_from, quiet_to, quiet_zone FROM notify WHERE user_id = ?1";
    let found = db.first(sql, [user.0], settings)?;
    Ok(found.unwrap_or_default())
}

/// The settings of a row.
pub fn settings(row: &Row<'_>) -> rusqlite::Result<NotifySettings> {
    Ok(NotifySettings { quiet: quiet(row)?, preview: row.get("preview")? })
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
