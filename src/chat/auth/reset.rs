//! Links that set a new password: what replaces mail where no mail server is.

use std::time::Duration;

use super::audit;
use super::session;
use crate::chat::app::App;
use crate::chat::model::admin::Administrator;
use crate::chat::model::audit::AuditAction;
use crate::chat::model::error::{Error, Result};
use crate::chat::model::id::UserId;
use crate::chat::model::name::Username;
use crate::chat::model::password::Password;
use crate::chat::model::time::Timestamp;
use crate::chat::model::token::{Token, secret_hash};
use crate::chat::store;
use crate::chat::store::Db;

/// How long a link is good.
pub const RESET_LIFE: Duration = Duration::from_hours(24);

impl App {
    /// Makes the link's code for somebody: with when it is over. An older one ends.
    pub async fn create_reset(&self, by: &Administrator, user: UserId) -> Result<(Token, Timestamp)> {
        let (code, by) = (Token::random(), by.clone());
        let hash = secret_hash(code.as_str());
        let expires_at = self.store.write(move |tx| {
            by.check_recovery(tx, user)?;
            let account = store::users::account(tx, user)?.ok_or(Error::NotFound)?;
            session::refuse_bot(&account.user)?;
            let expires_at = tx.now.plus(RESET_LIFE);
            store::resets::replace(tx, user, &hash, by.id(), expires_at)?;
            audit::note(tx, by.id(), AuditAction::ResetLinkCreated, account.user.username.as_str(), "")?;
            Ok(expires_at)
        });
        Ok((code, expires_at.await?))
    }

    /// Whose password a code sets, and until when.
    pub fn look_at_reset(&self, code: &str) -> Result<(Username, Timestamp)> {
        let now = self.clock.now();
        self.store.read(|db| {
            let (user, expires_at) = live(db, code, now)?;
            let account = store::users::account(db, user)?.ok_or(Error::NotFound)?;
            Ok((account.user.username, expires_at))
        })
    }

    /// Sets the password, once; ends all that signed that user in.
    pub async fn reset_password(&self, code: &str, new: Password) -> Result<()> {
        // Asked before the hashing, so that guesses cost the server little, and again with the deed.
        self.look_at_reset(code)?;
        let hash = self.hasher.hash(new).await?;
        let (code, keys) = (code.to_owned(), self.keys.clone());
        self.store
            .write(move |tx| {
                let (user, _) = live(tx, &code, tx.now)?;
                let account = store::users::account(tx, user)?.ok_or(Error::NotFound)?;
                store::users::set_password(tx, user, &hash)?;
                audit::note(tx, Some(user), AuditAction::PasswordSet, account.user.username.as_str(), "by a link")?;
                session::end_all(tx, user, None, &keys)
            })
            .await?;
        self.hub.settle().await;
        Ok(())
    }
}

fn live(db: &Db, code: &str, now: Timestamp) -> Result<(UserId, Timestamp)> {
    store::resets::find(db, &secret_hash(code), now)?.ok_or(Error::NotFound)
}
