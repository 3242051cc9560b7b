//! What an import brought, or would bring.

use std::collections::BTreeMap;

/// Sentences that a report keeps; those beyond are counted.
pub const MAX_NOTES: usize = 1_000;

/// What came of the records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// By kind in the plural (`users`, `messages`, …): how many came.
    pub taken: BTreeMap<&'static str, u64>,
    /// By kind, and why: how many did not.
    pub left_out: BTreeMap<(&'static str, String), u64>,
    /// Users that are one with somebody who was there.
    pub merged: u64,
    /// Users who have no password here: each needs a link.
    pub without_password: u64,
    /// What is worth a sentence of its own: new names, odd things.
    pub notes: Vec<String>,
    /// Sentences and reasons beyond [`MAX_NOTES`].
    pub more_notes: u64,
    /// Nothing was changed: this is what would come.
    pub is_dry_run: bool,
}

impl Report {
    pub(super) fn take(&mut self, kind: &'static str) {
        *self.taken.entry(kind).or_default() += 1;
    }

    pub(super) fn leave_out(&mut self, kind: &'static str, why: impl Into<String>) {
        let reason = (kind, why.into());
        if self.left_out.len() < MAX_NOTES || self.left_out.contains_key(&reason) {
            *self.left_out.entry(reason).or_default() += 1;
        } else {
            self.more_notes += 1;
        }
    }

    pub(super) fn note(&mut self, sentence: impl Into<String>) {
        if self.notes.len() < MAX_NOTES {
            self.notes.push(sentence.into());
        } else {
            self.more_notes += 1;
        }
    }
}
