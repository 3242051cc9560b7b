//! People, and what signs them in.

use super::world::World;
use crate::chat::app::App;
use crate::chat::model::error::{Error, Result};
use crate::chat::model::id::UserId;
use crate::chat::model::session::{Actor, Family};
use crate::chat::model::time::Timestamp;
use crate::chat::model::token::Token;

/// Somebody.
pub(super) struct Person {
    pub id: UserId,
    pub name: &'static str,
    /// `None`: nobody knows which of two it is.
    pub password: Option<String>,
    /// A change of the password is under way.
    pub is_changing: bool,
    /// How many acts that end credentials were begun.
    pub endings: usize,
    /// How many of them are under way.
    pub ending_now: usize,
}

/// What is known of a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    Live,
    /// An act that ends it was begun.
    Ending,
    /// An act that ends it was answered.
    Dead,
    /// Nobody was answered.
    Unknown,
}

/// What somebody shows to be let in.
#[derive(Clone)]
pub(super) enum Secret {
    /// A device's token, or the key of a browser's session.
    Token(Token),
    /// JWTs of this family, whose signature is right: the rest is the core's to say.
    Family(Family),
}

impl Secret {
    /// Whom it signs in.
    pub fn actor(&self, app: &App) -> Result<Actor> {
        match self {
            Self::Token(token) => app.authenticate(token.as_str()),
            Self::Family(family) => app.actor_of_family(*family),
        }
    }
}

pub(super) struct Login {
    pub person: usize,
    pub secret: Secret,
    pub life: Life,
    /// When its time is over, by what is stored.
    pub until: Option<Timestamp>,
    /// Its time was over once: it may be gone although the clock was set back since.
    pub was_over: bool,
}

impl World {
    /// Whom a login signs in now; `None`: nobody, as it should be.
    pub fn ask(&mut self, app: &App, login: usize) -> Result<Option<Actor>, String> {
        let now = Timestamp(self.now());
        let at = &self.logins[login];
        let is_over = at.until.is_some_and(|until| now >= until);
        match at.secret.actor(app) {
            Ok(_) if is_over => Err(format!("login {login} is over its time, and is let in")),
            Ok(actor) => Ok(Some(actor)),
            Err(Error::CredentialRevoked) if is_over => {
                self.note(format!("login {login} is over its time"));
                Ok(None)
            }
            Err(error) if at.life == Life::Live && !at.was_over => Err(format!("login {login} is live, but: {error}")),
            Err(_) => Ok(None),
        }
    }

    /// One of somebody's logins that is live, and whom it signs in.
    pub fn ask_somehow(&mut self, app: &App, person: usize) -> Result<Option<(usize, Actor)>, String> {
        let live = self.logins_of(person, Life::Live);
        let Some(login) = self.dice.pick(&live).copied() else { return Ok(None) };
        Ok(self.ask(app, login)?.map(|actor| (login, actor)))
    }

    /// The logins of somebody that something is known of.
    pub fn logins_of(&self, person: usize, life: Life) -> Vec<usize> {
        let all = self.logins.iter().enumerate();
        all.filter(|(_, login)| login.person == person && login.life == life).map(|(index, _)| index).collect()
    }
}
