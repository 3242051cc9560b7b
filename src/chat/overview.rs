//! Lists of one's chats, with what the documents show beside each: who is in it and
//! what was said last.

use std::sync::Arc;

use super::app::App;
use super::group::inside;
use super::history::MAX_PIECE_BYTES;
use super::model::chat::{Chat, Kind, MAX_MEMBERS_TOLD};
use super::model::error::{Error, Result};
use super::model::id::{ChatId, UserId};
use super::model::message::{Message, Window};
use super::model::name::rule::fold;
use super::model::overview::{DirectMessage, Overview, OwnPart};
use super::model::page::{Page, Paged};
use super::model::session::Actor;
use super::model::time::Timestamp;
use super::store::{self, Db, MAX_INLINE_BYTES};

impl App {
    /// One chat that the actor is in; one of many people is read where it may take its time.
    pub async fn overview(&self, actor: &Actor, id: ChatId) -> Result<Overview> {
        let (me, now) = (actor.user, self.now());
        let work = move |db: &Db, max_weight| {
            let chat = inside(db, me, id)?;
            if store::members::weight(chat.member_count) <= max_weight {
                own_overview(db, me, chat, now).map(Some)
            } else {
                Ok(None)
            }
        };
        Ok(self.with_the_moment(self.store.read_long(me, true, work).await?))
    }

    /// A direct chat of the actor's, of which there is never much to read.
    pub fn direct_overview(&self, actor: &Actor, id: ChatId) -> Result<Overview> {
        let (me, now) = (actor.user, self.now());
        let overview = self.store.read(|db| {
            let chat = inside(db, me, id)?;
            if chat.kind == Kind::Direct { own_overview(db, me, chat, now) } else { Err(Error::NotFound) }
        })?;
        Ok(self.with_the_moment(overview))
    }

    /// What a chat's frames show to everybody in it alike: with nobody's unread messages, and of
    /// a group with many members only how many they are.
    pub fn common_overview(&self, actor: &Actor, id: ChatId) -> Result<Overview> {
        let overview = self.store.read(|db| {
            let chat = inside(db, actor.user, id)?;
            let is_told = chat.member_count <= i64::from(MAX_MEMBERS_TOLD);
            let members = if is_told { store::members::all(db, id)? } else { Vec::new() };
            Ok(Overview { members, last_message: last_message(db, actor.user, &chat)?, ..Overview::of(chat) })
        })?;
        Ok(self.with_the_moment(overview))
    }

    /// The actor's own part of a chat that is not put away, and its kind.
    pub fn own_part(&self, actor: &Actor, id: ChatId) -> Result<(Kind, OwnPart)> {
        let (me, now) = (actor.user, self.now());
        self.store.read(|db| {
            let (kind, own) = store::members::own_part(db, id, me, now)?.ok_or(Error::NotFound)?;
            Ok((kind, OwnPart { mention_count: mention_count(db, id, me, own.unread_count)?, ..own }))
        })
    }

    /// The actor's chats, newest activity first; with `part`, those that have it in
    /// their title or in the name of somebody in them, in any case.
    pub async fn chats_by_activity(&self, actor: &Actor, page: Page, part: Option<&str>) -> Result<Paged<ChatId>> {
        let (me, part) = (actor.user, part.map(|part| fold(part.trim())));
        let is_search = part.is_some();
        let work = move |db: &Db| store::chats::page_by_activity(db, me, page, part.as_deref());
        if is_search { self.store.search_for(me, work).await } else { self.store.scan_for(me, work).await }
    }

    /// The first of `chats` as `write` puts them into words, but for those that the actor has left, and how many of
    /// `chats` that was: all, or fewer where there is much to read of them. A group of many people is read in a turn.
    pub async fn next_overviews<T: Send + 'static>(
        &self,
        actor: &Actor,
        chats: Arc<[ChatId]>,
        write: impl Fn(Overview) -> T + Send + 'static,
    ) -> Result<(Vec<T>, usize)> {
        let (me, now, app) = (actor.user, self.now(), self.clone());
        let work = move |db: &Db, max_weight| {
            let (mut found, mut taken, mut people, mut last) = (Vec::new(), 0, 0, 0);
            for id in chats.iter() {
                let chat = match inside(db, me, *id) {
                    Ok(chat) => chat,
                    Err(Error::NotFound | Error::NotMember) => {
                        taken += 1;
                        continue;
                    }
                    Err(error) => return Err(error),
                };
                let members = store::members::weight(chat.member_count);
                if !found.is_empty() && (people + members > MAX_INLINE_BYTES || last > MAX_PIECE_BYTES) {
                    break;
                }
                if members > max_weight {
                    return Ok(None);
                }
                let overview = own_overview(db, me, chat, now)?;
                // Whoever was called often is as much to count as many people are to read.
                people += members + store::members::weight(overview.own.mention_count);
                last += last_weight(&overview);
                found.push(write(app.with_the_moment(overview)));
                taken += 1;
            }
            Ok(Some((found, taken)))
        };
        self.store.read_long(me, true, work).await
    }

    /// Adds what is stored nowhere: who of its members is there, and who is in its call.
    fn with_the_moment(&self, mut overview: Overview) -> Overview {
        overview.online = self.hub.present_among(overview.members.iter().map(|member| member.user.id));
        overview.call = self.calls.users_in(overview.chat.id);
        overview
    }

    /// The actor's direct chats, newest created first, of those made before one: `limit` at most, and
    /// fewer where long messages were the last. Their documents do not tell who is there, nor what calls whom.
    pub fn direct_overviews(&self, actor: &Actor, below: ChatId, limit: u32) -> Result<Vec<Overview>> {
        let (me, now) = (actor.user, self.now());
        self.store.read(|db| {
            let ids = store::directs::below(db, me, below, limit)?.into_iter();
            let found = ids.map(|id| overview(db, me, inside(db, me, id)?, now));
            store::take_within(found, last_weight, MAX_PIECE_BYTES)
        })
    }

    /// Chats that the actor is in and, unless `only_mine`, public rooms; by id, from above one,
    /// with who is in them. Who is in a room that one sees from outside is not told. At most
    /// `limit`, and fewer where many people are in them; a group of many is read in a turn.
    pub async fn visible_chats(
        &self,
        actor: &Actor,
        only_mine: bool,
        above: ChatId,
        limit: u32,
    ) -> Result<Vec<(Chat, Vec<UserId>)>> {
        let me = actor.user;
        let work = move |db: &Db, max_weight| {
            let (mut rooms, mut weight) = (Vec::new(), 0);
            for id in store::chats::visible(db, me, only_mine, above, limit)? {
                let chat = store::chats::find(db, me, id)?.ok_or(Error::Internal)?;
                let people = if chat.membership.is_some() { store::members::weight(chat.member_count) } else { 0 };
                weight += people;
                if weight > MAX_INLINE_BYTES && !rooms.is_empty() {
                    break;
                }
                if people > max_weight {
                    return Ok(None);
                }
                let members = if people > 0 { store::members::ids(db, id)? } else { Vec::new() };
                rooms.push((chat, members));
            }
            Ok(Some(rooms))
        };
        self.store.read_long(me, true, work).await
    }

    /// The direct chat of a slug like `alice_bob`, that the actor is in.
    pub fn chat_with_slug(&self, actor: &Actor, slug: &str) -> Result<Chat> {
        self.store.read(|db| {
            let id = store::directs::find_by_slug(db, slug)?.ok_or(Error::NotFound)?;
            store::chats::find(db, actor.user, id)?.ok_or(Error::NotFound)
        })
    }

    /// Messages that the actor sent or got in direct chats, newest first, as `write` puts them into
    /// words, and how many there are in all; with `other`, those with one user. Of a user whom one
    /// never wrote with there are none. Where they are long, `write` is called once more.
    pub async fn direct_messages<T: Send + 'static>(
        &self,
        actor: &Actor,
        other: Option<UserId>,
        page: Page,
        write: impl Fn(&[DirectMessage]) -> Result<T> + Send + 'static,
    ) -> Result<(i64, T)> {
        let me = actor.user;
        let work = move |db: &Db, max_weight| {
            let Paged { count, items } = direct_messages(db, me, other, page, max_weight)?;
            let is_short = items.iter().map(|direct| direct.message.weight()).sum::<usize>() < max_weight;
            if is_short { Ok(Some((count, write(&items)?))) } else { Ok(None) }
        };
        self.store.read_long(me, !page.is_far(), work).await
    }
}

/// A chat with all that it is to the reader.
fn own_overview(db: &Db, me: UserId, chat: Chat, now: Timestamp) -> Result<Overview> {
    let mut found = overview(db, me, chat, now)?;
    found.own.mention_count = mention_count(db, found.chat.id, me, found.own.unread_count)?;
    Ok(found)
}

/// The same without what calls the reader, which takes longest to count.
fn overview(db: &Db, me: UserId, chat: Chat, now: Timestamp) -> Result<Overview> {
    let (members, last_message) = (store::members::all(db, chat.id)?, last_message(db, me, &chat)?);
    let is_admin = chat.membership.as_ref().is_some_and(|membership| membership.is_admin);
    let own = OwnPart { is_admin, unread_count: chat.unread_count(), mention_count: 0, notify: chat.notify(now) };
    Ok(Overview { members, last_message, own, ..Overview::of(chat) })
}

/// Of what is unread, what calls the reader: looked for where there is something.
fn mention_count(db: &Db, chat: ChatId, me: UserId, unread: i64) -> Result<i64> {
    if unread > 0 { store::mentions::count_unread(db, chat, me) } else { Ok(0) }
}

fn last_weight(overview: &Overview) -> usize {
    overview.last_message.as_ref().map_or(0, Message::weight)
}

fn last_message(db: &Db, me: UserId, chat: &Chat) -> Result<Option<Message>> {
    chat.last_message.map_or(Ok(None), |id| store::messages::find(db, me, id))
}

pub(super) fn direct_messages(
    db: &Db,
    me: UserId,
    other: Option<UserId>,
    page: Page,
    max_weight: usize,
) -> Result<Paged<DirectMessage>> {
    let with = |message: Message| {
        let pair = store::directs::pair(db, message.chat)?.ok_or(Error::Internal)?;
        Ok(DirectMessage { receiver: pair.other_of(message.sender.id).id, message })
    };
    let Some(other) = other else {
        let count = store::changes::count_direct_messages(db, me)?;
        if page.is_past(count) {
            return Ok(Paged::past_the_end(count));
        }
        let ids = store::changes::direct_messages(db, me, page.offset(), page.limit())?;
        let found = ids.into_iter().map(|id| with(store::messages::find(db, me, id)?.ok_or(Error::Internal)?));
        let items = store::take_within(found, |direct| direct.message.weight(), max_weight)?;
        return Ok(Paged { count, items });
    };
    let Some(chat) = store::directs::find(db, me, other)? else {
        return Ok(Paged { count: 0, items: Vec::new() });
    };
    let chat = inside(db, me, chat)?;
    let membership = chat.membership.filter(|_| chat.kind == Kind::Direct).ok_or(Error::NotFound)?;
    let count = membership.message_count;
    if page.is_past(count) {
        return Ok(Paged::past_the_end(count));
    }
    let window = Window::Page(page);
    let messages = store::messages::list_within(db, chat.id, membership.cleared_mark, window, max_weight)?;
    Ok(Paged { count, items: messages.into_iter().map(with).collect::<Result<_>>()? })
}
