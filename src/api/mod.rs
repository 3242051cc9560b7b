//! How it is asked: the list of dialects, and finding the one that answers.
//!
//! A dialect is a folder with a flat table of routes. Each is mounted twice: whole
//! under `/d/<name>/`, and at the root, where all of them together are the union of
//! the documents. This file is the only one that knows them all.

#[cfg(feature = "autobahn")]
mod autobahn;
mod directs;
pub mod http;
mod inbox;
mod messaging;
mod messenger;
mod rooms;
pub mod server;
mod web;
pub mod ws;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use warp::http::Method;

use crate::chat::model::error::Error;
use crate::chat::{App, MAX_CODECS};
use http::context::{Context, Settings};
use http::fault_injection::Fault;
use http::limit::Limits;
use http::meters::{MeteredDialect, Meters, Started};
use http::reply::{ApiError, Response};
use http::request::Request;
use http::route::{Dialect, Route, pattern, without_slash};

/// The dialects. A sixth is a folder, a `mod` and a line here.
fn dialects() -> Vec<Dialect> {
    vec![
        rooms::dialect(),
        inbox::dialect(),
        messaging::dialect(),
        directs::dialect(),
        messenger::dialect(),
        web::dialect(),
        server::dialect(),
        #[cfg(feature = "autobahn")]
        autobahn::dialect(),
    ]
}

/// The names of the dialects, as they stand under `/d/`.
#[must_use]
pub fn names() -> Vec<&'static str> {
    names_of(&dialects())
}

fn counted(dialect: &Dialect) -> MeteredDialect {
    let routes = dialect.routes.iter().map(|route| (route.method.clone(), route.pattern)).collect();
    MeteredDialect { name: dialect.name, routes }
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
        None => Some(http::openapi::whole(&dialects)),
        Some(name) => dialects.iter().find(|dialect| !name.is_empty() && dialect.name == name).map(http::openapi::of),
    }
}

/// All dialects, mounted.
pub struct Api {
    context: Arc<Context>,
    dialects: Vec<Dialect>,
    router: matchit::Router<Vec<RouteRef>>,
}

/// Where a pattern leads: to one route of one dialect.
#[derive(Clone, Copy)]
struct RouteRef {
    dialect: usize,
    route: usize,
    /// At the root two documents may claim one path, and a guard tells them apart.
    at_root: bool,
}

impl Api {
    /// Mounts every dialect over the core.
    #[must_use]
    pub fn new(app: App, settings: Settings) -> Self {
        http::base::settle(&settings.base_path);
        let limits = Limits::new(&settings.limits);
        let dialects = dialects();
        debug_assert!(dialects.len() <= MAX_CODECS, "a dialect has no place for its frames");
        let meters = Meters::new(&dialects.iter().map(counted).collect::<Vec<_>>());
        let context = Arc::new(Context {
            app,
            settings,
            limits,
            meters,
            since: Started::now(),
            names: names_of(&dialects),
            document,
        });
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
        let faults = self.context.settings.faults.as_ref().filter(|_| request.method != Method::OPTIONS);
        let fault = faults.map_or(Fault::Answered, |faults| faults.draw());
        if fault == Fault::Answered {
            return self.respond(request).await;
        }
        let refusal = self.refuse(&request.path, &ApiError::Chat(Error::Busy { retry_after: Duration::ZERO }));
        if fault == Fault::RefusedAfter {
            drop(self.respond(request).await);
        }
        refusal
    }

    /// A failure of whatever was asked at a path, in the words of its dialect.
    #[must_use]
    pub fn refuse(&self, path: &str, failure: &ApiError) -> Response {
        let place = self.router.at(without_slash(path)).ok().and_then(|found| found.value.first());
        let render = place.map_or_else(|| self.renderer_of(path), |place| self.dialects[place.dialect].render);
        render(failure)
    }

    async fn respond(&self, mut request: Request) -> Response {
        let Ok(found) = self.router.at(without_slash(&request.path)) else {
            return self.renderer_of(&request.path)(&ApiError::NoSuchPath);
        };
        let places = found.value;
        request.params = found.params.iter().map(|(_, value)| http::request::decode(value)).collect();
        let render = places.first().map_or(DEFAULT_RENDER, |place| self.dialects[place.dialect].render);
        if request.method == Method::OPTIONS {
            return http::reply::allowed(&self.methods(places));
        }
        match self.choose(places, &request) {
            Some(place) => {
                let dialect = &self.dialects[place.dialect];
                request.trace.found(self.context.meters.number(place.dialect, place.route));
                request.dialect = place.dialect;
                match (dialect.routes[place.route].handle)(request).await {
                    Ok(response) => response,
                    Err(failure) => (dialect.render)(&failure),
                }
            }
            None => render(&ApiError::MethodNotAllowed(self.methods(places))),
        }
    }

    /// The first route whose method and guard fit. Where no guard takes the request for its
    /// document's, the first that has the method does: its rival may not be here.
    fn choose(&self, places: &[RouteRef], request: &Request) -> Option<RouteRef> {
        let has_method = |place: &&RouteRef| self.route(**place).answers(&request.method);
        let is_meant =
            |place: &&RouteRef| !place.at_root || self.route(**place).guard.is_none_or(|guard| guard(request));
        let meant = places.iter().find(|place| has_method(place) && is_meant(place));
        meant.or_else(|| places.iter().find(has_method)).copied()
    }

    fn route(&self, place: RouteRef) -> &Route {
        &self.dialects[place.dialect].routes[place.route]
    }

    fn methods(&self, places: &[RouteRef]) -> Vec<Method> {
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
    fn renderer_of(&self, path: &str) -> fn(&ApiError) -> Response {
        let lives_there = |dialect: &&Dialect| {
            let prefixed = dialect.prefixes.iter().any(|prefix| path.starts_with(prefix));
            prefixed || path.strip_prefix("/d/").is_some_and(|rest| rest.split('/').next() == Some(dialect.name))
        };
        self.dialects.iter().find(lives_there).map_or(DEFAULT_RENDER, |dialect| dialect.render)
    }
}

/// The shape of errors where no dialect is nearer.
const DEFAULT_RENDER: fn(&ApiError) -> Response = http::envelope::envelope;

fn mount(dialects: &[Dialect]) -> matchit::Router<Vec<RouteRef>> {
    let mut places: HashMap<String, Vec<RouteRef>> = HashMap::new();
    for (index, dialect) in dialects.iter().enumerate() {
        for (number, route) in dialect.routes.iter().enumerate() {
            let place = RouteRef { dialect: index, route: number, at_root: true };
            if !route.is_below {
                places.entry(pattern(route.pattern)).or_default().push(place);
            }
            if !dialect.name.is_empty() {
                let whole = format!("/d/{}{}", dialect.name, route.pattern);
                places.entry(pattern(&whole)).or_default().push(RouteRef { at_root: false, ..place });
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

#[cfg(test)]
pub(crate) mod tests;
