//! Where a dialect stands.

/// Where a dialect's routes stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mount {
    /// At the root, where all dialects together are the union of their documents.
    Root,
    /// Below `/d/<name>`, as its document has it.
    Document,
    /// Below `/c/<name>`, as its own client calls it.
    Client,
}

impl Mount {
    /// Every place where a dialect is mounted.
    pub const ALL: [Self; 3] = [Self::Root, Self::Document, Self::Client];

    /// What stands before the paths of a dialect there.
    pub fn prefix(self, dialect: &str) -> String {
        match self {
            Self::Root => String::new(),
            Self::Document => format!("/d/{dialect}"),
            Self::Client => format!("/c/{dialect}"),
        }
    }
}
