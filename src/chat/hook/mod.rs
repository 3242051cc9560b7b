//! Hooks: URLs by which programs speak in a group, and URLs that are sent what happens there, each with a bot of
//! its own.
//!
//! A hook lasts as long as its bot is in the group: who takes the bot out ends the hook. Whoever made it knows its
//! secret or its receiver, so that it is switched off when they leave the group or may not sign in any more; an admin
//! switches it on again with another secret.

mod delivery;
mod look_after;

use super::app::App;
use super::auth::bot;
use super::group::inside;
use super::member;
use super::message::post;
use super::model::admin::Administrator;
use super::model::bot::NewBot;
use super::model::chat::Authority;
use super::model::delivery::{HookCursor, SigningKey};
use super::model::error::{Error, Result};
use super::model::hook::{Hook, MAX_HOOKS, Outgoing};
use super::model::id::{ChatId, HookId, UserId};
use super::model::message::{Draft, Posted};
use super::model::name::Username;
use super::model::time::Timestamp;
use super::model::token::{Keys, Token, secret_hash};
use super::store::{self, Db};

impl App {
    /// Makes a hook, with its secret, by an admin of the group or the command line: one that sends, or one that
    /// takes what others send. Its bot is called `name`.
    pub async fn create_hook(
        &self,
        by: &Administrator,
        chat: ChatId,
        name: String,
        outgoing: Option<Outgoing>,
    ) -> Result<(Hook, HookSecret)> {
        self.check_pace_of_keeper(by)?;
        let (by, sends) = (by.clone(), outgoing.is_some());
        let (new, hash, nonce) = NewSecret::random();
        let hook = self
            .store
            .write(move |tx| {
                check_keeper(tx, &by, chat, tx.now)?;
                if store::hooks::count(tx, chat)? >= i64::from(MAX_HOOKS) {
                    return Err(Error::LimitReached { what: "hooks in a chat", max: MAX_HOOKS });
                }
                let new = NewBot { username: bot_name()?, display_name: Some(name.clone()) };
                let bot = bot::insert(tx, &new)?;
                bot::note_maker(tx, bot, &by)?;
                member::join_as_guest(tx, chat, bot)?;
                let id = store::hooks::insert(tx, chat, bot, &name, &hash)?;
                if let Some(outgoing) = outgoing {
                    store::outgoing_hooks::insert(tx, id, &outgoing, &nonce)?;
                }
                store::hooks::find(tx, chat, id)?.ok_or(Error::Internal)
            })
            .await?;
        if sends {
            self.send_in(chat);
        }
        Ok((hook, new.shown(&self.keys, sends)))
    }

    /// The hooks of a group, for its admins and the command line: the newest first, below one.
    pub fn hooks(&self, by: &Administrator, chat: ChatId, below: HookId, limit: u32) -> Result<Vec<Hook>> {
        self.store.read(|db| {
            check_keeper(db, by, chat, self.now())?;
            store::hooks::of_chat(db, chat, below, limit)
        })
    }

    /// Gives a hook another secret: the URL of before is unknown when this returns, and nothing is signed with the
    /// secret of before. One that is off is switched on, and sends what happens from then on.
    pub async fn rotate_hook(&self, by: &Administrator, chat: ChatId, id: HookId) -> Result<(Hook, HookSecret)> {
        self.check_pace_of_keeper(by)?;
        let by = by.clone();
        let (new, hash, nonce) = NewSecret::random();
        let hook = self
            .store
            .write(move |tx| {
                check_keeper(tx, &by, chat, tx.now)?;
                let hook = store::hooks::find(tx, chat, id)?.ok_or(Error::NotFound)?;
                match store::outgoing_hooks::find(tx, id)? {
                    Some(sending) => {
                        store::outgoing_hooks::set_nonce(tx, id, &nonce)?;
                        if sending.is_off {
                            let (replays, to) = (sending.replays, tx.last_seq());
                            store::outgoing_hooks::advance(tx, HookCursor { hook: id, replays, to })?;
                            // What was under way when it was switched off moves it no more.
                            store::outgoing_hooks::rewind(tx, id, to)?;
                        }
                    }
                    None => {
                        store::hooks::set_secret(tx, id, &hash)?;
                        // Nobody else knows the URL now, whoever made the hook.
                        if let Some(keeper) = by.id() {
                            store::bots::set_maker(tx, hook.bot.id, store::bots::maker(tx, keeper)?.unwrap_or(keeper))?;
                        }
                    }
                }
                store::hooks::switch(tx, id, None)?;
                Ok(Hook { off_reason: None, ..hook })
            })
            .await?;
        let sends = hook.outgoing.is_some();
        if sends {
            self.send_in(chat);
        }
        Ok((hook, new.shown(&self.keys, sends)))
    }

    /// Ends a hook: its bot leaves the group. What it said stays.
    pub async fn delete_hook(&self, by: &Administrator, chat: ChatId, id: HookId) -> Result<()> {
        let (by, keys) = (by.clone(), self.keys.clone());
        self.store
            .write(move |tx| {
                check_keeper(tx, &by, chat, tx.now)?;
                let hook = store::hooks::find(tx, chat, id)?.ok_or(Error::NotFound)?;
                bot::end(tx, hook.bot.id, &keys)
            })
            .await?;
        self.hub.settle().await;
        Ok(())
    }

    /// The hook whose URL has this secret.
    pub fn hook_by_secret(&self, secret: &str) -> Result<Hook> {
        let hash = secret_hash(secret);
        self.store.read(|db| store::hooks::by_secret(db, &hash)?.ok_or(Error::NotFound))
    }

    /// Counts what the bot of a hook says: all that one person has made speak as often together as one person.
    pub fn check_pace_of_hook(&self, bot: UserId) -> Result<()> {
        match self.store.read(|db| store::bots::maker(db, bot))? {
            Some(maker) => self.hooked.check(&maker),
            None => Ok(()),
        }
    }

    /// Says something in a group, as the bot of the hook whose URL has this secret by then.
    pub async fn post_by_hook(&self, secret: &str, draft: Draft) -> Result<Posted> {
        let (hash, quota) = (secret_hash(secret), self.quota);
        self.store
            .write(move |tx| {
                let hook = store::hooks::by_secret(tx, &hash)?.ok_or(Error::NotFound)?;
                post(tx, hook.bot.id, hook.chat, &draft, quota)
            })
            .await
    }

    /// Has what happens in a group sent from here on.
    fn send_in(&self, chat: ChatId) {
        self.hook_wakes.watch(chat);
        self.hook_wakes.ring(chat);
    }

    fn check_pace_of_keeper(&self, by: &Administrator) -> Result<()> {
        match by {
            Administrator::Admin(actor) => self.check_pace(actor),
            Administrator::CommandLine => Ok(()),
        }
    }
}

/// What is shown to whoever makes a hook, and to nobody again. It prints as nothing.
#[derive(Debug)]
pub enum HookSecret {
    /// Stands in the URL by which others send.
    Url(Token),
    /// Signs what the hook sends.
    Signs(SigningKey),
}

/// A secret for a hook of either direction: which one it has, only the transaction knows.
struct NewSecret {
    url: Token,
    nonce: [u8; 16],
}

impl NewSecret {
    /// With what is kept of it: the hash of a URL's, and the nonce of one that signs.
    fn random() -> (Self, [u8; 32], [u8; 16]) {
        let new = Self { url: Token::random_of_256_bits(), nonce: rand::random() };
        let (hash, nonce) = (secret_hash(new.url.as_str()), new.nonce);
        (new, hash, nonce)
    }

    fn shown(self, keys: &Keys, sends: bool) -> HookSecret {
        if sends { HookSecret::Signs(keys.hook_secret(&self.nonce)) } else { HookSecret::Url(self.url) }
    }
}

/// A name that nobody has, since others see the display name.
fn bot_name() -> Result<Username> {
    let name = format!("hook-{}", hex::encode(rand::random::<[u8; 6]>()));
    Username::parse(&name).map_err(|_| Error::Internal)
}

/// Whether somebody looks after the hooks of a group: its admins, and the command line.
fn check_keeper(db: &Db, by: &Administrator, chat: ChatId, now: Timestamp) -> Result<()> {
    match by {
        Administrator::Admin(actor) => {
            if !store::credentials::is_live(db, actor.credential, now)? {
                return Err(Error::CredentialRevoked);
            }
            Authority::Admin.check(&inside(db, actor.user, chat)?, actor.user)
        }
        Administrator::CommandLine => store::members::room_left(db, chat)?.map(|_| ()).ok_or(Error::NotFound),
    }
}
