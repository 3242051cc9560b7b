//! Chats that one is in, and groups: making, changing, joining and leaving them.
//!
//! Everything is found through the actor's own place in it. From outside, a public
//! room shows that it exists; every other chat does not.

use super::app::App;
use super::file::{picture, set_avatar};
use super::model::chat::{Authority, Chat, ChatChange, MAX_CREATED, MAX_MEMBERS, NewGroup};
use super::model::chat_log::{LogEntry, LogKind, NewLogEntry};
use super::model::error::{Error, Result, Rule};
use super::model::event::{ChatEvent, Event};
use super::model::id::{ChatId, UserId};
use super::model::page::{Page, Paged};
use super::model::session::Actor;
use super::store::files::AvatarOwner;
use super::store::{self, Tx};

impl App {
    /// A chat that the actor is in, or a public room.
    pub fn chat(&self, actor: &Actor, id: ChatId) -> Result<Chat> {
        self.store.read(|db| store::chats::find(db, actor.user, id)?.ok_or(Error::NotFound))
    }

    /// What happened in a chat that the actor is in beside what was said, the oldest first: the newest
    /// [`MAX_CHAT_LOG`](super::model::chat_log::MAX_CHAT_LOG).
    pub fn chat_log(&self, actor: &Actor, id: ChatId) -> Result<Vec<LogEntry>> {
        self.store.read(|db| {
            inside(db, actor.user, id)?;
            store::chat_log::list(db, id)
        })
    }

    /// The actor's chats, newest created first.
    pub fn chats(&self, actor: &Actor, page: Page) -> Result<Paged<Chat>> {
        self.store.read(|db| store::chats::page_newest(db, actor.user, page))
    }

    /// Public rooms that the actor is not in, newest created first.
    pub async fn public_chats(&self, actor: &Actor, page: Page) -> Result<Paged<Chat>> {
        let me = actor.user;
        self.store.scan_for(me, move |db| store::chats::page_public(db, me, page)).await
    }

    /// Makes a group, with the actor as owner and admin.
    pub async fn create_group(&self, actor: &Actor, new: NewGroup) -> Result<Chat> {
        self.check_pace_of(actor, new.members.len())?;
        let me = actor.user;
        self.authorized(actor).write(move |tx| create_group(tx, me, &new)).await
    }

    /// Changes a group's title, description, picture or limits.
    pub async fn change_chat(&self, actor: &Actor, id: ChatId, change: ChatChange, needs: Authority) -> Result<Chat> {
        self.check_pace(actor)?;
        let me = actor.user;
        self.authorized(actor)
            .write(move |tx| {
                let room = store::chats::find(tx, me, id)?.ok_or(Error::NotFound)?;
                needs.check(&room, me)?;
                if let Some(Some(max)) = change.max_members
                    && i64::from(max) < room.member_count
                {
                    return Err(Error::Invalid(Rule::MaxMembers));
                }
                store::chats::update(tx, id, &room, &change)?;
                if let Some(title) = change.title.as_deref().filter(|title| *title != room.title) {
                    let titles = Some((room.title.as_str(), title));
                    let entry = NewLogEntry { kind: LogKind::Renamed, actor: me, user: None, titles, at: tx.now };
                    store::chat_log::insert(tx, id, &entry)?;
                }
                if let Some(avatar) = change.avatar {
                    let new = avatar.map(|id| picture(tx, me, id)).transpose()?;
                    set_avatar(tx, AvatarOwner::Group(id), new.as_ref())?;
                }
                tx.publish(Event::Chat(ChatEvent::Updated { chat: id }));
                store::chats::find(tx, me, id)?.ok_or(Error::Internal)
            })
            .await
    }

    /// Deletes a group with all that is in it, for everybody.
    pub async fn delete_chat(&self, actor: &Actor, id: ChatId, needs: Authority) -> Result<()> {
        self.check_pace(actor)?;
        let me = actor.user;
        self.authorized(actor)
            .write(move |tx| {
                let room = store::chats::find(tx, me, id)?.ok_or(Error::NotFound)?;
                needs.check(&room, me)?;
                delete(tx, id)
            })
            .await?;
        self.hub.settle().await;
        self.erase_deleted_chats().await;
        Ok(())
    }

    /// Erases what deleted chats held, a piece at a time so that others can write
    /// between. It goes on when nobody waits for it, and after a crash at the next start.
    pub(super) async fn erase_deleted_chats(&self) {
        let store = self.store.clone();
        let erasing = tokio::spawn(async move {
            while store.write(erase_piece).await? {}
            Ok::<_, Error>(())
        });
        if !matches!(erasing.await, Ok(Ok(()))) {
            tracing::warn!("a deleted chat still waits to be erased");
        }
    }
}

/// Messages erased in one transaction.
const ERASED_AT_ONCE: u32 = 500;

/// `true`: there may be more.
fn erase_piece(tx: &mut Tx<'_>) -> Result<bool> {
    let Some(chat) = store::chats::to_erase(tx)? else { return Ok(false) };
    let messages = store::messages::some_of(tx, chat, ERASED_AT_ONCE)?;
    for message in &messages {
        super::file::erase_attachments(tx, *message)?;
        store::messages::delete(tx, *message)?;
    }
    if messages.is_empty() {
        store::chats::delete(tx, chat)?;
    } else {
        tx.keep_numbers();
    }
    Ok(true)
}

/// A chat that the actor is a member of; a public room seen from outside is no place to act.
pub(super) fn inside(db: &store::Db, actor: UserId, id: ChatId) -> Result<Chat> {
    let room = store::chats::find(db, actor, id)?.ok_or(Error::NotFound)?;
    if room.membership.is_none() { Err(Error::NotMember) } else { Ok(room) }
}

pub(super) fn check_created(tx: &Tx<'_>, user: UserId) -> Result<()> {
    if store::chats::count_created(tx, user)? >= i64::from(MAX_CREATED) {
        return Err(Error::LimitReached { what: "chats", max: MAX_CREATED });
    }
    Ok(())
}

pub(super) fn create_group(tx: &mut Tx<'_>, me: UserId, new: &NewGroup) -> Result<Chat> {
    check_created(tx, me)?;
    let id = store::chats::insert_group(tx, me, new)?;
    store::members::insert(tx, id, me, true)?;
    let mut members = vec![me];
    for user in &new.members {
        if store::users::find_met(tx, *user)?.is_none() {
            return Err(Error::UnknownUser);
        }
        if store::members::insert(tx, id, *user, false)? {
            members.push(*user);
        }
    }
    let count = u32::try_from(members.len()).unwrap_or(u32::MAX);
    if count > new.max_members.unwrap_or(MAX_MEMBERS) {
        return Err(Error::ChatFull);
    }
    store::chats::add_members(tx, id, i64::from(count))?;
    tx.publish(Event::Chat(ChatEvent::Created { chat: id, pair: None, members }));
    store::chats::find(tx, me, id)?.ok_or(Error::Internal)
}

pub(super) fn delete(tx: &mut Tx<'_>, id: ChatId) -> Result<()> {
    store::members::delete_all(tx, id)?;
    store::group_invites::delete_all(tx, id)?;
    store::chat_log::delete_all(tx, id)?;
    store::hooks::delete_all(tx, id)?;
    set_avatar(tx, AvatarOwner::Group(id), None)?;
    store::chats::mark_deleted(tx, id)?;
    tx.publish(Event::Chat(ChatEvent::Deleted { chat: id }));
    Ok(())
}
