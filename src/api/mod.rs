//! How it is asked: the list of dialects, and finding the one that answers.
//!
//! A dialect is a folder with a flat table of routes. Each is mounted three times: whole
//! under `/d/<name>/`; under `/c/<name>/` as its own client calls it; and at the root, where
//! all of them together are the union of the documents. This file is the only one that knows
//! them all.

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

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use warp::http::Method;

use crate::api::http::base::BasePath;
use crate::api::http::openapi::published::Documents;
use crate::chat::model::error::Error;
use crate::chat::pace::counted as paced;
use crate::chat::{App, MAX_CODECS};
use http::context::{Context, Settings};
use http::fault_injection::Fault;
use http::hook_clients::HookClients;
use http::limit::Limits;
use http::meters::{MeteredDialect, Meters, Started};
use http::mount::Mount;
use http::reply::{Answer, ApiError, Response};
use http::request::Request;
use http::route::{Dialect, Mounted, Route, pattern, without_slash};

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
pub fn names() -> Vec<&'static str> {
    names_of(&dialects())
}

fn counted(dialect: &Dialect) -> MeteredDialect {
    let place = |number| if number < dialect.routes.len() { String::new() } else { Mount::Client.prefix(dialect.name) };
    let routes = dialect.all_routes().enumerate();
    let routes = routes.map(|(number, route)| (route.method.clone(), place(number) + route.pattern)).collect();
    MeteredDialect { name: dialect.name, routes }
}

/// What makes the frames of all sockets, each once: the number of one is its place beside an event.
fn codecs(dialects: &[Dialect]) -> Vec<TypeId> {
    let mut codecs = Vec::new();
    for codec in dialects.iter().flat_map(Dialect::all_routes).filter_map(|route| route.codec) {
        if !codecs.contains(&codec) {
            codecs.push(codec);
        }
    }
    codecs
}

fn names_of(dialects: &[Dialect]) -> Vec<&'static str> {
    dialects.iter().map(|dialect| dialect.name).filter(|name| !name.is_empty()).collect()
}

/// The OpenAPI document of the dialect of that name, as it is mounted there; at the root that of
/// everything, whatever the name. `None`: there is no such dialect.
pub fn document(mount: Mount, name: &str, base: &BasePath) -> Option<serde_json::Value> {
    let dialects = dialects();
    if mount == Mount::Root {
        return Some(http::openapi::whole(&dialects, base));
    }
    let dialect = dialects.iter().find(|dialect| !name.is_empty() && dialect.name == name)?;
    Some(http::openapi::of(dialect, mount, base))
}

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
    /// Whether it fails as the dialect's own client reads it.
    is_clients: bool,
    /// The number of its codec, if it is a socket's.
    codec: usize,
}

impl Api {
    /// Mounts every dialect over the core.
    pub fn new(app: App, settings: Settings) -> Self {
        let limits = Limits::new(&settings.limits);
        let dialects = dialects();
        let codecs = codecs(&dialects);
        debug_assert!(codecs.len() <= MAX_CODECS, "a codec has no place for its frames");
        let meters = Meters::new(&dialects.iter().map(counted).collect::<Vec<_>>());
        let context = Arc::new(Context {
            app,
            hook_clients: HookClients::new(&settings.hook_allow),
            settings,
            limits,
            meters,
            since: Started::now(),
            names: names_of(&dialects),
            documents: Documents::new(document),
        });
        let router = mount(&dialects, &codecs);
        Self { context, dialects, router }
    }

    /// Begins what the dialects do without being asked, until the core is closed.
    pub fn begin(&self) {
        self.dialects.iter().for_each(|dialect| (dialect.begin)(&self.context));
    }

    /// What every handler works with.
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
        let own = ["/api/", "/c/", "/d/", "/ws/", "/media/"];
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
    pub fn refuse(&self, path: &str, failure: &ApiError) -> Response {
        let place = self.router.at(without_slash(path)).ok().and_then(|found| found.value.first());
        let render = place.map_or_else(|| self.renderer_of(path), |place| self.renderer(*place));
        render(failure)
    }

    fn renderer(&self, place: RouteRef) -> fn(&ApiError) -> Response {
        self.dialects[place.dialect].renderer(place.is_clients)
    }

    async fn respond(&self, mut request: Request) -> Response {
        let Ok(found) = self.router.at(without_slash(&request.path)) else {
            return self.renderer_of(&request.path)(&ApiError::NoSuchPath);
        };
        let places = found.value;
        request.params = found.params.iter().map(|(_, value)| http::request::decode(value)).collect();
        let render = places.first().map_or(DEFAULT_RENDER, |place| self.renderer(*place));
        if request.method == Method::OPTIONS {
            return http::reply::allowed(&self.methods(places));
        }
        match self.choose(places, &request) {
            Some(place) => {
                request.trace.found(self.context.meters.number(place.dialect, place.route));
                (request.dialect, request.codec) = (place.dialect, place.codec);
                match self.handle(place, request).await {
                    Ok(response) => response,
                    Err(failure) => self.renderer(place)(&failure),
                }
            }
            None => render(&ApiError::MethodNotAllowed(self.methods(places))),
        }
    }

    async fn handle(&self, place: RouteRef, mut request: Request) -> Answer {
        request.named = http::auth::named_by_proxy(&request).await?;
        let trace = Arc::clone(&request.trace);
        let (answer, usage) = paced((self.route(place).handle)(request)).await;
        usage.into_iter().for_each(|usage| trace.counted(usage));
        answer
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
        self.dialects[place.dialect].route(place.route)
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
        let is_below = |dialect: &Dialect, mount: Mount| {
            let rest = path.strip_prefix(&mount.prefix(dialect.name));
            !dialect.name.is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let renderer = |dialect: &Dialect| {
            let is_clients = is_below(dialect, Mount::Client);
            let is_its = is_clients || is_below(dialect, Mount::Document);
            let lives_there = is_its || dialect.prefixes.iter().any(|prefix| path.starts_with(prefix));
            lives_there.then(|| dialect.renderer(is_clients))
        };
        self.dialects.iter().find_map(renderer).unwrap_or(DEFAULT_RENDER)
    }
}

/// The shape of errors where no dialect is nearer.
const DEFAULT_RENDER: fn(&ApiError) -> Response = http::envelope::envelope;

fn mount(dialects: &[Dialect], codecs: &[TypeId]) -> matchit::Router<Vec<RouteRef>> {
    let mut places: HashMap<String, Vec<RouteRef>> = HashMap::new();
    for (index, dialect) in dialects.iter().enumerate() {
        for mount in Mount::ALL {
            let prefix = mount.prefix(dialect.name);
            for Mounted { route, number, is_clients } in dialect.mounted(mount) {
                let codec = route.codec.and_then(|codec| codecs.iter().position(|other| *other == codec));
                let place = RouteRef {
                    dialect: index,
                    route: number,
                    at_root: mount == Mount::Root,
                    is_clients,
                    codec: codec.unwrap_or(MAX_CODECS),
                };
                places.entry(pattern(&format!("{prefix}{}", route.pattern))).or_default().push(place);
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
