//! What an import brought, or would bring.

use std::collections::BTreeMap;

/// Sentences that a report keeps; those beyond are counted.
pub const MAX_NOTES: usize = 1_000;
/// Characters of one at most; what is cut ends with `…`.
pub const MAX_SENTENCE: usize = 1_500;

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
        let reason = (kind, shown(&why.into()));
        if self.left_out.len() < MAX_NOTES || self.left_out.contains_key(&reason) {
            *self.left_out.entry(reason).or_default() += 1;
        } else {
            self.more_notes += 1;
        }
    }

    pub(super) fn note(&mut self, sentence: impl Into<String>) {
        if self.notes.len() < MAX_NOTES {
            self.notes.push(shown(&sentence.into()));
        } else {
            self.more_notes += 1;
        }
    }
}

/// What a terminal is shown, where names of the source stand in it: nothing that moves its cursor, and not without end.
fn shown(sentence: &str) -> String {
    let mut signs = sentence.chars().map(|sign| if sign.is_control() { char::REPLACEMENT_CHARACTER } else { sign });
    let mut shown: String = signs.by_ref().take(MAX_SENTENCE).collect();
    if signs.next().is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::{MAX_SENTENCE, Report};

    #[test]
    fn sentences_end_and_do_nothing_to_a_terminal() {
        let mut report = Report::default();
        report.note("\u{1b}[2Jname");
        report.note("x".repeat(MAX_SENTENCE));
        report.leave_out("users", "x".repeat(MAX_SENTENCE + 1));
        assert_eq!(report.notes, ["\u{fffd}[2Jname".to_owned(), "x".repeat(MAX_SENTENCE)]);
        assert_eq!(report.left_out.keys().next().map(|(_, why)| why.clone()), Some("x".repeat(MAX_SENTENCE) + "…"));
    }
}
