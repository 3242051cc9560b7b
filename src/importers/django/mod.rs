//! A Django project's database, such as the five documents of this server come from.
//!
//! `shape` knows what is looked for, `plan` finds it, the files per noun turn rows
//! into records. Users come with their password hashes, which sign in as they are, and
//! the tokens of Django REST Framework stay valid. What a project has beyond that is
//! counted and told.

mod chats;
mod copy;
mod files;
mod mapping;
mod media;
mod messages;
mod plan;
mod posts;
mod shape;
mod source;
mod time;
mod users;

use std::collections::HashMap;
use std::path::Path;

use super::report::ImportReport;
use super::{ImportError, Progress, head};
use crate::chat::model::time::Timestamp;
use crate::chat::ops::import_export::Import;
use media::Media;
use plan::{Plan, TablePlan};
use source::{Source, TableRow};

/// What to read, and where the rest of it is.
#[derive(Clone, Copy, Debug)]
pub struct From<'a> {
    /// The project's SQLite file.
    pub database: &'a Path,
    /// What the project calls its tables and columns, where that differs.
    pub mapping: Option<&'a Path>,
    /// The project's `MEDIA_ROOT`.
    pub media: Option<&'a Path>,
}

/// Reads a project's database into an import. What has no time of its own comes with `now`.
pub fn read(from: From<'_>, import: &mut Import, now: Timestamp, progress: Progress<'_>) -> Result<(), ImportError> {
    let mapping = from.mapping.map(mapping::read).transpose()?.unwrap_or_default();
    let source = Source::open(from.database)?;
    let plan = Plan::new(&source.tables()?, &mapping)?;
    let media = Media::new(from.media)?;
    head(import, "django")?;
    import.note(plan.words());
    for table in &plan.unread {
        import.note(format!("not read: {table} ({} rows)", source.count(table)?));
    }
    let mut report = ImportReport::default();
    let people = users::read(&source, &plan, import, &mut report, now)?;
    let mut reader =
        Reader { source: &source, plan: &plan, media: &media, people: &people, import, report: &mut report, now };
    reader.tokens()?;
    reader.friends()?;
    reader.posts()?;
    let mut world = reader.chats()?;
    let attached = reader.attached()?;
    let said = reader.messages(&mut world, &attached, progress)?;
    reader.reactions(&said)?;
    reader.files(&attached, &said)?;
    reader.members(&world, &said)?;
    report.tell(import);
    Ok(())
}

/// Who is who in the project.
#[derive(Default)]
struct Known {
    /// By id, the username there.
    users: HashMap<i64, String>,
    /// By the id of a profile, its user.
    profiles: HashMap<i64, i64>,
    /// By user, the path of the picture.
    avatars: HashMap<i64, String>,
}

/// What the files per noun work with.
struct Reader<'a> {
    source: &'a Source,
    plan: &'a Plan,
    media: &'a Media,
    people: &'a Known,
    import: &'a mut Import,
    report: &'a mut ImportReport,
    now: Timestamp,
}

impl Reader<'_> {
    /// Who stands in a field, which may name a profile in place of a user.
    fn person(&self, mapped: &TablePlan, cells: &TableRow<'_>, field: &str) -> Option<i64> {
        let id = cells.key(field)?;
        let profiles = self.plan.get("profiles").map(|mapped| mapped.table.as_str());
        let is_profile = mapped.target(field).is_some() && mapped.target(field) == profiles;
        let user = if is_profile { *self.people.profiles.get(&id)? } else { id };
        self.people.users.contains_key(&user).then_some(user)
    }

    /// Each row of a kind, in the order of some fields.
    fn each(
        &mut self,
        kind: &str,
        order: &[&str],
        mut with: impl FnMut(&mut Self, &TablePlan, &TableRow<'_>) -> Result<(), ImportError>,
    ) -> Result<(), ImportError> {
        let Some(mapped) = self.plan.get(kind) else { return Ok(()) };
        let order: Vec<&str> = order.iter().filter_map(|field| mapped.column(field)).collect();
        self.source.each(&mapped.table, &mapped.columns, &order, |cells| with(self, mapped, cells))
    }
}
