//! Tables of routes: what a dialect is made of, and where it is mounted.

use std::any::TypeId;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use warp::http::Method;

use super::auth;
use super::context::Context;
use super::envelope::{envelope, envelope_shape};
use super::limit::Rate;
use super::mount::Mount;
use super::openapi::doc::{Document, ErrorShape};
use super::reply::{Answer, ApiError, Response};
use super::request::Request;
use crate::chat::model::session::Actor;

type HandlerFuture = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// One chat system's API.
pub struct Dialect {
    /// Its name under `/d/`.
    pub name: &'static str,
    /// Every path and method of its document.
    pub routes: Vec<Route>,
    /// Its errors: one exhaustive match.
    pub render: fn(&ApiError) -> Response,
    /// What `render` makes, for the document.
    pub errors: ErrorShape,
    /// Paths around which unknown ones are refused in its words.
    pub prefixes: &'static [&'static str],
    /// What its own client calls beside the document or otherwise. `None`: the same.
    pub client: Option<ClientLayer>,
    /// Begins what it does without being asked, until the core is closed.
    pub begin: fn(&Arc<Context>),
}

/// A dialect as its own client calls it, where that differs from its document.
pub struct ClientLayer {
    /// What the document has not, and what takes the place of its route with the same method and path.
    pub routes: Vec<Route>,
    /// The failures of everything below `/c/<name>/`, as that client reads them.
    pub render: fn(&ApiError) -> Response,
    /// What `render` makes, for the document.
    pub errors: ErrorShape,
    /// These routes stand at the root, too: their client knows no path below its host.
    pub is_at_root: bool,
}

/// A route where it stands.
#[derive(Clone, Copy)]
pub(in crate::api) struct Mounted<'a> {
    pub route: &'a Route,
    /// Its number among all routes of its dialect.
    pub number: usize,
    /// Whether the client's layer renders its failures.
    pub is_clients: bool,
}

impl Dialect {
    /// One whose own client calls what its document says.
    pub fn new(name: &'static str, routes: Vec<Route>, render: fn(&ApiError) -> Response, errors: ErrorShape) -> Self {
        Self { name, routes, render, errors, prefixes: &[], client: None, begin: |_| {} }
    }

    /// What belongs to the server itself: without a name, it is no document and has no place of its own under `/d/`.
    pub fn of_server(routes: Vec<Route>) -> Self {
        Self::new("", routes, envelope, envelope_shape)
    }

    /// Every route, the client's behind the document's.
    pub(in crate::api) fn all_routes(&self) -> impl Iterator<Item = &Route> {
        self.routes.iter().chain(self.client_routes())
    }

    /// A route by its number.
    pub(in crate::api) fn route(&self, number: usize) -> &Route {
        self.routes.get(number).unwrap_or_else(|| &self.client_routes()[number - self.routes.len()])
    }

    /// The routes that stand at a mount.
    pub(in crate::api) fn mounted(&self, mount: Mount) -> Vec<Mounted<'_>> {
        let of_document = |is_clients| {
            self.routes.iter().enumerate().map(move |(number, route)| Mounted { route, number, is_clients })
        };
        let numbered = self.client_routes().iter().zip(self.routes.len()..);
        let of_client = numbered.map(|(route, number)| Mounted { route, number, is_clients: true });
        match mount {
            Mount::Root => {
                let rooted = of_client.filter(|_| self.client.as_ref().is_some_and(|client| client.is_at_root));
                of_document(false).filter(|mounted| !mounted.route.is_below).chain(rooted).collect()
            }
            Mount::Document | Mount::Client if self.name.is_empty() => Vec::new(),
            Mount::Document => of_document(false).collect(),
            Mount::Client => {
                let is_replaced = |route: &Route| self.client_routes().iter().any(|other| other.replaces(route));
                of_client.chain(of_document(true).filter(|mounted| !is_replaced(mounted.route))).collect()
            }
        }
    }

    /// Its errors, as the document or as its own client has them.
    pub(in crate::api) fn renderer(&self, is_clients: bool) -> fn(&ApiError) -> Response {
        self.client.as_ref().filter(|_| is_clients).map_or(self.render, |client| client.render)
    }

    /// What the same makes, for the document.
    pub(in crate::api) fn error_shape(&self, is_clients: bool) -> ErrorShape {
        self.client.as_ref().filter(|_| is_clients).map_or(self.errors, |client| client.errors)
    }

    fn client_routes(&self) -> &[Route] {
        self.client.as_ref().map_or(&[], |client| &client.routes)
    }
}

/// One path and method, and what answers it.
pub struct Route {
    pub(in crate::api) method: Method,
    pub(in crate::api) pattern: &'static str,
    pub(in crate::api) handle: Box<dyn Fn(Request) -> HandlerFuture + Send + Sync>,
    /// At the root: whether this document means the request, where another claims the path too.
    pub(in crate::api) guard: Option<fn(&Request) -> bool>,
    /// Not at the root, where it is the server's own.
    pub(in crate::api) is_below: bool,
    /// Of a socket, what its frames are made by.
    pub(in crate::api) codec: Option<TypeId>,
    /// Whom it answers, for the document.
    pub(in crate::api) access: Access,
    /// What it says of itself there.
    pub(in crate::api) document: Document,
}

/// Whom a route answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::api) enum Access {
    Open,
    /// Who is signed in, as often as this allows.
    SignedIn(Rate),
    /// Who is signed in, and shakes hands.
    Socket,
    /// Who is signed in, as at a socket, and reads on.
    EventStream,
}

impl Route {
    /// For signed-in users, under the general limit of `rate`.
    pub fn new<F, Fut>(method: Method, pattern: &'static str, rate: Rate, handler: F) -> Self
    where
        F: Fn(Actor, Request) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Answer> + Send + 'static,
    {
        Self::signed_in(auth::settled_actor, method, pattern, rate, handler)
    }

    /// The same, for those too who lack the second factor that the server asks of them.
    pub fn without_factor<F, Fut>(method: Method, pattern: &'static str, rate: Rate, handler: F) -> Self
    where
        F: Fn(Actor, Request) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Answer> + Send + 'static,
    {
        Self::signed_in(auth::actor, method, pattern, rate, handler)
    }

    fn signed_in<F, Fut>(
        find: fn(&Request) -> Result<Actor, ApiError>,
        method: Method,
        pattern: &'static str,
        rate: Rate,
        handler: F,
    ) -> Self
    where
        F: Fn(Actor, Request) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Answer> + Send + 'static,
    {
        let route = Self::open(method, pattern, move |request: Request| {
            let handler = handler.clone();
            async move {
                let actor = admitted(&request, find, rate)?;
                handler(actor, request).await
            }
        });
        Self { access: Access::SignedIn(rate), ..route }
    }

    /// For everybody, signed in or not.
    pub fn open<F, Fut>(method: Method, pattern: &'static str, handler: F) -> Self
    where
        F: Fn(Request) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Answer> + Send + 'static,
    {
        let handle = Box::new(move |request| -> HandlerFuture { Box::pin(handler(request)) });
        Self {
            method,
            pattern,
            handle,
            guard: None,
            is_below: false,
            codec: None,
            access: Access::Open,
            document: |_| {},
        }
    }

    /// Where another document claims the path too: at the root, only requests that
    /// `guard` takes for this one's.
    #[must_use]
    pub fn when(mut self, guard: fn(&Request) -> bool) -> Self {
        self.guard = Some(guard);
        self
    }

    /// Of the server itself, and named by this document: beside the root it stands under
    /// the dialect's own prefix, in the dialect's words.
    #[must_use]
    pub fn below(mut self) -> Self {
        self.is_below = true;
        self
    }

    /// What it does, takes and answers. A route without is found by a test.
    #[must_use]
    pub fn doc(mut self, document: Document) -> Self {
        self.document = document;
        self
    }

    fn replaces(&self, other: &Self) -> bool {
        let parts = |route: &Self| without_slash(route.pattern).split('/').map(same_name);
        self.method == other.method && parts(self).eq(parts(other))
    }

    /// A GET answers HEAD as well; the server leaves the body out.
    pub(in crate::api) fn answers(&self, method: &Method) -> bool {
        self.method == *method || (self.method == Method::GET && *method == Method::HEAD)
    }

    pub(in crate::api) fn methods(&self) -> Vec<Method> {
        if self.method == Method::GET { vec![Method::GET, Method::HEAD] } else { vec![self.method.clone()] }
    }
}

/// Who asks, if `find` knows and the rate allows it. Apart, as the code around it is made for each handler.
fn admitted(request: &Request, find: fn(&Request) -> Result<Actor, ApiError>, rate: Rate) -> Result<Actor, ApiError> {
    let actor = find(request)?;
    request.trace.signed_by(actor.user);
    request.context.limits.check(rate, &actor)?;
    Ok(actor)
}

/// A part of a pattern, whatever its parameter is called.
fn same_name(part: &'static str) -> &'static str {
    if part.starts_with('{') { "{}" } else { part }
}

/// A pattern with its parameters numbered, since documents name them differently, and
/// without the last slash, since it makes no difference.
pub fn pattern(route: &str) -> String {
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

/// The same path whether it ends with a `/` or not.
pub fn without_slash(path: &str) -> &str {
    match path.strip_suffix('/') {
        Some("") | None => path,
        Some(rest) => rest,
    }
}
