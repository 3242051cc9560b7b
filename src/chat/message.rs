//! Messages: posting exactly once, editing, deleting.

use std::sync::Arc;

use super::app::App;
use super::file;
use super::group::inside;
use super::mention::mentioned;
use super::model::chat::Kind;
use super::model::direct::Pair;
use super::model::error::{Denial, Error, Result, Rule};
use super::model::event::{Event, MessageEvent};
use super::model::file::File;
use super::model::id::{ChatId, FileId, MessageId, Seq, UserId};
use super::model::mention::{Mentions, Names};
use super::model::message::{Draft, Message, Posted};
use super::model::name::MessageText;
use super::model::quota::Quota;
use super::model::session::Actor;
use super::quota::stored_by;
use super::store::hook_events::Logged;
use super::store::{self, Tx};

impl App {
    /// Posts a message into a chat that the actor is in. When this returns, it is
    /// stored and on its way to every socket; whoever stops waiting changes nothing.
    pub async fn post(&self, actor: &Actor, chat: ChatId, draft: Draft) -> Result<Posted> {
        self.check_pace(actor)?;
        let me = actor.user;
        let quota = self.quota;
        self.authorized(actor).write(move |tx| post(tx, me, chat, &draft, quota)).await
    }

    /// One message that the actor can see.
    pub fn message(&self, actor: &Actor, id: MessageId) -> Result<Message> {
        self.store.read(|db| store::messages::find(db, actor.user, id)?.ok_or(Error::NotFound))
    }

    /// Changes the text of one's own message. It may be blank if files are attached.
    pub async fn edit(&self, actor: &Actor, id: MessageId, text: MessageText) -> Result<Posted> {
        self.check_pace(actor)?;
        let (me, quota) = (actor.user, self.quota);
        self.authorized(actor)
            .write(move |tx| {
                let mut message = store::messages::find(tx, me, id)?.ok_or(Error::NotFound)?;
                // A call's line is nobody's words.
                if message.sender.id != me || message.call_seconds.is_some() {
                    return Err(Error::Forbidden(Denial::EditOthersMessage));
                }
                says_something(&text, !message.attachments.is_empty())?;
                let growth = text.as_str().len().saturating_sub(message.text.len());
                quota.check_text(stored_by(tx, me)?, growth)?;
                message.seq = tx.next_seq();
                text.as_str().clone_into(&mut message.text);
                message.updated_at = tx.now;
                message.is_edited = true;
                store::messages::edit(tx, id, &message.text, message.seq)?;
                store::hook_events::note_message(tx, message.chat, me, message.seq, Logged::Updated(id))?;
                mention_anew(tx, me, &mut message)?;
                let pair = store::directs::pair(tx, message.chat)?;
                let marks = store::members::read_marks(tx, message.chat)?;
                let cleared_by = store::members::cleared_by(tx, message.chat, id)?;
                tx.publish(Event::Message(MessageEvent::Edited {
                    message: message.clone(),
                    pair: pair.clone(),
                    marks: Arc::clone(&marks),
                    cleared_by,
                }));
                Ok(Posted { message, pair, marks, is_new: true })
            })
            .await
    }

    /// Deletes a message, its text and its files, for everybody.
    pub async fn delete_message(&self, actor: &Actor, id: MessageId, needs: MayDelete) -> Result<()> {
        self.check_pace(actor)?;
        let me = actor.user;
        self.authorized(actor)
            .write(move |tx| {
                let message = store::messages::find(tx, me, id)?.ok_or(Error::NotFound)?;
                needs.check(tx, me, &message)?;
                delete(tx, &message)
            })
            .await
    }
}

/// Who may delete a message. Dialects differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MayDelete {
    /// Its author alone.
    Author,
    /// Its author, and in a group its owner.
    AuthorOrOwner,
}

impl MayDelete {
    fn check(self, tx: &Tx<'_>, me: UserId, message: &Message) -> Result<()> {
        if message.sender.id == me {
            return Ok(());
        }
        let room = inside(tx, me, message.chat)?;
        let moderates = self == Self::AuthorOrOwner && room.kind == Kind::Group && room.owner.id == me;
        if moderates { Ok(()) } else { Err(Error::Forbidden(Denial::DeleteOthersMessage)) }
    }
}

/// The one way in which a message comes to be, in the writer's transaction.
pub(super) fn post(tx: &mut Tx<'_>, me: UserId, chat: ChatId, draft: &Draft, quota: Quota) -> Result<Posted> {
    let Some(speaker) = store::messages::speaker(tx, me, chat)? else {
        // Says whether this is a room seen from outside, or nothing at all.
        return Err(inside(tx, me, chat).err().unwrap_or(Error::NotFound));
    };
    let content = draft.key.as_ref().map(|key| (key, draft.content_hash(chat)));
    if let Some((key, content)) = &content
        && let Some(first) = store::idempotency::find(tx, me, key)?
    {
        return resend(tx, me, speaker.pair, *content, first);
    }
    says_something(&draft.text, !draft.attachments.is_empty())?;
    let attachments = usable(tx, me, &draft.attachments)?;
    let answered = check_reply(tx, me, chat, draft.reply_to)?;
    let stored = if speaker.user.is_bot { stored_by(tx, me)? } else { speaker.stored };
    quota.check_text(stored, draft.text.as_str().len())?;
    // A call's line is nobody's words.
    let is_said = draft.call_seconds.is_none();
    let names = if is_said { Names::of(draft.text.as_str()) } else { Names::default() };
    let mentions = mentioned(tx, chat, &speaker, &names)?;
    let id = tx.next_message();
    let message = Message {
        id,
        chat,
        seq: Seq(id.0),
        sender: speaker.user,
        text: draft.text.as_str().to_owned(),
        reply_to: draft.reply_to,
        answered,
        mentions,
        attachments,
        reactions: Vec::new(),
        created_at: tx.now,
        updated_at: tx.now,
        is_edited: false,
        pinned_at: None,
        call_seconds: draft.call_seconds,
    };
    store::messages::insert(tx, &message)?;
    for (position, file) in message.attachments.iter().enumerate() {
        store::files::attach(tx, file.id, message.id, position)?;
    }
    if let Some((key, content)) = &content {
        store::idempotency::insert(tx, me, key, content, message.id)?;
    }
    if speaker.is_hidden {
        store::members::unhide(tx, chat)?;
    }
    tx.publish(Event::Message(MessageEvent::Posted {
        message: message.clone(),
        pair: speaker.pair.clone(),
        key: draft.key.clone(),
    }));
    Ok(Posted { message, pair: speaker.pair, marks: Arc::default(), is_new: true })
}

/// Whom a message names whose text is another now.
fn mention_anew(tx: &Tx<'_>, me: UserId, message: &mut Message) -> Result<()> {
    let names = Names::of(&message.text);
    if names == Names::default() && message.mentions == Mentions::default() {
        return Ok(());
    }
    let speaker = store::messages::speaker(tx, me, message.chat)?.ok_or(Error::NotFound)?;
    let mentions = mentioned(tx, message.chat, &speaker, &names)?;
    if mentions != message.mentions {
        message.mentions = mentions;
        store::mentions::replace(tx, message)?;
    }
    Ok(())
}

/// A message has text or attachments.
fn says_something(text: &MessageText, has_attachments: bool) -> Result<()> {
    let says = has_attachments || !text.as_str().is_empty();
    if says { Ok(()) } else { Err(Error::Invalid(Rule::BlankMessage)) }
}

/// A key that was used: the first result if the content is the same.
fn resend(
    tx: &Tx<'_>,
    me: UserId,
    pair: Option<Pair>,
    content: [u8; 32],
    (first_content, id): (Vec<u8>, MessageId),
) -> Result<Posted> {
    if first_content != content {
        return Err(Error::KeyReused);
    }
    // The first message may have been deleted since: then there is nothing to return, and nothing to send again.
    let message = store::messages::find(tx, me, id)?.ok_or(Error::NotFound)?;
    let marks = store::members::read_marks(tx, message.chat)?;
    Ok(Posted { message, pair, marks, is_new: false })
}

fn usable(tx: &Tx<'_>, me: UserId, files: &[FileId]) -> Result<Vec<File>> {
    let mut usable: Vec<File> = Vec::with_capacity(files.len());
    for id in files {
        let file = store::files::unused_of(tx, me, *id)?;
        let file = file.ok_or(Error::Invalid(Rule::Attachments))?;
        if usable.iter().any(|other| other.id == file.id) {
            return Err(Error::Invalid(Rule::Attachments));
        }
        usable.push(file);
    }
    Ok(usable)
}

/// Who said what is answered.
fn check_reply(tx: &Tx<'_>, me: UserId, chat: ChatId, reply_to: Option<MessageId>) -> Result<Option<UserId>> {
    let Some(id) = reply_to else { return Ok(None) };
    match store::messages::find(tx, me, id)? {
        Some(answered) if answered.chat == chat => Ok(Some(answered.sender.id)),
        _ => Err(Error::Invalid(Rule::ReplyTo)),
    }
}

fn delete(tx: &mut Tx<'_>, message: &Message) -> Result<()> {
    let (id, chat, sender) = (message.id, message.chat, message.sender.id);
    let seq = tx.next_seq();
    file::erase_attachments(tx, id)?;
    store::messages::delete(tx, id)?;
    store::messages::insert_tombstone(tx, id, chat, seq)?;
    store::hook_events::note_deleted(tx, chat, id, sender, seq)?;
    store::chats::count_deleted(tx, chat)?;
    store::members::count_deleted(tx, chat, id, sender)?;
    let pair = store::directs::pair(tx, chat)?;
    tx.publish(Event::Message(MessageEvent::Deleted { chat, message: id, sender, seq, pair }));
    Ok(())
}
