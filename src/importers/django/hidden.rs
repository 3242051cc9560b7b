//! Messages that some have deleted for themselves alone, and others still see.
//!
//! Here a view is cleared up to a message and not message by message: from somebody who had
//! deleted the oldest messages of a direct chat these stay hidden, and so does a message from
//! everybody where all of its chat had deleted it. Of the rest the report says how many are seen again.

use std::collections::{HashMap, HashSet};

use super::chats::ImportedChat;
use super::reader::Reader;
use super::shape::HIDDEN;
use crate::importers::ImportError;

/// Who has deleted which message for themselves.
#[derive(Default)]
pub(super) struct Hidden {
    /// By the project's id of a message.
    by_message: HashMap<i64, HashSet<i64>>,
    /// By chat, how many of its messages came.
    came: HashMap<i64, u64>,
    /// By chat and user, what they see no more.
    cleared: HashMap<(i64, i64), Cleared>,
}

/// The oldest messages of a chat, none left out between them.
#[derive(Default)]
struct Cleared {
    count: u64,
    upto: i64,
}

impl Hidden {
    /// Whether everybody in a chat has deleted a message for themselves.
    pub fn is_from_all(&self, message: i64, place: Option<&ImportedChat>) -> bool {
        let (Some(by), Some(place)) = (self.by_message.get(&message), place) else { return false };
        let mut there = place.members.iter().filter(|member| !member.has_left()).peekable();
        there.peek().is_some() && there.all(|member| by.contains(&member.user))
    }

    /// Counts a message that came as `new` to a chat. How many stay hidden of those whom it was
    /// hidden from, and how many see it again.
    pub fn came(&mut self, message: i64, new: i64, chat: i64, place: Option<&ImportedChat>) -> (u64, u64) {
        if self.by_message.is_empty() {
            return (0, 0);
        }
        let before = self.came.entry(chat).or_default();
        let (mut hidden, mut seen) = (0, 0);
        for user in self.by_message.get(&message).into_iter().flatten() {
            let cleared = self.cleared.entry((chat, *user)).or_default();
            let is_there = place.is_some_and(|place| place.members.iter().any(|member| member.user == *user));
            if is_there && cleared.count == *before && place.is_some_and(|place| place.pair.is_some()) {
                *cleared = Cleared { count: cleared.count + 1, upto: new };
                hidden += 1;
            } else if is_there {
                seen += 1;
            }
        }
        *before += 1;
        (hidden, seen)
    }

    /// The newest message that somebody sees no more.
    pub fn upto(&self, chat: i64, user: i64) -> Option<i64> {
        self.cleared.get(&(chat, user)).filter(|cleared| cleared.count > 0).map(|cleared| cleared.upto)
    }
}

impl Reader<'_> {
    /// Reads who has deleted what for themselves.
    pub(super) fn hidden(&mut self) -> Result<Hidden, ImportError> {
        let mut hidden = Hidden::default();
        self.each(HIDDEN, &[], |reader, mapped, cells| {
            let says_so = mapped.column("is_hidden").is_none() || cells.is("is_hidden");
            match (cells.key("message"), reader.person(mapped, cells, "user")) {
                (Some(message), Some(user)) if says_so => {
                    hidden.by_message.entry(message).or_default().insert(user);
                }
                (Some(_), Some(_)) => {}
                _ => reader.report.leave_out("deletions for oneself", "the user does not come", ""),
            }
            Ok(())
        })?;
        Ok(hidden)
    }
}
