//! Who asks: six people, each with every kind of credential, and what was theirs
//! before it was revoked.

use std::cell::{Cell, RefCell};

use reqwest::Method;
use serde_json::json;

use super::matrix::{Role, Row};
use crate::world::caller::{Ask, Credential, Session};
use crate::world::socket::Handshake;
use crate::world::{Caller, Fireside, Person};

/// The kinds of credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Device,
    Account,
    Jwt,
    Cookie,
}

pub const KINDS: [Kind; 4] = [Kind::Device, Kind::Account, Kind::Jwt, Kind::Cookie];

/// One credential, and whether another site's page shows it.
#[derive(Clone, Debug)]
pub struct Visitor {
    caller: Caller,
    bearer: Option<String>,
    is_forged: bool,
}

impl Visitor {
    fn of(caller: Caller) -> Self {
        Self { caller, bearer: None, is_forged: false }
    }

    pub fn asks(&self, method: Method, path: &str) -> Ask {
        let mut ask = self.caller.asks(method, path);
        if let Some(jwt) = &self.bearer {
            ask = ask.with("Authorization", &format!("Bearer {jwt}"));
        }
        if self.is_forged { ask.with("Origin", "https://evil.example") } else { ask }
    }

    pub fn handshake(&self, path: &str) -> Handshake {
        let mut handshake = self.caller.handshake(path);
        if let Some(jwt) = &self.bearer {
            handshake = handshake.with_query(&format!("token={jwt}"));
        }
        if self.is_forged { handshake.with("Origin", "https://evil.example") } else { handshake }
    }
}

/// A person, and all that opens doors to them.
pub struct Actor {
    pub person: Person,
    pub account: String,
    pub access: String,
    pub refresh: String,
    pub session: Session,
}

impl Actor {
    pub async fn of(person: Person) -> Self {
        let word = |answer: &serde_json::Value, name: &str| answer[name].as_str().unwrap().to_owned();
        let account = word(&person.get("/api/token/").await.is(200).json(), "token");
        let login = json!({"username": person.username, "password": person.password});
        let anyone = person.showing(Credential::Nothing);
        let jwts = anyone.post("/accounts/api/token/", &login).await.is(200).json();
        let session = person.signs_in_by_page().await;
        Self { account, access: word(&jwts, "access"), refresh: word(&jwts, "refresh"), session, person }
    }

    pub fn with(&self, kind: Kind) -> Visitor {
        let shows = |credential| Visitor::of(self.person.showing(credential));
        match kind {
            Kind::Device => shows(Credential::Token(self.person.token.clone())),
            Kind::Account => shows(Credential::Token(self.account.clone())),
            Kind::Jwt => Visitor { bearer: Some(self.access.clone()), ..shows(Credential::Nothing) },
            Kind::Cookie => shows(Credential::Session(self.session.clone())),
        }
    }

    /// What another site can make this person's browser do.
    pub fn forged(&self) -> Visitor {
        let caller = self.person.showing(Credential::BareCookie(self.session.clone()));
        Visitor { is_forged: true, ..Visitor::of(caller) }
    }
}

/// Alice's chats have bob, who says something, and erin as members; carol was one,
/// dave and frank never were.
pub struct Cast {
    pub fireside: Fireside,
    pub alice: Actor,
    pub bob: Actor,
    pub carol: Actor,
    pub dave: Actor,
    pub erin: Actor,
    pub frank: Actor,
    /// Alice's credentials of every kind before she signed out.
    pub revoked: Vec<Visitor>,
    pub revoked_refresh: String,
    guests: Cell<usize>,
    /// Bob's sessions of the latest scenes: of more than twenty, his oldest would end.
    pub devices: RefCell<Vec<i64>>,
}

impl Cast {
    pub async fn gathers() -> Self {
        let pushes = ["--push", "on", "--push-contact", "mailto:ann@example.org", "--push-allow", "127.0.0.1"];
        let fireside = Fireside::start_with(&[&pushes[..], &["--hook-allow", "127.0.0.1"]].concat()).await;
        let before = Actor::of(fireside.registers("alice").await).await;
        let mut revoked: Vec<Visitor> = KINDS.map(|kind| before.with(kind)).into();
        before.person.does("/api/auth/logout-all/").await.is(204);
        for (kind, door) in [(Kind::Device, "/api/auth/logout/"), (Kind::Cookie, "/logout/")] {
            let once = Actor::of(before.person.signs_in_again().await).await;
            once.with(kind).asks(Method::POST, door).with("Accept", "application/json").await;
            revoked.push(once.with(kind));
        }
        let alice = Actor::of(before.person.signs_in_again().await).await;
        Self {
            alice,
            bob: Actor::of(fireside.registers("bob").await).await,
            carol: Actor::of(fireside.registers("carol").await).await,
            dave: Actor::of(fireside.registers("dave").await).await,
            erin: Actor::of(fireside.registers("erin").await).await,
            frank: Actor::of(fireside.registers("frank").await).await,
            revoked,
            revoked_refresh: before.refresh,
            guests: Cell::new(0),
            devices: RefCell::default(),
            fireside,
        }
    }

    /// From now on alice administers the server.
    pub async fn alice_administers(&self) {
        self.fireside.home.runs(&["user", "admin", "alice"], "").await.succeeded();
    }

    pub fn everybody(&self) -> [&Actor; 6] {
        [&self.alice, &self.bob, &self.carol, &self.dave, &self.erin, &self.frank]
    }

    /// Who plays a role of a person.
    pub fn actor(&self, role: Role) -> &Actor {
        match role {
            Role::Outsider => &self.dave,
            Role::Member => &self.erin,
            Role::Author => &self.bob,
            Role::Admin => &self.alice,
            Role::Removed => &self.carol,
            Role::Anon | Role::Revoked | Role::Xsite => panic!("{role:?} is nobody"),
        }
    }

    /// Every way in which a role may show itself in a row.
    pub fn visitors(&self, role: Role, row: &Row, is_public: bool) -> Vec<Visitor> {
        match role {
            Role::Anon => vec![Visitor::of(self.fireside.anyone())],
            Role::Revoked => self.revoked.clone(),
            Role::Xsite => vec![self.actor(victim(row, is_public)).forged()],
            _ => KINDS.map(|kind| self.actor(role).with(kind)).into(),
        }
    }

    /// A name that nobody has yet.
    pub fn new_name(&self) -> String {
        let number = self.guests.get();
        self.guests.set(number + 1);
        format!("guest{number}")
    }

    /// Somebody new, to be used up.
    pub async fn guest(&self) -> Actor {
        Actor::of(self.fireside.registers(&self.new_name()).await).await
    }
}

/// Who loses most if another site may ask in their name.
pub fn victim(row: &Row, is_public: bool) -> Role {
    [Role::Author, Role::Admin, Role::Member, Role::Outsider]
        .into_iter()
        .find(|role| row.applies_to(*role) && row.expected(*role, is_public) < 400)
        .unwrap_or(Role::Outsider)
}
