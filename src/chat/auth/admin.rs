//! Accounts from the administrator's side: who may, and what they do to others.

use super::{audit, register, second_factor, session};
use crate::chat::app::App;
use crate::chat::model::admin::{Administrator, ManagedAccount, UserChange};
use crate::chat::model::audit::AuditAction;
use crate::chat::model::error::{Error, Result, Rule};
use crate::chat::model::event::{Event, Steering};
use crate::chat::model::hook::MAKER_DISABLED;
use crate::chat::model::id::UserId;
use crate::chat::model::name::rule::fold;
use crate::chat::model::page::{Page, Paged};
use crate::chat::model::session::Actor;
use crate::chat::model::token::Keys;
use crate::chat::model::user::{Account, NewUser};
use crate::chat::store::{self, Tx};
use crate::chat::welcome::hand_over_groups;

impl App {
    /// Whether the actor administers the server now: for what a client offers. The right
    /// itself is checked with each act.
    pub fn is_admin(&self, actor: &Actor) -> Result<bool> {
        self.store.read(|db| store::accounts::is_admin(db, actor.user, actor.credential))
    }

    /// Fails unless somebody may administer the server now.
    pub fn check_admin(&self, by: &Administrator) -> Result<()> {
        self.store.read(|db| by.check(db))
    }

    /// Everybody, disabled or not, by id; or those whose name has `part` in it or whose
    /// address is `part`.
    pub async fn managed_users(&self, by: &Administrator, part: &str, page: Page) -> Result<Paged<ManagedAccount>> {
        let (by, part) = (by.clone(), fold(part.trim()));
        self.store
            .scan(move |db| {
                by.check(db)?;
                if part.is_empty() { store::accounts::page(db, page) } else { store::accounts::search(db, &part, page) }
            })
            .await
    }

    /// Makes an account for somebody, whoever else may register.
    pub async fn add_user(&self, by: &Administrator, new: NewUser) -> Result<ManagedAccount> {
        self.check_admin(by)?;
        let hash = self.hasher.hash(new.password.clone()).await?;
        let (by, keys) = (by.clone(), self.keys.clone());
        self.store
            .write(move |tx| {
                by.check(tx)?;
                let account = register::create(tx, &new, &hash, &keys, None)?;
                let detail = if new.is_admin { "admin" } else { "" };
                audit::note(tx, by.id(), AuditAction::UserCreated, account.user.username.as_str(), detail)?;
                store::accounts::find(tx, account.user.id)?.ok_or(Error::Internal)
            })
            .await
    }

    /// Disables or enables somebody, makes them an admin or not. Disabling ends all that
    /// signs them in, for good; their sockets are closed when this returns.
    pub async fn change_user(&self, by: &Administrator, user: UserId, change: UserChange) -> Result<ManagedAccount> {
        let (by, keys, required) = (by.clone(), self.keys.clone(), self.factor_required);
        let changed = self
            .store
            .write(move |tx| {
                let changed = apply(tx, &by, user, change, &keys)?;
                // Of an admin more may be asked.
                if change.is_admin == Some(true) {
                    second_factor::restrict(tx, user, required)?;
                }
                Ok(changed)
            })
            .await?;
        self.hub.settle().await;
        Ok(changed)
    }

    /// Ends all that signs somebody in, the account token too.
    pub async fn end_sessions_of(&self, by: &Administrator, user: UserId) -> Result<()> {
        let (by, keys) = (by.clone(), self.keys.clone());
        self.store
            .write(move |tx| {
                by.check(tx)?;
                let account = store::users::account(tx, user)?.ok_or(Error::NotFound)?;
                audit::note(tx, by.id(), AuditAction::SessionsEnded, account.user.username.as_str(), "")?;
                session::end_all(tx, user, None, &keys)
            })
            .await?;
        self.hub.settle().await;
        Ok(())
    }

    /// Whoever has this name or address, disabled or not: for the command line.
    pub fn account_of(&self, login: &str) -> Result<Account> {
        self.store.read(|db| {
            let (id, ..) = store::users::password_of(db, login.trim())?.ok_or(Error::NotFound)?;
            store::users::account(db, id)?.ok_or(Error::NotFound)
        })
    }
}

fn apply(tx: &mut Tx<'_>, by: &Administrator, user: UserId, change: UserChange, keys: &Keys) -> Result<ManagedAccount> {
    by.check(tx)?;
    let before = store::users::account(tx, user)?.ok_or(Error::NotFound)?;
    let is_disabled = change.is_disabled.unwrap_or(before.is_disabled);
    let is_admin = change.is_admin.unwrap_or(before.is_admin);
    let leaves = before.is_admin && !before.is_disabled && (is_disabled || !is_admin);
    if leaves && !store::accounts::has_admin(tx, Some(user))? {
        return Err(Error::Invalid(Rule::LastAdmin));
    }
    if is_admin {
        session::refuse_bot(&before.user)?;
    }
    let name = before.user.username.as_str();
    if is_admin != before.is_admin {
        store::accounts::set_admin(tx, user, is_admin)?;
        let act = if is_admin { AuditAction::AdminGranted } else { AuditAction::AdminRevoked };
        audit::note(tx, by.id(), act, name, "")?;
        tx.publish(Event::Steering(Steering::RightsChanged { user }));
    }
    if is_disabled != before.is_disabled {
        store::accounts::set_disabled(tx, user, is_disabled)?;
        let act = if is_disabled { AuditAction::UserDisabled } else { AuditAction::UserEnabled };
        audit::note(tx, by.id(), act, name, "")?;
    }
    if is_disabled && !before.is_disabled {
        session::end_all(tx, user, None, keys)?;
        silence_programs(tx, user)?;
        hand_over_groups(tx, user)?;
    }
    store::accounts::find(tx, user)?.ok_or(Error::Internal)
}

/// What somebody made speaks for them no more: hooks are off until an admin of their group switches them on, and what
/// signs bots in is of no use until their maker is enabled again.
fn silence_programs(tx: &mut Tx<'_>, maker: UserId) -> Result<()> {
    store::hooks::switch_off_made_by(tx, maker, None, MAKER_DISABLED)?;
    for bot in store::bots::below(tx, Some(maker), UserId(i64::MAX), u32::MAX)? {
        store::push::delete_surplus(tx, bot.user.id, 0)?;
        hand_over_groups(tx, bot.user.id)?;
        tx.publish(Event::Steering(Steering::CredentialsEnded { user: bot.user.id, kept: None }));
    }
    Ok(())
}
