//! What did not come, or came changed: told once for each reason, with a count.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::chat::ops::import_export::Import;

/// Examples that are named for each reason.
const EXAMPLES: usize = 3;

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
            self.examples.push(example.into());
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
    use super::Examples;

    #[test]
    fn a_few_cases_are_named_and_all_are_counted() {
        let mut cases = Examples::default();
        cases.add("one");
        assert_eq!(cases.named("because"), "because (one)");
        for _ in 0..4 {
            cases.add("more");
        }
        assert_eq!((cases.count, cases.named("because").as_str()), (5, "because (one, more, more, …)"));
    }
}
