//! People whose account is gone from the project, and who are still the other side of a direct
//! chat, or the sender of what is there. Each comes as an account that nobody can sign in to.

use std::collections::BTreeMap;

/// Whom an account stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Whom {
    /// The other side of a direct chat.
    OfChat(i64),
    /// Who had this id.
    WithId(i64),
    /// Those with whom somebody wrote, where messages name the two and no chat.
    PartnerOf(i64),
    /// Whoever sent messages to groups.
    Anybody,
}

/// The accounts that were made, by whom they stand for.
#[derive(Default)]
pub(super) struct Left(pub BTreeMap<Whom, i64>);

impl Left {
    /// Who sent a message to a chat, if their account is gone.
    pub fn sender(&self, chat: i64, is_direct: bool, id: Option<i64>) -> Option<i64> {
        let whom = if is_direct { Whom::OfChat(chat) } else { id.map_or(Whom::Anybody, Whom::WithId) };
        self.0.get(&whom).copied()
    }

    /// The other side of a message that names two people and no chat.
    pub fn partner(&self, of: i64, id: Option<i64>) -> Option<i64> {
        self.0.get(&id.map_or(Whom::PartnerOf(of), Whom::WithId)).copied()
    }

    /// The other side of a direct chat.
    pub fn of_chat(&self, chat: i64) -> Option<i64> {
        self.0.get(&Whom::OfChat(chat)).copied()
    }
}
