//! The account token: the one secret that can be shown again. It is derived from the
//! server's secret and a nonce of the account, and so need not be kept.

use crate::chat::app::App;
use crate::chat::model::error::{Denial, Error, Result};
use crate::chat::model::event::{Event, Steering};
use crate::chat::model::id::UserId;
use crate::chat::model::session::{ACCOUNT_TOKEN_LABEL, Actor, CredentialKind};
use crate::chat::model::token::{Keys, Token, secret_hash};
use crate::chat::store::{self, Db, Tx};

impl App {
    /// The actor's stable account token.
    pub fn account_token(&self, actor: &Actor) -> Result<Token> {
        let nonce = self.store.read(|db| {
            refuse_program(db, actor)?;
            store::credentials::token_nonce(db, actor.credential)
        })?;
        // Whoever ends the credential renews the token: of both, one look sees the one or the other.
        Ok(self.keys.account_token(&nonce.ok_or(Error::CredentialRevoked)?))
    }

    /// Replaces the actor's account token; the old one, those that came with the account, and their sockets end.
    pub async fn rotate_account_token(&self, actor: &Actor) -> Result<Token> {
        self.store.read(|db| refuse_program(db, actor))?;
        let (user, keys) = (actor.user, self.keys.clone());
        let token = self.authorized(actor).write(move |tx| replace(tx, user, &keys)).await?;
        self.hub.settle().await;
        Ok(token)
    }
}

/// A bot has the one token that its maker was given, and so has a program of somebody's: when that is taken back, it must
/// not have another.
pub(super) fn refuse_program(db: &Db, actor: &Actor) -> Result<()> {
    let is_program = actor.is_bot || store::credentials::bot(db, actor.credential)?.is_some();
    if is_program { Err(Error::Forbidden(Denial::Bot)) } else { Ok(()) }
}

/// Writes down the hash of the account token that `nonce` makes.
pub(in crate::chat) fn open(tx: &Tx<'_>, user: UserId, keys: &Keys, nonce: &[u8]) -> Result<Token> {
    let token = keys.account_token(nonce);
    let new = store::credentials::NewCredential {
        user,
        kind: CredentialKind::Account,
        secret_hash: &secret_hash(token.as_str()),
        expires_at: None,
        label: ACCOUNT_TOKEN_LABEL,
        is_bot: false,
    };
    store::credentials::insert(tx, &new)?;
    Ok(token)
}

/// Ends the account token and those that came with the account, and makes another.
pub(super) fn replace(tx: &mut Tx<'_>, user: UserId, keys: &Keys) -> Result<Token> {
    for credential in store::credentials::delete_account_tokens(tx, user)? {
        tx.publish(Event::Steering(Steering::CredentialEnded { user, credential }));
    }
    renew(tx, user, keys)
}

/// Makes another in its place, whose row is gone already.
pub(in crate::chat) fn renew(tx: &Tx<'_>, user: UserId, keys: &Keys) -> Result<Token> {
    let nonce = rand::random::<[u8; 16]>();
    store::users::set_token_nonce(tx, user, &nonce)?;
    open(tx, user, keys, &nonce)
}
