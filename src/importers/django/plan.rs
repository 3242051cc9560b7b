//! Which table is what: the tables that are there, the names that are usual, and what a
//! mapping file says otherwise.

use std::collections::BTreeMap;

use super::mapping::{Mapping, TableName};
use super::marks::Mark;
use super::shape::{Field, IS_DELETED, KINDS, Kind};
use super::source::Table;
use crate::importers::{ImportError, failed};

/// Django's own tables, whose rows nobody misses.
const DJANGOS_OWN: &[&str] = &[
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
    "django_admin_log",
    "django_content_type",
    "django_migrations",
    "django_session",
    "django_site",
    // As a dump calls them.
    "admin_logentry",
    "contenttypes_contenttype",
    "sessions_session",
    "sites_site",
];
/// Endings of tables that hold rights, which come as one flag.
const RIGHTS: &[&str] = &["_groups", "_user_permissions"];

/// A kind's table.
#[derive(Debug, Default)]
pub(super) struct TablePlan {
    pub table: String,
    /// By field, the column.
    pub columns: Vec<(&'static str, String)>,
    /// Columns that say of a row that it is gone, those that say it first before others.
    pub marks: Vec<Mark>,
    /// Columns from which nothing is read.
    pub unread: Vec<String>,
    /// Fields that are foreign keys, and of which table.
    refers: Vec<(&'static str, String)>,
}

impl TablePlan {
    /// The column of a field, if there is one.
    pub fn column(&self, field: &str) -> Option<&str> {
        self.columns.iter().find(|(name, _)| *name == field).map(|(_, column)| column.as_str())
    }

    /// The table that a field refers to, as far as the database says.
    pub fn target(&self, field: &str) -> Option<&str> {
        self.refers.iter().find(|(name, _)| *name == field).map(|(_, table)| table.as_str())
    }
}

#[derive(Debug, Default)]
pub(super) struct Plan {
    kinds: BTreeMap<&'static str, TablePlan>,
    /// Tables that nothing is read from.
    pub unread: Vec<String>,
}

impl Plan {
    /// Finds a table for each kind.
    pub fn new(tables: &[Table], mapping: &Mapping) -> Result<Self, ImportError> {
        let mut plan = Self::default();
        let none = TableName::default();
        for kind in KINDS {
            let named = match mapping.get(kind.name) {
                Some(None) => continue,
                Some(Some(named)) => named,
                None => &none,
            };
            let found = match &named.table {
                Some(table) => Some(plan.named(kind, table, named, tables)?),
                None => plan.usual(kind, named, tables)?,
            };
            if let Some(found) = found {
                plan.kinds.insert(kind.name, found);
            }
        }
        plan.check(tables)?;
        plan.unread = tables.iter().map(|table| &table.name).filter(|name| plan.is_missed(name)).cloned().collect();
        Ok(plan)
    }

    /// The table of a kind, if there is one.
    pub fn get(&self, kind: &str) -> Option<&TablePlan> {
        self.kinds.get(kind)
    }

    /// Every kind and its table, by their names.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, &TablePlan)> {
        self.kinds.iter().map(|(kind, mapped)| (*kind, mapped))
    }

    /// Which kind is read from which table, in words.
    pub fn words(&self) -> String {
        let kinds: Vec<String> =
            self.kinds.iter().map(|(kind, mapped)| format!("{kind} from {}", mapped.table)).collect();
        kinds.join(", ")
    }

    fn named(
        &self,
        kind: &'static Kind,
        wanted: &str,
        named: &TableName,
        tables: &[Table],
    ) -> Result<TablePlan, ImportError> {
        let Some(table) = tables.iter().find(|table| table.name == wanted) else {
            return failed(format!("there is no table {wanted} for {}; there are {}", kind.name, names(tables)));
        };
        self.fit(kind, table, named).or_else(failed)
    }

    fn usual(
        &self,
        kind: &'static Kind,
        named: &TableName,
        tables: &[Table],
    ) -> Result<Option<TablePlan>, ImportError> {
        // Whoever signs in has a hash of Django's, whatever their table is called.
        let is_of_users = kind.name == "users";
        let are_hashed = is_of_users && tables.iter().any(|table| table.has_passwords);
        let is_free = |table: &&Table| !self.kinds.values().any(|mapped| mapped.table == table.name);
        let may_be: Vec<&Table> =
            tables.iter().filter(is_free).filter(|table| table.has_passwords || !are_hashed).collect();
        for ending in kind.endings {
            let is_called = |table: &Table| {
                let name = table.name.to_lowercase();
                name == *ending || name.strip_suffix(ending).is_some_and(|before| before.ends_with('_'))
            };
            let called = may_be.iter().copied().filter(|table| is_called(table));
            if let Some(found) = self.only(kind, called, named)? {
                return Ok(Some(found));
            }
        }
        if are_hashed { self.only(kind, may_be.into_iter(), named) } else { Ok(None) }
    }

    /// The one of some tables that fits, if any does.
    fn only<'a>(
        &self,
        kind: &'static Kind,
        tables: impl Iterator<Item = &'a Table>,
        named: &TableName,
    ) -> Result<Option<TablePlan>, ImportError> {
        let mut fitting: Vec<TablePlan> = tables.filter_map(|table| self.fit(kind, table, named).ok()).collect();
        if fitting.len() > 1 {
            let tables: Vec<&str> = fitting.iter().map(|mapped| mapped.table.as_str()).collect();
            let tables = tables.join(" or ");
            return failed(format!("{} may be {tables}: a mapping says which (--map)", kind.name));
        }
        Ok(fitting.pop())
    }

    /// Finds the columns of a kind in a table, or says what is missing.
    fn fit(&self, kind: &'static Kind, table: &Table, named: &TableName) -> Result<TablePlan, String> {
        let mut mapped = TablePlan { table: table.name.clone(), ..TablePlan::default() };
        // What a mapping names is not free for others.
        for field in kind.fields {
            if let Some(Some(column)) = named.columns.get(field.name) {
                if !table.columns.contains(column) {
                    return Err(missing(kind, table, &format!("column {column} for {}", field.name)));
                }
                mapped.columns.push((field.name, column.clone()));
            }
        }
        let is_left_out = |field: &Field| named.columns.contains_key(field.name);
        for field in kind.fields.iter().filter(|field| !is_left_out(field)) {
            match self.column(field, table, &mapped) {
                Some(column) => mapped.columns.push((field.name, column)),
                None if field.is_required => {
                    let usual = field.columns.join(", ");
                    return Err(missing(kind, table, &format!("column for {} (such as {usual})", field.name)));
                }
                None => {}
            }
        }
        for (field, column) in &mapped.columns {
            let target = table.refers.iter().find(|(key, _)| key == column);
            mapped.refers.extend(target.map(|(_, of)| (*field, of.clone())));
        }
        let is_taken = |column: &str| mapped.columns.iter().any(|(_, taken)| taken == column);
        mapped.marks = match named.columns.get(IS_DELETED) {
            Some(None) => Vec::new(),
            Some(Some(column)) if !table.columns.contains(column) => {
                return Err(missing(kind, table, &format!("column {column} for {IS_DELETED}")));
            }
            Some(Some(column)) => vec![Mark::named(column)],
            None => {
                let free = table.columns.iter().filter(|column| !is_taken(column));
                free.filter_map(|column| Mark::of(kind.name, column)).collect()
            }
        };
        let says_gone = |column: &str| mapped.marks.iter().any(|mark| mark.column == column && mark.is_all());
        let is_key = |column: &str| table.key.as_deref() == Some(column);
        let unread = table.columns.iter().filter(|column| !is_taken(column) && !says_gone(column) && !is_key(column));
        mapped.unread = unread.cloned().collect();
        Ok(mapped)
    }

    fn column(&self, field: &Field, table: &Table, mapped: &TablePlan) -> Option<String> {
        let targets: Vec<&str> =
            field.refers.iter().filter_map(|kind| self.kinds.get(kind)).map(|mapped| mapped.table.as_str()).collect();
        let target = |column: &str| table.refers.iter().find(|(key, _)| key == column).map(|(_, of)| of.as_str());
        let is_free = |column: &str| !mapped.columns.iter().any(|(_, taken)| taken == column);
        // A name that the database says refers to something else is not meant.
        let is_meant = |column: &str| field.refers.is_empty() || target(column).is_none_or(|of| targets.contains(&of));
        let usual =
            field.columns.iter().copied().find(|column| {
                table.columns.iter().any(|known| known == column) && is_free(column) && is_meant(column)
            });
        let by_key = || {
            let mut keys = table.refers.iter().filter(|(key, of)| is_free(key) && targets.contains(&of.as_str()));
            keys.next().map(|(key, _)| key.as_str())
        };
        usual.or_else(by_key).map(ToOwned::to_owned)
    }

    fn check(&self, tables: &[Table]) -> Result<(), ImportError> {
        if self.get("users").is_none() {
            let tables = names(tables);
            return failed(format!("no table of users was found; there are {tables}: a mapping says which (--map)"));
        }
        let Some(messages) = self.get("messages") else { return Ok(()) };
        let has_chat =
            messages.column("chat").is_some() && self.get("chats").is_some() && self.get("members").is_some();
        if !has_chat && messages.column("receiver").is_none() {
            return failed(format!(
                "the messages of {} name neither a receiver nor a chat whose members were found; \
                 a mapping says which tables are chats and members (--map); there are {}",
                messages.table,
                names(tables)
            ));
        }
        Ok(())
    }

    fn is_missed(&self, name: &str) -> bool {
        let is_read = self.kinds.values().any(|mapped| mapped.table == name);
        !is_read && !DJANGOS_OWN.contains(&name) && !RIGHTS.iter().any(|ending| name.ends_with(ending))
    }
}

fn missing(kind: &Kind, table: &Table, what: &str) -> String {
    format!("{}: the table {} has no {what}; it has {}", kind.name, table.name, table.columns.join(", "))
}

fn names(tables: &[Table]) -> String {
    let names: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
    if names.is_empty() { "no tables".to_owned() } else { names.join(", ") }
}
