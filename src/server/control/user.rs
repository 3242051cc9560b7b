//! Commands about accounts.

use serde::{Deserialize, Serialize};

use super::{Link, Outcome, account, failed, token};
use crate::chat::App;
use crate::chat::model::admin::{Administrator, UserChange};
use crate::chat::model::error::Error;
use crate::chat::model::identity::Identity;
use crate::chat::model::name::rule::Violation;
use crate::chat::model::name::{Email, Username};
use crate::chat::model::page::Page;
use crate::chat::model::password::Password;
use crate::chat::model::second_factor::FactorState;
use crate::chat::model::user::{Account, NewUser};

/// Sessions that are listed at most: more than anybody may have.
const MAX_LISTED: u32 = 1_000;

/// What an operator asks for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    Create {
        username: String,
        /// Its address, if any.
        email: Option<String>,
        password: String,
        /// Whether it may administer the server.
        admin: bool,
    },
    /// Set a password and end all of that user's sessions.
    SetPassword {
        username: String,
        password: String,
    },
    /// Make a link that sets a password.
    ResetLink {
        username: String,
    },
    /// Disable or enable, make an admin or not.
    Change {
        username: String,
        /// May not sign in; `None` leaves it.
        is_disabled: Option<bool>,
        /// May administer; `None` leaves it.
        is_admin: Option<bool>,
    },
    /// What signs somebody in.
    Sessions {
        username: String,
    },
    /// End all of that.
    EndSessions {
        username: String,
    },
    /// Whether somebody has a second factor.
    SecondFactor {
        username: String,
        /// Take it away.
        remove: bool,
    },
    /// Link an account at a provider, or unlink it.
    Link {
        username: String,
        /// Who vouches.
        issuer: String,
        /// For whom; `None` unlinks.
        subject: Option<String>,
    },
    List,
}

/// An account in a list.
#[derive(Debug, Serialize, Deserialize)]
pub struct UserLine {
    pub id: i64,
    pub username: String,
    /// Its address, or `""`.
    pub email: String,
    /// What others see.
    pub display_name: String,
    /// May administer the server.
    pub is_admin: bool,
    /// Cannot sign in.
    pub is_disabled: bool,
}

impl From<Account> for UserLine {
    fn from(account: Account) -> Self {
        Self {
            id: account.user.id.0,
            username: account.user.username.to_string(),
            email: account.email,
            display_name: account.user.display_name,
            is_admin: account.is_admin,
            is_disabled: account.is_disabled,
        }
    }
}

pub(super) async fn execute(app: &App, base: Option<&str>, command: Command) -> Result<Outcome, String> {
    let by = Administrator::CommandLine;
    match command {
        Command::List => {
            let users = app.accounts().map_err(failed)?;
            Ok(Outcome::Users(users.into_iter().map(UserLine::from).collect()))
        }
        Command::Create { username, email, password, admin } => {
            let made = app.create_user(new_user(&username, email.as_deref(), &password, admin)?).await;
            Ok(Outcome::Users(vec![UserLine::from(made.map_err(failed)?)]))
        }
        Command::SetPassword { username, password } => {
            let password = Password::parse(&password).map_err(|Violation(sentence)| sentence)?;
            let user = account(app, &username)?.user.id;
            app.set_password(user, password).await.map_err(failed)?;
            Ok(Outcome::Done)
        }
        Command::ResetLink { username } => {
            let user = account(app, &username)?.user.id;
            let (code, expires_at) = app.create_reset(&by, user).await.map_err(failed)?;
            Ok(Outcome::Link(Link {
                base: base.map(str::to_owned),
                page: "reset".into(),
                code: code.as_str().to_owned(),
                expires_at: expires_at.to_string(),
            }))
        }
        Command::Change { username, is_disabled, is_admin } => {
            let user = account(app, &username)?.user.id;
            let changed = app.change_user(&by, user, UserChange { is_disabled, is_admin }).await;
            Ok(Outcome::Users(vec![UserLine::from(changed.map_err(failed)?.account)]))
        }
        Command::Sessions { username } => {
            let page = Page { number: 1, size: MAX_LISTED };
            let sessions = app.sessions_of(account(app, &username)?.user.id, page).map_err(failed)?;
            Ok(Outcome::Sessions(sessions.items.into_iter().map(token::TokenLine::from).collect()))
        }
        Command::SecondFactor { username, remove } => {
            let user = account(app, &username)?.user.id;
            let FactorState { is_on, recovery_codes_left } = app.second_factor(user).map_err(failed)?;
            if remove && is_on {
                app.remove_second_factor(&by, user).await.map_err(failed)?;
            }
            Ok(Outcome::SecondFactor { is_on, recovery_codes_left })
        }
        Command::Link { username, issuer, subject } => link(app, &username, issuer, subject).await,
        Command::EndSessions { username } => {
            app.end_sessions_of(&by, account(app, &username)?.user.id).await.map_err(failed)?;
            Ok(Outcome::Done)
        }
    }
}

async fn link(app: &App, login: &str, issuer: String, subject: Option<String>) -> Result<Outcome, String> {
    let user = account(app, login)?.user.id;
    let done = match subject {
        Some(subject) => {
            let identity = Identity::exported(user, &issuer, &subject).map_err(|Violation(sentence)| sentence)?;
            app.link_for(user, identity).await
        }
        None => match app.unlink_for(user, issuer.clone()).await {
            Err(Error::NotFound) => return Err(format!("{login} is not linked to {issuer}")),
            done => done,
        },
    };
    done.map(|()| Outcome::Done).map_err(failed)
}

fn new_user(username: &str, email: Option<&str>, password: &str, is_admin: bool) -> Result<NewUser, String> {
    let wrong = |Violation(sentence)| sentence;
    Ok(NewUser {
        username: Username::parse(username).map_err(wrong)?,
        email: email.map(Email::parse).transpose().map_err(wrong)?,
        password: Password::parse(password).map_err(wrong)?,
        display_name: None,
        is_admin,
    })
}
