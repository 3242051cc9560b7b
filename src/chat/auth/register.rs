//! Making accounts: by whoever comes themselves, and by the operator.

use super::invite::Invite;
use super::sign_in::{open_browser, open_device};
use crate::chat::app::App;
use crate::chat::model::admin::Administrator;
use crate::chat::model::error::{Error, Result};
use crate::chat::model::id::{ChatId, UserId};
use crate::chat::model::label::Label;
use crate::chat::model::name::Username;
use crate::chat::model::session::Session;
use crate::chat::model::token::{Keys, Token};
use crate::chat::model::user::{Account, NewUser};
use crate::chat::store::{self, Tx};
use crate::chat::welcome::welcome;

impl App {
    /// Makes an account for whoever has the right invite, and signs it in: a token for the
    /// device that asks, under a label.
    pub async fn register(&self, new: NewUser, invite: Invite, label: Label) -> Result<(Account, Token)> {
        let token = Token::random();
        let device = token.clone();
        let signs_in = move |tx: &mut Tx<'_>, user| open_device(tx, user, &device, &label).map(drop);
        Ok((self.enrol(new, invite, signs_in).await?, token))
    }

    /// The same in a browser: its session.
    pub async fn register_session(&self, new: NewUser, invite: Invite, label: Label) -> Result<(Account, Session)> {
        let session = self.new_session();
        let key = session.key.clone();
        let signs_in = move |tx: &mut Tx<'_>, user| open_browser(tx, user, &key, &label).map(drop);
        Ok((self.enrol(new, invite, signs_in).await?, session))
    }

    /// The same without signing it in.
    pub async fn register_only(&self, new: NewUser, invite: Invite) -> Result<Account> {
        self.enrol(new, invite, |_, _| Ok(())).await
    }

    /// Makes an account, for the operator at the command line.
    pub async fn create_user(&self, new: NewUser) -> Result<Account> {
        Ok(self.add_user(&Administrator::CommandLine, new).await?.account)
    }

    /// The one way in for whoever comes by themselves.
    async fn enrol(
        &self,
        new: NewUser,
        invite: Invite,
        signs_in: impl FnOnce(&mut Tx<'_>, UserId) -> Result<()> + Send + 'static,
    ) -> Result<Account> {
        let now = self.clock.now();
        self.store.read(|db| invite.look(db, now))?;
        let new = NewUser { is_admin: false, ..new };
        let hash = self.hasher.hash(new.password.clone()).await?;
        let keys = self.keys.clone();
        self.store
            .write(move |tx| {
                let chat = invite.take(tx)?;
                let account = create(tx, &new, &hash, &keys, chat)?;
                signs_in(tx, account.user.id)?;
                Ok(account)
            })
            .await
    }
}

/// The one way in which an account comes to be while the server runs. It begins in the rooms
/// that welcome everybody, and in the group that an invitation named.
pub(in crate::chat) fn create(
    tx: &mut Tx<'_>,
    new: &NewUser,
    hash: &str,
    keys: &Keys,
    invited_into: Option<ChatId>,
) -> Result<Account> {
    check_name(tx, &new.username)?;
    if let Some(email) = &new.email
        && store::users::email_is_taken(tx, &email.key(), None)?
    {
        return Err(Error::EmailTaken);
    }
    let nonce = rand::random::<[u8; 16]>();
    let id = store::users::insert(tx, new, hash, &nonce)?;
    super::account_token::open(tx, id, keys, &nonce)?;
    welcome(tx, id, invited_into)?;
    store::users::account(tx, id)?.ok_or(Error::Internal)
}

/// Fails if somebody has the name, or one that readers would take for it.
pub(in crate::chat) fn check_name(tx: &Tx<'_>, name: &Username) -> Result<()> {
    let is_taken =
        store::users::find_by_key(tx, &name.key())?.is_some() || store::users::look_owner(tx, name)?.is_some();
    if is_taken { Err(Error::UsernameTaken) } else { Ok(()) }
}
