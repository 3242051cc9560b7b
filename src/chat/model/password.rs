//! A password of an allowed length.

use std::fmt;

use super::error::Result;
use super::name::rule::Violation;

/// Shortest password, in bytes.
pub const MIN_PASSWORD: usize = 8;
/// Longest password, in bytes.
pub const MAX_PASSWORD: usize = 1_024;

/// A password of an allowed length. It prints as nothing.
#[derive(Clone)]
pub struct Password(pub(in crate::chat) String);

impl Password {
    /// 8 to 1,024 bytes, taken as they are: spaces may be part of it.
    pub fn parse(raw: &str) -> Result<Self, Violation> {
        match raw.len() {
            0 => Err(Violation("This field may not be blank.".into())),
            1..MIN_PASSWORD => Err(Violation(format!("A password has at least {MIN_PASSWORD} characters."))),
            MIN_PASSWORD..=MAX_PASSWORD => Ok(Self(raw.to_owned())),
            _ => Err(Violation(format!("A password has at most {MAX_PASSWORD} bytes."))),
        }
    }

    /// What somebody typed to sign in: any length, since a stored password may be
    /// older than today's rule; what is too long to be anybody's is cut.
    pub fn attempt(raw: &str) -> Self {
        Self(raw.chars().take(MAX_PASSWORD + 1).collect())
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}
