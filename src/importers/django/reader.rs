//! What the files per noun read a project with.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::left::Left;
use super::media::Media;
use super::plan::{Plan, TablePlan};
use super::source::{Source, TableRow};
use crate::chat::model::time::Timestamp;
use crate::chat::ops::import_export::Import;
use crate::importers::ImportError;
use crate::importers::people::People;
use crate::importers::report::ImportReport;

/// Who is who in the project.
#[derive(Default)]
pub(super) struct Known {
    /// By id, the username there.
    pub users: HashMap<i64, String>,
    /// Those of them who were deleted there.
    pub gone: HashSet<i64>,
    /// By the id of a profile, its user.
    pub profiles: HashMap<i64, i64>,
    /// By user, the path of the picture.
    pub avatars: BTreeMap<i64, String>,
    /// The names that are given.
    pub names: People,
}

/// What the files per noun work with.
pub(super) struct Reader<'a> {
    pub source: &'a Source,
    pub plan: &'a Plan,
    pub media: &'a Media,
    pub people: Known,
    pub left: Left,
    pub import: &'a mut Import,
    pub report: &'a mut ImportReport,
    pub now: Timestamp,
}

impl Reader<'_> {
    /// Who stands in a field, which may name a profile in place of a user.
    pub fn person(&self, mapped: &TablePlan, cells: &TableRow<'_>, field: &str) -> Option<i64> {
        let id = cells.key(field)?;
        let profiles = self.plan.get("profiles").map(|mapped| mapped.table.as_str());
        let is_profile = mapped.target(field).is_some() && mapped.target(field) == profiles;
        let user = if is_profile { *self.people.profiles.get(&id)? } else { id };
        self.people.users.contains_key(&user).then_some(user)
    }

    /// Counts the rows that the project keeps of what was deleted: none of them is read by anything else.
    pub fn gone(&mut self) -> Result<(), ImportError> {
        for (kind, mapped) in self.plan.all().filter(|(kind, _)| !matches!(*kind, "users" | "members")) {
            let (told, one) = in_words(kind);
            self.source.gone(mapped, |place, id| {
                let Some(mark) = mapped.marks.get(place) else { return };
                let example = if id.is_empty() { String::new() } else { format!("{one} {id}") };
                self.report.leave_out(told, format!("{}, as {} says", mark.why, mark.column), example);
            })?;
        }
        Ok(())
    }

    /// Each row of a kind, in the order of some fields.
    pub fn each(
        &mut self,
        kind: &str,
        order: &[&str],
        mut with: impl FnMut(&mut Self, &TablePlan, &TableRow<'_>) -> Result<(), ImportError>,
    ) -> Result<(), ImportError> {
        let Some(mapped) = self.plan.get(kind) else { return Ok(()) };
        let order: Vec<&str> = order.iter().filter_map(|field| mapped.column(field)).collect();
        let (source, with_gone) = (self.source, kind == "members");
        source.each(mapped, &order, with_gone, |cells| with(self, mapped, cells))
    }
}

/// What rows of a kind are in a report, and one of them.
fn in_words(kind: &'static str) -> (&'static str, &'static str) {
    match kind {
        "tokens" => ("credentials", "token"),
        "admins" => ("rights of admins", ""),
        "reads" => ("read receipts", ""),
        "attachments" => ("files", ""),
        "messages" => (kind, "message"),
        "chats" => (kind, "chat"),
        "posts" => (kind, "post"),
        "files" => (kind, "file"),
        "reactions" => (kind, "reaction"),
        other => (other, ""),
    }
}
