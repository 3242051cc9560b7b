//! How it is asked: the list of dialects, and finding the one that answers.
//!
//! A dialect is a folder with a flat table of routes. Each is mounted twice: whole
//! under `/d/<name>/`, and at the root, where all of them together are the union of
//! the documents. This file is the only one that knows them all.

pub mod array;
pub mod auth;
#[cfg(feature = "autobahn")]
mod autobahn;
pub mod backlog;
pub mod base;
pub mod body;
mod directs;
pub mod download;
mod farewell;
pub mod forwarded;
pub mod frame;
mod handshake;
pub mod ice;
mod inbox;
pub mod jwt;
pub mod limit;
pub mod line;
mod manage;
mod messaging;
mod messenger;
pub mod meters;
pub mod metrics;
pub mod openapi;
mod outgoing;
pub mod page;
pub mod reply;
pub mod request;
mod rooms;
pub mod route;
pub mod seen;
pub mod sign_in;
pub mod socket;
pub mod trouble;
pub mod upload;
mod web;
pub mod wire;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use warp::http::Method;

use crate::chat::Chat;
use crate::chat::error::Error;
use base::BasePath;
use ice::Ice;
use limit::{Limits, RateLimits};
use meters::Meters;
use metrics::Since;
use reply::{Failure, Response};
use request::Request;
use route::{Dialect, Route};
use trouble::{Fate, Trouble};

/// The dialects. A sixth is a folder, a `mod` and a line here.
fn dialects() -> Vec<Dialect> {
    vec![
        rooms::dialect(),
        inbox::dialect(),
        messaging::dialect(),
        directs::dialect(),
        messenger::dialect(),
        web::dialect(),
        manage::dialect(),
        #[cfg(feature = "autobahn")]
        autobahn::dialect(),
    ]
}

/// The names of the dialects, as they stand under `/d/`.
#[must_use]
pub fn names() -> Vec<&'static str> {
    names_of(&dialects())
}

fn names_of(dialects: &[Dialect]) -> Vec<&'static str> {
    dialects.iter().map(|dialect| dialect.name).filter(|name| !name.is_empty()).collect()
}

/// The OpenAPI document of the dialect of that name, as it stands under `/d/`; without a
/// name that of everything, as it stands at the root. `None`: there is no such dialect.
#[must_use]
pub fn document(name: Option<&str>) -> Option<serde_json::Value> {
    let dialects = dialects();
    match name {
        None => Some(openapi::whole(&dialects)),
        Some(name) => dialects.iter().find(|dialect| !name.is_empty() && dialect.name == name).map(openapi::of),
    }
}

/// Who may make an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Registration {
    /// Everybody.
    Open,
    /// Whoever has an invitation.
    Invite,
    /// Nobody, but through the command line.
    Closed,
}

/// What the operator decides and the APIs go by.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The origin where people reach the server; absolute links begin with it. `None`: as the request says.
    pub public_url: Option<String>,
    /// The path of that origin below which the server lives.
    pub base_path: BasePath,
    /// Origins beside the server's own whose pages may use it.
    pub cors_origins: Vec<String>,
    /// Every origin's pages may use it. Never on a public address.
    pub any_origin: bool,
    /// Who may make an account.
    pub registration: Registration,
    /// Largest file, in bytes.
    pub max_upload: u64,
    /// Longest message, in characters.
    pub max_message: usize,
    /// How many messages the `directs` socket sends on connect; `None`: all.
    pub ws_history: Option<u32>,
    /// Show nobody's e-mail address to others.
    pub hide_emails: bool,
    /// Hand out tokens for `"oauth":"true"` without a proof. Never on a public address.
    pub insecure_oauth_login: bool,
    /// How long a JWT for requests is good.
    pub jwt_access: Duration,
    /// How long new ones of those can be got without the password.
    pub jwt_refresh: Duration,
    /// What helps calls through NAT.
    pub ice: Ice,
    /// How often who may do what.
    pub limits: RateLimits,
    /// Slowness and refusals, for whoever tries a client out.
    pub trouble: Option<Arc<Trouble>>,
}

/// What every handler works with.
pub struct Context {
    /// The core.
    pub chat: Chat,
    /// The operator's decisions.
    pub settings: Settings,
    /// How often who did what.
    pub limits: Limits,
    /// What is counted.
    pub meters: Meters,
    /// Since when.
    pub since: Since,
    /// The names of the dialects, as they stand under `/d/`.
    pub names: Vec<&'static str>,
}

/// All dialects, mounted.
pub struct Api {
    context: Arc<Context>,
    dialects: Vec<Dialect>,
    router: matchit::Router<Vec<Place>>,
}

/// Where a pattern leads: to one route of one dialect.
#[derive(Clone, Copy)]
struct Place {
    dialect: usize,
    route: usize,
    /// At the root two documents may claim one path, and a guard tells them apart.
    at_root: bool,
}

impl Api {
    /// Mounts every dialect over the core.
    #[must_use]
    pub fn new(chat: Chat, settings: Settings) -> Self {
        base::settle(&settings.base_path);
        let limits = Limits::new(&settings.limits);
        let dialects = dialects();
        let meters = Meters::new(&dialects);
        let context =
            Arc::new(Context { chat, settings, limits, meters, since: Since::now(), names: names_of(&dialects) });
        let router = mount(&dialects);
        Self { context, dialects, router }
    }

    /// What every handler works with.
    #[must_use]
    pub fn context(&self) -> &Arc<Context> {
        &self.context
    }

    /// Whether some dialect has this path, for some method.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        self.router.at(without_slash(path)).is_ok()
    }

    /// Whether an API lives around this path, so that a program asks for it and not a person.
    #[must_use]
    pub fn lives_around(&self, path: &str) -> bool {
        let own = ["/api/", "/d/", "/ws/", "/media/"];
        let prefixes = self.dialects.iter().flat_map(|dialect| dialect.prefixes);
        own.iter().chain(prefixes).any(|prefix| path.starts_with(prefix))
    }

    /// Answers a request, in the dialect whose path it is. A preflight is left in peace: it
    /// would make two chances of failure of one.
    pub async fn answer(&self, request: Request) -> Response {
        let trouble = self.context.settings.trouble.as_ref().filter(|_| request.method != Method::OPTIONS);
        let fate = trouble.map_or(Fate::Answered, |trouble| trouble.fate());
        if fate == Fate::Answered {
            return self.respond(request).await;
        }
        let refusal = self.refuse(&request.path, &Failure::Chat(Error::Busy { retry_after: Duration::ZERO }));
        if fate == Fate::RefusedAfter {
            drop(self.respond(request).await);
        }
        refusal
    }

    /// A failure of whatever was asked at a path, in the words of its dialect.
    #[must_use]
    pub fn refuse(&self, path: &str, failure: &Failure) -> Response {
        let place = self.router.at(without_slash(path)).ok().and_then(|found| found.value.first());
        let render = place.map_or_else(|| self.renderer_of(path), |place| self.dialects[place.dialect].render);
        render(failure)
    }

    async fn respond(&self, mut request: Request) -> Response {
        let Ok(found) = self.router.at(without_slash(&request.path)) else {
            return self.renderer_of(&request.path)(&Failure::NoSuchPath);
        };
        let places = found.value;
        request.params = found.params.iter().map(|(_, value)| request::decode(value)).collect();
        let render = places.first().map_or(DEFAULT_RENDER, |place| self.dialects[place.dialect].render);
        if request.method == Method::OPTIONS {
            return reply::allowed(&self.methods(places));
        }
        match self.choose(places, &request) {
            Some(place) => {
                let dialect = &self.dialects[place.dialect];
                request.seen.found(self.context.meters.number(place.dialect, place.route));
                request.dialect = place.dialect;
                match (dialect.routes[place.route].handle)(request).await {
                    Ok(response) => response,
                    Err(failure) => (dialect.render)(&failure),
                }
            }
            None => render(&Failure::MethodNotAllowed(self.methods(places))),
        }
    }

    /// The first route whose method and guard fit. Where no guard takes the request for its
    /// document's, the first that has the method does: its rival may not be here.
    fn choose(&self, places: &[Place], request: &Request) -> Option<Place> {
        let has_method = |place: &&Place| self.route(**place).answers(&request.method);
        let is_meant = |place: &&Place| !place.at_root || self.route(**place).guard.is_none_or(|guard| guard(request));
        let meant = places.iter().find(|place| has_method(place) && is_meant(place));
        meant.or_else(|| places.iter().find(has_method)).copied()
    }

    fn route(&self, place: Place) -> &Route {
        &self.dialects[place.dialect].routes[place.route]
    }

    fn methods(&self, places: &[Place]) -> Vec<Method> {
        let mut methods: Vec<Method> = Vec::new();
        for place in places {
            for method in self.route(*place).methods() {
                if !methods.contains(&method) {
                    methods.push(method);
                }
            }
        }
        methods
    }

    /// In whose words an unknown path is refused: those of the dialect that lives around it.
    fn renderer_of(&self, path: &str) -> fn(&Failure) -> Response {
        let lives_there = |dialect: &&Dialect| {
            let prefixed = dialect.prefixes.iter().any(|prefix| path.starts_with(prefix));
            prefixed || path.strip_prefix("/d/").is_some_and(|rest| rest.split('/').next() == Some(dialect.name))
        };
        self.dialects.iter().find(lives_there).map_or(DEFAULT_RENDER, |dialect| dialect.render)
    }
}

/// The shape of errors where no dialect is nearer.
const DEFAULT_RENDER: fn(&Failure) -> Response = reply::envelope;

fn mount(dialects: &[Dialect]) -> matchit::Router<Vec<Place>> {
    let mut places: HashMap<String, Vec<Place>> = HashMap::new();
    for (index, dialect) in dialects.iter().enumerate() {
        for (number, route) in dialect.routes.iter().enumerate() {
            let place = Place { dialect: index, route: number, at_root: true };
            if !route.is_below {
                places.entry(pattern(route.pattern)).or_default().push(place);
            }
            if !dialect.name.is_empty() {
                let whole = format!("/d/{}{}", dialect.name, route.pattern);
                places.entry(pattern(&whole)).or_default().push(Place { at_root: false, ..place });
            }
        }
    }
    let mut router = matchit::Router::new();
    for (pattern, places) in places {
        // Two routes whose patterns clash are a mistake in the tables, seen by the first start of any test.
        if let Err(clash) = router.insert(pattern.clone(), places) {
            tracing::error!(pattern, %clash, "a route cannot be reached");
        }
    }
    router
}

/// A pattern with its parameters numbered, since documents name them differently, and
/// without the last slash, since it makes no difference.
fn pattern(route: &str) -> String {
    let mut number = 0;
    let parts = without_slash(route).split('/').map(|part| {
        if part.starts_with('{') {
            number += 1;
            format!("{{p{number}}}")
        } else {
            part.to_owned()
        }
    });
    parts.collect::<Vec<_>>().join("/")
}

fn without_slash(path: &str) -> &str {
    match path.strip_suffix('/') {
        Some("") | None => path,
        Some(rest) => rest,
    }
}

#[cfg(test)]
pub(crate) mod tests;
