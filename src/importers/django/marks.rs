//! Columns by which a project says that a row counts no more, or not yet: deleted, left, a draft.
//!
//! Projects that delete "softly" keep the row. Bringing one along would show again what
//! somebody took back, and nothing undoes that; one that is left out by mistake is still in
//! the project. So whatever looks like such a column counts, the report names it, and a
//! mapping says otherwise (`"is_deleted": null`).

use super::shape::HIDDEN;
use super::source::quoted;

/// Words for what was taken back.
const DELETED: &[&str] = &[
    "deleted",
    "deletion",
    "removed",
    "erased",
    "trashed",
    "discarded",
    "retracted",
    "recalled",
    "unsent",
    "revoked",
    "withdrawn",
];
/// Words beside these that make something else of a column: a right, a number, a remark.
const OTHERWISE: &[&str] = &["can", "may", "allow", "not", "never", "count", "reason", "note", "notified"];
/// States of what nobody but its author was to see.
const DRAFT: &[&str] = &["draft", "hidden", "unpublished", "scheduled"];
const NO_MEMBER: &[&str] = &[
    "left",
    "removed",
    "deleted",
    "kicked",
    "banned",
    "blocked",
    "inactive",
    "invited",
    "pending",
    "requested",
    "declined",
    "rejected",
    "expired",
    "former",
];
const NO_FRIEND: &[&str] = &[
    "pending",
    "requested",
    "request",
    "sent",
    "invited",
    "rejected",
    "declined",
    "refused",
    "denied",
    "ignored",
    "blocked",
    "canceled",
    "cancelled",
    "removed",
    "deleted",
    "expired",
];
const NOT_READ: &[&str] = &["delivered", "sent", "pending", "unread", "received"];

const THEY_WERE_DELETED: &str = "they were deleted there";
const THEY_WERE_HIDDEN: &str = "they are drafts or hidden there";
const THEY_LEFT: &str = "they left, or had not joined";
const NO_FRIENDS: &str = "they are no friends, or not yet";

/// A column that says so of its row.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    pub column: String,
    /// Of the kind in the plural: why they do not come.
    pub why: &'static str,
    test: Test,
}

#[derive(Clone, Copy, Debug)]
enum Test {
    /// A yes, a moment, a name: anything but a no.
    Set,
    /// A no.
    Unset,
    /// A moment that is over.
    Over,
    /// One of some words.
    Word(&'static [&'static [&'static str]]),
}

impl Mark {
    /// A column that a mapping names.
    pub fn named(column: &str) -> Self {
        Self { column: column.to_owned(), why: THEY_WERE_DELETED, test: Test::Set }
    }

    /// What a column that is not read otherwise says of rows of a kind, if anything.
    pub fn of(kind: &str, column: &str) -> Option<Self> {
        // These rows are about what is deleted, and are not deleted themselves.
        if kind == HIDDEN {
            return None;
        }
        let words = words(column);
        let (why, test) = by_deletion(&words).or_else(|| by_kind(kind, &words))?;
        Some(Self { column: column.to_owned(), why, test })
    }

    /// Whether the column has nothing else to say.
    pub fn is_all(&self) -> bool {
        matches!(self.test, Test::Set | Test::Unset)
    }

    /// SQL that is true of a row that is gone, and never null.
    pub fn sql(&self) -> String {
        let column = quoted(&self.column);
        let text = |empty: &str| format!("coalesce(lower(trim(CAST({column} AS TEXT))), '{empty}')");
        match self.test {
            Test::Set => format!("{} NOT IN ('', '0', '0.0', 'false', 'f', 'no', 'n', 'none', 'null')", text("")),
            Test::Unset => format!("{} IN ('0', '0.0', 'false', 'f', 'no', 'n')", text("1")),
            Test::Over => {
                format!("coalesce(replace(substr(CAST({column} AS TEXT), 1, 19), 'T', ' ') <= datetime('now'), 0)")
            }
            Test::Word(words) => {
                let words: Vec<String> = words.iter().copied().flatten().map(|word| format!("'{word}'")).collect();
                format!("{} IN ({})", text(""), words.join(", "))
            }
        }
    }
}

/// `deleted_at`, `isDeleted` and the like, of any kind.
fn by_deletion(words: &[String]) -> Option<(&'static str, Test)> {
    let has = |of: &[&str]| words.iter().any(|word| of.contains(&word.as_str()));
    let ends = |of: &[&str]| words.last().is_some_and(|word| of.contains(&word.as_str()));
    if has(OTHERWISE) {
        return None;
    }
    let is_moment = ends(&["at", "on", "after", "date", "time"]);
    if has(&["expires", "expire", "expiry", "expiration"]) || (has(&["delete", "destroy"]) && is_moment) {
        return is_moment.then_some((THEY_WERE_DELETED, Test::Over));
    }
    (has(DELETED) || has(&["delete", "isdeleted", "deletedat"])).then_some((THEY_WERE_DELETED, Test::Set))
}

/// What a word means of one kind and not of others.
fn by_kind(kind: &str, words: &[String]) -> Option<(&'static str, Test)> {
    let plain: Vec<&str> = words.iter().map(String::as_str).filter(|word| !matches!(*word, "is" | "has")).collect();
    let is = |of: &[&str]| plain.first().is_some_and(|word| plain.len() == 1 && of.contains(word));
    let has = |of: &[&str]| plain.iter().any(|word| of.contains(word));
    let is_word = is(&["status", "state"]);
    match kind {
        "messages" | "posts" => match () {
            () if is(&["active", "visible", "published"]) => Some((THEY_WERE_HIDDEN, Test::Unset)),
            () if is(&["hidden", "draft"]) => Some((THEY_WERE_HIDDEN, Test::Set)),
            () if is_word || is(&["type", "kind"]) || plain == ["message", "type"] => {
                Some((THEY_WERE_HIDDEN, Test::Word(&[DELETED, DRAFT])))
            }
            () => None,
        },
        "members" | "admins" => match () {
            () if has(&["left", "kicked", "banned", "exited", "departed"]) => Some((THEY_LEFT, Test::Set)),
            () if is(&["active", "accepted", "approved", "confirmed", "joined"]) => Some((THEY_LEFT, Test::Unset)),
            () if is_word => Some((THEY_LEFT, Test::Word(&[NO_MEMBER]))),
            () => None,
        },
        "friends" => match () {
            () if has(&["blocked", "rejected", "declined"]) => Some((NO_FRIENDS, Test::Set)),
            () if is(&["active", "accepted", "approved", "confirmed"]) => Some((NO_FRIENDS, Test::Unset)),
            () if is_word => Some((NO_FRIENDS, Test::Word(&[NO_FRIEND]))),
            () => None,
        },
        "reads" if is_word => {
            Some(("they say that it was delivered, and not that it was read", Test::Word(&[NOT_READ])))
        }
        "tokens" if is(&["active", "valid"]) => Some((THEY_WERE_DELETED, Test::Unset)),
        _ if is_word => Some((THEY_WERE_DELETED, Test::Word(&[DELETED]))),
        _ => None,
    }
}

/// The words of a column's name, small.
fn words(column: &str) -> Vec<String> {
    let mut parted = String::new();
    let mut was_small = false;
    for letter in column.chars() {
        if letter.is_uppercase() && was_small {
            parted.push('_');
        }
        was_small = letter.is_lowercase();
        parted.extend(letter.to_lowercase());
    }
    parted.split(['_', ' ', '-']).filter(|word| !word.is_empty()).map(ToOwned::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::Mark;

    /// Whether a row of a kind is gone that has this value in this column.
    fn is_gone(kind: &str, column: &str, value: &str) -> bool {
        let Some(mark) = Mark::of(kind, column) else { return false };
        let db = Connection::open_in_memory().expect("a database");
        let sql = format!("SELECT {} FROM (SELECT {value} AS \"{column}\")", mark.sql());
        db.query_row(&sql, [], |row| row.get(0)).expect("a yes or a no")
    }

    #[test]
    fn what_says_deleted_is_known_whatever_it_is_called() {
        for column in ["is_deleted", "deleted", "isDeleted", "is_removed", "is_delete", "delete_mark", "deletedForAll"]
        {
            for (value, gone) in [("1", true), ("'t'", true), ("'True'", true), ("0", false), ("NULL", false)] {
                assert_eq!(is_gone("messages", column, value), gone, "{column} {value}");
            }
        }
        for column in ["deleted_at", "removed_at", "deletedAt", "date_deleted", "unsent_at", "deleted_by_id"] {
            for (value, gone) in [("'2024-05-01 08:00:00'", true), ("7", true), ("NULL", false), ("''", false)] {
                assert_eq!(is_gone("messages", column, value), gone, "{column} {value}");
            }
        }
        for column in ["expires_at", "delete_at", "auto_delete_after"] {
            for (value, gone) in [("'2024-05-01T08:00:00Z'", true), ("'9000-01-01 00:00:00'", false), ("NULL", false)] {
                assert_eq!(is_gone("messages", column, value), gone, "{column} {value}");
            }
        }
        for column in ["can_be_deleted", "deleted_count", "text", "is_read", "undeleted", "deletable"] {
            assert!(!is_gone("messages", column, "1"), "{column}");
        }
    }

    #[test]
    fn words_mean_what_they_mean_of_their_kind() {
        for (kind, column, value, gone) in [
            ("messages", "is_active", "0", true),
            ("messages", "is_active", "1", false),
            ("messages", "is_active", "NULL", false),
            ("messages", "status", "'Deleted'", true),
            ("messages", "status", "'sent'", false),
            ("messages", "message_type", "'image'", false),
            ("chats", "is_active", "0", false),
            ("chats", "status", "'deleted'", true),
            ("posts", "is_published", "0", true),
            ("posts", "status", "'draft'", true),
            ("members", "left_at", "'2024-05-01'", true),
            ("members", "status", "'invited'", true),
            ("members", "status", "'member'", false),
            ("friends", "status", "'PENDING'", true),
            ("friends", "status", "'accepted'", false),
            ("friends", "accepted", "0", true),
            ("reads", "status", "'delivered'", true),
            ("reads", "status", "'seen'", false),
        ] {
            assert_eq!(is_gone(kind, column, value), gone, "{kind} {column} {value}");
        }
    }
}
