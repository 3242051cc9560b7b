//! Messages, their threads and reactions.

use std::collections::{HashMap, HashSet};

use super::chats::{Channels, ImportedChat};
use super::json::{Message, micros};
use super::users::speaker;
use super::{DatedMessage, ImportError, Slack, emoji, words};
use crate::chat::model::message::MAX_EMOJI_ON_MESSAGE;
use crate::chat::model::name::Emoji;
use crate::chat::model::record::{self, Record};
use crate::chat::model::time::Timestamp;
use crate::chat::ops::import_export::Import;
use crate::importers::report::ImportReport;
use crate::importers::text;

/// Kinds of messages in which somebody says something; others are notices.
const SAID: [&str; 7] = [
    "bot_message",
    "me_message",
    "thread_broadcast",
    "reply_broadcast",
    "file_share",
    "file_comment",
    "slackbot_response",
];

#[derive(Default)]
pub(super) struct MessageBody {
    last: i64,
    /// By chat and time, the number of a message: how threads name what they answer.
    ids: HashMap<(i64, i64), i64>,
    /// By chat, its newest message.
    pub last_of: HashMap<i64, i64>,
    reactions: Vec<record::Reaction>,
}

/// Whether somebody says something with it.
pub(super) fn is_said(message: &Message) -> bool {
    message.subtype.as_deref().is_none_or(|subtype| SAID.contains(&subtype))
}

/// Takes the messages in, date by date.
pub(super) fn take(
    slack: &mut Slack,
    lists: &Channels,
    chats: &[Option<ImportedChat>],
    import: &mut Import,
    report: &mut ImportReport,
    step: &mut impl FnMut(),
) -> Result<MessageBody, ImportError> {
    let mut said = MessageBody::default();
    slack.each_date(lists, |slack, messages, odd| {
        (0..odd).for_each(|_| report.leave_out("messages", "they are not written as messages are", ""));
        for dated in &messages {
            let chat = chats.get(dated.place).and_then(Option::as_ref);
            match checked(slack, chat, dated) {
                Ok((chat, sender)) => said.message(slack, chat, sender, dated, import, report)?,
                Err(why) => report.leave_out("messages", why, dated.message.subtype.clone().unwrap_or_default()),
            }
        }
        step();
        Ok(())
    })?;
    Ok(said)
}

/// The chat and the sender of a message, or why it does not come.
fn checked<'a>(
    slack: &Slack,
    chat: Option<&'a ImportedChat>,
    dated: &DatedMessage,
) -> Result<(&'a ImportedChat, i64), &'static str> {
    if !is_said(&dated.message) {
        return Err("they are notices of the system");
    }
    let chat = chat.ok_or("their chat does not come")?;
    let sender = speaker(&dated.message).and_then(|known| slack.ids.get(known)).ok_or("nobody sent them")?;
    if chat.pair.is_some_and(|pair| !pair.contains(sender)) {
        return Err("the sender is none of the two of the direct chat");
    }
    if dated.at / 1_000 > slack.now.0 {
        return Err("the time is still to come");
    }
    Ok((chat, *sender))
}

impl MessageBody {
    fn message(
        &mut self,
        slack: &Slack,
        chat: &ImportedChat,
        sender: i64,
        dated: &DatedMessage,
        import: &mut Import,
        report: &mut ImportReport,
    ) -> Result<(), ImportError> {
        let DatedMessage { at, message, .. } = dated;
        let parts = text::parts(&whole(slack, message, report));
        if parts.is_empty() {
            report.leave_out("messages", "there is no text in them", "");
            return Ok(());
        }
        let thread = message.thread_ts.as_deref().and_then(micros).filter(|thread| thread != at);
        let mut reply_to = thread.and_then(|thread| self.ids.get(&(chat.id, thread)).copied());
        if thread.is_some() && reply_to.is_none() {
            report.change("answers come without what they answer: it is not there", "");
        }
        let created_at = Timestamp(at / 1_000);
        let edited_at = message.edited.as_ref().and_then(|edited| micros(&edited.ts));
        let edited_at = edited_at.map(|at| Timestamp(at / 1_000)).filter(|at| (created_at..=slack.now).contains(at));
        for text in parts {
            self.last += 1;
            let reply_to = reply_to.take();
            let said = record::Message::said(self.last, chat.id, sender, text, created_at);
            import.take(Record::Message(record::Message { reply_to, edited_at, ..said }))?;
        }
        self.ids.entry((chat.id, *at)).or_insert(self.last);
        self.last_of.insert(chat.id, self.last);
        self.react(slack, message, report);
        Ok(())
    }

    fn react(&mut self, slack: &Slack, message: &Message, report: &mut ImportReport) {
        let mut kinds = HashSet::new();
        for reaction in message.reactions.iter().flatten() {
            let known = emoji::of(&reaction.name).filter(|emoji| Emoji::parse(emoji).is_ok());
            let Some(emoji) = known else {
                report.leave_out(
                    "reactions",
                    "their emoji is not known",
                    format!(":{}:", text::cut(&reaction.name, 40)),
                );
                continue;
            };
            if kinds.len() >= MAX_EMOJI_ON_MESSAGE && !kinds.contains(&emoji) {
                report.leave_out("reactions", "the message has as many emoji as it may", "");
                continue;
            }
            kinds.insert(emoji.clone());
            let mut seen = HashSet::new();
            let users =
                reaction.users.iter().filter_map(|known| slack.ids.get(known)).filter(|user| seen.insert(**user));
            let message = self.last;
            self.reactions.extend(users.map(|user| record::Reaction { message, user: *user, emoji: emoji.clone() }));
        }
    }
}

/// Takes the reactions in, which come after all messages.
pub(super) fn reactions(said: &MessageBody, import: &mut Import) -> Result<(), ImportError> {
    for reaction in &said.reactions {
        import.take(Record::Reaction(reaction.clone()))?;
    }
    Ok(())
}

/// A message's text with what hangs on it: what a program says there, and the names of
/// files, which the export does not have.
fn whole(slack: &Slack, message: &Message, report: &mut ImportReport) -> String {
    let mut lines = vec![words::plain(message.text.as_deref().unwrap_or_default(), &slack.names)];
    if lines[0].trim().is_empty() {
        for attachment in message.attachments.iter().flatten() {
            let text = attachment.text.as_ref().filter(|text| !text.is_empty()).or(attachment.fallback.as_ref());
            lines.extend(text.map(|text| words::plain(text, &slack.names)));
        }
    }
    for file in message.files.iter().flatten() {
        let name = file.name.as_deref().or(file.title.as_deref()).unwrap_or("file");
        let name = crate::chat::model::name::file_name(name);
        report.leave_out("files", "an export of Slack has their addresses alone", name.clone());
        lines.push(format!("[file: {name}]"));
    }
    lines.retain(|line| !line.trim().is_empty());
    lines.join("\n")
}
