//! Tables of routes: what a dialect is made of.

use std::future::Future;
use std::pin::Pin;

use warp::http::Method;

use super::auth;
use super::handshake::Handshake;
use super::limit::Rate;
use super::reply::{Answer, Failure, Response, signed_by};
use super::request::Request;
use super::socket::{self, Codec};
use crate::chat::listen::Listening;
use crate::chat::session::Asker;

type Handling = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// One chat system's API.
pub struct Dialect {
    /// Its name under `/d/`.
    pub name: &'static str,
    /// Every path and method of its document.
    pub routes: Vec<Route>,
    /// Its errors: one exhaustive match.
    pub render: fn(&Failure) -> Response,
    /// Paths around which unknown ones are refused in its words.
    pub prefixes: &'static [&'static str],
}

/// One path and method, and what answers it.
pub struct Route {
    pub(super) method: Method,
    pub(super) pattern: &'static str,
    pub(super) handle: Box<dyn Fn(Request) -> Handling + Send + Sync>,
    /// At the root: whether this document means the request, where another claims the path too.
    pub(super) guard: Option<fn(&Request) -> bool>,
}

impl Route {
    /// For signed-in users, under the general limit of `rate`.
    pub fn new<F, Fut>(method: Method, pattern: &'static str, rate: Rate, handler: F) -> Self
    where
        F: Fn(Asker, Request) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Answer> + Send + 'static,
    {
        Self::open(method, pattern, move |request: Request| {
            let handler = handler.clone();
            async move {
                let asker = auth::asker(&request)?;
                request.context.limits.check(rate, &asker)?;
                let user = asker.user;
                handler(asker, request).await.map(|response| signed_by(response, user))
            }
        })
    }

    /// For everybody, signed in or not.
    pub fn open<F, Fut>(method: Method, pattern: &'static str, handler: F) -> Self
    where
        F: Fn(Request) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Answer> + Send + 'static,
    {
        let handle = Box::new(move |request| -> Handling { Box::pin(handler(request)) });
        Self { method, pattern, handle, guard: None }
    }

    /// A WebSocket for signed-in users: `open` finds what it listens to and makes its codec.
    pub fn socket<C, F, Fut>(pattern: &'static str, open: F) -> Self
    where
        C: Codec,
        F: Fn(Asker, Request) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<(Listening, C), Failure>> + Send + 'static,
    {
        let slot = socket::next_slot();
        Self::open(Method::GET, pattern, move |request: Request| {
            let open = open.clone();
            async move {
                let handshake = Handshake::of(&request)?;
                let opened = match auth::socket_asker(&request) {
                    Ok(asker) => open(asker, request).await,
                    Err(failure) => Err(failure),
                };
                handshake.answer(opened, slot)
            }
        })
    }

    /// Where another document claims the path too: at the root, only requests that
    /// `guard` takes for this one's.
    #[must_use]
    pub fn when(mut self, guard: fn(&Request) -> bool) -> Self {
        self.guard = Some(guard);
        self
    }

    /// A GET answers HEAD as well; the server leaves the body out.
    pub(super) fn answers(&self, method: &Method) -> bool {
        self.method == *method || (self.method == Method::GET && *method == Method::HEAD)
    }

    pub(super) fn methods(&self) -> Vec<Method> {
        if self.method == Method::GET { vec![Method::GET, Method::HEAD] } else { vec![self.method.clone()] }
    }
}
