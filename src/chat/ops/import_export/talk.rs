//! Taking in chats, and what is said and shown in them.

use super::check::{self, MAX_TEXT, field, refused, time};
use super::import::{Import, MappedChat, NO_TITLE, Result};
use crate::chat::direct::free_slug;
use crate::chat::file::look_at;
use crate::chat::model::chat_log::{LogKind, NewLogEntry};
use crate::chat::model::direct::{Pair, Person};
use crate::chat::model::file::{self, StorageName, is_inline};
use crate::chat::model::id::{ChatId, FileId, UserId};
use crate::chat::model::mention::MAX_MENTIONS;
use crate::chat::model::message::MAX_PINS;
use crate::chat::model::name::{self, Emoji, MessageText};
use crate::chat::model::notify::{Level, Mute};
use crate::chat::model::record::{Chat, File, LogEntry, Member, Message, Reaction, Role};
use crate::chat::model::retention::RetentionOverride;
use crate::chat::store::import::{Calling, NewChat, NewMember, NewMessage};
use crate::chat::store::{chat_log, directs, users};

fn term(days: Option<u32>) -> Result<RetentionOverride> {
    let Some(days) = days else { return Ok(RetentionOverride::Server) };
    RetentionOverride::of_days(days.into()).map_or_else(|| refused(format!("retain_days: {days} are too many")), Ok)
}

fn level(name: &str) -> Result<Level> {
    Level::of(name).map_or_else(|| refused("level: it is neither all nor mentions nor nothing"), Ok)
}

impl Import {
    pub(super) fn chat(&mut self, chat: &Chat) -> Result<bool> {
        if self.chats.contains_key(&chat.id) {
            return refused(format!("there is a second chat {}", chat.id));
        }
        let owner = self.person("owner", chat.owner)?;
        let creator = chat.created_by.map_or(Ok(owner), |id| self.person("created_by", id))?;
        let created_at = time("created_at", chat.created_at, self.now)?;
        let updated_at = time("updated_at", chat.updated_at.unwrap_or(created_at), self.now)?;
        let active_at = time("active_at", chat.active_at.unwrap_or(created_at), self.now)?;
        let mut new = NewChat {
            direct: None,
            title: "",
            description: "",
            is_private: true,
            max_members: None,
            retention: term(chat.retain_days)?,
            owner: owner.id,
            created_by: creator.id,
            created_at,
            updated_at,
            active_at,
        };
        let finds_activity = chat.active_at.is_none();
        if let Some(pair) = chat.pair {
            return self.direct(chat, pair, new);
        }
        let title = match chat.title.trim() {
            "" => String::new(),
            given => self.line("title", given, NO_TITLE, name::title)?,
        };
        let description = field("description", name::description(&chat.description))?;
        if chat.max_members == Some(0) {
            return refused("max_members: it is 0");
        }
        (new.title, new.description) = (&title, &description);
        (new.is_private, new.max_members) = (chat.is_private, chat.max_members);
        let id = self.tx.chat(&new)?;
        self.chats.insert(chat.id, MappedChat { id, is_direct: false, finds_activity });
        for entry in &chat.log {
            self.log_entry(ChatId(id), entry)?;
        }
        Ok(true)
    }

    fn log_entry(&self, chat: ChatId, entry: &LogEntry) -> Result<()> {
        let user = entry.user.map(|id| self.person("log", id)).transpose()?;
        let Some(kind) = LogKind::of(&entry.kind) else { return refused("log: there is no such kind") };
        let new = NewLogEntry {
            kind,
            actor: UserId(self.person("log", entry.actor)?.id),
            user: user.map(|user| UserId(user.id)),
            titles: entry.titles.as_ref().map(|(old, new)| (old.as_str(), new.as_str())),
            at: time("log", entry.created_at, self.now)?,
        };
        Ok(chat_log::insert(self.tx.db(), chat, &new)?)
    }

    /// The one chat of a pair: what there is already, or a new one.
    fn direct(&mut self, chat: &Chat, pair: [i64; 2], new: NewChat<'_>) -> Result<bool> {
        if !chat.title.is_empty() || !chat.description.is_empty() || chat.max_members.is_some() {
            return refused("a direct chat has no title, no description and no limit");
        }
        if !pair.contains(&chat.owner) {
            return refused("owner: it is neither of the two");
        }
        let (one, other) = (self.named("pair", pair[0])?, self.named("pair", pair[1])?);
        let pair = Pair::new(one, other);
        if let Some(id) = directs::find(self.tx.db(), pair.low.id, pair.high.id)? {
            self.chats.insert(chat.id, MappedChat { id: id.0, is_direct: true, finds_activity: true });
            self.report.leave_out("chats", "a pair has one direct chat: its messages come into that");
            return Ok(false);
        }
        let slug = free_slug(self.tx.db(), &pair)?;
        let new = NewChat { direct: Some((pair.low.id.0, pair.high.id.0, &slug)), ..new };
        let id = self.tx.chat(&new)?;
        self.chats.insert(chat.id, MappedChat { id, is_direct: true, finds_activity: chat.active_at.is_none() });
        Ok(true)
    }

    fn named(&self, field: &str, id: i64) -> Result<Person> {
        let person = self.person(field, id)?;
        match users::find(self.tx.db(), UserId(person.id))? {
            Some(user) => Ok(Person { id: user.id, username: user.username }),
            None => refused(format!("{field}: there is no user {id} before this")),
        }
    }

    pub(super) fn message(&mut self, message: &Message) -> Result<bool> {
        if self.messages.last().is_some_and(|last| message.id <= *last) {
            return refused(format!("the id {} is not greater than the one before", message.id));
        }
        let (chat, sender) = (self.room(message.chat)?, self.person("sender", message.sender)?);
        let text = field("text", MessageText::parse(&message.text, MAX_TEXT))?;
        let edited_at = message.edited_at.map(|at| time("edited_at", at, self.now)).transpose()?;
        let pinned_at = message.pinned_at.map(|at| time("pinned_at", at, self.now)).transpose()?;
        let pinned_at = pinned_at.filter(|_| self.has_room_for_pin(message.chat));
        let reply_to = message.reply_to.and_then(|id| self.number(id));
        let place = reply_to.map(|answered| self.tx.place_of(answered)).transpose()?;
        if place.is_some_and(|(answered_in, _)| answered_in != chat.id) {
            return refused("reply_to: that message is of another chat");
        }
        if place.is_none() && message.reply_to.is_some() {
            self.report.leave_out("answers", "what they answer is not there");
        }
        let answered = place.map(|(_, sender)| sender);
        let named = self.named_by(message)?;
        let all = message.mentions_all && !chat.is_direct;
        let id = self.number_at(self.messages.len());
        self.tx.message(&NewMessage {
            id,
            chat: chat.id,
            sender: sender.id,
            text: text.as_str(),
            reply_to,
            attachments: 0, // counted at the end
            created_at: time("created_at", message.created_at, self.now)?,
            edited_at,
            pinned_at,
            call_seconds: message.call_seconds,
            mentions: i64::try_from(named.len() + usize::from(all)).unwrap_or(i64::MAX),
            answered,
        })?;
        self.tx.calls(&Calling { id, chat: chat.id, sender: sender.id, named: &named, all, answered })?;
        self.messages.push(message.id);
        Ok(true)
    }

    /// Those whom a message names and who are here, by id.
    fn named_by(&mut self, message: &Message) -> Result<Vec<i64>> {
        if message.mentions.len() > MAX_MENTIONS {
            return refused(format!("mentions: there are more than {MAX_MENTIONS}"));
        }
        let mut named: Vec<i64> =
            message.mentions.iter().filter_map(|id| self.users.get(id)).map(|user| user.id).collect();
        named.sort_unstable();
        named.dedup();
        if named.len() < message.mentions.len() {
            self.report.leave_out("mentions", "whom they name is not there");
        }
        Ok(named)
    }

    fn has_room_for_pin(&mut self, chat: i64) -> bool {
        let pins = self.pins.entry(chat).or_default();
        *pins += 1;
        let has_room = *pins <= MAX_PINS;
        if !has_room {
            self.report.leave_out("pins", format!("a chat has {MAX_PINS} at most"));
        }
        has_room
    }

    pub(super) fn reaction(&mut self, reaction: &Reaction) -> Result<bool> {
        let user = self.person("user", reaction.user)?;
        let Some(message) = self.number(reaction.message) else {
            return refused(format!("message: there is no message {} before this", reaction.message));
        };
        // What counts as one is a matter of a version, too.
        let Ok(emoji) = Emoji::parse(&reaction.emoji) else {
            self.report.leave_out("reactions", "it is not one emoji");
            return Ok(false);
        };
        let is_new = self.tx.reaction(message, user.id, &emoji)?;
        if !is_new {
            self.report.leave_out("reactions", "it is there already");
        }
        Ok(is_new)
    }

    pub(super) fn file(&mut self, given: File) -> Result<bool> {
        let uploader = self.person("uploader", given.uploader)?;
        check::sha256("sha256", &given.sha256)?;
        let created_at = time("created_at", given.created_at, self.now)?;
        let staged = self.target.staged(&given.sha256);
        match std::fs::metadata(&staged) {
            Ok(found) if found.len() == given.size => {}
            Ok(found) => return refused(format!("size: it is {}, and not {}", found.len(), given.size)),
            Err(_) => return refused(format!("sha256: there are no bytes with the sum {}", given.sha256)),
        }
        let at = given.message.map(|id| self.attachable(id, uploader.id)).transpose()?;
        let group = given.avatar_of_chat.map(|id| self.room(id)).transpose()?;
        if group.is_some_and(|chat| chat.is_direct) {
            return refused("avatar_of_chat: it is a direct chat");
        }
        let is_avatar = given.is_avatar || group.is_some();
        if is_avatar && (at.is_some() || (given.is_avatar && group.is_some())) {
            return refused("is_avatar: it is attached to a message, or another's picture");
        }
        let looked = look_at(&staged).map_err(crate::chat::model::backup::at(&staged))?;
        if given.is_avatar && !uploader.is_new {
            self.report.leave_out("files", "whoever was here keeps their own picture");
            return Ok(false);
        }
        if is_avatar && (!looked.0.starts_with("image/") || !is_inline(looked.0)) {
            return refused("is_avatar: it is no picture");
        }
        if given.is_avatar && self.tx.has_avatar(uploader.id)? {
            return refused("is_avatar: it is its uploader's second one");
        }
        let row = file::File {
            id: FileId(0),
            uploader: UserId(uploader.id),
            name: name::file_name(&given.name),
            size: i64::try_from(given.size).unwrap_or(i64::MAX),
            content_type: looked.0.to_owned(),
            sha256: given.sha256,
            storage_name: StorageName::random(),
            dimensions: looked.1,
            created_at,
        };
        let id = self.tx.file(&row, at)?;
        if given.is_avatar {
            self.tx.avatar(id, uploader.id, StorageName::random().as_str())?;
        }
        if let Some(chat) = group
            && !self.tx.group_avatar(id, chat.id, StorageName::random().as_str())?
        {
            return refused("avatar_of_chat: it is the group's second one");
        }
        Ok(true)
    }

    /// A message that a file of this user can hang on: their own.
    fn attachable(&self, message: i64, uploader: i64) -> Result<i64> {
        let Some(number) = self.number(message) else {
            return refused(format!("message: there is no message {message} before this"));
        };
        if self.tx.place_of(number)?.1 != uploader {
            return refused("message: somebody else sent that");
        }
        Ok(number)
    }

    pub(super) fn member(&mut self, member: &Member) -> Result<bool> {
        let (chat, user) = (self.room(member.chat)?, self.person("user", member.user)?);
        if chat.is_direct {
            let pair = directs::pair(self.tx.db(), ChatId(chat.id))?;
            if !pair.is_some_and(|pair| pair.low.id.0 == user.id || pair.high.id.0 == user.id) {
                return refused("user: a direct chat has its pair alone");
            }
        } else if member.is_hidden || member.cleared_upto.is_some() {
            return refused("only a direct chat is hidden or cleared");
        }
        let new = NewMember {
            chat: chat.id,
            user: user.id,
            is_admin: member.role == Role::Admin && !chat.is_direct,
            joined_at: time("joined_at", member.joined_at, self.now)?,
            joined_mark: self.mark(member.joined_after),
            read_mark: self.mark(member.read_upto),
            cleared_mark: self.mark(member.cleared_upto),
            is_hidden: member.is_hidden,
            level: member.level.as_deref().map(level).transpose()?,
            mute: if member.is_muted { Some(Mute::Forever) } else { member.muted_until.map(Mute::Until) },
        };
        if self.tx.member(&new)? {
            return Ok(true);
        }
        if !chat.is_direct {
            return refused(format!("user: {} is in the chat already", member.user));
        }
        self.tx.member_again(&new)?;
        self.report.leave_out("members", "they are in that direct chat already");
        Ok(false)
    }
}
