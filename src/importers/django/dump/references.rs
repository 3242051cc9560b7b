//! Which columns of a dump name rows of which tables, which a dump does not say.
//!
//! A field that a foreign key is usually called is one if it has nothing but keys, and is
//! then called as its column is in a database: `sender` is `sender_id`. Lists of keys name
//! users, but those of files and of friends.

use std::collections::BTreeSet;

use super::{ID, Loader, OWNER, References, TARGET};
use crate::importers::django::shape::KINDS;
use crate::importers::django::source::quoted;

type Done<T> = Result<T, rusqlite::Error>;

/// Lists that name files.
const OF_FILES: &[&str] = &["attachments", "files", "images", "documents", "uploads", "media"];
/// Lists that name people as the table that has them does: users, or profiles.
const OF_FRIENDS: &[&str] = &["friends", "contacts"];

impl Loader {
    /// Gives columns the names that a database has for them, and tells what they refer to.
    pub(super) fn finish(self) -> Done<References> {
        let mut references = References::new();
        let users = self.tables.iter().find(|(_, loaded)| {
            let has = |column: &str| loaded.columns.contains_key(column);
            has("password") && (has("username") || has("email"))
        });
        let users = users.map(|(table, _)| table.clone());
        if let Some(users) = &users {
            self.resolve(users)?;
        }
        for (table, loaded) in &self.tables {
            let known = references.entry(table.clone()).or_default();
            if let Some((of, field)) = &loaded.link {
                let (owner, target, refers) = self.sides(table, of, field, users.as_deref())?;
                self.rename(table, OWNER, &owner)?;
                self.rename(table, TARGET, &target)?;
                known.push((owner, of.clone()));
                known.extend(refers.map(|of| (target, of)));
                continue;
            }
            let names = foreign_keys();
            for (column, seen) in &loaded.columns {
                let called = format!("{column}_id");
                if names.contains(called.as_str()) && !seen.others && !loaded.columns.contains_key(&called) {
                    self.rename(table, column, &called)?;
                    if let Some(profiles) = self.profiles_named(table, &called, users.as_deref())? {
                        known.push((called, profiles));
                    }
                }
            }
            // A profile whose key is its user's has no field for it.
            if table.ends_with("profile") && !loaded.columns.contains_key("user") {
                let sql = format!(
                    "ALTER TABLE {0} ADD COLUMN user_id; UPDATE {0} SET user_id = {1}",
                    quoted(table),
                    quoted(ID)
                );
                self.db.execute_batch(&sql)?;
            }
        }
        self.db.execute_batch("COMMIT")?;
        self.db.close().map_err(|(_, cause)| cause)?;
        Ok(references)
    }

    fn rename(&self, table: &str, from: &str, to: &str) -> Done<()> {
        let sql = format!("ALTER TABLE {} RENAME COLUMN {} TO {}", quoted(table), quoted(from), quoted(to));
        self.db.execute_batch(&sql)
    }

    /// Puts the keys of users in the place of their names, by which `--natural-foreign` knows them.
    fn resolve(&self, users: &str) -> Done<()> {
        let Some(of_users) = self.tables.get(users) else { return Ok(()) };
        let names: Vec<&str> =
            ["username", "email"].into_iter().filter(|name| of_users.columns.contains_key(*name)).collect();
        for name in &names {
            self.db.execute_batch(&format!("CREATE INDEX \"by {name}\" ON {} ({name})", quoted(users)))?;
        }
        for (table, loaded) in &self.tables {
            for (column, _) in loaded.columns.iter().filter(|(_, seen)| seen.naturals) {
                let (table, column, users) = (quoted(table), quoted(column), quoted(users));
                let by = |name: &&str| format!("(SELECT {ID} FROM {users} WHERE {name} = {column} ->> '$[0]')");
                let found: Vec<String> = names.iter().map(by).collect();
                self.db.execute_batch(&format!(
                    "UPDATE {table} SET {column} = coalesce({}, {column})
                     WHERE typeof({column}) = 'text' AND {column} LIKE '[\"%'
                       AND CASE WHEN json_valid({column}) THEN json_array_length({column}) = 1 ELSE 0 END",
                    found.join(", ")
                ))?;
            }
        }
        Ok(())
    }

    /// What the two columns of a list are called, and the table of the second.
    fn sides(&self, list: &str, of: &str, field: &str, users: Option<&str>) -> Done<(String, String, Option<String>)> {
        let model = of.rsplit('_').next().unwrap_or(of);
        let owner = format!("{model}_id");
        if OF_FILES.contains(&field) {
            return Ok((owner, "file_id".to_owned(), None));
        }
        let of_itself = OF_FRIENDS.contains(&field) && (users == Some(of) || self.names_itself(list, of, users)?);
        if of_itself {
            let kind = if users == Some(of) { "user" } else { "profile" };
            return Ok((format!("from_{kind}_id"), format!("to_{kind}_id"), Some(of.to_owned())));
        }
        // What a user has in a list, such as groups.
        if users == Some(of) && !OF_FRIENDS.contains(&field) {
            let one = field.strip_suffix('s').unwrap_or(field);
            return Ok((owner, format!("{one}_id of {field}"), None));
        }
        let owner = if OF_FRIENDS.contains(&field) { "profile_id".to_owned() } else { owner };
        Ok((owner, "user_id".to_owned(), users.map(ToOwned::to_owned)))
    }

    /// Whether a list names rows of the table that has it. One of profiles by profiles has each pair twice.
    fn names_itself(&self, list: &str, of: &str, users: Option<&str>) -> Done<bool> {
        let Some(users) = users else { return Ok(true) };
        let (list, of, users) = (quoted(list), quoted(of), quoted(users));
        let has = |sql: String| self.db.query_row(&sql, [], |row| row.get::<_, bool>(0));
        let is_outside =
            has(format!("SELECT EXISTS (SELECT 1 FROM {list} WHERE {TARGET} NOT IN (SELECT {ID} FROM {of}))"))?;
        let is_no_user =
            has(format!("SELECT EXISTS (SELECT 1 FROM {list} WHERE {TARGET} NOT IN (SELECT {ID} FROM {users}))"))?;
        let is_one_sided = has(format!(
            "SELECT EXISTS (SELECT {OWNER}, {TARGET} FROM {list} EXCEPT SELECT {TARGET}, {OWNER} FROM {list})"
        ))?;
        Ok(!is_outside && (is_no_user || !is_one_sided))
    }

    /// The table of profiles, if it has all whom a column names, and the users have not.
    fn profiles_named(&self, table: &str, column: &str, users: Option<&str>) -> Done<Option<String>> {
        let profiles = self.tables.keys().find(|name| name.ends_with("profile") && name.as_str() != table);
        let (Some(profiles), Some(users)) = (profiles, users) else { return Ok(None) };
        let (table, column) = (quoted(table), quoted(column));
        let lacks = |of: &str| {
            let sql = format!(
                "SELECT EXISTS (SELECT 1 FROM {table} WHERE {column} IS NOT NULL AND {column} NOT IN (SELECT {ID} FROM {}))",
                quoted(of)
            );
            self.db.query_row(&sql, [], |row| row.get::<_, bool>(0))
        };
        Ok((lacks(users)? && !lacks(profiles)?).then(|| profiles.clone()))
    }
}

/// What foreign keys are usually called.
fn foreign_keys() -> BTreeSet<&'static str> {
    let columns = KINDS.iter().flat_map(|kind| kind.fields).flat_map(|field| field.columns);
    columns.copied().filter(|column| column.ends_with("_id")).collect()
}
