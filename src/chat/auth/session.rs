//! Who is asking, and when their credentials end.
//!
//! A secret leaves this server once, when it is made; the database keeps its
//! SHA-256. The account token alone can be shown again: see `account_token`.

use std::time::Duration;

use super::{account_token, audit};
use crate::chat::app::App;
use crate::chat::hasher::{Reference, has_password};
use crate::chat::memory::credential_cache::CachedCredential;
use crate::chat::model::admin::Administrator;
use crate::chat::model::audit::AuditAction;
use crate::chat::model::error::{Denial, Error, Result};
use crate::chat::model::event::{Event, Steering};
use crate::chat::model::id::{CredentialId, UserId};
use crate::chat::model::password::Password;
use crate::chat::model::session::{Actor, CredentialKind, Family, SESSION_IDLE, SESSION_LIFE};
use crate::chat::model::time::Timestamp;
use crate::chat::model::token::{Keys, Token, secret_hash};
use crate::chat::model::user::User;
use crate::chat::store::{self, Tx};

/// A credential's use is written down at most this often.
const TOUCH_EVERY: Duration = Duration::from_hours(1);

/// Proof that the actor knows the password: this was its hash when it was checked, and has
/// to be it still where something is changed by it. Of many changes at once that all name
/// the same password, the first makes it a wrong one.
pub(in crate::chat) struct Confirmed {
    user: UserId,
    hash: String,
}

impl Confirmed {
    /// Whether it still is the password, in the writer's own order.
    pub fn check(&self, tx: &Tx<'_>) -> Result<()> {
        let is_current = store::users::password_hash(tx, self.user)?.is_some_and(|hash| hash == self.hash);
        if is_current { Ok(()) } else { Err(Error::WrongPassword) }
    }
}

impl App {
    /// Whom a token or session key signs in.
    pub fn authenticate(&self, secret: &str) -> Result<Actor> {
        let now = self.clock.now();
        let hash = secret_hash(secret);
        let count = match self.credentials.find(&hash, now) {
            Ok(actor) => return Ok(actor),
            Err(count) => count,
        };
        let found = self.store.read(|db| store::credentials::find(db, &hash, now))?;
        let found = found.ok_or(Error::CredentialRevoked)?;
        if found.used_at.plus(TOUCH_EVERY) < now {
            self.touch(&found.actor);
        }
        let again = now.plus(TOUCH_EVERY);
        let until = found.expires_at.map_or(again, |over| over.min(again));
        self.credentials.keep(hash, CachedCredential { actor: found.actor.clone(), since: now, until }, count);
        Ok(found.actor)
    }

    /// Whom a family of JWTs signs in, as long as it lasts.
    pub fn actor_of_family(&self, family: Family) -> Result<Actor> {
        let now = self.clock.now();
        let found = self.store.read(|db| store::credentials::find(db, &family.0, now))?;
        let found = found.filter(|found| found.actor.kind == CredentialKind::Refresh);
        let found = found.ok_or(Error::CredentialRevoked)?;
        // The least used family is the one that makes room for another.
        if found.used_at.plus(TOUCH_EVERY) < now {
            self.touch(&found.actor);
        }
        Ok(found.actor)
    }

    /// The key that JWTs are signed with.
    pub fn jwt_key(&self) -> [u8; 32] {
        self.keys.jwt_key()
    }

    /// What a write with this session's cookie has to repeat.
    pub fn csrf_token(&self, session_key: &str) -> Token {
        self.keys.csrf_token(session_key)
    }

    /// Ends the credential that asks, if it is a device's or a session; the account
    /// token and JWTs have ends of their own.
    pub async fn sign_out(&self, actor: &Actor) -> Result<()> {
        let (user, credential, kind) = (actor.user, actor.credential, actor.kind);
        if matches!(kind, CredentialKind::Account | CredentialKind::Refresh) {
            return Ok(());
        }
        self.store
            .write(move |tx| {
                store::credentials::delete(tx, credential)?;
                tx.publish(Event::Steering(Steering::CredentialEnded { user, credential }));
                Ok(())
            })
            .await?;
        self.hub.settle().await;
        Ok(())
    }

    /// Ends every credential of the actor, this one and the account token too.
    pub async fn sign_out_everywhere(&self, actor: &Actor) -> Result<()> {
        let (user, keys) = (actor.user, self.keys.clone());
        self.store.write(move |tx| end_all(tx, user, None, &keys)).await?;
        self.hub.settle().await;
        Ok(())
    }

    /// Changes the actor's password and ends every credential but the one that asks.
    pub async fn change_password(&self, actor: &Actor, old: Password, new: Password) -> Result<()> {
        let confirmed = self.confirm_password(actor, old).await?;
        let (user, kept, keys) = (actor.user, Some(actor.credential), self.keys.clone());
        let hash = self.hasher.hash(new).await?;
        self.authorized(actor)
            .write(move |tx| {
                confirmed.check(tx)?;
                store::users::set_password(tx, user, &hash)?;
                end_all(tx, user, kept, &keys)
            })
            .await?;
        self.hub.settle().await;
        Ok(())
    }

    /// Sets anybody's password, for the operator; ends all of that user's credentials.
    pub async fn set_password(&self, user: UserId, new: Password) -> Result<()> {
        let hash = self.hasher.hash(new).await?;
        let keys = self.keys.clone();
        self.store
            .write(move |tx| {
                let account = store::users::account(tx, user)?.ok_or(Error::NotFound)?;
                refuse_bot(&account.user)?;
                store::users::set_password(tx, user, &hash)?;
                audit::note(
                    tx,
                    Administrator::CommandLine.id(),
                    AuditAction::PasswordSet,
                    account.user.username.as_str(),
                    "",
                )?;
                end_all(tx, user, None, &keys)
            })
            .await?;
        self.hub.settle().await;
        Ok(())
    }

    pub(in crate::chat) async fn confirm_password(&self, actor: &Actor, password: Password) -> Result<Confirmed> {
        let stored = self.store.read(|db| store::users::password_hash(db, actor.user))?;
        let against = stored.clone().map_or(Reference::Nobody, Reference::Account);
        let is_theirs = self.hasher.verify(password, against).await?;
        let hash = stored.filter(|_| is_theirs).ok_or(Error::WrongPassword)?;
        Ok(Confirmed { user: actor.user, hash })
    }

    /// The same for what guards a password: whoever has none, since others vouch for them, has nothing to confirm by.
    pub(super) async fn confirm_password_if_any(&self, actor: &Actor, password: Password) -> Result<Confirmed> {
        let stored = self.store.read(|db| store::users::password_hash(db, actor.user))?;
        match stored.filter(|hash| !has_password(hash)) {
            Some(hash) => Ok(Confirmed { user: actor.user, hash }),
            None => self.confirm_password(actor, password).await,
        }
    }

    /// Writes down a credential's use, behind the back of whoever used it.
    fn touch(&self, actor: &Actor) {
        let (store, id, kind) = (self.store.clone(), actor.credential, actor.kind);
        tokio::spawn(async move {
            let written = store.write(move |tx| {
                let expires = session_end(tx, id, kind)?;
                store::credentials::touch(tx, id, expires)
            });
            if let Err(error) = written.await {
                tracing::warn!(%error, "a credential's use was not written down");
            }
        });
    }
}

/// What an account has that somebody signs in to by a password, and a bot's has not.
pub(in crate::chat) fn refuse_bot(user: &User) -> Result<()> {
    if user.is_bot { Err(Error::Forbidden(Denial::Bot)) } else { Ok(()) }
}

/// A session in use is over after an idle while from now, but never later than its life.
fn session_end(tx: &Tx<'_>, id: CredentialId, kind: CredentialKind) -> Result<Option<Timestamp>> {
    if kind != CredentialKind::Session {
        return Ok(None);
    }
    let created = store::credentials::created_at(tx, id)?;
    Ok(created.map(|at| at.plus(SESSION_LIFE).min(tx.now.plus(SESSION_IDLE))))
}

/// Ends every credential but `kept`, and the links that would set a password: theirs, and those that they (or who had
/// got hold of a credential) made for others. The account token is renewed
/// with the rest, unless it is the one that is kept.
pub(in crate::chat) fn end_all(tx: &mut Tx<'_>, user: UserId, kept: Option<CredentialId>, keys: &Keys) -> Result<()> {
    let keeps_account_token = match kept {
        Some(id) => store::credentials::is_account_token(tx, id)?,
        None => false,
    };
    store::credentials::delete_all(tx, user, kept)?;
    store::resets::delete(tx, user)?;
    if !keeps_account_token && !store::users::is_bot(tx, user)? {
        account_token::renew(tx, user, keys)?;
    }
    tx.publish(Event::Steering(Steering::CredentialsEnded { user, kept }));
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};
    use std::time::Duration;

    use crate::chat::Durability;
    use crate::chat::app::{App, Config};
    use crate::chat::model::error::Error;
    use crate::chat::model::label::Label;
    use crate::chat::model::name::Email;
    use crate::chat::model::password::Password;
    use crate::chat::model::time::{Clock, Timestamp};
    use crate::chat::model::user::ProfileChange;
    use crate::chat::store;
    use crate::chat::tests::{new_user, person};

    #[tokio::test]
    async fn what_has_ended_has_no_account_token_and_what_is_over_does_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let hours = Arc::new(AtomicI64::new(500_000));
        let at = Arc::clone(&hours);
        let clock = Clock::new(move || Timestamp(at.load(Ordering::Relaxed) * 3_600_000));
        let config = Config { durability: Durability::Normal, clock, ..Config::of(folder.path()) };
        let app = App::open(config).expect("opened");
        let alice = person(&app, "alice").await;
        let token = app.account_token(&alice).expect("hers");
        assert_eq!(app.account_token(&alice), Ok(token.clone()), "the same again");
        // A request that was let in a moment before.
        app.sign_out_everywhere(&alice).await.expect("ended");
        assert_eq!(app.account_token(&alice), Err(Error::CredentialRevoked));
        assert_eq!(app.authenticate(token.as_str()).err(), Some(Error::CredentialRevoked));

        let who = app.check_password(&["alice".to_owned()], Password::attempt("password")).await.expect("her password");
        let family = app.open_family(who, Duration::from_hours(1)).await.expect("opened");
        let alice = app.actor_of_family(family).expect("alice");
        app.check_signed_in(&alice).expect("signed in");
        app.end_expired().await.expect("looked for");
        app.check_signed_in(&alice).expect("it lasts");
        hours.fetch_add(1, Ordering::Relaxed);
        assert_eq!(app.check_signed_in(&alice), Err(Error::CredentialRevoked));
        assert_eq!(app.rotate_account_token(&alice).await, Err(Error::CredentialRevoked), "nor is anything written");
        assert_eq!(app.store.read(|db| store::credentials::has_expired(db, app.now())), Ok(true));
        app.end_expired().await.expect("ended");
        assert_eq!(app.store.read(|db| store::credentials::has_expired(db, app.now())), Ok(false));
    }

    #[tokio::test]
    async fn a_password_is_confirmed_as_long_as_it_is_the_password() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = Config { durability: Durability::Normal, clock: Clock::system(), ..Config::of(folder.path()) };
        let app = App::open(config).expect("opened");
        let new = new_user("bob");
        let (old, user) = (new.password.clone(), app.create_user(new).await.expect("an account").user.id);
        let who = app.check_password(&["bob".to_owned()], old.clone()).await.expect("his password");
        let token = app.sign_in(who.labelled(Label::default())).await.expect("signed in");
        let bob = app.authenticate(token.as_str()).expect("bob");
        assert_eq!(bob.user, user);
        let [early, late] = [(); 2].map(|()| app.confirm_password(&bob, old.clone()));
        let early = early.await.expect("confirmed");
        app.store.write(move |tx| early.check(tx)).await.expect("it is his password");
        let late = late.await.expect("confirmed");
        let other = Password::parse("another password").expect("a password");
        app.change_password(&bob, old.clone(), other).await.expect("changed");
        assert_eq!(app.store.write(move |tx| late.check(tx)).await, Err(Error::WrongPassword));
        let email = Some((Email::parse("b@example.com").expect("an address"), old));
        let changed = app.change_profile(&bob, ProfileChange { email, ..ProfileChange::default() }).await;
        assert_eq!(changed.err(), Some(Error::WrongPassword));
    }
}
