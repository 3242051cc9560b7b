//! Lists of one's chats, with what the documents show beside each: who is in it and
//! what was said last.

use std::collections::HashSet;

use super::Chat;
use super::error::{Error, Result};
use super::id::{ChatId, UserId};
use super::member::Member;
use super::message::{Message, Window};
use super::name::fold;
use super::page::{Page, Paged};
use super::room::{Kind, Room, inside};
use super::session::Asker;
use super::store;

/// A chat, who is in it, and its newest message.
#[derive(Clone, Debug)]
pub struct Overview {
    /// The chat as the asker sees it.
    pub room: Room,
    /// Everybody in it, the longest standing first.
    pub members: Vec<Member>,
    /// The newest message that the asker can see.
    pub last_message: Option<Message>,
    /// Those of its members who are there now.
    pub online: HashSet<UserId>,
    /// Who is in its call, in order of joining.
    pub call: Vec<UserId>,
}

/// A message of a direct chat, and to whom it went.
#[derive(Clone, Debug)]
pub struct DirectMessage {
    /// The message.
    pub message: Message,
    /// The other side of its sender.
    pub receiver: UserId,
}

impl Chat {
    /// One chat that the asker is in.
    pub fn overview(&self, asker: &Asker, id: ChatId) -> Result<Overview> {
        let overview = self.store.read(|db| overview(db, asker.user, id))?;
        Ok(self.with_the_moment(overview))
    }

    /// The asker's chats, newest activity first; with `part`, those that have it in
    /// their title or in the name of somebody in them, in any case.
    pub async fn overviews(&self, asker: &Asker, page: Page, part: Option<&str>) -> Result<Paged<Overview>> {
        let (me, part) = (asker.user, part.map(|part| fold(part.trim())));
        let found = self
            .store
            .scan(move |db| {
                let found = store::rooms::page_by_activity(db, me, page, part.as_deref())?;
                let items = found.items.into_iter().map(|id| overview(db, me, id)).collect::<Result<Vec<_>>>()?;
                Ok(Paged { count: found.count, items })
            })
            .await?;
        let items = found.items.into_iter().map(|overview| self.with_the_moment(overview)).collect();
        Ok(Paged { count: found.count, items })
    }

    /// Adds what is stored nowhere: who of its members is there, and who is in its call.
    fn with_the_moment(&self, mut overview: Overview) -> Overview {
        overview.online = self.hub.present_among(overview.members.iter().map(|member| member.user.id));
        overview.call = self.calls.users_in(overview.room.id);
        overview
    }

    /// All of the asker's direct chats, newest created first; their documents do not tell who is there.
    pub async fn direct_overviews(&self, asker: &Asker) -> Result<Vec<Overview>> {
        let me = asker.user;
        self.store
            .scan(move |db| store::rooms::directs(db, me)?.into_iter().map(|id| overview(db, me, id)).collect())
            .await
    }

    /// All chats that the asker is in and, unless `only_mine`, all public rooms; by id,
    /// with who is in them. Who is in a room that one sees from outside is not told.
    pub async fn visible_rooms(&self, asker: &Asker, only_mine: bool) -> Result<Vec<(Room, Vec<UserId>)>> {
        let me = asker.user;
        self.store
            .scan(move |db| {
                let mut rooms = Vec::new();
                for id in store::rooms::visible(db, me, only_mine)? {
                    let room = store::rooms::find(db, me, id)?.ok_or(Error::Internal)?;
                    let is_mine = room.standing.is_some();
                    rooms.push((room, if is_mine { store::members::ids(db, id)? } else { Vec::new() }));
                }
                Ok(rooms)
            })
            .await
    }

    /// The chat of a name like `alice_bob` or `room-7`, that the asker is in or that is
    /// a public room.
    pub fn room_named(&self, asker: &Asker, name: &str) -> Result<Room> {
        self.store.read(|db| {
            let of_group = name.strip_prefix("room-").filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
            let id = match of_group.and_then(|digits| digits.parse().ok()) {
                Some(id) => Some(ChatId(id)),
                None => store::rooms::find_by_slug(db, name)?,
            };
            let room = store::rooms::find(db, asker.user, id.ok_or(Error::NotFound)?)?.ok_or(Error::NotFound)?;
            // `room-7` names a group; a direct chat has a name of its own.
            if room.name() == name { Ok(room) } else { Err(Error::NotFound) }
        })
    }

    /// Messages that the asker sent or got in direct chats, newest first; with `other`,
    /// those with one user. Of a user whom one never wrote with there are none.
    pub fn direct_messages(&self, asker: &Asker, other: Option<UserId>, page: Page) -> Result<Paged<DirectMessage>> {
        self.store.read(|db| direct_messages(db, asker.user, other, page))
    }
}

fn overview(db: &store::Db, me: UserId, id: ChatId) -> Result<Overview> {
    let room = inside(db, me, id)?;
    let last_message = match room.last_message {
        Some(id) => store::messages::find(db, me, id)?,
        None => None,
    };
    let members = store::members::all(db, id)?;
    Ok(Overview { members, room, last_message, online: HashSet::new(), call: Vec::new() })
}

fn direct_messages(db: &store::Db, me: UserId, other: Option<UserId>, page: Page) -> Result<Paged<DirectMessage>> {
    let with = |message: Message| {
        let pair = store::rooms::pair(db, message.chat)?.ok_or(Error::Internal)?;
        Ok(DirectMessage { receiver: pair.other_of(message.sender.id).id, message })
    };
    let Some(other) = other else {
        let ids = store::changes::direct_messages(db, me, page.offset(), page.limit())?;
        let items = ids.into_iter().map(|id| with(store::messages::find(db, me, id)?.ok_or(Error::Internal)?));
        return Ok(Paged {
            count: store::changes::count_direct_messages(db, me)?,
            items: items.collect::<Result<_>>()?,
        });
    };
    let Some(chat) = store::rooms::find_direct(db, me, other)? else {
        return Ok(Paged { count: 0, items: Vec::new() });
    };
    let room = inside(db, me, chat)?;
    let standing = room.standing.filter(|_| room.kind == Kind::Direct).ok_or(Error::NotFound)?;
    let messages = store::messages::list(db, chat, standing.cleared_mark, Window::Page(page))?;
    let items = messages.into_iter().map(with).collect::<Result<_>>()?;
    Ok(Paged { count: standing.message_count, items })
}
