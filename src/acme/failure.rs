//! Why no certificate was given.

use std::time::Duration;

use serde::Deserialize;

/// Characters that are kept of what an authority says.
const MAX_WORDS: usize = 400;

/// Why no certificate was given. Each is a sentence by `Display`.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// Nobody answers.
    #[error("the certificate authority is not reached: {0}")]
    Away(String),
    /// Something answers that is no authority, or breaks the protocol.
    #[error("the certificate authority does not answer as ACME has it: {0}")]
    Broken(String),
    /// It answers, and says no.
    #[error("the certificate authority refuses: {words}")]
    Refused {
        /// Its own.
        words: String,
        /// How long it asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// It could not see that the name leads here.
    #[error("{0}")]
    Unproven(String),
    /// What it gave is no use for long.
    #[error("by this machine's clock the new certificate has to be renewed at once: is the clock right?")]
    Clock,
    /// This machine's own.
    #[error("{0}")]
    Own(String),
}

impl Failure {
    /// The same for everybody: what failed on this machine, such as a path, is the log's to say.
    pub fn public(&self) -> String {
        if let Self::Own(_) = self { "the server's log says what is wrong".to_owned() } else { self.to_string() }
    }
}

/// An authority's answer where it refuses (RFC 7807).
#[derive(Debug, Default, Deserialize)]
pub(super) struct Problem {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    detail: String,
    #[serde(default)]
    subproblems: Vec<Problem>,
}

impl Problem {
    /// Whether it is the one that this ending of `urn:ietf:params:acme:error:…` names.
    pub fn is(&self, kind: &str) -> bool {
        self.kind.rsplit(':').next() == Some(kind)
    }

    /// In its own words, on one line.
    pub fn words(&self) -> String {
        let details = self.subproblems.iter().map(|problem| problem.detail.as_str());
        let all: Vec<&str> =
            std::iter::once(self.detail.as_str()).chain(details).filter(|detail| !detail.is_empty()).collect();
        let said = if all.is_empty() { self.kind.clone() } else { all.join("; ") };
        plain(&said)
    }
}

/// What somebody else wrote, fit for a line of the log.
pub(super) fn plain(text: &str) -> String {
    let shown = |letter: char| if letter.is_control() { ' ' } else { letter };
    let text: String = text.chars().take(MAX_WORDS).map(shown).collect();
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::Problem;

    #[test]
    fn an_authoritys_words_are_on_one_line_and_bounded() {
        let problem = |json: &str| serde_json::from_str::<Problem>(json).expect("a problem");
        let both = problem(
            r#"{"type":"urn:ietf:params:acme:error:rateLimited","detail":"too\nmany","subproblems":[{"detail":"of a.org"}]}"#,
        );
        assert!(both.is("rateLimited") && !both.is("badNonce"));
        assert_eq!(both.words(), "too many; of a.org");
        assert_eq!(problem(r#"{"type":"about:blank"}"#).words(), "about:blank");
        let long = format!(r#"{{"detail":"{}"}}"#, "я".repeat(10_000));
        assert_eq!(problem(&long).words().chars().count(), 400);
    }
}
