//! Where whoever is new finds people: the room of everybody, and the group they were
//! invited into. An account is never refused for it.

use super::group::{create_group, inside};
use super::member;
use super::model::chat::{Kind, MAX_MEMBERS, NewGroup};
use super::model::error::{Error, Result};
use super::model::event::{ChatEvent, Event};
use super::model::id::{ChatId, UserId};
use super::store::{self, Db, Tx};

/// Puts a new account into the rooms that welcome everybody, and into the group that its
/// invitation names. One that is full or gone by now is passed over.
pub(super) fn welcome(tx: &mut Tx<'_>, user: UserId, invited_into: Option<ChatId>) -> Result<()> {
    let rooms = store::server::join_rooms(tx)?;
    let invited_into = invited_into.filter(|chat| !rooms.contains(chat));
    for chat in rooms.into_iter().chain(invited_into) {
        match member::join_as_guest(tx, chat, user) {
            Ok(_) | Err(Error::ChatFull | Error::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Groups that somebody is taken out of who goes for good; of more they stay a member who never comes back.
const MAX_LEFT: usize = 1_000;

/// Takes whoever goes for good out of their groups.
pub(super) fn see_off(tx: &mut Tx<'_>, user: UserId) -> Result<()> {
    for chat in store::chats::ids_of(tx, user)?.into_iter().take(MAX_LEFT) {
        let chat = inside(tx, user, chat)?;
        if chat.kind == Kind::Group {
            member::remove(tx, user, &chat, user)?;
        }
    }
    Ok(())
}

/// Has somebody else look after the groups that nobody could any more, since their admin may not sign in. Whoever owned
/// one owns it still.
pub(super) fn hand_over_groups(tx: &mut Tx<'_>, user: UserId) -> Result<()> {
    for chat in store::chats::administered_by(tx, user)? {
        if member::hand_over(tx, chat, false)? {
            tx.publish(Event::Chat(ChatEvent::Updated { chat }));
        }
    }
    Ok(())
}

/// Makes the room of everybody, unless there is one: public, with all who are there already.
pub(super) fn open_for_everybody(tx: &mut Tx<'_>, owner: UserId, title: &str) -> Result<()> {
    if !store::server::join_rooms(tx)?.is_empty() {
        return Ok(());
    }
    let new = NewGroup {
        title: title.to_owned(),
        description: String::new(),
        is_private: false,
        max_members: None,
        members: store::server::people(tx, MAX_MEMBERS)?.into_iter().filter(|user| *user != owner).collect(),
    };
    let room = create_group(tx, owner, &new)?;
    store::server::add_join_room(tx, room.id)
}

/// Whether an administrator (of the server; `None`: its operator) may send people into a
/// group: a public one, or one whose admin they are. To look after the server gives no
/// right to what is private in it, and other chats look as if they were not there.
pub(super) fn may_let_in(db: &Db, admin: Option<UserId>, chat: ChatId) -> Result<bool> {
    // Nobody has the number 0: the operator sees the public rooms.
    let Some(room) = store::chats::find(db, admin.unwrap_or(UserId(0)), chat)? else { return Ok(false) };
    let is_its_admin = room.membership.as_ref().is_some_and(|membership| membership.is_admin);
    Ok(room.kind == Kind::Group && (!room.is_private || is_its_admin))
}
