//! Accounts for trying things out, whose secrets everybody knows.

use super::register::create;
use super::sign_in::open_device;
use crate::chat::app::App;
use crate::chat::model::error::Result;
use crate::chat::model::label::Label;
use crate::chat::model::token::Token;
use crate::chat::model::user::{Account, NewUser};

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
}
