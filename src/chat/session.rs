//! Signing in and out: tokens, sessions, and who is asking.
//!
//! A secret leaves this server once, when it is made; the database keeps its
//! SHA-256. The account token alone can be shown again: it is derived from the
//! server's secret and a nonce of the account, and so need not be kept either.

use std::time::Duration;

use super::Chat;
use super::admin::By;
use super::audit::{self, Act};
use super::error::{Error, Result};
use super::event::Event;
use super::id::{CredentialId, UserId};
use super::known::Entry;
use super::label::Label;
use super::name::Username;
use super::password::{Against, Password};
#[cfg(test)]
use super::simulation::mutant::{Mutant, planted};
use super::store::{self, Tx};
use super::time::Timestamp;
use super::token::{Keys, Token, secret_hash};

/// Sessions a user may have; one more ends the least used.
pub const MAX_SESSIONS: u32 = 20;
/// Device tokens, and likewise JWT families, a user may have; one more ends the least used.
pub const MAX_DEVICES: u32 = 100;
/// A session that nobody used for this long is over.
pub const SESSION_IDLE: Duration = Duration::from_hours(14 * 24);
/// A session is over after this long, used or not.
pub const SESSION_LIFE: Duration = Duration::from_hours(90 * 24);
/// A credential's use is written down at most this often.
const TOUCH_EVERY: Duration = Duration::from_hours(1);

/// What a credential is, and so how it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CredentialKind {
    /// The account's own stable token.
    Account,
    /// Made by a login or registration, for one device.
    Device,
    /// A browser's cookie.
    Session,
    /// A family of JWTs.
    Refresh,
}

/// Proof of who asks: only a valid credential makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asker {
    /// Who.
    pub user: UserId,
    /// Their name.
    pub username: Username,
    /// By what.
    pub credential: CredentialId,
    /// What kind of thing that is.
    pub kind: CredentialKind,
    /// May administer the server.
    pub is_admin: bool,
}

/// Proof that somebody may sign in: this was their password's hash when it was checked,
/// and has to be it still when the credential is made. A sign-in with the old password
/// that overlaps its change comes to nothing.
#[derive(Clone)]
pub struct Verified {
    user: UserId,
    hash: String,
    label: Label,
}

impl Verified {
    /// Who it is.
    #[must_use]
    pub fn user(&self) -> UserId {
        self.user
    }

    /// With the label that the credential to be made will bear.
    #[must_use]
    pub fn labelled(self, label: Label) -> Self {
        Self { label, ..self }
    }

    fn check(&self, tx: &Tx<'_>) -> Result<()> {
        let is_current = store::users::password_hash(tx, self.user)?.is_some_and(|hash| hash == self.hash);
        if is_current { Ok(()) } else { Err(Error::InvalidCredentials) }
    }
}

/// A new browser session.
#[derive(Clone, Debug)]
pub struct Session {
    /// The value of the `sessionid` cookie.
    pub key: Token,
    /// What a write with that cookie has to repeat.
    pub csrf: Token,
}

impl Chat {
    /// Whom a token or session key signs in.
    pub fn authenticate(&self, secret: &str) -> Result<Asker> {
        let now = self.clock.now();
        let hash = secret_hash(secret);
        let count = match self.known.find(&hash, now) {
            Ok(asker) => return Ok(asker),
            Err(count) => count,
        };
        let found = self.store.read(|db| store::credentials::find(db, &hash, now))?;
        let found = found.ok_or(Error::CredentialRevoked)?;
        if found.used_at.plus(TOUCH_EVERY) < now {
            self.touch(&found.asker);
        }
        let again = found.used_at.max(now).plus(TOUCH_EVERY);
        let until = found.expires_at.map_or(again, |over| over.min(again));
        self.known.keep(hash, Entry { asker: found.asker.clone(), until }, count);
        Ok(found.asker)
    }

    /// Whose password this is, of the names or addresses that were given. All of them have
    /// to mean one account; an unknown one takes as long and answers alike.
    pub async fn check_password(&self, logins: &[String], password: Password) -> Result<Verified> {
        let found = self
            .store
            .read(|db| logins.iter().map(|login| store::users::password_of(db, login)).collect::<Result<Vec<_>>>())?;
        let account = match found.split_first() {
            Some((Some(first), rest)) if rest.iter().flatten().all(|other| other.0 == first.0) => {
                (rest.iter().all(Option::is_some)).then(|| first.clone())
            }
            _ => None,
        };
        let Some((user, hash, is_disabled)) = account else {
            self.hasher.verify(password, Against::Nobody).await?;
            return Err(Error::InvalidCredentials);
        };
        let against = if is_disabled { Against::Disabled(hash.clone()) } else { Against::Account(hash.clone()) };
        if !self.hasher.verify(password.clone(), against).await? {
            return Err(Error::InvalidCredentials);
        }
        let hash = if self.hasher.is_foreign(&hash) { self.adopt(user, password, hash).await? } else { hash };
        Ok(Verified { user, hash, label: Label::default() })
    }

    /// Puts our own hash in the place of one that came from elsewhere, now that its
    /// password is seen. Returns the hash that is stored then.
    async fn adopt(&self, user: UserId, password: Password, foreign: String) -> Result<String> {
        let hash = self.hasher.hash(password.clone()).await?;
        let stored = self
            .store
            .write(move |tx| {
                let stored = store::users::password_hash(tx, user)?.ok_or(Error::InvalidCredentials)?;
                if stored != foreign {
                    return Ok(stored);
                }
                store::users::set_password(tx, user, &hash)?;
                Ok(hash)
            })
            .await?;
        // Another sign-in may have been faster, which is well, or a change of the password.
        let against = Against::Account(stored.clone());
        if self.hasher.verify(password, against).await? { Ok(stored) } else { Err(Error::InvalidCredentials) }
    }

    /// Who has this name or address, without any proof: for a server that somebody
    /// tries out alone.
    pub fn user_by_login(&self, login: &str) -> Result<Verified> {
        match self.store.read(|db| store::users::password_of(db, login))? {
            Some((user, hash, false)) => Ok(Verified { user, hash, label: Label::default() }),
            _ => Err(Error::InvalidCredentials),
        }
    }

    /// Signs in on a new device: its token.
    pub async fn sign_in(&self, who: Verified) -> Result<Token> {
        let token = Token::random();
        let device = token.clone();
        self.store
            .write(move |tx| {
                who.check(tx)?;
                open_device(tx, who.user, &device, &who.label).map(drop)
            })
            .await?;
        Ok(token)
    }

    /// Signs in in a browser: its session.
    pub async fn open_session(&self, who: Verified) -> Result<Session> {
        let key = Token::random();
        let csrf = self.keys.csrf_token(key.as_str());
        let hash = secret_hash(key.as_str());
        self.store
            .write(move |tx| {
                who.check(tx)?;
                let (user, expires) = (who.user, tx.now.plus(SESSION_IDLE));
                insert(tx, user, CredentialKind::Session, &hash, Some(expires), &who.label)?;
                end_surplus(tx, user, CredentialKind::Session, MAX_SESSIONS)
            })
            .await?;
        Ok(Session { key, csrf })
    }

    /// Opens a family of JWTs that lives until `life` from now, or until everything ends.
    pub async fn open_family(&self, who: Verified, life: Duration) -> Result<CredentialId> {
        // Nobody ever presents this secret: a JWT is known by its signature, and names the row.
        let hash = secret_hash(Token::random().as_str());
        self.store
            .write(move |tx| {
                who.check(tx)?;
                let (user, expires) = (who.user, tx.now.plus(life));
                let id = insert(tx, user, CredentialKind::Refresh, &hash, Some(expires), &who.label)?;
                end_surplus(tx, user, CredentialKind::Refresh, MAX_DEVICES)?;
                Ok(id)
            })
            .await
    }

    /// Whom a family of JWTs signs in, as long as it lasts.
    pub fn asker_of_family(&self, family: CredentialId) -> Result<Asker> {
        let now = self.clock.now();
        #[cfg(test)]
        let now = if planted(Mutant::FamilyTimeless) { Timestamp(0) } else { now };
        let found = self.store.read(|db| store::credentials::find_by_id(db, family, now))?;
        #[cfg(test)]
        if planted(Mutant::FamilyMistaken) {
            return found.map(|found| found.asker).ok_or(Error::CredentialRevoked);
        }
        let found = found.filter(|found| found.asker.kind == CredentialKind::Refresh);
        let found = found.ok_or(Error::CredentialRevoked)?;
        // The least used family is the one that makes room for another.
        if found.used_at.plus(TOUCH_EVERY) < now {
            self.touch(&found.asker);
        }
        Ok(found.asker)
    }

    /// The key that JWTs are signed with.
    #[must_use]
    pub fn jwt_key(&self) -> [u8; 32] {
        self.keys.jwt_key()
    }

    /// What a write with this session's cookie has to repeat.
    #[must_use]
    pub fn csrf_token(&self, session_key: &str) -> Token {
        self.keys.csrf_token(session_key)
    }

    /// Ends the credential that asks, if it is a device's or a session; the account
    /// token and JWTs have ends of their own.
    pub async fn sign_out(&self, asker: &Asker) -> Result<()> {
        let (user, credential, kind) = (asker.user, asker.credential, asker.kind);
        if matches!(kind, CredentialKind::Account | CredentialKind::Refresh) {
            return Ok(());
        }
        self.store
            .write(move |tx| {
                store::credentials::delete(tx, credential)?;
                tx.publish(Event::CredentialEnded { user, credential });
                Ok(())
            })
            .await?;
        self.hub.settle().await;
        Ok(())
    }

    /// Ends every credential of the asker, this one and the account token too.
    pub async fn sign_out_everywhere(&self, asker: &Asker) -> Result<()> {
        let (user, keys) = (asker.user, self.keys.clone());
        self.store.write(move |tx| end_all(tx, user, None, &keys)).await?;
        self.hub.settle().await;
        Ok(())
    }

    /// Changes the asker's password and ends every credential but the one that asks.
    pub async fn change_password(&self, asker: &Asker, old: Password, new: Password) -> Result<()> {
        self.confirm_password(asker, old).await?;
        let (user, kept, keys) = (asker.user, Some(asker.credential), self.keys.clone());
        let hash = self.hasher.hash(new).await?;
        self.by(asker)
            .write(move |tx| {
                store::users::set_password(tx, user, &hash)?;
                end_all(tx, user, kept, &keys)
            })
            .await?;
        self.hub.settle().await;
        Ok(())
    }

    /// Sets anybody's password, for the operator; ends all of that user's credentials and
    /// the link that would set another.
    pub async fn set_password(&self, user: UserId, new: Password) -> Result<()> {
        let hash = self.hasher.hash(new).await?;
        let keys = self.keys.clone();
        self.store
            .write(move |tx| {
                let account = store::users::account(tx, user)?.ok_or(Error::NotFound)?;
                store::users::set_password(tx, user, &hash)?;
                store::resets::delete(tx, user)?;
                audit::note(tx, By::CommandLine.id(), Act::PasswordSet, account.user.username.as_str(), "")?;
                end_all(tx, user, None, &keys)
            })
            .await?;
        self.hub.settle().await;
        Ok(())
    }

    /// The asker's stable account token.
    pub fn account_token(&self, asker: &Asker) -> Result<Token> {
        let nonce = self.store.read(|db| store::users::token_nonce(db, asker.user))?;
        Ok(self.keys.account_token(&nonce))
    }

    /// Replaces the asker's account token; the old one and its sockets end.
    pub async fn rotate_account_token(&self, asker: &Asker) -> Result<Token> {
        let (user, keys) = (asker.user, self.keys.clone());
        let token = self
            .by(asker)
            .write(move |tx| {
                for credential in store::credentials::delete_kind(tx, user, CredentialKind::Account)? {
                    tx.publish(Event::CredentialEnded { user, credential });
                }
                renew_account_token(tx, user, &keys)
            })
            .await?;
        self.hub.settle().await;
        Ok(token)
    }

    pub(super) async fn confirm_password(&self, asker: &Asker, password: Password) -> Result<()> {
        let stored = self.store.read(|db| store::users::password_hash(db, asker.user))?;
        let against = stored.map_or(Against::Nobody, Against::Account);
        if self.hasher.verify(password, against).await? { Ok(()) } else { Err(Error::WrongPassword) }
    }

    /// Writes down a credential's use, behind the back of whoever used it.
    fn touch(&self, asker: &Asker) {
        let (store, id, kind) = (self.store.clone(), asker.credential, asker.kind);
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

/// A session in use is over after an idle while from now, but never later than its life.
fn session_end(tx: &Tx<'_>, id: CredentialId, kind: CredentialKind) -> Result<Option<Timestamp>> {
    if kind != CredentialKind::Session {
        return Ok(None);
    }
    let created = store::credentials::created_at(tx, id)?;
    Ok(created.map(|at| at.plus(SESSION_LIFE).min(tx.now.plus(SESSION_IDLE))))
}

/// A token for a new device, and room made for it.
pub(super) fn open_device(tx: &mut Tx<'_>, user: UserId, token: &Token, label: &Label) -> Result<CredentialId> {
    let hash = secret_hash(token.as_str());
    let id = insert(tx, user, CredentialKind::Device, &hash, None, label)?;
    end_surplus(tx, user, CredentialKind::Device, MAX_DEVICES)?;
    Ok(id)
}

/// Writes down the hash of the account token that `nonce` makes.
pub(super) fn open_account_token(tx: &Tx<'_>, user: UserId, keys: &Keys, nonce: &[u8]) -> Result<Token> {
    let token = keys.account_token(nonce);
    insert(tx, user, CredentialKind::Account, &secret_hash(token.as_str()), None, &Label::cut("account token"))?;
    Ok(token)
}

fn insert(
    tx: &Tx<'_>,
    user: UserId,
    kind: CredentialKind,
    secret_hash: &[u8],
    expires_at: Option<Timestamp>,
    label: &Label,
) -> Result<CredentialId> {
    let label = label.as_str();
    let new = store::credentials::New { user, kind, secret_hash, expires_at, label, is_bot: false };
    store::credentials::insert(tx, &new)
}

pub(super) fn renew_account_token(tx: &Tx<'_>, user: UserId, keys: &Keys) -> Result<Token> {
    let nonce = rand::random::<[u8; 16]>();
    store::users::set_token_nonce(tx, user, &nonce)?;
    open_account_token(tx, user, keys, &nonce)
}

/// Ends every credential but `kept`. The account token is renewed with the rest,
/// unless it is the one that is kept.
pub(super) fn end_all(tx: &mut Tx<'_>, user: UserId, kept: Option<CredentialId>, keys: &Keys) -> Result<()> {
    let keeps_account_token = match kept {
        Some(id) => store::credentials::is_account_token(tx, id)?,
        None => false,
    };
    store::credentials::delete_all(tx, user, kept)?;
    if !keeps_account_token {
        renew_account_token(tx, user, keys)?;
    }
    tx.publish(Event::CredentialsEnded { user, kept });
    Ok(())
}

fn end_surplus(tx: &mut Tx<'_>, user: UserId, kind: CredentialKind, max: u32) -> Result<()> {
    for credential in store::credentials::surplus(tx, user, kind, max)? {
        store::credentials::delete(tx, credential)?;
        tx.publish(Event::CredentialEnded { user, credential });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Error, SESSION_LIFE};
    use crate::chat::name::Username;
    use crate::chat::password::Password;
    use crate::chat::time::Clock;
    use crate::chat::user::NewUser;
    use crate::chat::{Chat, Config, Durability};

    #[tokio::test]
    async fn a_sign_in_that_overlaps_a_change_of_password_comes_to_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = Config { durability: Durability::Normal, clock: Clock::system(), ..Config::of(folder.path()) };
        let chat = Chat::open(config).expect("opened");
        let new = NewUser {
            username: Username::parse("alice").expect("a name"),
            email: None,
            password: Password::attempt("old password"),
            display_name: None,
            is_admin: false,
        };
        let alice = chat.create_user(new).await.expect("an account").user.id;
        let login = ["alice".to_owned()];
        let old = chat.check_password(&login, Password::attempt("old password")).await.expect("right by now");
        chat.set_password(alice, Password::attempt("new password")).await.expect("changed meanwhile");
        assert_eq!(chat.sign_in(old.clone()).await.err(), Some(Error::InvalidCredentials));
        assert_eq!(chat.open_session(old.clone()).await.err(), Some(Error::InvalidCredentials));
        assert_eq!(chat.open_family(old, SESSION_LIFE).await.err(), Some(Error::InvalidCredentials));
        let new = chat.check_password(&login, Password::attempt("new password")).await.expect("right");
        assert!(chat.sign_in(new).await.is_ok());
    }
}
