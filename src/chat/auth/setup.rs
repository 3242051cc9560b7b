//! The first administrator: by a code that the server prints where only its owner looks.
//!
//! The code is kept by the process alone, so a new start makes a new one; it is dead as
//! soon as an admin exists, however that one was made.

use super::{audit, register, sign_in};
use crate::chat::app::App;
use crate::chat::model::audit::AuditAction;
use crate::chat::model::error::{Error, Result};
use crate::chat::model::label::Label;
use crate::chat::model::server::Beginning;
use crate::chat::model::token::{Token, secret_hash};
use crate::chat::model::user::{Account, NewUser};
use crate::chat::store;
use crate::chat::welcome::open_for_everybody;

impl App {
    /// The code of this start, where no admin exists: `None` where one does, or the code
    /// was given out before.
    pub fn open_setup(&self) -> Result<Option<Token>> {
        if self.store.read(|db| store::accounts::has_admin(db, None))? {
            return Ok(None);
        }
        let code = Token::random();
        let is_first = self.setup.set(secret_hash(code.as_str())).is_ok();
        Ok(is_first.then_some(code))
    }

    /// Takes the code of another's start as well: its state is another that this one had.
    pub fn take_setup_of(&self, other: &Self) {
        if let Some(hash) = other.setup.get() {
            self.setup.set(*hash).ok();
        }
    }

    /// Makes the first admin's account and signs it in, by the code of this start; names the
    /// server, and opens the room that everybody is in from then on.
    pub async fn set_up(
        &self,
        code: &str,
        new: NewUser,
        beginning: Beginning,
        label: Label,
    ) -> Result<(Account, Token)> {
        let is_right = self.setup.get() == Some(&secret_hash(code));
        if !is_right || self.store.read(|db| store::accounts::has_admin(db, None))? {
            return Err(Error::NotFound);
        }
        let new = NewUser { is_admin: true, ..new };
        let hash = self.hasher.hash(new.password.clone()).await?;
        let token = Token::random();
        let (device, keys) = (token.clone(), self.keys.clone());
        let account = self.store.write(move |tx| {
            if store::accounts::has_admin(tx, None)? {
                return Err(Error::NotFound);
            }
            let account = register::create(tx, &new, &hash, &keys, None)?;
            sign_in::open_device(tx, account.user.id, &device, &label)?;
            if let Some(name) = &beginning.name {
                store::server::set_name(tx, name)?;
            }
            open_for_everybody(tx, account.user.id, &beginning.room)?;
            audit::note(tx, Some(account.user.id), AuditAction::Setup, account.user.username.as_str(), "")?;
            Ok(account)
        });
        Ok((account.await?, token))
    }
}
