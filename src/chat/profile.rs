//! Profiles: posts that everybody reads, and friends.

use super::app::App;
use super::history::MAX_PIECE_BYTES;
use super::model::error::{Error, Result, Rule};
use super::model::id::{PostId, UserId};
use super::model::name::rule::fold;
use super::model::profile::{Post, Profile};
use super::model::session::Actor;
use super::model::user::User;
use super::quota::stored_by;
use super::store;

impl App {
    /// The profile of whoever has a username, in any case.
    pub async fn profile(&self, actor: &Actor, username: &str) -> Result<Profile> {
        let (me, key) = (actor.user, fold(username));
        self.store
            .scan_for(me, move |db| {
                let user = super::user::known(db, store::users::find_by_key(db, &key)?, me)?;
                let account = store::users::account(db, user.id)?.ok_or(Error::NotFound)?;
                let sees = user.id == me || store::friends::are(db, me, user.id)?;
                let friends = if sees { store::friends::of(db, user.id)? } else { Vec::new() };
                Ok(Profile { account, friends })
            })
            .await
    }

    /// Posts of somebody, or of everybody, oldest first, from above a post: `limit` at most, and fewer
    /// where they are long.
    pub fn posts(&self, _actor: &Actor, of: Option<UserId>, after: PostId, limit: u32) -> Result<Vec<Post>> {
        self.store.read(|db| match of {
            Some(author) => store::posts::of(db, author, after, limit, MAX_PIECE_BYTES),
            None => store::posts::all(db, after, limit, MAX_PIECE_BYTES),
        })
    }

    pub async fn publish_post(&self, actor: &Actor, title: String, content: String) -> Result<Post> {
        self.check_pace(actor)?;
        let (me, quota) = (actor.user, self.quota);
        self.authorized(actor)
            .write(move |tx| {
                quota.check_text(stored_by(tx, me)?, title.len() + content.len())?;
                let created_at = tx.now;
                let author = store::users::find(tx, me)?.ok_or(Error::NotFound)?;
                let post = Post { id: PostId(0), author, title, content, created_at };
                Ok(Post { id: store::posts::insert(tx, &post)?, ..post })
            })
            .await
    }

    /// Makes two users friends, both ways and at once.
    pub async fn add_friend(&self, actor: &Actor, username: &str) -> Result<User> {
        let (me, key) = (actor.user, fold(username));
        self.authorized(actor)
            .write(move |tx| {
                let friend = other(tx, me, &key)?;
                if !store::friends::insert(tx, me, friend.id)? {
                    return Err(Error::Invalid(Rule::FriendAlready));
                }
                Ok(friend)
            })
            .await
    }

    /// Ends a friendship, both ways.
    pub async fn remove_friend(&self, actor: &Actor, username: &str) -> Result<User> {
        let (me, key) = (actor.user, fold(username));
        self.authorized(actor)
            .write(move |tx| {
                let friend = other(tx, me, &key)?;
                if !store::friends::delete(tx, me, friend.id)? {
                    return Err(Error::Invalid(Rule::FriendNot));
                }
                Ok(friend)
            })
            .await
    }
}

fn other(db: &store::Db, me: UserId, key: &str) -> Result<User> {
    let user = store::users::find_met_by_key(db, key)?.ok_or(Error::UnknownUser)?;
    if user.id == me { Err(Error::Invalid(Rule::FriendSelf)) } else { Ok(user) }
}
