//! Links in a text.

/// Whether an http(s) URL stands in a text.
pub fn has_link(text: &str) -> bool {
    let bytes = text.as_bytes();
    let begins = |at: usize, scheme: &str| {
        let end = at + scheme.len();
        bytes.get(at..end).is_some_and(|found| found.eq_ignore_ascii_case(scheme.as_bytes()))
            && text.get(end..).and_then(|rest| rest.chars().next()).is_some_and(|c| c.is_alphanumeric() || c == '[')
            && !text[..at].chars().next_back().is_some_and(char::is_alphanumeric)
    };
    let colons = text.match_indices("://").map(|(at, _)| at);
    colons.into_iter().any(|at| {
        at.checked_sub(4).is_some_and(|at| begins(at, "http://"))
            || at.checked_sub(5).is_some_and(|at| begins(at, "https://"))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::has_link;

    #[test]
    fn links_are_http() {
        for link in ["see https://example.org", "HTTP://a", "(http://[::1]/)"] {
            assert!(has_link(link), "{link}");
        }
        for none in ["http", "ftp://a", "xhttp://a", "https:// a", "://", "http:/a"] {
            assert!(!has_link(none), "{none}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_looked_through(text in any::<String>()) {
            has_link(&text);
        }
    }
}
