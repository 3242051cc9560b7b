//! Messages in the order of their times, what was read of them, and reactions.

use std::collections::{HashMap, HashSet};

use super::chats::{ImportedChats, Joined, pair};
use super::files::Attached;
use super::hidden::Hidden;
use super::plan::TablePlan;
use super::reader::Reader;
use super::source::TableRow;
use crate::chat::model::message::MAX_EMOJI_ON_MESSAGE;
use crate::chat::model::name::Emoji;
use crate::chat::model::record::{Message, Reaction, Record};
use crate::chat::model::time::Timestamp;
use crate::importers::{ImportError, Progress, TOLD_EVERY, text};

/// The messages that came.
#[derive(Default)]
pub(super) struct ImportedMessages {
    /// By the project's id, the new one: they are numbered in the order of their times.
    ids: HashMap<i64, i64>,
    /// By the new id, from 1 on. A project may have millions: no more is kept of one.
    origins: Vec<Origin>,
    /// What some have deleted for themselves.
    pub hidden: Hidden,
    /// Whether anything says who has read what.
    pub knows_reading: bool,
    /// By chat and user, the newest that they have read.
    read: HashMap<(i64, i64), i64>,
    /// By chat, its messages.
    by_chat: HashMap<i64, Vec<i64>>,
}

/// Where a message is, who sent it, and when.
#[derive(Clone, Copy)]
struct Origin {
    chat: i64,
    sender: i64,
    at: Timestamp,
}

/// Where a message is, and who sent it.
#[derive(Clone, Copy)]
pub(super) struct MessageOrigin {
    pub id: i64,
    pub chat: i64,
    pub sender: i64,
    pub at: Timestamp,
}

impl ImportedMessages {
    /// Where a message of the project is here.
    pub fn origin(&self, old: i64) -> Option<MessageOrigin> {
        let id = *self.ids.get(&old)?;
        let Origin { chat, sender, at } = self.at(id)?;
        Some(MessageOrigin { id, chat, sender, at })
    }

    fn at(&self, id: i64) -> Option<Origin> {
        self.origins.get(usize::try_from(id.checked_sub(1)?).ok()?).copied()
    }

    /// Gives the next message its number.
    fn number(&mut self, origin: Origin) -> i64 {
        self.origins.push(origin);
        let id = i64::try_from(self.origins.len()).unwrap_or(i64::MAX);
        self.by_chat.entry(origin.chat).or_default().push(id);
        id
    }

    fn mark(&mut self, chat: i64, user: i64, id: i64) {
        let mark = self.read.entry((chat, user)).or_default();
        *mark = id.max(*mark);
    }

    /// The newest message of a chat.
    pub fn newest(&self, chat: i64) -> Option<i64> {
        self.by_chat.get(&chat)?.last().copied()
    }

    /// The newest message that a member has read.
    pub fn read_upto(&self, chat: i64, member: &Joined) -> Option<i64> {
        let there = self.by_chat.get(&chat)?;
        if !self.knows_reading {
            return self.newest(chat);
        }
        let by_time = member.read_at.and_then(|read_at| {
            let count = there.partition_point(|id| self.at(*id).is_some_and(|origin| origin.at <= read_at));
            there[..count].last().copied()
        });
        by_time.max(self.read.get(&(chat, member.user)).copied())
    }
}

impl Reader<'_> {
    /// Takes every message in.
    pub(super) fn messages(
        &mut self,
        world: &mut ImportedChats,
        attached: &Attached,
        progress: Progress<'_>,
    ) -> Result<ImportedMessages, ImportError> {
        let Some(mapped) = self.plan.get("messages") else { return Ok(ImportedMessages::default()) };
        let by_time = self.plan.get("members").is_some_and(|members| members.column("last_read").is_some());
        let knows_reading = mapped.column("is_read").is_some() || self.plan.get("reads").is_some() || by_time;
        let hidden = self.hidden()?;
        let mut said = ImportedMessages { hidden, knows_reading, ..ImportedMessages::default() };
        let (all, mut done) = (self.source.count(&mapped.table)?, 0_u64);
        self.each("messages", &["created", "id"], |reader, mapped, cells| {
            done += 1;
            if done % TOLD_EVERY == 0 {
                progress(done, all);
            }
            reader.message(world, &mut said, attached, mapped, cells)
        })?;
        self.each("reads", &[], |reader, mapped, cells| {
            let placed = cells.key("message").and_then(|id| said.origin(id));
            match (placed, reader.person(mapped, cells, "user")) {
                (Some(placed), Some(user)) => said.mark(placed.chat, user, placed.id),
                _ => reader.report.leave_out("read receipts", "the message or the user does not come", ""),
            }
            Ok(())
        })?;
        Ok(said)
    }

    fn message(
        &mut self,
        world: &ImportedChats,
        said: &mut ImportedMessages,
        attached: &Attached,
        mapped: &TablePlan,
        cells: &TableRow<'_>,
    ) -> Result<(), ImportError> {
        let (old, chat, sender, at) = match self.placed(world, mapped, cells) {
            Ok(placed) => placed,
            Err(why) => {
                let example = cells.key("id").map(|id| format!("message {id}")).unwrap_or_default();
                self.report.leave_out("messages", why, example);
                return Ok(());
            }
        };
        let place = world.places.get(&chat);
        if said.hidden.is_from_all(old, place) {
            let example = format!("message {old}");
            self.report.leave_out("messages", "everybody in the chat had deleted them for themselves", example);
            return Ok(());
        }
        let mut parts = text::parts(cells.text("text").unwrap_or_default());
        if parts.is_empty() {
            let Some(stand_in) = self.stand_in(old, attached) else {
                self.report.leave_out("messages", "there is nothing in them", format!("message {old}"));
                return Ok(());
            };
            parts.push(stand_in);
        }
        if parts.len() > 1 {
            self.report.change("messages are longer than they may be, and come in parts", format!("message {old}"));
        }
        let answered = cells.key("reply_to");
        let reply_to = answered.and_then(|id| said.origin(id)).filter(|to| to.chat == chat);
        if answered.is_some() && reply_to.is_none() {
            let example = format!("message {old}");
            self.report.change("answers come without what they answered: that is not in the chat before them", example);
        }
        let mut reply_to = reply_to.map(|to| to.id);
        let edited_at = edited_at(mapped, cells, at);
        let mut last = 0;
        for text in parts {
            last = said.number(Origin { chat, sender, at });
            let reply_to = reply_to.take();
            let message = Message { reply_to, edited_at, ..Message::said(last, chat, sender, text, at) };
            self.import.take(Record::Message(message))?;
        }
        said.ids.insert(old, last);
        let (hidden, seen) = said.hidden.came(old, last, chat, place);
        for _ in 0..hidden {
            self.report
                .change("messages stay hidden from one who had deleted them for themselves", format!("message {old}"));
        }
        for _ in 0..seen {
            self.report
                .change("messages are seen again by one who had deleted them for themselves", format!("message {old}"));
        }
        if cells.is("is_read")
            && let Some(pair) = place.and_then(|place| place.pair)
        {
            let other = if pair[0] == sender { pair[1] } else { pair[0] };
            said.mark(chat, other, last);
        }
        Ok(())
    }

    /// A message's old id, its chat, its sender and its time; or why it does not come.
    fn placed(
        &self,
        world: &ImportedChats,
        mapped: &TablePlan,
        cells: &TableRow<'_>,
    ) -> Result<(i64, i64, i64, Timestamp), &'static str> {
        let id = cells.key("id").ok_or("they have no id")?;
        let at = cells.time("created").ok_or("the time cannot be read, or is still to come")?;
        // One that names a chat is of that chat or of none: a chat that was deleted does not come back as a pair.
        let named = cells.key("chat").filter(|_| self.plan.get("chats").is_some());
        let (chat, sender) = match named {
            Some(named) => {
                let chat = *world.chats.get(&named).ok_or("their chat does not come")?;
                let is_direct = world.places.get(&chat).is_some_and(|place| place.pair.is_some());
                let absent = || self.left.sender(named, is_direct, cells.key("sender"));
                (chat, self.person(mapped, cells, "sender").or_else(absent).ok_or("nobody sent them")?)
            }
            None => {
                let (sender, receiver) = self.sides(mapped, cells).ok_or("nobody sent them, or to nobody")?;
                (*world.pairs.get(&pair(sender, receiver)).ok_or("their chat does not come")?, sender)
            }
        };
        let pair = world.places.get(&chat).and_then(|place| place.pair);
        if pair.is_some_and(|pair| !pair.contains(&sender)) {
            return Err("the sender is none of the two of the direct chat");
        }
        Ok((id, chat, sender, at))
    }

    /// Who wrote a message to whom, where it names the two. One of them may have left.
    pub(super) fn sides(&self, mapped: &TablePlan, cells: &TableRow<'_>) -> Option<(i64, i64)> {
        mapped.column("receiver")?;
        let [sender, receiver] = ["sender", "receiver"].map(|field| self.person(mapped, cells, field));
        match (sender, receiver) {
            (Some(sender), Some(receiver)) => Some((sender, receiver)),
            (Some(sender), None) => Some((sender, self.left.partner(sender, cells.key("receiver"))?)),
            (None, Some(receiver)) => Some((self.left.partner(receiver, cells.key("sender"))?, receiver)),
            (None, None) => None,
        }
    }

    /// The text of a message that has none: empty if a file comes with it, else the
    /// names of those that do not.
    fn stand_in(&self, message: i64, attached: &Attached) -> Option<String> {
        let files = attached.by_message.get(&message)?;
        if files.iter().any(|file| self.media.open(&file.path).is_ok()) {
            return Some(String::new());
        }
        let names: Vec<String> = files.iter().map(|file| format!("[{}]", file.name)).collect();
        Some(names.join(" "))
    }

    /// Reactions, in the order of their rows.
    pub(super) fn reactions(&mut self, said: &ImportedMessages) -> Result<(), ImportError> {
        let mut on: HashMap<i64, HashSet<String>> = HashMap::new();
        let mut seen = HashSet::new();
        self.each("reactions", &["created", "id"], |reader, mapped, cells| {
            let placed = cells.key("message").and_then(|id| said.origin(id));
            let (Some(placed), Some(user)) = (placed, reader.person(mapped, cells, "user")) else {
                reader.report.leave_out("reactions", "the message or the user does not come", "");
                return Ok(());
            };
            let text = cells.text("emoji").unwrap_or_default();
            let Ok(emoji) = Emoji::parse(text) else {
                reader.report.leave_out("reactions", "they are not one emoji", format!("{:?}", text::cut(text, 20)));
                return Ok(());
            };
            let emoji = emoji.as_str().to_owned();
            let kinds = on.entry(placed.id).or_default();
            if kinds.len() >= MAX_EMOJI_ON_MESSAGE && !kinds.contains(&emoji) {
                reader.report.leave_out("reactions", "the message has as many emoji as it may", "");
                return Ok(());
            }
            kinds.insert(emoji.clone());
            if !seen.insert((placed.id, user, emoji.clone())) {
                reader.report.leave_out("reactions", "they are there already", "");
                return Ok(());
            }
            Ok(reader.import.take(Record::Reaction(Reaction { message: placed.id, user, emoji }))?)
        })
    }
}

/// When a text last changed: the project says that it did, or keeps a time for that alone.
fn edited_at(mapped: &TablePlan, cells: &TableRow<'_>, at: Timestamp) -> Option<Timestamp> {
    let updated = cells.time("updated").filter(|updated| *updated >= at);
    let is_for_edits = mapped.column("updated").is_some_and(|column| column.contains("edit"));
    if cells.is("is_edited") {
        return Some(updated.unwrap_or(at));
    }
    updated.filter(|_| is_for_edits)
}
