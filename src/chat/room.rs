//! Chats: direct ones and groups, and who is in them.
//!
//! Everything is found through the asker's own place in it. From outside, a public
//! room shows that it exists; every other chat does not.

use super::Chat;
use super::error::{Denial, Error, Result, Rule};
use super::event::Event;
use super::id::{ChatId, MemberId, MessageId, UserId};
use super::name::Username;
use super::page::{Page, Paged};
use super::session::Asker;
use super::store::{self, Tx};
use super::time::Timestamp;
use super::user::User;

/// Members that a group may have.
pub const MAX_MEMBERS: u32 = 5_000;
/// Chats that a user may own.
pub const MAX_OWNED: u32 = 500;
/// Users that one request may add to a group.
pub const MAX_ADDED: usize = 1_000;

/// What kind of chat it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Exactly one for each pair of users; a pair may be one user.
    Direct,
    /// Any number of members.
    Group,
}

/// One of a pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub id: UserId,
    /// Their name.
    pub username: Username,
}

/// The two of a direct chat, the lower id first. Both are the same in notes to self.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The lower id.
    pub low: Person,
    /// The higher id.
    pub high: Person,
}

impl Pair {
    /// The pair of two users, in either order.
    #[must_use]
    pub fn new(one: Person, other: Person) -> Self {
        if one.id <= other.id { Self { low: one, high: other } } else { Self { low: other, high: one } }
    }

    /// Whether these are the two.
    #[must_use]
    pub fn is(&self, one: UserId, other: UserId) -> bool {
        (self.low.id, self.high.id) == (one.min(other), one.max(other))
    }

    /// The other side of `user`.
    #[must_use]
    pub fn other_of(&self, user: UserId) -> &Person {
        if self.low.id == user { &self.high } else { &self.low }
    }

    /// The one with this id.
    #[must_use]
    pub fn person(&self, user: UserId) -> &Person {
        if self.low.id == user { &self.low } else { &self.high }
    }

    fn ids(&self) -> Vec<UserId> {
        if self.low.id == self.high.id { vec![self.low.id] } else { vec![self.low.id, self.high.id] }
    }
}

/// A chat as one viewer sees it.
#[derive(Clone, Debug)]
pub struct Room {
    /// Its id, the same in every dialect.
    pub id: ChatId,
    /// Direct or group.
    pub kind: Kind,
    /// A group's title; of a direct chat the other's display name.
    pub title: String,
    /// `<a>_<b>` of a direct chat; a group has none of its own.
    pub slug: Option<String>,
    /// Possibly empty.
    pub description: String,
    /// Seen by its members only.
    pub is_private: bool,
    /// `None`: the server's own limit.
    pub max_members: Option<u32>,
    /// Who owns it.
    pub owner: User,
    /// The other side of a direct chat: oneself in notes to self.
    pub other: Option<User>,
    /// How many are in it.
    pub member_count: i64,
    /// The newest message that the viewer can see.
    pub last_message: Option<MessageId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When the chat itself last changed.
    pub updated_at: Timestamp,
    /// When something was last said in it.
    pub active_at: Timestamp,
    /// The viewer's place in it; `None` for who sees a public room from outside.
    pub standing: Option<Standing>,
}

impl Room {
    /// The viewer's unread messages.
    #[must_use]
    pub fn unread_count(&self) -> i64 {
        self.standing.as_ref().map_or(0, |standing| standing.unread_count)
    }

    /// The name under which the messenger dialect knows it.
    #[must_use]
    pub fn name(&self) -> String {
        self.slug.clone().unwrap_or_else(|| format!("room-{}", self.id))
    }
}

/// A member's own view of a chat.
#[derive(Clone, Debug)]
pub struct Standing {
    /// May change the chat and its members.
    pub is_admin: bool,
    /// Messages of others that are not read yet.
    pub unread_count: i64,
    /// Messages that this member can see.
    pub message_count: i64,
    /// Messages up to this one were cleared from this member's view.
    pub cleared_mark: MessageId,
}

/// Somebody in a chat.
#[derive(Clone, Debug)]
pub struct Member {
    /// The lower, the longer in the chat.
    pub id: MemberId,
    /// Who.
    pub user: User,
    /// Since when.
    pub joined_at: Timestamp,
    /// May change the chat and its members.
    pub is_admin: bool,
}

/// A group to be made.
#[derive(Clone, Debug)]
pub struct NewGroup {
    /// Possibly empty, if it has members to be named after.
    pub title: String,
    /// Possibly empty.
    pub description: String,
    /// Seen by its members only.
    pub is_private: bool,
    /// At most so many members; `None`: the server's own limit.
    pub max_members: Option<u32>,
    /// Who is in it from the start, beside the one who makes it.
    pub members: Vec<UserId>,
}

/// Changes to a group; `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct RoomChange {
    /// A new title.
    pub title: Option<String>,
    /// A new description.
    pub description: Option<String>,
    /// Open it, or close it.
    pub is_private: Option<bool>,
    /// `Some(None)` takes the limit away.
    pub max_members: Option<Option<u32>>,
}

/// What one has to be to change a group. Dialects differ in whom they ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authority {
    /// The one owner.
    Owner,
    /// Any admin.
    Admin,
}

impl Authority {
    /// The one predicate of every change to a group.
    fn check(self, room: &Room, asker: UserId) -> Result<()> {
        let standing = room.standing.as_ref();
        if room.kind == Kind::Direct {
            return Err(Error::Forbidden(Denial::DirectChat));
        }
        match self {
            Self::Owner if standing.is_some() && room.owner.id == asker => Ok(()),
            Self::Owner => Err(Error::Forbidden(Denial::NotOwner)),
            Self::Admin if standing.is_some_and(|standing| standing.is_admin) => Ok(()),
            Self::Admin => Err(Error::Forbidden(Denial::NotAdmin)),
        }
    }
}

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

    /// Who is in a chat, the longest standing first.
    pub fn members(&self, asker: &Asker, id: ChatId, page: Page) -> Result<Paged<Member>> {
        self.store.read(|db| {
            inside(db, asker.user, id)?;
            store::members::page(db, id, page)
        })
    }

    /// Makes a group, with the asker as owner and admin.
    pub async fn create_group(&self, asker: &Asker, new: NewGroup) -> Result<Room> {
        let me = asker.user;
        self.store.write(move |tx| create_group(tx, me, &new)).await
    }

    /// The direct chat with somebody, made if there was none. `true`: it is new.
    pub async fn open_direct(&self, asker: &Asker, other: UserId) -> Result<(Room, bool)> {
        let asker = asker.clone();
        self.store
            .write(move |tx| {
                let other = store::users::find(tx, other)?.ok_or(Error::UnknownUser)?;
                let (id, is_new) = ensure_direct(tx, &asker, &other)?;
                let room = store::rooms::find(tx, asker.user, id)?.ok_or(Error::Internal)?;
                Ok((room, is_new))
            })
            .await
    }

    /// Changes a group's title, description or limits.
    pub async fn change_room(&self, asker: &Asker, id: ChatId, change: RoomChange, needs: Authority) -> Result<Room> {
        let me = asker.user;
        self.store
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
        self.store
            .write(move |tx| {
                let room = store::rooms::find(tx, me, id)?.ok_or(Error::NotFound)?;
                needs.check(&room, me)?;
                delete(tx, id)
            })
            .await?;
        self.hub.settle().await;
        self.erase_deleted_rooms();
        Ok(())
    }

    /// Joins a public room. Again: no change.
    pub async fn join(&self, asker: &Asker, id: ChatId) -> Result<Room> {
        let me = asker.user;
        self.store
            .write(move |tx| {
                let room = store::rooms::find(tx, me, id)?.ok_or(Error::NotFound)?;
                if room.kind == Kind::Direct {
                    return Err(Error::Forbidden(Denial::DirectChat));
                }
                if room.standing.is_none() {
                    add(tx, &room, &[me])?;
                }
                store::rooms::find(tx, me, id)?.ok_or(Error::Internal)
            })
            .await
    }

    /// Leaves a group.
    pub async fn leave(&self, asker: &Asker, id: ChatId) -> Result<()> {
        let me = asker.user;
        self.store
            .write(move |tx| {
                let room = inside(tx, me, id).map_err(|_| Error::NotFound)?;
                if room.kind == Kind::Direct {
                    return Err(Error::Forbidden(Denial::DirectChat));
                }
                remove(tx, &room, me)
            })
            .await?;
        self.hub.settle().await;
        self.erase_deleted_rooms();
        Ok(())
    }

    /// Erases what deleted chats held, a piece at a time so that others can write
    /// between. Runs on its own: what a crash leaves, the next start goes on with.
    pub(super) fn erase_deleted_rooms(&self) {
        let store = self.store.clone();
        tokio::spawn(async move {
            loop {
                match store.write(erase_piece).await {
                    Ok(true) => {}
                    Ok(false) => return,
                    Err(error) => return tracing::warn!(%error, "a deleted chat still waits to be erased"),
                }
            }
        });
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
    }
    Ok(true)
}

/// A chat that the asker is a member of; a public room seen from outside is no place to act.
pub(super) fn inside(db: &store::Db, asker: UserId, id: ChatId) -> Result<Room> {
    let room = store::rooms::find(db, asker, id)?.ok_or(Error::NotFound)?;
    if room.standing.is_none() { Err(Error::NotMember) } else { Ok(room) }
}

/// The direct chat of two users, made if there was none; unique in the database too.
pub(super) fn ensure_direct(tx: &mut Tx<'_>, asker: &Asker, other: &User) -> Result<(ChatId, bool)> {
    if let Some(id) = store::rooms::find_direct(tx, asker.user, other.id)? {
        return Ok((id, false));
    }
    check_owned(tx, asker.user)?;
    let me = Person { id: asker.user, username: asker.username.clone() };
    let pair = Pair::new(me, Person { id: other.id, username: other.username.clone() });
    let id = store::rooms::insert_direct(tx, &pair, asker.user, &free_slug(tx, &pair)?)?;
    let members = pair.ids();
    for user in &members {
        store::members::insert(tx, id, *user, false)?;
    }
    store::rooms::add_members(tx, id, i64::try_from(members.len()).unwrap_or(2))?;
    tx.publish(Event::ChatCreated { chat: id, pair: Some(pair), members });
    Ok((id, true))
}

/// `<a>_<b>` in byte order. `a_b` with `c` and `a` with `b_c` would be one name: the
/// later takes `-2`, and so on.
fn free_slug(tx: &Tx<'_>, pair: &Pair) -> Result<String> {
    let (one, other) = (pair.low.username.as_str(), pair.high.username.as_str());
    let name = format!("{}_{}", one.min(other), one.max(other));
    let mut slug = name.clone();
    let mut number = 1;
    while store::rooms::slug_is_taken(tx, &slug)? {
        number += 1;
        slug = format!("{name}-{number}");
    }
    Ok(slug)
}

fn check_owned(tx: &Tx<'_>, user: UserId) -> Result<()> {
    if store::rooms::count_owned(tx, user)? >= i64::from(MAX_OWNED) {
        return Err(Error::LimitReached { what: "chats", max: MAX_OWNED });
    }
    Ok(())
}

fn create_group(tx: &mut Tx<'_>, me: UserId, new: &NewGroup) -> Result<Room> {
    check_owned(tx, me)?;
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

/// Adds users to a group; those who are in it already are left alone. All or none:
/// when they do not fit, nobody is added.
pub(super) fn add(tx: &mut Tx<'_>, room: &Room, users: &[UserId]) -> Result<i64> {
    let mut added = Vec::new();
    for id in users {
        let user = store::users::find(tx, *id)?.ok_or(Error::UnknownUser)?;
        if store::members::insert(tx, room.id, *id, false)? {
            added.push(user);
        }
    }
    let count = i64::try_from(added.len()).unwrap_or(i64::MAX);
    let max = room.max_members.unwrap_or(MAX_MEMBERS);
    if count > 0 && room.member_count + count > i64::from(max) {
        return Err(Error::RoomFull);
    }
    store::rooms::add_members(tx, room.id, count)?;
    for user in added {
        tx.publish(Event::MemberAdded { chat: room.id, user });
    }
    Ok(count)
}

/// Takes a member out of a group. Somebody longest standing takes over what the last
/// admin or the owner leaves behind; a group that nobody is left in is deleted.
pub(super) fn remove(tx: &mut Tx<'_>, room: &Room, user: UserId) -> Result<()> {
    if !store::members::delete(tx, room.id, user)? {
        return Err(Error::NotFound);
    }
    store::rooms::add_members(tx, room.id, -1)?;
    tx.publish(Event::MemberRemoved { chat: room.id, user });
    let Some(successor) = store::members::successor(tx, room.id)? else {
        return delete(tx, room.id);
    };
    // Makes an admin of one only where no admin is left: an admin comes first in the succession.
    store::members::make_admin(tx, room.id, successor)?;
    if room.owner.id == user {
        store::rooms::set_owner(tx, room.id, successor)?;
    }
    Ok(())
}

fn delete(tx: &mut Tx<'_>, id: ChatId) -> Result<()> {
    store::members::delete_all(tx, id)?;
    store::rooms::mark_deleted(tx, id)?;
    tx.publish(Event::ChatDeleted { chat: id });
    Ok(())
}
