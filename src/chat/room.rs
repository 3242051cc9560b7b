//! Chats: direct ones and groups, and who is in them.
//!
//! Everything is found through the asker's own place in it. From outside, a public
//! room shows that it exists; every other chat does not.

use super::handle::Chat;
use super::model::error::{Error, Result, Rule};
use super::model::event::Event;
use super::model::id::{ChatId, UserId};
use super::model::page::{Page, Paged};
use super::model::room::{Authority, MAX_CREATED, MAX_MEMBERS, NewGroup, Room, RoomChange};
use super::model::session::Asker;
use super::store::{self, Tx};

impl Chat {
    /// A chat that the asker is in, or a public room.
    pub fn room(&self, asker: &Asker, id: ChatId) -> Result<Room> {
        self.store.read(|db| store::rooms::find(db, asker.user, id)?.ok_or(Error::NotFound))
    }

    /// The asker's chats, newest created first.
    pub fn rooms(&self, asker: &Asker, page: Page) -> Result<Paged<Room>> {
        self.store.read(|db| store::rooms::page_newest(db, asker.user, page))
    }

    /// Public rooms that the asker is not in, newest created first.
    pub async fn public_rooms(&self, asker: &Asker, page: Page) -> Result<Paged<Room>> {
        let me = asker.user;
        self.store.scan(move |db| store::rooms::page_public(db, me, page)).await
    }

    /// Makes a group, with the asker as owner and admin.
    pub async fn create_group(&self, asker: &Asker, new: NewGroup) -> Result<Room> {
        let me = asker.user;
        self.by(asker).write(move |tx| create_group(tx, me, &new)).await
    }

    /// Changes a group's title, description or limits.
    pub async fn change_room(&self, asker: &Asker, id: ChatId, change: RoomChange, needs: Authority) -> Result<Room> {
        self.check_pace(asker)?;
        let me = asker.user;
        self.by(asker)
            .write(move |tx| {
                let room = store::rooms::find(tx, me, id)?.ok_or(Error::NotFound)?;
                needs.check(&room, me)?;
                if let Some(Some(max)) = change.max_members
                    && i64::from(max) < room.member_count
                {
                    return Err(Error::Invalid(Rule::MaxMembers));
                }
                store::rooms::update(tx, id, &room, &change)?;
                tx.publish(Event::ChatUpdated { chat: id });
                store::rooms::find(tx, me, id)?.ok_or(Error::Internal)
            })
            .await
    }

    /// Deletes a group with all that is in it, for everybody.
    pub async fn delete_room(&self, asker: &Asker, id: ChatId, needs: Authority) -> Result<()> {
        let me = asker.user;
        self.by(asker)
            .write(move |tx| {
                let room = store::rooms::find(tx, me, id)?.ok_or(Error::NotFound)?;
                needs.check(&room, me)?;
                delete(tx, id)
            })
            .await?;
        self.hub.settle().await;
        self.erase_deleted_rooms().await;
        Ok(())
    }

    /// Erases what deleted chats held, a piece at a time so that others can write
    /// between. It goes on when nobody waits for it, and after a crash at the next start.
    pub(super) async fn erase_deleted_rooms(&self) {
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
    let Some(chat) = store::rooms::to_erase(tx)? else { return Ok(false) };
    let messages = store::messages::some_of(tx, chat, ERASED_AT_ONCE)?;
    for message in &messages {
        super::file::erase_attachments(tx, *message)?;
        store::messages::delete(tx, *message)?;
    }
    if messages.is_empty() {
        store::rooms::delete(tx, chat)?;
    } else {
        tx.keep_numbers();
    }
    Ok(true)
}

/// A chat that the asker is a member of; a public room seen from outside is no place to act.
pub(super) fn inside(db: &store::Db, asker: UserId, id: ChatId) -> Result<Room> {
    let room = store::rooms::find(db, asker, id)?.ok_or(Error::NotFound)?;
    if room.standing.is_none() { Err(Error::NotMember) } else { Ok(room) }
}

pub(super) fn check_created(tx: &Tx<'_>, user: UserId) -> Result<()> {
    if store::rooms::count_created(tx, user)? >= i64::from(MAX_CREATED) {
        return Err(Error::LimitReached { what: "chats", max: MAX_CREATED });
    }
    Ok(())
}

pub(super) fn create_group(tx: &mut Tx<'_>, me: UserId, new: &NewGroup) -> Result<Room> {
    check_created(tx, me)?;
    let id = store::rooms::insert_group(tx, me, new)?;
    store::members::insert(tx, id, me, true)?;
    let mut members = vec![me];
    for user in &new.members {
        if !store::users::exists(tx, *user)? {
            return Err(Error::UnknownUser);
        }
        if store::members::insert(tx, id, *user, false)? {
            members.push(*user);
        }
    }
    let count = u32::try_from(members.len()).unwrap_or(u32::MAX);
    if count > new.max_members.unwrap_or(MAX_MEMBERS) {
        return Err(Error::RoomFull);
    }
    store::rooms::add_members(tx, id, i64::from(count))?;
    tx.publish(Event::ChatCreated { chat: id, pair: None, members });
    store::rooms::find(tx, me, id)?.ok_or(Error::Internal)
}

pub(super) fn delete(tx: &mut Tx<'_>, id: ChatId) -> Result<()> {
    store::members::delete_all(tx, id)?;
    store::group_invites::delete_all(tx, id)?;
    store::rooms::mark_deleted(tx, id)?;
    tx.publish(Event::ChatDeleted { chat: id });
    Ok(())
}
