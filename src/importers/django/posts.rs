//! Friends, and posts on profiles.

use std::collections::HashSet;

use super::reader::Reader;
use crate::chat::model::name::MAX_POST;
use crate::chat::model::record::{Friend, Post, Record};
use crate::importers::{ImportError, text};

impl Reader<'_> {
    /// Pairs of friends, each once: here friends are mutual.
    pub(super) fn friends(&mut self) -> Result<(), ImportError> {
        let mut seen = HashSet::new();
        self.each("friends", &["user", "friend"], |reader, mapped, cells| {
            let sides = (reader.person(mapped, cells, "user"), reader.person(mapped, cells, "friend"));
            let (Some(user), Some(friend)) = sides else {
                reader.report.leave_out("friends", "one of the two is not there", "");
                return Ok(());
            };
            if user == friend {
                reader.report.leave_out("friends", "nobody is their own friend", "");
                return Ok(());
            }
            if !seen.insert((user.min(friend), user.max(friend))) {
                // The other side of what came.
                return Ok(());
            }
            let created_at = cells.time("created").unwrap_or(reader.now);
            Ok(reader.import.take(Record::Friend(Friend { user, friend, created_at }))?)
        })
    }

    /// Posts, the oldest first.
    pub(super) fn posts(&mut self) -> Result<(), ImportError> {
        self.each("posts", &["created", "id"], |reader, mapped, cells| {
            let Some(author) = reader.person(mapped, cells, "author") else {
                reader.report.leave_out("posts", "nobody wrote them", "");
                return Ok(());
            };
            let content = cells.text("text").unwrap_or_default().replace('\0', "");
            let content = text::cut(content.trim(), MAX_POST).trim();
            let title = text::title(cells.text("title").unwrap_or_default()).or_else(|| text::title(content));
            let (false, Some(title)) = (content.is_empty(), title) else {
                reader.report.leave_out("posts", "there is no text in them", "");
                return Ok(());
            };
            let created_at = cells.time("created").unwrap_or(reader.now);
            Ok(reader.import.take(Record::Post(Post { author, title, content: content.to_owned(), created_at }))?)
        })
    }
}
