//! Signing in by the word of others: a provider of OpenID Connect, or a trusted proxy.
//!
//! An account elsewhere is known by who vouches and for whom (issuer and subject), and by nothing else: an address
//! that somebody here has, too, links nothing. Whether the word is to be believed was judged before it comes here.

use std::time::Duration;

use super::account_token::{refuse_program, replace};
use super::sign_in::{Verified, Word, open_browser};
use super::{audit, register, session};
use crate::chat::app::App;
use crate::chat::hasher::{has_password, no_password};
use crate::chat::model::audit::AuditAction;
use crate::chat::model::error::{Denial, Error, Result, Rule};
use crate::chat::model::event::{Event, Steering};
use crate::chat::model::id::{CredentialId, UserId};
use crate::chat::model::identity::{Identity, Stranger, nearest_name, numbered};
use crate::chat::model::label::Label;
use crate::chat::model::name::Username;
use crate::chat::model::name::rule::fold;
use crate::chat::model::password::Password;
use crate::chat::model::session::{Actor, Session};
use crate::chat::model::token::{Keys, Token, secret_hash};
use crate::chat::model::user::{Account, NewUser, User};
use crate::chat::store::{self, Tx, identities};

/// How long after one has signed in one may link an account elsewhere, or unlink it.
const MAX_AGE_TO_LINK: Duration = Duration::from_mins(15);
/// Endings that are tried to find a free name.
const MAX_TRIES: u32 = 10_000;

impl App {
    /// Whether somebody here is known by it.
    pub fn is_known(&self, identity: &Identity) -> Result<bool> {
        self.store.read(|db| Ok(identities::owner(db, identity)?.is_some()))
    }

    /// Opens a session for whoever is known by it; a stranger gets an account, where strangers may. Whether it is new.
    pub async fn sign_in_by_identity(
        &self,
        identity: Identity,
        stranger: Option<Stranger>,
        label: Label,
    ) -> Result<(Session, UserId, bool)> {
        let session = self.new_session();
        let (key, keys) = (session.key.clone(), self.keys.clone());
        let (user, is_new) = self
            .store
            .write(move |tx| {
                let (user, is_new) = match identities::owner(tx, &identity)? {
                    Some(user) => (user, false),
                    None => (admit(tx, &identity, stranger, &keys)?.user.id, true),
                };
                check_may_sign_in(tx, user)?;
                let credential = open_browser(tx, user, &key, &label)?;
                identities::mark_opened(tx, credential, identity.issuer(), None)?;
                Ok((user, is_new))
            })
            .await?;
        Ok((session, user, is_new))
    }

    /// Whom a trusted proxy names: an account of that name, or one that it has named before; else a stranger gets one,
    /// where strangers may. All that it names one by is one session, which is there as long as it is used.
    pub async fn actor_named(&self, name: &str, may_register: bool, label: Label) -> Result<Actor> {
        let identity = Identity::named_by_proxy(name).map_err(|_| Error::InvalidCredentials)?;
        let secret = self.keys.proxy_session(identity.subject());
        match self.authenticate(secret.as_str()) {
            Err(Error::CredentialRevoked) => {}
            known => return known,
        }
        let stranger = nearest_name([name, "user"]).filter(|_| may_register);
        let stranger = stranger.map(|username| Stranger { username, display_name: None, email: None });
        let (key, keys) = (secret.clone(), self.keys.clone());
        self.store.write(move |tx| open_named(tx, &identity, stranger, &keys, &key, &label)).await?;
        self.authenticate(secret.as_str())
    }

    /// Who is known by it, to be signed in by this name.
    pub fn user_by_identity(&self, identity: &Identity, login: &str) -> Result<Verified> {
        self.user_by_word(Word::Of(identity.clone()), login)
    }

    /// The same by a session that this issuer's word has opened.
    pub fn user_by_session(&self, actor: &Actor, issuer: &str, login: &str) -> Result<Verified> {
        let who = self.user_by_word(Word::Session(actor.credential, issuer.to_owned()), login)?;
        if who.user() == actor.user { Ok(who) } else { Err(Error::InvalidCredentials) }
    }

    fn user_by_word(&self, word: Word, login: &str) -> Result<Verified> {
        let who = self.user_by_login(login)?;
        let is_good = self.store.read(|db| word.is_good(db, who.user()))?;
        if is_good { Ok(who.by(word)) } else { Err(Error::InvalidCredentials) }
    }

    /// Whether the actor is known by an account there, and whether they have a password beside.
    pub fn link(&self, actor: &Actor, issuer: &str) -> Result<(bool, bool)> {
        self.store.read(|db| {
            let is_linked = identities::subject(db, actor.user, issuer)?.is_some();
            let hash = store::users::password_hash(db, actor.user)?;
            Ok((is_linked, hash.is_some_and(|hash| has_password(&hash))))
        })
    }

    /// Fails where the actor cannot link an account there.
    pub fn check_may_link(&self, actor: &Actor, issuer: &str) -> Result<()> {
        self.check_fresh(actor, issuer)?;
        let (is_linked, _) = self.link(actor, issuer)?;
        if is_linked { Err(Error::Invalid(Rule::LinkedAlready)) } else { Ok(()) }
    }

    /// Fails where the actor signed in too long ago. Whoever has got hold of a credential could otherwise link an
    /// account that goes on signing them in after it has ended, or unlink the one that its owner signs in by.
    fn check_fresh(&self, actor: &Actor, but_by: &str) -> Result<()> {
        let signed_in = self.store.read(|db| {
            refuse_program(db, actor)?;
            identities::signed_in_at(db, actor.credential, but_by)
        })?;
        let is_fresh = signed_in.is_some_and(|at| at.plus(MAX_AGE_TO_LINK) >= self.now());
        if is_fresh { Ok(()) } else { Err(Error::Forbidden(Denial::SignInAgain)) }
    }

    /// Links it to whoever has this credential, if that lasts.
    pub async fn link_by(&self, credential: CredentialId, identity: Identity) -> Result<UserId> {
        let now = self.clock.now();
        self.store
            .write(move |tx| {
                let found = store::credentials::find_by_id(tx, credential, now)?.ok_or(Error::CredentialRevoked)?;
                let user = found.actor.user;
                add(tx, user, &identity, Some(user))?;
                Ok(user)
            })
            .await
    }

    /// Links it to somebody, for the command line.
    pub async fn link_for(&self, user: UserId, identity: Identity) -> Result<()> {
        self.store.write(move |tx| add(tx, user, &identity, None)).await
    }

    /// Unlinks the actor's account there, if they can sign in otherwise. What it opened ends, but for what asks; and the
    /// account token, which any session reads.
    pub async fn unlink(&self, actor: &Actor, issuer: &str) -> Result<()> {
        // Whoever has just signed in by it may do without it from now on.
        self.check_fresh(actor, "")?;
        let (user, credential, issuer, keys) = (actor.user, actor.credential, issuer.to_owned(), self.keys.clone());
        self.authorized(actor)
            .write(move |tx| {
                let hash = store::users::password_hash(tx, user)?;
                if !hash.is_some_and(|hash| has_password(&hash)) {
                    return Err(Error::Forbidden(Denial::NoPassword));
                }
                remove(tx, user, &issuer, (Some(credential), Some(user)), &keys)
            })
            .await?;
        self.hub.settle().await;
        Ok(())
    }

    /// Unlinks somebody's, for the command line.
    pub async fn unlink_for(&self, user: UserId, issuer: String) -> Result<()> {
        let keys = self.keys.clone();
        self.store.write(move |tx| remove(tx, user, &issuer, (None, None), &keys)).await?;
        self.hub.settle().await;
        Ok(())
    }
}

/// Makes an account for somebody whom nobody here knows.
fn admit(tx: &mut Tx<'_>, identity: &Identity, stranger: Option<Stranger>, keys: &Keys) -> Result<Account> {
    let Stranger { username, display_name, email } = stranger.ok_or(Error::RegistrationClosed)?;
    let email = match email {
        Some(email) if store::users::email_is_taken(tx, &email.key(), None)? => None,
        free => free,
    };
    let username = free_name(tx, username)?;
    // Nobody has this password, so that only a link of an administrator's sets one.
    let password = Password::attempt("");
    let new = NewUser { username, email, password, display_name, is_admin: false };
    let account = register::create(tx, &new, &no_password(), keys, None)?;
    let id = account.user.id;
    add(tx, id, identity, Some(id))?;
    if !identity.is_named_by_proxy() {
        identities::insert(tx, id, &Identity::of_newcomer(id).map_err(|_| Error::Internal)?)?;
    }
    Ok(account)
}

/// Opens the session of whoever a proxy names, unless another request was faster.
fn open_named(
    tx: &mut Tx<'_>,
    identity: &Identity,
    stranger: Option<Stranger>,
    keys: &Keys,
    key: &Token,
    label: &Label,
) -> Result<()> {
    let hash = secret_hash(key.as_str());
    if store::credentials::find(tx, &hash, tx.now)?.is_some() {
        return Ok(());
    }
    let known = match identities::owner(tx, identity)? {
        None => {
            let like = store::users::find_by_key(tx, &fold(identity.subject()))?;
            let is_meant = |user: &User| Ok::<_, Error>(is_of_that_name(tx, user, identity)?.then_some(user.id));
            like.as_ref().map(is_meant).transpose()?.flatten()
        }
        known => known,
    };
    let user = match known {
        Some(user) => user,
        None => admit(tx, identity, stranger, keys)?.user.id,
    };
    check_may_sign_in(tx, user)?;
    store::credentials::delete_secret(tx, &hash)?;
    let credential = open_browser(tx, user, key, label)?;
    identities::mark_opened(tx, credential, identity.issuer(), None)
}

/// Letter by letter but for case, and not as names are folded: `ａdmin` is somebody else to the proxy. Nor is an
/// account theirs that is known elsewhere: its name may be made of what people are called there, by the proxy, like `ada`
/// of `ada@example.org`, or by a provider, where they choose it, whether or not they have got a password or unlinked it
/// since. A bot is called as its maker likes.
fn is_of_that_name(tx: &Tx<'_>, user: &User, identity: &Identity) -> Result<bool> {
    let is_so_called = !user.is_bot && user.username.as_str().eq_ignore_ascii_case(identity.subject());
    Ok(is_so_called && !identities::has_any(tx, user.id)?)
}

fn free_name(tx: &Tx<'_>, wanted: Username) -> Result<Username> {
    for number in 1..MAX_TRIES {
        let name = match number {
            1 => wanted.clone(),
            _ => numbered(&wanted, number).map_err(|_| Error::UsernameTaken)?,
        };
        match register::check_name(tx, &name) {
            Err(Error::UsernameTaken) => {}
            checked => return checked.map(|()| name),
        }
    }
    Err(Error::UsernameTaken)
}

fn add(tx: &Tx<'_>, user: UserId, identity: &Identity, by: Option<UserId>) -> Result<()> {
    let account = store::users::account(tx, user)?.ok_or(Error::NotFound)?;
    session::refuse_bot(&account.user)?;
    match identities::owner(tx, identity)? {
        Some(owner) if owner == user => return Ok(()),
        Some(_) => return Err(Error::Invalid(Rule::LinkedElsewhere)),
        None => {}
    }
    if identities::subject(tx, user, identity.issuer())?.is_some() {
        return Err(Error::Invalid(Rule::LinkedAlready));
    }
    identities::insert(tx, user, identity)?;
    audit::note(tx, by, AuditAction::IdentityLinked, account.user.username.as_str(), identity.issuer())
}

fn remove(
    tx: &mut Tx<'_>,
    user: UserId,
    issuer: &str,
    (kept, by): (Option<CredentialId>, Option<UserId>),
    keys: &Keys,
) -> Result<()> {
    let account = store::users::account(tx, user)?.ok_or(Error::NotFound)?;
    if !identities::delete(tx, user, issuer)? {
        return Err(Error::NotFound);
    }
    for credential in identities::delete_opened(tx, user, issuer, kept)? {
        tx.publish(Event::Steering(Steering::CredentialEnded { user, credential }));
    }
    replace(tx, user, keys)?;
    audit::note(tx, by, AuditAction::IdentityUnlinked, account.user.username.as_str(), issuer)
}

fn check_may_sign_in(tx: &Tx<'_>, user: UserId) -> Result<()> {
    // Of whoever is disabled or a bot there is none.
    if store::users::password_hash(tx, user)?.is_some() { Ok(()) } else { Err(Error::InvalidCredentials) }
}
