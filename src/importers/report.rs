//! What did not come, or came changed: told once for each reason, with a count.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::text;
use crate::chat::ops::import_export::Import;

/// Examples that are named for each reason.
const EXAMPLES: usize = 3;
/// Characters of an example at most: a name is whatever somebody wrote into the source.
const MAX_EXAMPLE: usize = 80;

/// Reasons, how often each was met, and the first few cases.
#[derive(Default)]
pub(super) struct ImportReport {
    left_out: BTreeMap<(&'static str, Cow<'static, str>), Examples>,
    changed: BTreeMap<Cow<'static, str>, Examples>,
}

#[derive(Default)]
struct Examples {
    count: u64,
    examples: Vec<String>,
}

impl Examples {
    fn add(&mut self, example: impl Into<String>) {
        self.count += 1;
        if self.examples.len() < EXAMPLES {
            let example = example.into();
            let cut = text::cut(&example, MAX_EXAMPLE);
            self.examples.push(if cut.len() < example.len() { format!("{cut}…") } else { example });
        }
    }

    /// The reason, and the first few cases.
    fn named(&self, why: &str) -> String {
        let more = if self.count > self.examples.len() as u64 { ", …" } else { "" };
        let examples: Vec<&str> = self.examples.iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
        if examples.is_empty() { why.to_owned() } else { format!("{why} ({}{more})", examples.join(", ")) }
    }
}

impl ImportReport {
    /// Something of a kind, in the plural, that does not come.
    pub fn leave_out(&mut self, kind: &'static str, why: impl Into<Cow<'static, str>>, example: impl Into<String>) {
        self.left_out.entry((kind, why.into())).or_default().add(example);
    }

    /// Something that comes, but not as it was: `why` begins after a count.
    pub fn change(&mut self, why: impl Into<Cow<'static, str>>, example: impl Into<String>) {
        self.changed.entry(why.into()).or_default().add(example);
    }

    /// Puts all of it into the report.
    pub fn tell(self, import: &mut Import) {
        for (why, cases) in &self.changed {
            import.note(format!("{} {}", cases.count, cases.named(why)));
        }
        for ((kind, why), cases) in &self.left_out {
            let why = cases.named(why);
            (0..cases.count).for_each(|_| import.leave_out(kind, why.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Examples, MAX_EXAMPLE};

    #[test]
    fn a_few_cases_are_named_and_all_are_counted() {
        let mut cases = Examples::default();
        cases.add("one");
        assert_eq!(cases.named("because"), "because (one)");
        for _ in 0..4 {
            cases.add("more");
        }
        let mut long = Examples::default();
        long.add("ж".repeat(MAX_EXAMPLE));
        long.add("ж".repeat(3_000));
        let whole = "ж".repeat(MAX_EXAMPLE);
        assert_eq!(long.named("because"), format!("because ({whole}, {whole}…)"));
        assert_eq!((cases.count, cases.named("because").as_str()), (5, "because (one, more, more, …)"));
    }
}
