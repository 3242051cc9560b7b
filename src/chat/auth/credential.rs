//! What signs somebody in, as a list: one's own sessions, and the tokens of programs.

use std::time::Duration;

use super::{account_token, audit};
use crate::chat::app::App;
use crate::chat::model::admin::Administrator;
use crate::chat::model::audit::AuditAction;
use crate::chat::model::error::{Error, Result};
use crate::chat::model::event::{Event, Steering};
use crate::chat::model::id::{CredentialId, UserId};
use crate::chat::model::label::Label;
use crate::chat::model::page::{Page, Paged};
use crate::chat::model::session::{Actor, CredentialKind, IssuedCredential};
use crate::chat::model::token::{Token, secret_hash};
use crate::chat::store::{self, credentials};

/// Tokens for programs that one user may have.
pub const MAX_BOTS: u32 = 100;

impl App {
    /// All that signs the actor in, the newest first.
    pub fn sessions(&self, actor: &Actor, page: Page) -> Result<Paged<IssuedCredential>> {
        self.sessions_of(actor.user, page)
    }

    /// The same of anybody: for the command line.
    pub fn sessions_of(&self, user: UserId, page: Page) -> Result<Paged<IssuedCredential>> {
        let now = self.clock.now();
        self.store.read(|db| credentials::page_of(db, user, page, now))
    }

    /// Ends one of them; its sockets are closed when this returns. The account token is
    /// replaced by another, since every account has one.
    pub async fn end_session(&self, actor: &Actor, credential: CredentialId) -> Result<()> {
        let (user, keys) = (actor.user, self.keys.clone());
        self.authorized(actor)
            .write(move |tx| {
                let kind = credentials::kind_for(tx, user, credential)?.ok_or(Error::NotFound)?;
                credentials::delete(tx, credential)?;
                if kind == CredentialKind::Account {
                    account_token::renew(tx, user, &keys)?;
                }
                tx.publish(Event::Steering(Steering::CredentialEnded { user, credential }));
                Ok(())
            })
            .await?;
        self.hub.settle().await;
        Ok(())
    }

    /// Makes a token for a program that acts as a user: for the command line. People's
    /// sign-ins never end it to make room.
    pub async fn create_bot_token(
        &self,
        user: UserId,
        label: Label,
        life: Option<Duration>,
    ) -> Result<(CredentialId, Token)> {
        let token = Token::random();
        let hash = secret_hash(token.as_str());
        let id = self.store.write(move |tx| {
            let account = store::users::account(tx, user)?.ok_or(Error::NotFound)?;
            if credentials::count_bots(tx, user)? >= i64::from(MAX_BOTS) {
                return Err(Error::LimitReached { what: "tokens", max: MAX_BOTS });
            }
            let id = credentials::insert(
                tx,
                &credentials::NewCredential {
                    user,
                    kind: CredentialKind::Device,
                    secret_hash: &hash,
                    expires_at: life.map(|life| tx.now.plus(life)),
                    label: label.as_str(),
                    is_bot: true,
                },
            )?;
            audit::note(
                tx,
                Administrator::CommandLine.id(),
                AuditAction::TokenCreated,
                account.user.username.as_str(),
                label.as_str(),
            )?;
            Ok(id)
        });
        Ok((id.await?, token))
    }

    /// The tokens of programs that open something: for the command line.
    pub fn bot_tokens(&self) -> Result<Vec<IssuedCredential>> {
        let now = self.clock.now();
        self.store.read(|db| credentials::of_bots(db, now))
    }

    /// Takes a program's token back: for the command line.
    pub async fn revoke_bot_token(&self, credential: CredentialId) -> Result<()> {
        self.store
            .write(move |tx| {
                let (user, username, label) = credentials::bot(tx, credential)?.ok_or(Error::NotFound)?;
                credentials::delete(tx, credential)?;
                audit::note(tx, Administrator::CommandLine.id(), AuditAction::TokenRevoked, username.as_str(), &label)?;
                tx.publish(Event::Steering(Steering::CredentialEnded { user, credential }));
                Ok(())
            })
            .await?;
        self.hub.settle().await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::MAX_BOTS;
    use crate::chat::Durability;
    use crate::chat::app::{App, Config};
    use crate::chat::model::error::Error;
    use crate::chat::model::label::Label;
    use crate::chat::model::session::MAX_DEVICES;
    use crate::chat::model::time::Clock;
    use crate::chat::tests::new_user;

    #[tokio::test]
    async fn sign_ins_make_room_at_the_cost_of_devices_and_never_of_programs() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = Config { durability: Durability::Normal, clock: Clock::system(), ..Config::of(folder.path()) };
        let app = App::open(config).expect("opened");
        let bob = app.create_user(new_user("bob")).await.expect("an account").user.id;
        let (_, bot) = app.create_bot_token(bob, Label::cut("weather"), None).await.expect("a token");
        let who = app.user_by_login("bob").expect("bob");
        let first = app.sign_in(who.clone()).await.expect("a token");
        for _ in 0..MAX_DEVICES {
            app.sign_in(who.clone()).await.expect("a token");
        }
        assert_eq!(app.authenticate(first.as_str()).err(), Some(Error::CredentialRevoked));
        app.authenticate(bot.as_str()).expect("the program's is there");
        for _ in 1..MAX_BOTS {
            app.create_bot_token(bob, Label::default(), None).await.expect("a token");
        }
        let more = app.create_bot_token(bob, Label::default(), None).await;
        assert!(matches!(more, Err(Error::LimitReached { max: MAX_BOTS, .. })), "one too many");
    }
}
