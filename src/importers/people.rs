//! Names and addresses of people, brought to the rules of this server.

use std::collections::{HashMap, HashSet};

use super::report::ImportReport;
use crate::chat::model::name::{Email, MAX_USERNAME, Username};

/// Characters that are kept free at a name's end for a number.
const ROOM_FOR_NUMBER: usize = 8;

/// Gives each a name and an address that nobody of the same source has.
#[derive(Default)]
pub(super) struct People {
    names: HashSet<String>,
    looks: HashMap<String, Vec<Username>>,
    emails: HashSet<String>,
}

impl People {
    /// A username as near as can be to what somebody was called.
    pub fn name(&mut self, wished: &str, id: i64, report: &mut ImportReport) -> Username {
        let name = self.free(nearest(wished, id), id);
        if name.as_str() != wished {
            report.change("users get another name", format!("{wished:?} is {name}"));
        }
        name
    }

    /// A username like this one that nobody has.
    pub fn unlike_others(&mut self, wished: &str) -> Username {
        self.free(nearest(wished, 0), 0)
    }

    fn free(&mut self, nearest: Username, id: i64) -> Username {
        let mut name = nearest.clone();
        let mut number = 2_u32;
        while !self.is_free(&name) {
            let numbered = Username::parse(&format!("{nearest}-{number}"));
            let Ok(next) = numbered.or_else(|_| Username::parse(&format!("user-{id}-{number}"))) else { break };
            name = next;
            number += 1;
        }
        self.names.insert(name.key());
        self.looks.entry(name.skeleton()).or_default().push(name.clone());
        name
    }

    fn is_free(&self, name: &Username) -> bool {
        let alike = self.looks.get(&name.skeleton());
        !self.names.contains(&name.key())
            && !alike.is_some_and(|others| others.iter().any(|other| name.passes_for(other)))
    }

    /// An address, if it is one and nobody has it.
    pub fn email(&mut self, wished: &str, report: &mut ImportReport) -> Option<String> {
        let wished = wished.trim();
        if wished.is_empty() {
            return None;
        }
        match Email::parse(wished) {
            Ok(email) if self.emails.insert(email.key()) => Some(email.as_str().to_owned()),
            Ok(_) => {
                report.change("users come without their address: another has it", wished);
                None
            }
            Err(_) => {
                report.change("users come without their address: it is none", format!("{wished:?}"));
                None
            }
        }
    }
}

fn nearest(wished: &str, id: i64) -> Username {
    if let Ok(name) = Username::parse(wished) {
        return name;
    }
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '+' | '-');
    let plain: String = wished.trim().chars().map(|c| if allowed(c) { c } else { '.' }).collect();
    let plain: String = plain.chars().take(MAX_USERNAME - ROOM_FOR_NUMBER).collect();
    let plain = plain.trim_matches(|c: char| !c.is_alphanumeric() && c != '_');
    let numbered = format!("user-{plain}");
    [plain, numbered.as_str()]
        .into_iter()
        .find_map(|name| Username::parse(name).ok())
        .or_else(|| Username::parse(&format!("user-{}", id.unsigned_abs())).ok())
        // The last was made of ASCII letters and digits: it always parses.
        .unwrap_or_else(|| nearest("user", 0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, proptest};

    use super::{ImportReport, People};

    #[test]
    fn names_stay_near_and_are_unique() {
        let (mut people, mut report) = (People::default(), ImportReport::default());
        let mut name = |wished: &str, id: i64| people.name(wished, id, &mut report).to_string();
        assert_eq!(name("alice", 1), "alice");
        assert_eq!(name("Alice", 2), "Alice-2");
        assert_eq!(name("jane@example.org", 3), "jane.example.org");
        assert_eq!(name("12345", 4), "user-12345");
        assert_eq!(name("@@@", 5), "user-5");
        assert_eq!(name("pаypal", 6), "user-6", "two scripts");
        assert_eq!(name("coco", 7), "coco");
        assert_eq!(name("сосо", 8), "сосо-2", "drawn alike");
        assert_eq!(name(&"x".repeat(150), 9), "x".repeat(56));
        assert_eq!(name(&"x".repeat(150), 10), format!("{}-2", "x".repeat(56)));
    }

    #[test]
    fn an_address_is_given_once() {
        let (mut people, mut report) = (People::default(), ImportReport::default());
        assert_eq!(people.email("A@example.org", &mut report), Some("A@example.org".into()));
        for not in ["a@example.org", "none", "", "a@b@c"] {
            assert_eq!(people.email(not, &mut report), None, "{not}");
        }
    }

    proptest! {
        #[test]
        fn every_name_becomes_one(wished in any::<Vec<String>>()) {
            let (mut people, mut report) = (People::default(), ImportReport::default());
            let names: Vec<_> = (0..).zip(&wished).map(|(id, wished)| people.name(wished, id, &mut report).key()).collect();
            let unique: std::collections::HashSet<_> = names.iter().collect();
            prop_assert!(unique.len() == names.len());
        }
    }
}
