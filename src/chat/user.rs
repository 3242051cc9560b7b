//! People: registering, looking up, and changing one's own profile.

use super::app::App;
use super::file::{picture, set_avatar};
use super::model::chat::MAX_MEMBERS_TOLD;
use super::model::error::{Error, Result};
use super::model::event::{ChatEvent, Event};
use super::model::id::UserId;
use super::model::name::rule::fold;
use super::model::page::{Page, Paged};
use super::model::session::Actor;
use super::model::user::{Account, ProfileChange, User};
use super::store::files::AvatarOwner;
use super::store::{self, Db, Tx};

/// Users that a search finds at most.
pub const MAX_FOUND: u32 = 20;

/// Chats whose members are told at once that somebody in them has another name or picture:
/// those with the newest activity. In older and larger chats it is seen with the next look.
pub const MAX_CHATS_TOLD: u32 = 50;

impl App {
    /// The actor's own account.
    pub fn my_account(&self, actor: &Actor) -> Result<Account> {
        self.store.read(|db| store::users::account(db, actor.user)?.ok_or(Error::NotFound))
    }

    /// Somebody, as everybody sees them.
    pub fn user(&self, actor: &Actor, id: UserId) -> Result<User> {
        self.store.read(|db| known(db, store::users::find(db, id)?, actor.user))
    }

    /// Who has a username, in any case.
    pub fn user_named(&self, actor: &Actor, name: &str) -> Result<User> {
        self.store.read(|db| known(db, store::users::find_by_key(db, &fold(name))?, actor.user))
    }

    /// Everybody who is not disabled, by id, a page at a time.
    pub async fn users(&self, actor: &Actor, page: Page) -> Result<Paged<User>> {
        self.store.read_page(actor.user, page, move |db| store::users::page(db, page)).await
    }

    /// Accounts that are not disabled, by id: at most `limit`, from above one. With their
    /// addresses, for documents that print them.
    pub fn directory(&self, _actor: &Actor, after: UserId, limit: u32) -> Result<Vec<Account>> {
        self.store.read(|db| store::users::directory(db, after, limit))
    }

    /// The same but for the actor, as everybody sees them.
    pub fn others(&self, actor: &Actor, after: UserId, limit: u32) -> Result<Vec<User>> {
        // One more: a piece must not be empty for want of the actor.
        let found = self.directory(actor, after, limit.saturating_add(1))?;
        let others = found.into_iter().map(|account| account.user).filter(|user| user.id != actor.user);
        Ok(others.take(limit as usize).collect())
    }

    /// Users whose username or display name has `part` in it, in any case, or, `by_email`, whose
    /// address is `part`; never the actor, and at most [`MAX_FOUND`].
    pub async fn search_users(&self, actor: &Actor, part: &str, by_email: bool) -> Result<Vec<Account>> {
        let (me, part) = (actor.user, fold(part.trim()));
        self.store.scan_for(me, move |db| store::users::search(db, me, &part, by_email, MAX_FOUND)).await
    }

    /// All accounts, for the operator at the command line.
    pub fn accounts(&self) -> Result<Vec<Account>> {
        self.store.read(store::users::accounts)
    }

    /// Changes the actor's own profile and tells who it is to others.
    pub async fn change_profile(&self, actor: &Actor, change: ProfileChange) -> Result<Account> {
        let confirmed = match &change.email {
            Some((_, password)) => Some(self.confirm_password(actor, password.clone()).await?),
            None => None,
        };
        self.check_pace(actor)?;
        let me = actor.user;
        self.authorized(actor)
            .write(move |tx| {
                confirmed.iter().try_for_each(|confirmed| confirmed.check(tx))?;
                apply(tx, me, &change)
            })
            .await
    }
}

/// A user whom `me` may look up, or nobody.
pub(super) fn known(db: &Db, user: Option<User>, me: UserId) -> Result<User> {
    let user = user.ok_or(Error::NotFound)?;
    if store::users::is_known_to(db, user.id, me)? { Ok(user) } else { Err(Error::NotFound) }
}

fn apply(tx: &mut Tx<'_>, me: UserId, change: &ProfileChange) -> Result<Account> {
    let before = store::users::account(tx, me)?.ok_or(Error::NotFound)?;
    if let Some((email, _)) = &change.email {
        let mine = fold(&before.email) == email.key();
        if !mine && store::users::email_is_taken(tx, &email.key(), Some(me))? {
            return Err(Error::EmailTaken);
        }
        store::users::set_email(tx, me, email)?;
    }
    if change.display_name.is_some() || change.bio.is_some() {
        let name = change.display_name.as_deref().unwrap_or(&before.user.display_name);
        let bio = change.bio.as_deref().unwrap_or(&before.user.bio);
        store::users::set_profile(tx, me, &before.user.username, name, bio)?;
    }
    if let Some(avatar) = change.avatar {
        let new = avatar.map(|id| picture(tx, me, id)).transpose()?;
        set_avatar(tx, AvatarOwner::User(me), new.as_ref())?;
    }
    let after = store::users::account(tx, me)?.ok_or(Error::Internal)?;
    let looks = |account: &Account| (account.user.display_name.clone(), account.user.avatar.clone());
    if looks(&before) != looks(&after) {
        tell_chats(tx, me)?;
    }
    Ok(after)
}

/// Whoever sees a chat with this user in it sees it change: a direct chat bears their name.
fn tell_chats(tx: &mut Tx<'_>, me: UserId) -> Result<()> {
    for chat in store::chats::newest_small(tx, me, MAX_MEMBERS_TOLD.into(), MAX_CHATS_TOLD)? {
        let hidden_by = store::members::hidden_by(tx, chat)?;
        tx.publish(Event::Chat(ChatEvent::MemberChanged { chat, hidden_by }));
    }
    Ok(())
}
