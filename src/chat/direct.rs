//! Direct chats: exactly one for each pair of users, whoever asks first and how often.

use super::app::App;
use super::group::{check_created, inside};
use super::message::post;
use super::model::chat::{Chat, Kind};
use super::model::direct::{Pair, Person};
use super::model::error::{Error, Result};
use super::model::event::{ChatEvent, Event};
use super::model::id::ChatId;
use super::model::message::{Draft, Posted};
use super::model::session::Actor;
use super::model::user::{User, UserRef};
use super::store::{self, Tx};

impl App {
    /// The direct chat with somebody, made if there was none. `true`: it is new.
    pub async fn open_direct(&self, actor: &Actor, other: UserRef) -> Result<(Chat, bool)> {
        self.check_pace(actor)?;
        let who = actor.clone();
        self.authorized(actor)
            .write(move |tx| {
                let other = named(tx, &other)?;
                let (id, is_new) = ensure_direct(tx, &who, &other)?;
                let room = store::chats::find(tx, who.user, id)?.ok_or(Error::Internal)?;
                Ok((room, is_new))
            })
            .await
    }

    /// Posts to somebody, in the direct chat that is made if there was none.
    pub async fn post_to(&self, actor: &Actor, receiver: UserRef, draft: Draft) -> Result<Posted> {
        self.check_pace(actor)?;
        let (who, quota) = (actor.clone(), self.quota);
        self.authorized(actor)
            .write(move |tx| {
                let receiver = named(tx, &receiver)?;
                let (chat, _) = ensure_direct(tx, &who, &receiver)?;
                post(tx, who.user, chat, &draft, quota)
            })
            .await
    }

    /// Puts a direct chat away for the actor: it is empty and in no list until somebody
    /// writes again. The other side's copy stays as it is.
    pub async fn hide_direct(&self, actor: &Actor, id: ChatId) -> Result<()> {
        self.check_pace(actor)?;
        let me = actor.user;
        self.authorized(actor)
            .write(move |tx| {
                let room = inside(tx, me, id)?;
                if room.kind != Kind::Direct {
                    return Err(Error::NotFound);
                }
                store::members::hide(tx, id, me)?;
                tx.publish(Event::Chat(ChatEvent::Hidden { chat: id, user: me }));
                Ok(())
            })
            .await
    }
}

pub(super) fn named(db: &store::Db, user: &UserRef) -> Result<User> {
    let found = match user {
        UserRef::Email(email) => store::users::find_by_email(db, email)?,
        UserRef::Id(id) => store::users::find_met(db, *id)?,
        UserRef::Name(name) => store::users::find_met_by_key(db, &super::model::name::rule::fold(name.trim()))?,
    };
    found.ok_or(Error::UnknownUser)
}

/// The direct chat of two users, made if there was none; unique in the database too.
pub(super) fn ensure_direct(tx: &mut Tx<'_>, actor: &Actor, other: &User) -> Result<(ChatId, bool)> {
    if let Some(id) = store::directs::find(tx, actor.user, other.id)? {
        return Ok((id, false));
    }
    check_created(tx, actor.user)?;
    let me = Person { id: actor.user, username: actor.username.clone() };
    let pair = Pair::new(me, Person { id: other.id, username: other.username.clone() });
    let id = store::directs::insert(tx, &pair, actor.user, &free_slug(tx, &pair)?)?;
    let members = pair.ids();
    for user in &members {
        store::members::insert(tx, id, *user, false)?;
    }
    store::chats::add_members(tx, id, i64::try_from(members.len()).unwrap_or(2))?;
    tx.publish(Event::Chat(ChatEvent::Created { chat: id, pair: Some(pair), members }));
    Ok((id, true))
}

/// `<a>_<b>` in byte order. `a_b` with `c` and `a` with `b_c` would be one name: the
/// later takes `-2`, and so on.
pub(super) fn free_slug(db: &store::Db, pair: &Pair) -> Result<String> {
    let (one, other) = (pair.low.username.as_str(), pair.high.username.as_str());
    let name = format!("{}_{}", one.min(other), one.max(other));
    let mut slug = name.clone();
    let mut number = 1;
    while store::directs::slug_is_taken(db, &slug)? {
        number += 1;
        slug = format!("{name}-{number}");
    }
    Ok(slug)
}
