//! Addresses that people sign in by.

use super::rule::{Violation, fold, too_long, violation};

/// Longest e-mail address, in bytes.
pub const MAX_EMAIL: usize = 254;

/// An e-mail address, looked up without regard to case. Never verified: there is
/// no mail server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// Something before one `@` and something with a dot-free edge after it.
    pub fn parse(raw: &str) -> Result<Self, Violation> {
        let address = raw.trim();
        let valid = address.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty()
                && !domain.is_empty()
                && !domain.contains('@')
                && !domain.starts_with(['.', '-'])
                && !domain.ends_with(['.', '-'])
        });
        if address.len() > MAX_EMAIL {
            return too_long(MAX_EMAIL);
        }
        if !valid || address.contains(|c: char| c.is_whitespace() || c.is_control() || "<>\",;".contains(c)) {
            return violation("Enter a valid email address.");
        }
        Ok(Self(address.to_owned()))
    }

    /// As its owner spelled it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What it is looked up by.
    pub fn key(&self) -> String {
        fold(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::Email;

    #[test]
    fn emails_need_two_sides() {
        assert!(Email::parse("jane@example.com").is_ok());
        for bad in ["", "jane", "@example.com", "jane@", "a@b@c", "a b@c.d", "a@.d"] {
            assert!(Email::parse(bad).is_err(), "{bad} is no address");
        }
    }

    proptest! {
        #[test]
        fn an_address_has_one_at(raw in any::<String>()) {
            if let Ok(email) = Email::parse(&raw) {
                prop_assert_eq!(email.as_str().matches('@').count(), 1);
            }
        }
    }
}
