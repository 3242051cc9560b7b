//! Signing in: a password's proof, and the credentials that are made of it.

use std::time::Duration;

use crate::chat::app::App;
use crate::chat::hasher::Reference;
use crate::chat::model::error::{Error, Result};
use crate::chat::model::event::{Event, Steering};
use crate::chat::model::id::{CredentialId, UserId};
use crate::chat::model::identity::Identity;
use crate::chat::model::label::Label;
use crate::chat::model::password::Password;
use crate::chat::model::session::{CredentialKind, Family, MAX_DEVICES, MAX_SESSIONS, SESSION_IDLE, Session};
use crate::chat::model::time::Timestamp;
use crate::chat::model::token::{Token, secret_hash};
use crate::chat::store;
use crate::chat::store::{Db, Tx, credentials, identities};

/// Proof that somebody may sign in: this was their password's hash when it was checked,
/// and has to be it still when the credential is made. A sign-in with the old password
/// that overlaps its change comes to nothing, and neither does one by a word that is taken back.
#[derive(Clone)]
pub struct Verified {
    user: UserId,
    hash: String,
    label: Label,
    /// A code of the second factor came too, or the proof is none that needs one.
    is_whole: bool,
    /// What it goes by, where it was no password.
    word: Option<Word>,
}

/// The word of others that somebody is signed in by.
#[derive(Clone)]
pub(super) enum Word {
    /// Somebody who is known by it.
    Of(Identity),
    /// Whoever has a session that this issuer's word has opened.
    Session(CredentialId, String),
}

impl Word {
    /// Whether it still stands for this user.
    pub(super) fn is_good(&self, db: &Db, user: UserId) -> Result<bool> {
        match self {
            Self::Of(identity) => Ok(identities::owner(db, identity)? == Some(user)),
            Self::Session(session, issuer) => identities::is_opened_by(db, *session, issuer),
        }
    }

    fn issuer(&self) -> &str {
        match self {
            Self::Of(identity) => identity.issuer(),
            Self::Session(_, issuer) => issuer,
        }
    }
}

impl Verified {
    pub fn user(&self) -> UserId {
        self.user
    }

    /// With the label that the credential to be made will bear.
    #[must_use]
    pub fn labelled(self, label: Label) -> Self {
        Self { label, ..self }
    }

    /// The same, now that a code of the second factor has come.
    pub(super) fn with_second_factor(self) -> Self {
        Self { is_whole: true, ..self }
    }

    /// By somebody's word, and no password.
    pub(super) fn by(self, word: Word) -> Self {
        Self { word: Some(word), ..self }
    }

    fn check(&self, tx: &Tx<'_>) -> Result<()> {
        let is_current = store::users::password_hash(tx, self.user)?.is_some_and(|hash| hash == self.hash);
        let stands = self.word.as_ref().map_or(Ok(true), |word| word.is_good(tx, self.user))?;
        if !(is_current && stands) {
            return Err(Error::InvalidCredentials);
        }
        // It may have been turned on since the password was checked.
        if self.is_whole || !store::second_factors::is_on(tx, self.user)? {
            return Ok(());
        }
        Err(Error::SecondFactorRequired)
    }

    /// Opens a credential, and writes down by whose word. What a session opens is as old as that session, so that none
    /// makes itself fresh.
    fn open(&self, tx: &mut Tx<'_>, kind: CredentialKind, secret: &[u8], until: Option<Timestamp>) -> Result<()> {
        self.check(tx)?;
        // Before it is opened, since that session may be the one that makes room.
        let since = match &self.word {
            Some(Word::Session(session, _)) => credentials::created_at(tx, *session)?,
            _ => None,
        };
        let opened = open(tx, self.user, kind, secret, until, &self.label)?;
        let Some(word) = &self.word else { return Ok(()) };
        identities::mark_opened(tx, opened, word.issuer(), since)
    }
}

impl App {
    /// Whose password this is, of the names or addresses that were given. All of them have
    /// to mean one account; an unknown one takes as long and answers alike.
    pub async fn check_password(&self, logins: &[String], password: Password) -> Result<Verified> {
        self.try_password(logins, password, true).await
    }

    /// The same for an attempt that is to fail, were it the right password: why not, after as long.
    pub async fn refuse_password(&self, logins: &[String], password: Password) -> Error {
        self.try_password(logins, password, false).await.err().unwrap_or(Error::InvalidCredentials)
    }

    async fn try_password(&self, logins: &[String], password: Password, may: bool) -> Result<Verified> {
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
            self.hasher.verify(password, Reference::Nobody).await?;
            return Err(Error::InvalidCredentials);
        };
        let against =
            if is_disabled || !may { Reference::Disabled(hash.clone()) } else { Reference::Account(hash.clone()) };
        if !self.hasher.verify(password.clone(), against).await? {
            return Err(Error::InvalidCredentials);
        }
        let hash = if self.hasher.is_foreign(&hash) { self.adopt(user, password, hash).await? } else { hash };
        Ok(Verified { user, hash, label: Label::default(), is_whole: false, word: None })
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
        let against = Reference::Account(stored.clone());
        if self.hasher.verify(password, against).await? { Ok(stored) } else { Err(Error::InvalidCredentials) }
    }

    /// Whose account is tried with this name or address: to count attempts, and to tell nobody.
    pub fn user_tried(&self, login: &str) -> Result<Option<UserId>> {
        let found = self.store.read(|db| store::users::password_of(db, login))?;
        Ok(found.map(|(user, ..)| user))
    }

    /// Who has this name or address, without any proof: for a server that somebody
    /// tries out alone.
    pub fn user_by_login(&self, login: &str) -> Result<Verified> {
        match self.store.read(|db| store::users::password_of(db, login))? {
            Some((user, hash, false)) => {
                Ok(Verified { user, hash, label: Label::default(), is_whole: true, word: None })
            }
            _ => Err(Error::InvalidCredentials),
        }
    }

    /// Signs in on a new device: its token.
    pub async fn sign_in(&self, who: Verified) -> Result<Token> {
        let token = Token::random();
        let hash = secret_hash(token.as_str());
        self.store.write(move |tx| who.open(tx, CredentialKind::Device, &hash, None)).await?;
        Ok(token)
    }

    /// Signs in in a browser: its session.
    pub async fn open_session(&self, who: Verified) -> Result<Session> {
        let session = self.new_session();
        let hash = secret_hash(session.key.as_str());
        self.store
            .write(move |tx| {
                let until = tx.now.plus(SESSION_IDLE);
                who.open(tx, CredentialKind::Session, &hash, Some(until))
            })
            .await?;
        Ok(session)
    }

    /// One that opens nothing yet.
    pub(super) fn new_session(&self) -> Session {
        let key = Token::random();
        let csrf = self.keys.csrf_token(key.as_str());
        Session { key, csrf }
    }

    /// Opens a family of JWTs that lives until `life` from now, or until everything ends.
    pub async fn open_family(&self, who: Verified, life: Duration) -> Result<Family> {
        // Nobody ever presents this secret: a JWT is known by its signature, and names the hash.
        let family = Family(secret_hash(Token::random().as_str()));
        self.store
            .write(move |tx| {
                let until = tx.now.plus(life);
                who.open(tx, CredentialKind::Refresh, &family.0, Some(until))
            })
            .await?;
        Ok(family)
    }
}

/// A token for a new device.
pub(in crate::chat) fn open_device(
    tx: &mut Tx<'_>,
    user: UserId,
    token: &Token,
    label: &Label,
) -> Result<CredentialId> {
    open(tx, user, CredentialKind::Device, &secret_hash(token.as_str()), None, label)
}

/// A session for a browser.
pub(super) fn open_browser(tx: &mut Tx<'_>, user: UserId, key: &Token, label: &Label) -> Result<CredentialId> {
    let expires = tx.now.plus(SESSION_IDLE);
    open(tx, user, CredentialKind::Session, &secret_hash(key.as_str()), Some(expires), label)
}

/// Writes a credential down, and makes room for it.
fn open(
    tx: &mut Tx<'_>,
    user: UserId,
    kind: CredentialKind,
    secret_hash: &[u8],
    expires_at: Option<Timestamp>,
    label: &Label,
) -> Result<CredentialId> {
    let new = credentials::NewCredential { user, kind, secret_hash, expires_at, label: label.as_str(), is_bot: false };
    let opened = credentials::insert(tx, &new)?;
    let max = if kind == CredentialKind::Session { MAX_SESSIONS } else { MAX_DEVICES };
    for credential in credentials::surplus(tx, user, kind, max)? {
        credentials::delete(tx, credential)?;
        tx.publish(Event::Steering(Steering::CredentialEnded { user, credential }));
    }
    Ok(opened)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::{Error, MAX_SESSIONS};
    use crate::chat::Durability;
    use crate::chat::app::{App, Config};
    use crate::chat::model::error::Denial;
    use crate::chat::model::identity::Identity;
    use crate::chat::model::label::Label;
    use crate::chat::model::password::Password;
    use crate::chat::model::session::SESSION_LIFE;
    use crate::chat::model::time::{Clock, Timestamp};
    use crate::chat::tests::new_user;

    #[tokio::test]
    async fn a_sign_in_that_overlaps_the_end_of_its_proof_comes_to_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = Config { durability: Durability::Normal, clock: Clock::system(), ..Config::of(folder.path()) };
        let app = App::open(config).expect("opened");
        let alice = app.create_user(new_user("alice")).await.expect("an account").user.id;
        let login = ["alice".to_owned()];
        let old = app.check_password(&login, Password::attempt("password")).await.expect("right by now");
        app.set_password(alice, Password::attempt("new password")).await.expect("changed meanwhile");
        assert_eq!(app.sign_in(old.clone()).await.err(), Some(Error::InvalidCredentials));
        assert_eq!(app.open_session(old.clone()).await.err(), Some(Error::InvalidCredentials));
        assert_eq!(app.open_family(old, SESSION_LIFE).await.err(), Some(Error::InvalidCredentials));
        let new = app.check_password(&login, Password::attempt("new password")).await.expect("right");
        assert!(app.sign_in(new).await.is_ok());
        // The same by a provider's word, and by a session that it opened.
        let identity = Identity::parse("https://id.example.org", "7").expect("an account elsewhere");
        app.link_for(alice, identity.clone()).await.expect("linked");
        let by_word = app.user_by_identity(&identity, "alice").expect("hers");
        assert!(app.sign_in(by_word.clone()).await.is_ok());
        let (session, ..) = app.sign_in_by_identity(identity.clone(), None, Label::default()).await.expect("signed in");
        let there = app.authenticate(session.key.as_str()).expect("a session");
        let by_session = app.user_by_session(&there, identity.issuer(), "alice").expect("hers");
        assert!(app.sign_in(by_session.clone()).await.is_ok());
        app.sign_out_everywhere(&there).await.expect("ended");
        assert_eq!(app.sign_in(by_session).await.err(), Some(Error::InvalidCredentials));
        assert!(app.sign_in(by_word.clone()).await.is_ok(), "she is known by it as before");
        app.unlink_for(alice, identity.issuer().to_owned()).await.expect("unlinked");
        assert_eq!(app.sign_in(by_word).await.err(), Some(Error::InvalidCredentials));
        let refused = app.refuse_password(&login, Password::attempt("new password")).await;
        assert_eq!(refused, Error::InvalidCredentials, "the right one, where it is to fail");
    }

    #[tokio::test]
    async fn what_an_old_session_opens_is_as_old() {
        let folder = tempfile::tempdir().expect("a folder");
        let minutes = Arc::new(AtomicI64::new(30_000_000));
        let at = Arc::clone(&minutes);
        let clock = Clock::new(move || Timestamp(at.load(Ordering::Relaxed) * 60_000));
        let config = Config { durability: Durability::Normal, clock, ..Config::of(folder.path()) };
        let app = App::open(config).expect("opened");
        let alice = app.create_user(new_user("alice")).await.expect("an account").user.id;
        let identity = Identity::parse("https://id.example.org", "7").expect("an account elsewhere");
        let issuer = identity.issuer();
        app.link_for(alice, identity.clone()).await.expect("linked");
        let (old, ..) = app.sign_in_by_identity(identity.clone(), None, Label::default()).await.expect("signed in");
        let old = app.authenticate(old.key.as_str()).expect("a session");
        minutes.fetch_add(16, Ordering::Relaxed);
        let who = app.user_by_session(&old, issuer, "alice").expect("hers");
        let device = app.sign_in(who.clone()).await.expect("a token");
        let mut opened = vec![app.authenticate(device.as_str()).expect("signed in")];
        // The last of these takes the place of the session itself.
        for _ in 0..MAX_SESSIONS {
            let session = app.open_session(who.clone()).await.expect("a session");
            opened.push(app.authenticate(session.key.as_str()).expect("signed in"));
        }
        let too_old = Err(Error::Forbidden(Denial::SignInAgain));
        for actor in &opened {
            assert_eq!(app.unlink(actor, issuer).await, too_old, "{actor:?}");
            assert_eq!(app.check_may_link(actor, issuer), too_old, "{actor:?}");
        }
        assert_eq!(app.open_session(who).await.err(), Some(Error::InvalidCredentials), "the session is gone");
        let next = app.user_by_session(opened.last().expect("the last"), issuer, "alice").expect("hers");
        let next = app.open_session(next).await.expect("a session");
        let next = app.authenticate(next.key.as_str()).expect("signed in");
        assert_eq!(app.unlink(&next, issuer).await, too_old, "nor is what that opens");
        let by_word = app.user_by_identity(&identity, "alice").expect("hers");
        let fresh = app.open_session(by_word).await.expect("a session");
        let fresh = app.authenticate(fresh.key.as_str()).expect("signed in");
        assert_eq!(app.check_may_link(&fresh, issuer), too_old, "by that word none is linked");
        let named = app.actor_named("bob", true, Label::default()).await.expect("a session");
        assert_eq!(app.check_may_link(&named, issuer), too_old, "a proxy's word comes by itself");
        assert_eq!(app.unlink(&fresh, issuer).await, Ok(()));
        assert_eq!(app.check_signed_in(&next), Err(Error::CredentialRevoked), "it ends with the link");
    }
}
