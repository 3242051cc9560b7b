//! Which route a path leads to: the tables of all dialects, each mounted where it stands.

use std::any::TypeId;
use std::collections::HashMap;

use warp::http::Method;

use super::http::envelope::envelope;
use super::http::mount::Mount;
use super::http::reply::{ApiError, Response};
use super::http::request::Request;
use super::http::route::{Dialect, Mounted, Route, pattern, without_slash};
use crate::chat::MAX_CODECS;

/// The routes of every dialect, and the way to each. They are the same for every server.
pub struct Routes {
    pub(super) dialects: Vec<Dialect>,
    router: matchit::Router<Vec<RouteRef>>,
}

/// Where a pattern leads: to one route of one dialect.
#[derive(Clone, Copy)]
pub(super) struct RouteRef {
    pub dialect: usize,
    pub route: usize,
    /// At the root two documents may claim one path, and a guard tells them apart.
    at_root: bool,
    /// Whether it fails as the dialect's own client reads it.
    is_clients: bool,
    /// The number of its codec, if it is a socket's.
    pub codec: usize,
}

/// The shape of errors where no dialect is nearer.
pub(super) const DEFAULT_RENDER: fn(&ApiError) -> Response = envelope;

impl Routes {
    /// Mounts every dialect.
    #[must_use]
    pub fn new(dialects: Vec<Dialect>) -> Self {
        let codecs = codecs(&dialects);
        debug_assert!(codecs.len() <= MAX_CODECS, "a codec has no place for its frames");
        let router = mount(&dialects, &codecs);
        Self { dialects, router }
    }

    /// Whether some dialect has this path, for some method.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        self.find(path).is_ok()
    }

    pub(super) fn find<'a>(
        &'a self,
        path: &'a str,
    ) -> Result<matchit::Match<'a, 'a, &'a Vec<RouteRef>>, matchit::MatchError> {
        self.router.at(without_slash(path))
    }

    /// Whether an API lives around this path, so that a program asks for it and not a person.
    #[must_use]
    pub fn lives_around(&self, path: &str) -> bool {
        let own = ["/api/", "/c/", "/d/", "/ws/", "/media/"];
        let prefixes = self.dialects.iter().flat_map(|dialect| dialect.prefixes);
        own.iter().chain(prefixes).any(|prefix| path.starts_with(prefix))
    }

    pub(super) fn renderer(&self, place: RouteRef) -> fn(&ApiError) -> Response {
        self.dialects[place.dialect].renderer(place.is_clients)
    }

    /// The first route whose method and guard fit. Where no guard takes the request for its
    /// document's, the first that has the method does: its rival may not be here.
    pub(super) fn choose(&self, places: &[RouteRef], request: &Request) -> Option<RouteRef> {
        let has_method = |place: &&RouteRef| self.route(**place).answers(&request.method);
        let is_meant =
            |place: &&RouteRef| !place.at_root || self.route(**place).guard.is_none_or(|guard| guard(request));
        let meant = places.iter().find(|place| has_method(place) && is_meant(place));
        meant.or_else(|| places.iter().find(has_method)).copied()
    }

    pub(super) fn route(&self, place: RouteRef) -> &Route {
        self.dialects[place.dialect].route(place.route)
    }

    pub(super) fn methods(&self, places: &[RouteRef]) -> Vec<Method> {
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
    pub(super) fn renderer_of(&self, path: &str) -> fn(&ApiError) -> Response {
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

/// What makes the frames of all sockets, each once: the number of one is its place beside an event.
pub(super) fn codecs(dialects: &[Dialect]) -> Vec<TypeId> {
    let mut codecs = Vec::new();
    for codec in dialects.iter().flat_map(Dialect::all_routes).filter_map(|route| route.codec) {
        if !codecs.contains(&codec) {
            codecs.push(codec);
        }
    }
    codecs
}

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
