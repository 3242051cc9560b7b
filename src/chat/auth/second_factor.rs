//! The second factor: turning it on and off, and asking for it.
//!
//! A new password, by its owner, the operator or a link, changes nothing about it: whoever has only the
//! password, or only the link, has half of what signs in. Who lost both asks an administrator.
//!
//! An account without a password can have one as well: it may be required of all, and it guards the password that a
//! link sets one day. Until then nothing asks for its codes, and the account's own credentials turn it on and off.

use std::time::Duration;

use super::audit;
use super::session::{end_all, refuse_bot};
use super::sign_in::Verified;
use crate::chat::app::App;
use crate::chat::model::admin::Administrator;
use crate::chat::model::audit::AuditAction;
use crate::chat::model::error::{Denial, Error, Result, Rule};
use crate::chat::model::event::{Event, Steering};
use crate::chat::model::id::UserId;
use crate::chat::model::password::Password;
use crate::chat::model::second_factor::{
    CODE_PAUSE, FactorRequirement, FactorSecret, FactorState, MAX_WRONG_CODES, Otp, RECOVERY_CODES, recovery_code,
};
use crate::chat::model::session::Actor;
use crate::chat::model::time::Timestamp;
use crate::chat::model::token::Keys;
use crate::chat::store::second_factors::FactorRow;
use crate::chat::store::{self, Db, Tx, second_factors};

/// What came of a code. A wrong one is written down, and so is no failure of its transaction.
enum Judged {
    Right,
    Wrong,
    /// There were too many wrong ones.
    Resting(Timestamp),
}

impl App {
    /// Whether somebody has a second factor.
    pub fn second_factor(&self, user: UserId) -> Result<FactorState> {
        self.store.read(|db| state(db, user))
    }

    /// Makes a secret for the actor's app. It counts for nothing until a code of it comes.
    pub async fn start_second_factor(&self, actor: &Actor, password: Password) -> Result<FactorSecret> {
        if actor.is_bot {
            return Err(Error::Forbidden(Denial::Bot));
        }
        let confirmed = self.confirm_password_if_any(actor, password).await?;
        let secret = FactorSecret::random();
        let (user, sealed) = (actor.user, secret.sealed(&self.keys.factor_key(), actor.user)?);
        self.authorized(actor)
            .write(move |tx| {
                confirmed.check(tx)?;
                if second_factors::is_on(tx, user)? {
                    return Err(Error::SecondFactorOn);
                }
                second_factors::start(tx, user, &sealed)
            })
            .await?;
        Ok(secret)
    }

    /// Turns it on, by a code of the secret. Returns the recovery codes, which are told this once. Where one is
    /// required, all else that signs its owner in ends: who came in by the password alone was waiting for this code.
    pub async fn confirm_second_factor(&self, actor: &Actor, otp: Option<Otp>) -> Result<Vec<String>> {
        let (user, kept, required, keys) = (actor.user, actor.credential, self.factor_required, self.keys.clone());
        let (codes, hashes): (Vec<_>, Vec<_>) = (0..RECOVERY_CODES).map(|_| recovery_code()).unzip();
        let judged = self.authorized(actor).write(move |tx| {
            let row = second_factors::find(tx, user)?.filter(|row| !row.is_on);
            let row = row.ok_or(Error::Invalid(Rule::NoFactorStarted))?;
            let judged = judge(tx, user, &row, &otp.unwrap_or(Otp::Wrong), &keys)?;
            if matches!(judged, Judged::Right) {
                second_factors::turn_on(tx, user, &hashes)?;
                tx.publish(Event::Steering(Steering::RightsChanged { user }));
                if is_required_of(tx, user, required)? {
                    end_all(tx, user, Some(kept), &keys)?;
                }
            }
            Ok(judged)
        });
        let judged = judged.await?;
        self.hub.settle().await;
        match judged {
            Judged::Right => Ok(codes),
            Judged::Wrong => Err(Error::Invalid(Rule::WrongCode)),
            Judged::Resting(until) => Err(self.resting(until)),
        }
    }

    /// Turns the actor's own off.
    pub async fn end_second_factor(&self, actor: &Actor, password: Password) -> Result<()> {
        let confirmed = self.confirm_password_if_any(actor, password).await?;
        let (user, required) = (actor.user, self.factor_required);
        self.authorized(actor)
            .write(move |tx| {
                confirmed.check(tx)?;
                take_away(tx, user, required).map(drop)
            })
            .await?;
        self.hub.settle().await;
        Ok(())
    }

    /// Takes somebody's away, who lost it.
    pub async fn remove_second_factor(&self, by: &Administrator, user: UserId) -> Result<()> {
        let (by, required) = (by.clone(), self.factor_required);
        self.store
            .write(move |tx| {
                by.check_recovery(tx, user)?;
                let account = store::users::account(tx, user)?.ok_or(Error::NotFound)?;
                refuse_bot(&account.user)?;
                if !take_away(tx, user, required)? {
                    return Err(Error::NotFound);
                }
                audit::note(tx, by.id(), AuditAction::SecondFactorRemoved, account.user.username.as_str(), "")
            })
            .await?;
        self.hub.settle().await;
        Ok(())
    }

    /// Asks whoever has shown their password for the second factor too, if they have one.
    pub async fn check_second_factor(&self, who: Verified, otp: Option<Otp>) -> Result<Verified> {
        let user = who.user();
        if !self.store.read(|db| second_factors::is_on(db, user))? {
            return Ok(who);
        }
        let otp = otp.ok_or(Error::SecondFactorRequired)?;
        let keys = self.keys.clone();
        let judged = self.store.write(move |tx| match second_factors::find(tx, user)? {
            Some(row) => judge(tx, user, &row, &otp, &keys),
            // It was taken away meanwhile.
            None => Ok(Judged::Right),
        });
        match judged.await? {
            Judged::Right => Ok(who.with_second_factor()),
            Judged::Wrong => Err(Error::InvalidCredentials),
            Judged::Resting(until) => Err(self.resting(until)),
        }
    }

    /// Fails if the server asks the actor for a second factor that they do not have.
    pub fn check_factor_of(&self, actor: &Actor) -> Result<()> {
        if self.factor_required.is_missed_by(actor) { Err(Error::SecondFactorMissing) } else { Ok(()) }
    }

    fn resting(&self, until: Timestamp) -> Error {
        let left = until.0.saturating_sub(self.clock.now().0);
        Error::TooOften { retry_after: Duration::from_millis(u64::try_from(left).unwrap_or(0)) }
    }
}

fn state(db: &Db, user: UserId) -> Result<FactorState> {
    let is_on = second_factors::is_on(db, user)?;
    Ok(FactorState { is_on, recovery_codes_left: second_factors::recovery_codes_left(db, user)? })
}

/// Uses a code up, or counts it as a wrong one.
fn judge(tx: &Tx<'_>, user: UserId, row: &FactorRow, otp: &Otp, keys: &Keys) -> Result<Judged> {
    if let Otp::Recovery(hash) = otp
        && row.is_on
        && second_factors::use_recovery_code(tx, user, hash)?
    {
        return Ok(Judged::Right);
    }
    let until = row.wrong_at.plus(CODE_PAUSE);
    // A clock that was set back since ends the pause.
    if row.wrong >= MAX_WRONG_CODES && (row.wrong_at..until).contains(&tx.now) {
        return Ok(Judged::Resting(until));
    }
    let secret = FactorSecret::unsealed(&row.sealed, &keys.factor_key(), user);
    if secret.is_none() {
        tracing::error!(user = user.0, "a second factor does not open by secret.key: only recovery codes sign in");
    }
    match secret.and_then(|secret| otp.step(&secret, tx.now, row.last_step)) {
        Some(step) => {
            second_factors::use_step(tx, user, step)?;
            Ok(Judged::Right)
        }
        None => {
            second_factors::count_wrong(tx, user, MAX_WRONG_CODES)?;
            Ok(Judged::Wrong)
        }
    }
}

/// Whether there was one. Where one is required, its owner's sockets end, since they could not open them now.
fn take_away(tx: &mut Tx<'_>, user: UserId, required: FactorRequirement) -> Result<bool> {
    let was_on = second_factors::delete(tx, user)?;
    if was_on {
        tx.publish(Event::Steering(Steering::RightsChanged { user }));
        restrict(tx, user, required)?;
    }
    Ok(was_on)
}

/// Ends the sockets of somebody who lacks a second factor that is asked of them.
pub(super) fn restrict(tx: &mut Tx<'_>, user: UserId, required: FactorRequirement) -> Result<()> {
    if is_required_of(tx, user, required)? && !second_factors::is_on(tx, user)? {
        tx.publish(Event::Steering(Steering::Restricted { user }));
    }
    Ok(())
}

fn is_required_of(db: &Db, user: UserId, required: FactorRequirement) -> Result<bool> {
    let account = store::users::account(db, user)?;
    Ok(account.is_some_and(|account| required.concerns(account.is_admin, account.user.is_bot)))
}
