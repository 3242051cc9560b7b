//! Accounts for trying things out, whose secrets everybody knows.

use super::register::create;
use super::sign_in::open_device;
use crate::chat::app::App;
use crate::chat::model::error::{Error, Result};
use crate::chat::model::label::Label;
use crate::chat::model::name::rule::fold;
use crate::chat::model::token::Token;
use crate::chat::model::user::{Account, NewUser};
use crate::chat::store;

impl App {
    /// Makes an account and signs it in with a token that follows from its name alone, so
    /// that it is the same on every machine. For a server that nobody else reaches.
    pub async fn create_trial_user(&self, new: NewUser) -> Result<(Account, Token)> {
        let hash = self.hasher.hash(new.password.clone()).await?;
        let token = Token::of_trial(new.username.as_str());
        let (device, keys) = (token.clone(), self.keys.clone());
        let account = self
            .store
            .write(move |tx| {
                let account = create(tx, &new, &hash, &keys, None)?;
                open_device(tx, account.user.id, &device, &Label::default())?;
                Ok(account)
            })
            .await?;
        Ok((account, token))
    }

    /// Signs anybody in by their name, with the token that follows from it. For a server that nobody else reaches.
    pub async fn trial_token(&self, name: &str) -> Result<Token> {
        let key = fold(name);
        let user = self.store.read(|db| store::users::find_by_key(db, &key)?.ok_or(Error::NotFound))?;
        let token = Token::of_trial(user.username.as_str());
        if user.is_bot {
            return Err(Error::NotFound);
        }
        if self.authenticate(token.as_str()).is_ok() {
            return Ok(token);
        }
        let device = token.clone();
        self.store
            .write(move |tx| {
                let is_disabled = store::users::account(tx, user.id)?.is_none_or(|account| account.is_disabled);
                if is_disabled {
                    return Err(Error::NotFound);
                }
                open_device(tx, user.id, &device, &Label::default()).map(drop)
            })
            .await?;
        Ok(token)
    }
}
