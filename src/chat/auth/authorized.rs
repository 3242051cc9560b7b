//! Acting in somebody's name, as long as the credential that they showed lasts.
//!
//! A request shows its credential with its head, and its body may take seconds to come,
//! an upload hours. Whoever signs out or changes the password meanwhile has been answered
//! that the credential is over: so it is asked for again where the write happens, in the
//! writer's own order, and there is no moment in between.

use super::account_token::refuse_program;
use crate::chat::app::App;
use crate::chat::model::admin::Administrator;
use crate::chat::model::error::{Denial, Error, Result};
use crate::chat::model::id::{CredentialId, UserId};
use crate::chat::model::session::Actor;
use crate::chat::model::time::Timestamp;
use crate::chat::store::{self, Db, Store, Tx};

/// The writer, in somebody's name.
pub(in crate::chat) struct AuthorizedWriter<'a> {
    store: &'a Store,
    credential: CredentialId,
}

impl AuthorizedWriter<'_> {
    /// Runs `work` in the writer's next transaction, if the credential lasts there.
    pub async fn write<T: Send + 'static>(
        self,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let credential = self.credential;
        let checked = move |tx: &mut Tx<'_>| {
            check(tx, credential, tx.now)?;
            work(tx)
        };
        self.store.write(checked).await
    }
}

impl App {
    /// Writes in the actor's name. What has an actor and writes goes through here.
    pub(in crate::chat) fn authorized(&self, actor: &Actor) -> AuthorizedWriter<'_> {
        AuthorizedWriter { store: &self.store, credential: actor.credential }
    }

    /// Whether the actor's credential lasts: for answers that go on for long.
    pub fn check_signed_in(&self, actor: &Actor) -> Result<()> {
        let now = self.now();
        self.store.read(|db| check(db, actor.credential, now))
    }
}

fn check(db: &Db, credential: CredentialId, now: Timestamp) -> Result<()> {
    if store::credentials::is_live(db, credential, now)? { Ok(()) } else { Err(Error::CredentialRevoked) }
}

impl Administrator {
    /// The right as it is now, not as it was when the credential was read.
    pub(in crate::chat) fn check(&self, db: &Db) -> Result<()> {
        match self {
            Self::CommandLine => Ok(()),
            Self::Admin(actor) if store::accounts::is_admin(db, actor.user, actor.credential)? => Ok(()),
            Self::Admin(_) => Err(Error::Forbidden(Denial::NotServerAdmin)),
        }
    }

    /// The right to open somebody else's account anew. One's own asks for its password or the second factor, and
    /// what a program has made lasts longer than its token.
    pub(super) fn check_recovery(&self, db: &Db, user: UserId) -> Result<()> {
        self.check(db)?;
        let Self::Admin(actor) = self else { return Ok(()) };
        refuse_program(db, actor)?;
        if actor.user == user { Err(Error::Forbidden(Denial::OwnAccount)) } else { Ok(()) }
    }

    /// For the audit log.
    pub(in crate::chat) fn id(&self) -> Option<UserId> {
        match self {
            Self::CommandLine => None,
            Self::Admin(actor) => Some(actor.user),
        }
    }
}
