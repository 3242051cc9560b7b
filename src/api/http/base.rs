//! Under which path of its host the server lives. Everything is below it: APIs, sockets,
//! files, the page, and the links in what they answer.
//!
//! The proxy in front passes paths on as they came and strips nothing, so that a path
//! means the same to the browser, the proxy, the log and this server.

use std::fmt;
use std::str::FromStr;

use crate::chat::model::id::FileId;

/// A path prefix: nothing, or like `/chat`, without a last slash.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BasePath(String);

/// `/`, or segments of letters, digits and `-._~`: what needs no encoding, so that there
/// is one way to write it.
impl FromStr for BasePath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let path = text.strip_suffix('/').unwrap_or(text);
        let is_plain = |part: &str| {
            let plain = part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
            plain && !part.trim_matches('.').is_empty()
        };
        let segments = path.strip_prefix('/').map(|rest| rest.split('/').all(is_plain));
        match segments {
            Some(true) => Ok(Self(path.to_owned())),
            None if text == "/" => Ok(Self::default()),
            _ => Err(format!("`{text}` is not like /chat")),
        }
    }
}

impl fmt::Display for BasePath {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl BasePath {
    /// Whether the server has its host to itself.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The prefix of every path: nothing, or like `/chat`.
    pub fn prefix(&self) -> &str {
        &self.0
    }

    /// A path of this server as a browser has to ask for it.
    pub fn at(&self, path: &str) -> String {
        format!("{self}{path}")
    }

    /// Where a picture of a user or a group is, for whoever has the link.
    pub fn avatar(&self, name: &str) -> String {
        format!("{self}/media/user_images/{name}")
    }

    /// Where the bytes of a file are.
    pub fn download(&self, file: FileId) -> String {
        format!("{self}/api/files/{file}/download/")
    }

    /// Where the server is on an origin.
    pub fn at_origin(&self, origin: &str) -> String {
        format!("{origin}{self}")
    }

    /// What a path names here; `None` if it lies outside.
    pub fn inside<'a>(&self, path: &'a str) -> Option<&'a str> {
        path.strip_prefix(&*self.0).filter(|rest| rest.starts_with('/'))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::BasePath;

    #[test]
    fn a_base_path_is_written_in_one_way() {
        let read = |text: &str| text.parse::<BasePath>().map(|base| base.to_string());
        assert_eq!(read("/"), Ok(String::new()));
        assert_eq!(read("/chat"), Ok("/chat".into()));
        assert_eq!(read("/team/chat/"), Ok("/team/chat".into()));
        for bad in
            ["", "chat", "//", "/chat//", "//chat", "/a//b", "/..", "/a/../b", "/.", "/a b", "/a?b", "/%61", "/é"]
        {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        /// What is taken is a plain prefix, and there is one way to write it.
        #[test]
        fn any_text_is_a_base_path_or_refused(noise in any::<String>(), near in "/?[a-z.%~/ ]{0,9}/?") {
            for text in [noise, near] {
                let Ok(base) = text.parse::<BasePath>() else { continue };
                let path = base.to_string();
                prop_assert!(path.is_empty() || (path.starts_with('/') && !path.ends_with('/')), "{text:?}");
                prop_assert!(path.split('/').skip(1).all(|part| !matches!(part, "" | "." | "..")), "{text:?}");
                prop_assert_eq!(format!("{path}/").parse(), Ok(base));
            }
        }
    }
}
