//! Who is in a chat: joining, leaving, adding, removing.

use super::app::App;
use super::direct::named;
use super::group::{delete, inside};
use super::model::chat::{Authority, Chat, Kind, MAX_MEMBERS};
use super::model::chat_log::{LogKind, NewLogEntry};
use super::model::error::{Denial, Error, Result, Rule};
use super::model::event::{ChatEvent, Event, MemberEvent};
use super::model::hook::MAKER_LEFT;
use super::model::id::{ChatId, UserId};
use super::model::member::{GroupRole, Member};
use super::model::page::{Page, Paged};
use super::model::session::Actor;
use super::model::user::{User, UserRef};
use super::store::hook_events::Logged;
use super::store::{self, Tx};

impl App {
    /// Who is in a chat, the longest standing first.
    pub fn members(&self, actor: &Actor, id: ChatId, page: Page) -> Result<Paged<Member>> {
        self.store.read(|db| {
            inside(db, actor.user, id)?;
            store::members::page(db, id, page)
        })
    }

    /// Joins a public room. Again: no change.
    pub async fn join(&self, actor: &Actor, id: ChatId) -> Result<Chat> {
        self.check_pace(actor)?;
        let me = actor.user;
        self.authorized(actor)
            .write(move |tx| {
                let room = store::chats::find(tx, me, id)?.ok_or(Error::NotFound)?;
                if room.kind == Kind::Direct {
                    return Err(Error::Forbidden(Denial::DirectChat));
                }
                if room.membership.is_none() {
                    add(tx, me, Place::from(&room), &[me])?;
                }
                store::chats::find(tx, me, id)?.ok_or(Error::Internal)
            })
            .await
    }

    /// Leaves a group.
    pub async fn leave(&self, actor: &Actor, id: ChatId) -> Result<()> {
        self.check_pace(actor)?;
        let me = actor.user;
        self.authorized(actor)
            .write(move |tx| {
                let room = inside(tx, me, id).map_err(|_| Error::NotFound)?;
                if room.kind == Kind::Direct {
                    return Err(Error::Forbidden(Denial::DirectChat));
                }
                remove(tx, me, &room, me)
            })
            .await?;
        self.hub.settle().await;
        self.erase_deleted_chats().await;
        Ok(())
    }

    /// Adds users to a group, as one of its admins. Returns how many are new in it.
    pub async fn add_members(&self, actor: &Actor, id: ChatId, users: Vec<UserId>) -> Result<i64> {
        self.check_pace_of(actor, users.len())?;
        let me = actor.user;
        self.authorized(actor)
            .write(move |tx| {
                let room = inside(tx, me, id)?;
                Authority::Admin.check(&room, me)?;
                add(tx, me, Place::from(&room), &users)
            })
            .await
    }

    /// Who is meant, for an admin of this group: nobody else learns here who has which address.
    pub fn user_meant(&self, actor: &Actor, id: ChatId, who: &UserRef) -> Result<User> {
        self.store.read(|db| {
            Authority::Admin.check(&inside(db, actor.user, id)?, actor.user)?;
            named(db, who)
        })
    }

    /// Makes a member of a group an admin or takes that away, as one of its admins, or passes it on, as its
    /// owner, who stays an admin. The owner has to do that first, and so has the last admin.
    pub async fn change_role(&self, actor: &Actor, id: ChatId, user: UserId, role: GroupRole) -> Result<()> {
        self.check_pace(actor)?;
        let me = actor.user;
        self.authorized(actor)
            .write(move |tx| {
                let room = inside(tx, me, id)?;
                set_role(tx, &room, me, user, role)
            })
            .await
    }

    /// Takes a member out of a group: an admin anybody but the owner, whose place they would come into, everybody
    /// oneself. An admin's removal ends the invitations into the group: whoever was removed knows them, and may have
    /// another account. It takes their bots out as well, but one that owns the group: they would read on by them.
    pub async fn remove_member(&self, actor: &Actor, id: ChatId, user: UserId) -> Result<()> {
        self.check_pace(actor)?;
        let (me, credential) = (actor.user, actor.credential);
        self.authorized(actor)
            .write(move |tx| {
                let room = inside(tx, me, id)?;
                if room.kind == Kind::Direct || user != me {
                    Authority::Admin.check(&room, me)?;
                }
                if user == room.owner.id && user != me && !store::accounts::is_admin(tx, me, credential)? {
                    return Err(Error::Forbidden(Denial::NotOwner));
                }
                remove(tx, me, &room, user)?;
                if user == me {
                    return Ok(());
                }
                for bot in store::bots::of_maker_in(tx, user, id)? {
                    if bot != me && bot != room.owner.id {
                        remove(tx, me, &inside(tx, me, id)?, bot)?;
                    }
                }
                store::group_invites::delete_all(tx, id)
            })
            .await?;
        self.hub.settle().await;
        self.erase_deleted_chats().await;
        Ok(())
    }
}

/// Nothing changes where it is so already.
fn set_role(tx: &mut Tx<'_>, room: &Chat, actor: UserId, user: UserId, role: GroupRole) -> Result<()> {
    let needs = if role == GroupRole::Owner { Authority::Owner } else { Authority::Admin };
    needs.check(room, actor)?;
    let is_bot = store::users::find(tx, user)?.ok_or(Error::NotFound)?.is_bot;
    let was_admin = store::members::is_admin(tx, room.id, user)?.ok_or(Error::NotFound)?;
    let was = match (user == room.owner.id, was_admin) {
        (true, _) => GroupRole::Owner,
        (false, true) => GroupRole::Admin,
        (false, false) => GroupRole::Member,
    };
    if was == role {
        return Ok(());
    }
    if was == GroupRole::Owner {
        return Err(Error::Invalid(Rule::GroupAdmin));
    }
    if is_bot && role != GroupRole::Member {
        return Err(Error::Forbidden(Denial::Bot));
    }
    store::members::set_admin(tx, room.id, user, role != GroupRole::Member)?;
    if !store::members::has_admin(tx, room.id)? {
        return Err(Error::Invalid(Rule::GroupAdmin));
    }
    if role == GroupRole::Owner {
        store::chats::set_owner(tx, room.id, user)?;
    }
    tx.publish(Event::Chat(ChatEvent::Updated { chat: room.id }));
    Ok(())
}

/// Puts somebody into a group that was opened for them, whether they see it or not.
pub(super) fn join_as_guest(tx: &mut Tx<'_>, chat: ChatId, user: UserId) -> Result<bool> {
    let (max, count) = store::members::room_left(tx, chat)?.ok_or(Error::NotFound)?;
    let place = Place { chat, max, count };
    // Looked at before anything is written: whoever makes the account goes on without the room.
    if place.is_full() {
        return Err(Error::ChatFull);
    }
    add(tx, user, place, &[user]).map(|added| added > 0)
}

/// A group, as far as joining it goes.
struct Place {
    chat: ChatId,
    /// How many may be in it, and are.
    max: Option<u32>,
    count: i64,
}

impl Place {
    fn max(&self) -> i64 {
        i64::from(self.max.unwrap_or(MAX_MEMBERS))
    }

    fn is_full(&self) -> bool {
        self.count >= self.max()
    }
}

impl From<&Chat> for Place {
    fn from(chat: &Chat) -> Self {
        Self { chat: chat.id, max: chat.max_members, count: chat.member_count }
    }
}

/// Adds users to a group; those who are in it already are left alone. All or none:
/// when they do not fit, nobody is added.
fn add(tx: &mut Tx<'_>, actor: UserId, place: Place, users: &[UserId]) -> Result<i64> {
    let mut added = Vec::new();
    for id in users {
        let user = store::users::find_met(tx, *id)?.ok_or(Error::UnknownUser)?;
        if store::members::insert(tx, place.chat, *id, false)? {
            added.push(user);
        }
    }
    let count = i64::try_from(added.len()).unwrap_or(i64::MAX);
    if count > 0 && place.count + count > place.max() {
        return Err(Error::ChatFull);
    }
    store::chats::add_members(tx, place.chat, count)?;
    for user in added {
        store::hook_events::note_member(tx, place.chat, Logged::Added(user.id))?;
        keep(tx, place.chat, LogKind::came(actor, user.id), actor, user.id)?;
        tx.publish(Event::Member(MemberEvent::Added {
            chat: place.chat,
            user,
            members: place.count + count,
            is_quiet: false,
        }));
    }
    Ok(count)
}

/// For whoever opens the group later.
fn keep(tx: &Tx<'_>, chat: ChatId, kind: LogKind, actor: UserId, user: UserId) -> Result<()> {
    store::chat_log::insert(tx, chat, &NewLogEntry { kind, actor, user: Some(user), titles: None, at: tx.now })
}

/// Takes a member out of a group. Somebody longest standing takes over what the last
/// admin or the owner leaves behind; a group that nobody is left in, but for
/// the bots of its hooks, is deleted.
pub(super) fn remove(tx: &mut Tx<'_>, actor: UserId, chat: &Chat, user: UserId) -> Result<()> {
    let Some(was_admin) = store::members::delete(tx, chat.id, user)? else {
        return Err(Error::NotFound);
    };
    if store::members::is_empty(tx, chat.id)? {
        // Told as a deletion alone, like any other: whose sockets stood on it are closed for that.
        return delete(tx, chat.id);
    }
    store::hooks::delete_of_bot(tx, user)?;
    end_hooks_of(tx, chat.id, user)?;
    store::chats::add_members(tx, chat.id, -1)?;
    store::hook_events::note_member(tx, chat.id, Logged::Removed(user))?;
    keep(tx, chat.id, LogKind::went(actor, user), actor, user)?;
    tx.publish(Event::Member(MemberEvent::Removed {
        chat: chat.id,
        user,
        members: chat.member_count - 1,
        is_quiet: false,
    }));
    let was_owner = chat.owner.id == user;
    if (was_admin || was_owner) && hand_over(tx, chat.id, was_owner)? {
        tx.publish(Event::Chat(ChatEvent::Updated { chat: chat.id }));
    }
    Ok(())
}

/// Switches off the hooks of whoever left, or whose bot did: they know where each sends, or by which URL it is told.
fn end_hooks_of(tx: &Tx<'_>, chat: ChatId, user: UserId) -> Result<()> {
    let maker = store::bots::find(tx, user)?.and_then(|bot| bot.made_by).unwrap_or(user);
    if store::members::is_member(tx, chat, maker)? {
        return Ok(());
    }
    store::hooks::switch_off_made_by(tx, maker, Some(chat), MAKER_LEFT)
}

/// Finds an heir for an admin who left, or who may not sign in any more and then stays the owner. `true`: somebody is
/// now what they were not before.
pub(super) fn hand_over(tx: &Tx<'_>, chat: ChatId, is_owned: bool) -> Result<bool> {
    let Some(successor) = store::members::successor(tx, chat)? else { return Ok(false) };
    // Makes an admin of one only where no admin is left who can act: such a one comes first.
    let is_new_admin = store::members::make_admin(tx, chat, successor)?;
    if is_owned {
        store::chats::set_owner(tx, chat, successor)?;
    }
    Ok(is_new_admin || is_owned)
}
