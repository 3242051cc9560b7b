//! How it is asked: the list of dialects, and answering by the one that is meant.
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
mod routes;
pub mod server;
mod web;
pub mod ws;

use std::sync::Arc;
use std::time::Duration;

use warp::http::Method;

use crate::api::http::base::BasePath;
use crate::api::http::openapi::published::Documents;
use crate::chat::App;
use crate::chat::model::error::Error;
use crate::chat::pace::counted as paced;
use http::context::{Context, Settings};
use http::fault_injection::Fault;
use http::hook_clients::HookClients;
use http::limit::Limits;
use http::meters::{MeteredDialect, Meters, Started};
use http::mount::Mount;
use http::reply::{Answer, ApiError, Response};
use http::request::Request;
use http::route::Dialect;
pub use routes::Routes;
use routes::{DEFAULT_RENDER, RouteRef};

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

/// Every route of every dialect.
pub fn all_routes() -> Routes {
    Routes::new(dialects())
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
    routes: Arc<Routes>,
}

impl Api {
    /// Lets the routes lead into a core.
    pub fn new(app: App, settings: Settings, routes: impl Into<Arc<Routes>>) -> Self {
        let routes = routes.into();
        let limits = Limits::new(&settings.limits);
        let meters = Meters::new(&routes.dialects.iter().map(counted).collect::<Vec<_>>());
        let context = Arc::new(Context {
            app,
            hook_clients: HookClients::new(&settings.hook_allow),
            settings,
            limits,
            meters,
            since: Started::now(),
            names: names_of(&routes.dialects),
            documents: Documents::new(document),
        });
        Self { context, routes }
    }

    /// Begins what the dialects do without being asked, until the core is closed.
    pub fn begin(&self) {
        self.routes.dialects.iter().for_each(|dialect| (dialect.begin)(&self.context));
    }

    pub fn routes(&self) -> &Arc<Routes> {
        &self.routes
    }

    /// What every handler works with.
    pub fn context(&self) -> &Arc<Context> {
        &self.context
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
        let place = self.routes.find(path).ok().and_then(|found| found.value.first());
        let render = place.map_or_else(|| self.routes.renderer_of(path), |place| self.routes.renderer(*place));
        render(failure)
    }

    async fn respond(&self, mut request: Request) -> Response {
        let Ok(found) = self.routes.find(&request.path) else {
            return self.routes.renderer_of(&request.path)(&ApiError::NoSuchPath);
        };
        let places = found.value;
        request.params = found.params.iter().map(|(_, value)| http::request::decode(value)).collect();
        let render = places.first().map_or(DEFAULT_RENDER, |place| self.routes.renderer(*place));
        if request.method == Method::OPTIONS {
            return http::reply::allowed(&self.routes.methods(places));
        }
        match self.routes.choose(places, &request) {
            Some(place) => {
                request.trace.found(self.context.meters.number(place.dialect, place.route));
                (request.dialect, request.codec) = (place.dialect, place.codec);
                match self.handle(place, request).await {
                    Ok(response) => response,
                    Err(failure) => self.routes.renderer(place)(&failure),
                }
            }
            None => render(&ApiError::MethodNotAllowed(self.routes.methods(places))),
        }
    }

    async fn handle(&self, place: RouteRef, mut request: Request) -> Answer {
        request.named = http::auth::named_by_proxy(&request).await?;
        let trace = Arc::clone(&request.trace);
        let (answer, usage) = paced((self.routes.route(place).handle)(request)).await;
        usage.into_iter().for_each(|usage| trace.counted(usage));
        answer
    }
}

#[cfg(test)]
pub(crate) mod tests;
