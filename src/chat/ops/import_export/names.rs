//! Names that an older version let people choose, and today's rules do not: letters that nobody sees,
//! towers of marks, signs that turn text around, names drawn like another's.
//!
//! Who moves a server moves all of it, so such a name does not end an import: it comes without
//! what is refused, and the report has a line of each. Whatever no version took is refused.

use std::collections::HashMap;

use super::check::{field, refused};
use super::import::{FormerName, Import, NAMES_TOLD, Result};
use crate::chat::model::id::UserId;
use crate::chat::model::name::ALL;
use crate::chat::model::name::rule::{MAX_LOGIN, Violation, fold, is_direction_control, is_unseen, without_towers};
use crate::chat::model::name::{MAX_USERNAME, Username};
use crate::chat::model::record::User;
use crate::chat::store::users;

/// Endings that are tried to find a free name.
const MAX_TRIES: u32 = 10_000;

impl Import {
    /// What a user is called here, but for whom has that name already.
    pub(super) fn username(&mut self, user: &User) -> Result<Username> {
        let parsed = Username::parse(&user.username);
        let seen = without_towers(&user.username.replace(is_unseen, ""));
        let is_reserved = fold(user.username.trim()) == ALL;
        if parsed.is_ok() || (seen == user.username && !is_reserved) {
            return field("username", parsed);
        }
        // Not the bare rest: that may be the name of somebody who comes later.
        let ending = format!("-{}", user.id.unsigned_abs());
        let rest: String = seen.trim().chars().take(MAX_USERNAME.saturating_sub(ending.len())).collect();
        let rest = if rest.is_empty() { "user" } else { &rest };
        let name = field("username", Username::parse(&format!("{rest}{ending}")))?;
        let why = if is_reserved { "@all mentions everybody" } else { "not all of the name can be seen" };
        self.report.note(format!("the user {} comes as {name}: {why}", user.id));
        Ok(name)
    }

    /// A line that is shown to others. `stand_in`, where nothing is left of it.
    pub(super) fn line(
        &mut self,
        what: &str,
        given: &str,
        stand_in: &str,
        parse: fn(&str) -> std::result::Result<String, Violation>,
    ) -> Result<String> {
        let parsed = parse(given);
        let plain = without_towers(&given.replace(is_direction_control, ""));
        let is_blank = plain.chars().all(|c| c.is_whitespace() || c == '\u{2800}' || is_unseen(c));
        if parsed.is_ok() || (plain == given && !is_blank) || given.trim().is_empty() {
            return field(what, parsed);
        }
        let line = field(what, parse(if is_blank { stand_in } else { &plain }))?;
        self.report.note(format!("{what}: one comes as {line}, without characters that mislead"));
        Ok(line)
    }

    /// Whether somebody of the same source has a name that is drawn alike: both were there, and both come.
    pub(super) fn is_like_another_that_came(&self, name: &Username) -> Result<bool> {
        let other = users::look_owner(self.tx.db(), name)?;
        Ok(other.is_some_and(|UserId(id)| !self.tx.is_older(id)))
    }

    /// Lets people sign in by what they were called before, where nobody else is called so, and says what to tell
    /// the others.
    pub(super) fn keep_former_names(&mut self) -> Result<()> {
        let former_names = std::mem::take(&mut self.former_names);
        let mut wanted: HashMap<String, u32> = HashMap::new();
        for former in &former_names {
            *wanted.entry(fold(&former.name)).or_default() += 1;
        }
        let mut kept = Vec::new();
        for FormerName { user, username, name } in former_names {
            let key = fold(name.trim());
            if key == fold(&username) {
                continue;
            }
            let why = match () {
                () if key.is_empty() || key.len() > MAX_LOGIN => "the old name is no name to sign in by",
                () if wanted.get(&fold(&name)).is_some_and(|count| *count > 1) => "others had the old name, too",
                () if self.tx.is_called(&key)? => "somebody else has the old name",
                () => {
                    self.tx.former_name(user, &key)?;
                    kept.push(format!("{name:?} is {username}"));
                    continue;
                }
            };
            self.report.note(format!("tell {name:?} to sign in as {username}: {why}"));
        }
        if !kept.is_empty() {
            let more = if kept.len() > NAMES_TOLD { ", …" } else { "" };
            let names: Vec<&str> = kept.iter().take(NAMES_TOLD).map(String::as_str).collect();
            let (count, names) = (kept.len(), names.join(", "));
            self.report.note(format!("{count} users with another name sign in by the old one, too ({names}{more})"));
        }
        Ok(())
    }

    pub(super) fn free_name(&self, wanted: &Username) -> Result<Username> {
        for number in 2..MAX_TRIES {
            let ending = format!("-{number}");
            let begin: String = wanted.as_str().chars().take(MAX_USERNAME - ending.len()).collect();
            let name = field("username", Username::parse(&format!("{begin}{ending}")))?;
            let db = self.tx.db();
            if users::find_by_key(db, &name.key())?.is_none() && users::look_owner(db, &name)?.is_none() {
                return Ok(name);
            }
        }
        refused(format!("username: no name like {wanted} is free"))
    }
}
