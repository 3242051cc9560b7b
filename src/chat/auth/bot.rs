//! Bots: accounts of programs. A token signs one in, and nothing else does.

use super::{audit, register, session};
use crate::chat::app::App;
use crate::chat::hasher::no_password;
use crate::chat::model::admin::Administrator;
use crate::chat::model::audit::AuditAction;
use crate::chat::model::bot::{Bot, BotMakers, MAX_BOTS, NewBot};
use crate::chat::model::error::{Denial, Error, Result};
use crate::chat::model::id::UserId;
use crate::chat::model::password::Password;
use crate::chat::model::session::CredentialKind;
use crate::chat::model::token::{Keys, Token, secret_hash};
use crate::chat::model::user::NewUser;
use crate::chat::store::credentials::NewCredential;
use crate::chat::store::{self, Db, Tx};
use crate::chat::welcome::see_off;

/// What a bot's token is known by in lists.
const LABEL: &str = "bot";

impl App {
    /// Makes a bot, with the token that signs it in: by an administrator, or by everybody where `makers` says so.
    pub async fn create_bot(&self, by: &Administrator, new: NewBot, makers: BotMakers) -> Result<(Bot, Token)> {
        let (by, token) = (by.clone(), Token::random());
        let hash = secret_hash(token.as_str());
        let bot = self
            .store
            .write(move |tx| {
                check_maker(tx, &by, makers)?;
                let bot = insert(tx, &new)?;
                store::bots::insert(tx, bot, by.id())?;
                store::credentials::insert(
                    tx,
                    &NewCredential {
                        user: bot,
                        kind: CredentialKind::Device,
                        secret_hash: &hash,
                        expires_at: None,
                        label: LABEL,
                        is_bot: true,
                    },
                )?;
                audit::note(tx, by.id(), AuditAction::BotCreated, new.username.as_str(), "")?;
                store::bots::find(tx, bot)?.ok_or(Error::Internal)
            })
            .await?;
        Ok((bot, token))
    }

    /// The bots that somebody made, and all of them for administrators: the newest first, below one.
    pub fn bots(&self, by: &Administrator, below: UserId, limit: u32) -> Result<Vec<Bot>> {
        self.store.read(|db| {
            let maker = if is_administrator(db, by)? { None } else { by.id() };
            store::bots::below(db, maker, below, limit)
        })
    }

    /// Ends a bot, by its maker or an administrator: it is in no group any more, and nothing signs it in. What it said
    /// stays, and so its name is nobody else's.
    pub async fn delete_bot(&self, by: &Administrator, id: UserId) -> Result<()> {
        let (by, keys) = (by.clone(), self.keys.clone());
        self.store
            .write(move |tx| {
                let bot = store::bots::find(tx, id)?.ok_or(Error::NotFound)?;
                if !is_administrator(tx, &by)? && (by.id() != bot.made_by || !is_live(tx, &by)?) {
                    return Err(Error::NotFound);
                }
                store::bots::delete(tx, id)?;
                audit::note(tx, by.id(), AuditAction::BotDeleted, bot.user.username.as_str(), "")?;
                end(tx, id, &keys)
            })
            .await?;
        self.hub.settle().await;
        Ok(())
    }
}

/// A program's account, with nothing yet that signs it in.
pub(in crate::chat) fn insert(tx: &mut Tx<'_>, new: &NewBot) -> Result<UserId> {
    register::check_name(tx, &new.username)?;
    let new = NewUser {
        username: new.username.clone(),
        email: None,
        password: Password::attempt(""),
        display_name: new.display_name.clone(),
        is_admin: false,
    };
    store::users::insert_bot(tx, &new, &no_password())
}

/// Ends a program's account.
pub(in crate::chat) fn end(tx: &mut Tx<'_>, bot: UserId, keys: &Keys) -> Result<()> {
    see_off(tx, bot)?;
    store::accounts::set_disabled(tx, bot, true)?;
    session::end_all(tx, bot, None, keys)
}

fn check_maker(tx: &Tx<'_>, by: &Administrator, makers: BotMakers) -> Result<()> {
    let Administrator::Admin(actor) = by else { return Ok(()) };
    if !is_live(tx, by)? {
        return Err(Error::CredentialRevoked);
    }
    if actor.is_bot {
        return Err(Error::Forbidden(Denial::Bot));
    }
    if is_administrator(tx, by)? {
        return Ok(());
    }
    if makers == BotMakers::Administrators {
        return Err(Error::Forbidden(Denial::MakeBot));
    }
    if store::bots::count(tx, actor.user)? >= i64::from(MAX_BOTS) {
        return Err(Error::LimitReached { what: "bots", max: MAX_BOTS });
    }
    Ok(())
}

fn is_administrator(db: &Db, by: &Administrator) -> Result<bool> {
    match by.check(db) {
        Ok(()) => Ok(true),
        Err(Error::Forbidden(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

fn is_live(db: &Db, by: &Administrator) -> Result<bool> {
    match by {
        Administrator::CommandLine => Ok(true),
        Administrator::Admin(actor) => store::credentials::is_live(db, actor.credential),
    }
}
