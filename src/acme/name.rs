//! A name that a certificate can be asked for.

use std::fmt;
use std::str::FromStr;

/// Characters of a DNS name, and of a label of one.
const MAX_NAME: usize = 253;
const MAX_LABEL: usize = 63;

/// A DNS name in lower case, neither an address nor a wildcard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainName(String);

impl DomainName {
    /// `chat.example.org`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DomainName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl FromStr for DomainName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |why: &str| Err(format!("`{text}` is not like chat.example.org{why}"));
        if text.contains('*') {
            return wrong(": authorities prove no wildcards over HTTP or TLS");
        }
        if !text.is_ascii() {
            return wrong(": write letters of other alphabets as DNS does (xn--…)");
        }
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        let is_plain = |label: &str| {
            let fits = (1..=MAX_LABEL).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-');
            fits && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        // What ends in a number is an address, or nothing at all.
        let ends_in_number = name.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
        if name.len() > MAX_NAME || !name.split('.').all(is_plain) || ends_in_number {
            return wrong("");
        }
        Ok(Self(name))
    }
}

#[cfg(test)]
mod tests {
    use super::DomainName;

    #[test]
    fn a_name_is_one_of_dns() {
        let read = |text: &str| text.parse::<DomainName>().map(|name| name.to_string());
        assert_eq!(read("Chat.Example.org.").as_deref(), Ok("chat.example.org"));
        assert_eq!(read("xn--80ahgue5b.xn--p1ai").as_deref(), Ok("xn--80ahgue5b.xn--p1ai"));
        assert_eq!(read("localhost").as_deref(), Ok("localhost"));
        let too_long = "a".repeat(64);
        for bad in [
            "",
            ".",
            "192.0.2.1",
            "::1",
            "a..b",
            "-a.org",
            "a-.org",
            "a_b.org",
            "a b.org",
            "https://a.org",
            "a.org:443",
            "../x",
            "1.2",
            &too_long,
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert!(read("*.example.org").expect_err("a wildcard").contains("wildcards"));
        assert!(read("чат.рф").expect_err("no ASCII").contains("xn--"));
    }
}
