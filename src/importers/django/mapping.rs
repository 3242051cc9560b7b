//! The file that says what a project calls its tables and columns.
//!
//! ```json
//! {
//!   "messages": {"table": "talk_note", "columns": {"text": "words", "sender": "writer_id"}},
//!   "reactions": null
//! }
//! ```
//! Kinds and columns that are not named are looked for as ever; `null` leaves a kind or a column
//! out. `is_deleted` names the column of any kind that says that a row was deleted, and with
//! `null` none is believed.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;

use super::shape::{IS_DELETED, KINDS, kind};
use crate::importers::{ImportError, failed};

/// Longest mapping file that is read, in bytes.
const MAX_MAPPING: u64 = 64 * 1_024;

/// What a mapping file says: by kind, its table or that it is left out.
pub(super) type Mapping = BTreeMap<String, Option<TableName>>;

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(super) struct TableName {
    /// Left out: looked for.
    pub table: Option<String>,
    /// By field, the column, or that none is read.
    #[serde(default)]
    pub columns: BTreeMap<String, Option<String>>,
}

/// Reads and checks a mapping file.
pub(super) fn read(path: &Path) -> Result<Mapping, ImportError> {
    let unread = |cause| ImportError::Source(format!("{}: {cause}", path.display()));
    let mut text = String::new();
    File::open(path).and_then(|file| file.take(MAX_MAPPING + 1).read_to_string(&mut text)).map_err(unread)?;
    if text.len() as u64 > MAX_MAPPING {
        return failed(format!("{}: a mapping has at most {MAX_MAPPING} bytes", path.display()));
    }
    parse(&text).map_err(|why| ImportError::Source(format!("{}: {why}", path.display())))
}

fn parse(text: &str) -> Result<Mapping, String> {
    let mapping: Mapping = serde_json::from_str(text).map_err(|cause| cause.to_string())?;
    for (name, named) in &mapping {
        let Some(kind) = kind(name) else {
            let known: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
            return Err(format!("there is no kind `{name}`; there are {}", known.join(", ")));
        };
        for (field, column) in named.iter().flat_map(|named| &named.columns) {
            let known = kind.fields.iter().find(|known| known.name == field);
            if known.is_some_and(|known| known.is_required) && column.is_none() {
                return Err(format!("{name} cannot be without `{field}`"));
            }
            if known.is_none() && field != IS_DELETED {
                let known: Vec<&str> = kind.fields.iter().map(|field| field.name).collect();
                return Err(format!("{name} have no `{field}`; they have {}", known.join(", ")));
            }
        }
    }
    Ok(mapping)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, proptest};

    use super::parse;

    #[test]
    fn a_mapping_names_tables_and_columns() {
        let mapping =
            parse(r#"{"messages": {"table": "a", "columns": {"text": "words"}}, "posts": null}"#).expect("it");
        assert_eq!(mapping["posts"], None);
        let messages = mapping["messages"].as_ref().expect("named");
        assert_eq!((messages.table.as_deref(), messages.columns["text"].as_deref()), (Some("a"), Some("words")));
        let left = parse(r#"{"messages": {"columns": {"is_deleted": null, "file": null}}}"#).expect("it");
        assert!(left["messages"].as_ref().is_some_and(|named| named.columns.values().all(Option::is_none)));
    }

    #[test]
    fn what_is_not_known_is_told_with_what_is() {
        for (text, told) in [
            (r#"{"notes": null}"#, "there is no kind `notes`; there are users, "),
            (r#"{"posts": {"columns": {"txt": "a"}}}"#, "posts have no `txt`; they have id, author, title, text"),
            (r#"{"posts": {"columns": {"text": null}}}"#, "posts cannot be without `text`"),
            (r#"{"posts": {"tabel": "a"}}"#, "unknown field `tabel`"),
            ("[", "line 1"),
        ] {
            let why = parse(text).expect_err(text);
            assert!(why.contains(told), "{why}");
        }
    }

    proptest! {
        /// What is taken names kinds and fields that there are, and no others.
        #[test]
        fn any_text_is_a_mapping_or_refused(
            noise in any::<String>(),
            kind in "(users|messages|posts|notes|)",
            field in "(id|text|title|nothing)",
            named in "(null|\"a\"|1|\\[\\]|\\{\\})",
            cut in 0_usize..60,
        ) {
            let whole = format!(r#"{{"{kind}": {{"table": {named}, "columns": {{"{field}": {named}}}}}}}"#);
            for text in [&noise, &whole, &whole[..cut.min(whole.len())]] {
                let Ok(mapping) = parse(text) else { continue };
                for (name, named) in mapping {
                    let known = super::kind(&name);
                    prop_assert!(known.is_some(), "{text}");
                    let fields = named.unwrap_or_default().columns;
                    let is_known = |field: &String| field == super::IS_DELETED || known.is_some_and(|kind| kind.fields.iter().any(|known| known.name == field));
                    prop_assert!(fields.keys().all(is_known), "{text}");
                }
            }
        }
    }
}
