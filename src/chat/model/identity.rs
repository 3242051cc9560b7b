//! Accounts elsewhere that sign somebody in here.

use std::time::Duration;

use super::id::UserId;
use super::name::rule::{Violation, violation};
use super::name::{Email, MAX_USERNAME, Username};

/// The issuer of the names that a trusted proxy vouches for: no provider's, which are URLs.
const PROXY: &str = "proxy";
/// The issuer of nobody's: it stays with an account that a provider's word has made.
const NEWCOMER: &str = "newcomer";
/// Longest issuer, in bytes.
const MAX_ISSUER: usize = 2_048;
/// Longest subject, in bytes.
const MAX_SUBJECT: usize = 255;
/// Characters of a name that are kept free at its end for a number.
const ROOM_FOR_NUMBER: usize = 6;
/// How long a sign-in may take at the provider.
pub const ATTEMPT_LIFE: Duration = Duration::from_mins(10);

/// An account elsewhere: known by these two alone, never by a name or an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    issuer: String,
    subject: String,
}

impl Identity {
    /// Somebody at a provider of OpenID Connect.
    pub fn parse(issuer: &str, subject: &str) -> Result<Self, Violation> {
        let is_url = issuer.starts_with("https://") || issuer.starts_with("http://");
        if !is_url || issuer.len() > MAX_ISSUER || issuer.contains(|c: char| c.is_control() || c.is_whitespace()) {
            return violation("An issuer is like https://id.example.org");
        }
        Self::of(issuer, subject)
    }

    /// Somebody whom a trusted proxy names, in any case of plain letters.
    pub fn named_by_proxy(name: &str) -> Result<Self, Violation> {
        Self::of(PROXY, &name.to_ascii_lowercase())
    }

    /// What tells that a provider's word has made an account, however it is linked since.
    pub fn of_newcomer(account: UserId) -> Result<Self, Violation> {
        Self::of(NEWCOMER, &account.0.to_string())
    }

    /// One that was exported of an account, or is linked to it at the command line: of any kind.
    pub fn exported(account: UserId, issuer: &str, subject: &str) -> Result<Self, Violation> {
        match issuer {
            PROXY => Self::named_by_proxy(subject),
            NEWCOMER => Self::of_newcomer(account),
            _ => Self::parse(issuer, subject),
        }
    }

    /// Whether a proxy says so.
    pub fn is_named_by_proxy(&self) -> bool {
        self.issuer == PROXY
    }

    fn of(issuer: &str, subject: &str) -> Result<Self, Violation> {
        if subject.is_empty() || subject.len() > MAX_SUBJECT || subject.contains(char::is_control) {
            return violation(format!("A subject has 1 to {MAX_SUBJECT} bytes, none of them a control character"));
        }
        Ok(Self { issuer: issuer.to_owned(), subject: subject.to_owned() })
    }

    /// Who vouches.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// For whom.
    pub fn subject(&self) -> &str {
        &self.subject
    }
}

/// Somebody who comes from there for the first time.
#[derive(Clone, Debug)]
pub struct Stranger {
    /// What they are to be called, unless that is taken.
    pub username: Username,
    /// What others see; the username if there is none.
    pub display_name: Option<String>,
    /// Left out if another account has it.
    pub email: Option<Email>,
}

/// The name nearest to the first of these that makes one: of an address, what stands before the `@`.
pub fn nearest_name<'a>(wishes: impl IntoIterator<Item = &'a str>) -> Option<Username> {
    wishes.into_iter().find_map(|wish| nearest(wish.split('@').next().unwrap_or_default()))
}

fn nearest(wish: &str) -> Option<Username> {
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '+' | '-');
    let plain: String = wish.trim().chars().map(|c| if allowed(c) { c } else { '.' }).collect();
    let cut: String = plain.chars().take(MAX_USERNAME).collect();
    let trimmed = cut.trim_matches(|c: char| !c.is_alphanumeric() && c != '_');
    let short: String = trimmed.chars().take(MAX_USERNAME - ROOM_FOR_NUMBER).collect();
    // Digits alone would be an id, and `all` mentions everybody.
    let parsed = Username::parse(trimmed).or_else(|_| Username::parse(&format!("user-{short}")));
    parsed.ok().filter(|_| !trimmed.is_empty())
}

/// The same name with a number behind it.
pub fn numbered(name: &Username, number: u32) -> Result<Username, Violation> {
    let ending = format!("-{number}");
    let begin: String = name.as_str().chars().take(MAX_USERNAME - ending.len()).collect();
    Username::parse(&format!("{begin}{ending}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, proptest};

    use super::{Identity, UserId, nearest_name, numbered};

    #[test]
    fn a_name_is_made_valid() {
        let name = |wish: &str| nearest_name([wish]).map(|name| name.to_string());
        for (wish, made) in [
            ("jane", "jane"),
            ("jane@example.org", "jane"),
            ("Jane Doe", "Jane.Doe"),
            (" .jane. ", "jane"),
            ("ja/ne", "ja.ne"),
            ("12345", "user-12345"),
            ("all", "user-all"),
            ("Ольга", "Ольга"),
        ] {
            assert_eq!(name(wish).as_deref(), Some(made), "{wish}");
        }
        assert_eq!(name(&"x".repeat(100)), Some("x".repeat(64)));
        for none in ["", "@example.org", "...", "pаypal", "\u{3164}"] {
            assert_eq!(name(none), None, "{none:?}");
        }
        assert_eq!(nearest_name(["...", "jane@example.org"]).map(|name| name.to_string()), Some("jane".into()));
        let long = nearest_name([&*"x".repeat(64)]).expect("a name");
        assert_eq!(numbered(&long, 12).map(|name| name.to_string()), Ok(format!("{}-12", "x".repeat(61))));
    }

    #[test]
    fn an_identity_has_an_issuer_and_a_subject() {
        assert!(Identity::parse("https://id.example.org/realms/a", "248289761001").is_ok());
        let long = "s".repeat(256);
        for (issuer, subject) in [
            ("", "a"),
            ("proxy", "a"),
            ("id.example.org", "a"),
            ("https://a b", "a"),
            ("https://a", ""),
            ("https://a", "a\nb"),
            ("https://a", &long),
        ] {
            assert!(Identity::parse(issuer, subject).is_err(), "{issuer} {subject}");
        }
        let named = Identity::named_by_proxy("jane").expect("a name");
        let (here, before) = (UserId(7), Identity::of_newcomer(UserId(3)).expect("a mark"));
        assert_eq!(Identity::exported(here, named.issuer(), named.subject()), Ok(named));
        assert_eq!(Identity::exported(here, before.issuer(), before.subject()), Identity::of_newcomer(here));
    }

    proptest! {
        #[test]
        fn any_wish_is_a_name_or_none(wish in any::<String>(), number in 2_u32..10_000) {
            if let Some(name) = nearest_name([wish.as_str()]) {
                prop_assert!(numbered(&name, number).is_ok(), "{name}");
            }
        }
    }
}
