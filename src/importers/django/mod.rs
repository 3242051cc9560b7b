//! A Django project's database, such as the five documents of this server come from.
//!
//! `shape` knows what is looked for, `plan` finds it, the files per noun turn rows
//! into records. Users come with their password hashes, which sign in as they are, and
//! the tokens of Django REST Framework stay valid. What a project has beyond that is
//! counted and told.

mod absent;
mod chats;
mod copy;
mod different;
mod dump;
mod files;
mod hidden;
mod left;
mod mapping;
mod marks;
mod media;
mod messages;
mod plan;
mod posts;
mod reader;
mod shape;
mod source;
mod time;
mod users;

use std::path::Path;

use super::report::ImportReport;
use super::{ImportError, Progress, head};
use crate::chat::model::time::Timestamp;
use crate::chat::ops::import_export::Import;
use left::Left;
use media::Media;
use plan::Plan;
use reader::Reader;
use source::Source;

/// What to read, and where the rest of it is.
#[derive(Clone, Copy, Debug)]
pub struct From<'a> {
    /// The project's SQLite file, or what `manage.py dumpdata` wrote.
    pub database: &'a Path,
    /// What the project calls its tables and columns, where that differs.
    pub mapping: Option<&'a Path>,
    /// The project's `MEDIA_ROOT`.
    pub media: Option<&'a Path>,
}

/// Of a dump whose profiles have other keys than their users.
const UNSURE: &str = "the dump does not say which of its columns name profiles and which users: where it may be either, \
    they are read as users (`dumpdata --natural-foreign` tells them apart)";

/// Reads a project's database into an import. What has no time of its own comes with `now`.
pub fn read(from: From<'_>, import: &mut Import, now: Timestamp, progress: Progress<'_>) -> Result<(), ImportError> {
    let mapping = from.mapping.map(mapping::read).transpose()?.unwrap_or_default();
    let source = Source::open(from.database)?;
    let plan = Plan::new(&source.tables()?, &mapping)?;
    let media = Media::new(from.media)?;
    head(import, "django")?;
    import.note(plan.words());
    if source.is_unsure(&plan)? {
        import.note(UNSURE);
    }
    tell_unread(&source, &plan, import)?;
    let mut report = ImportReport::default();
    let people = users::read(&source, &plan, import, &mut report, now)?;
    let left = Left::default();
    let mut reader =
        Reader { source: &source, plan: &plan, media: &media, people, left, import, report: &mut report, now };
    reader.gone()?;
    let joined = reader.joined()?;
    let joined = reader.left(joined)?;
    reader.tokens()?;
    reader.friends()?;
    reader.posts()?;
    let mut world = reader.chats(joined)?;
    let attached = reader.attached()?;
    let said = reader.messages(&mut world, &attached, progress)?;
    reader.reactions(&said)?;
    reader.files(&attached, &said)?;
    reader.members(&world, &said)?;
    report.tell(import);
    different::tell(&plan, import);
    Ok(())
}

/// Names the tables and columns from which nothing is read, and in how many rows they say something.
fn tell_unread(source: &Source, plan: &Plan, import: &mut Import) -> Result<(), ImportError> {
    for table in &plan.unread {
        import.note(format!("not read: {table} ({} rows)", source.count(table)?));
    }
    for (_, mapped) in plan.all() {
        for (column, rows) in mapped.unread.iter().zip(source.say(&mapped.table, &mapped.unread)?) {
            import.note(format!("not read: {}.{column} ({rows} rows)", mapped.table));
        }
    }
    Ok(())
}
