//! Bots: accounts of programs. A token signs one in, and nothing else does.

use super::{audit, register, session};
use crate::chat::app::App;
use crate::chat::hasher::no_password;
use crate::chat::model::admin::Administrator;
use crate::chat::model::audit::AuditAction;
use crate::chat::model::bot::{Bot, BotMakers, MAX_BOTS, MAX_PROGRAMS, NewBot};
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
                if !is_administrator(tx, &by)? {
                    note_maker(tx, bot, &by)?;
                }
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
                audit::note(tx, by.id(), AuditAction::BotDeleted, bot.user.username.as_str(), "")?;
                end(tx, id, &keys)?;
                store::bots::delete(tx, id)
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

/// Writes down who made a program: of what a bot makes, whoever made the bot. Whoever makes another as often as one
/// has ended would have accounts without end, and a share of the disk for each.
pub(in crate::chat) fn note_maker(tx: &Tx<'_>, program: UserId, by: &Administrator) -> Result<()> {
    let Some(maker) = by.id() else { return Ok(()) };
    let maker = store::bots::maker(tx, maker)?.unwrap_or(maker);
    if store::bots::count_made(tx, maker)? >= i64::from(MAX_PROGRAMS) {
        return Err(Error::LimitReached { what: "bots and hooks, ended ones among them", max: MAX_PROGRAMS });
    }
    store::bots::set_maker(tx, program, maker)
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

fn is_live(tx: &Tx<'_>, by: &Administrator) -> Result<bool> {
    match by {
        Administrator::CommandLine => Ok(true),
        Administrator::Admin(actor) => store::credentials::is_live(tx, actor.credential, tx.now),
    }
}

#[cfg(test)]
mod tests {
    use crate::chat::Durability;
    use crate::chat::app::{App, Config};
    use crate::chat::model::admin::Administrator;
    use crate::chat::model::bot::{BotMakers, MAX_PROGRAMS, NewBot};
    use crate::chat::model::error::Error;
    use crate::chat::model::name::Username;
    use crate::chat::tests::{group, person};

    /// Accounts of programs that have ended, as if somebody had made so many of them.
    async fn have_ended(app: &App, maker: i64, count: u32) {
        let rows = format!(
            "WITH RECURSIVE n(n) AS (SELECT 1001 UNION ALL SELECT n + 1 FROM n WHERE n < 1000 + {count})
             INSERT INTO users (id, username, username_key, email, password_hash, display_name, search_key, token_nonce,
                                created_at, is_bot, is_disabled)
             SELECT n, 'p' || n, 'p' || n, '', '', 'p', 'p' || n || ' p', x'', 0, 1, 1 FROM n;
             INSERT INTO program_makers SELECT id, {maker} FROM users WHERE id > 1000;"
        );
        app.store.write(move |tx| Ok(tx.execute_batch(&rows)?)).await.expect("ended programs");
    }

    #[tokio::test]
    async fn one_person_makes_so_many_programs_and_no_more_even_if_all_have_ended() {
        let folder = tempfile::tempdir().expect("a folder");
        let app = App::open(Config { durability: Durability::Normal, ..Config::of(folder.path()) }).expect("opened");
        let (alice, bob) = (person(&app, "alice").await, person(&app, "bob").await);
        let (hers, his) = (Administrator::Admin(alice.clone()), Administrator::Admin(bob.clone()));
        let den = group(&app, &alice, &[]).await;
        have_ended(&app, alice.user.0, MAX_PROGRAMS - 1).await;
        let (hook, _) = app.create_hook(&hers, den, "last".into(), None).await.expect("the last");
        app.delete_hook(&hers, den, hook.id).await.expect("ended");
        let more = app.create_hook(&hers, den, "more".into(), None).await;
        assert!(matches!(more, Err(Error::LimitReached { max: MAX_PROGRAMS, .. })), "{more:?}");
        let bot = |name| NewBot { username: Username::parse(name).expect("a name"), display_name: None };
        let more = app.create_bot(&hers, bot("more"), BotMakers::Everybody).await;
        assert!(matches!(more, Err(Error::LimitReached { max: MAX_PROGRAMS, .. })), "{more:?}");
        app.create_bot(&his, bot("his"), BotMakers::Everybody).await.expect("somebody else's");
        app.create_hook(&Administrator::CommandLine, den, "ops".into(), None).await.expect("the operator's");
    }
}
