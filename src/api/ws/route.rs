//! The route of a socket.

use std::any::TypeId;
use std::future::Future;

use warp::http::Method;

use super::handshake::Handshake;
use super::socket::Codec;
use crate::api::http::auth;
use crate::api::http::reply::ApiError;
use crate::api::http::request::Request;
use crate::api::http::route::{Access, Route};
use crate::chat::model::session::Actor;
use crate::chat::subscription::Subscription;

impl Route {
    /// A WebSocket for signed-in users: `open` finds what it listens to and makes its codec.
    pub fn socket<C, F, Fut>(pattern: &'static str, open: F) -> Self
    where
        C: Codec,
        F: Fn(Actor, Request) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<(Subscription, C), ApiError>> + Send + 'static,
    {
        let route = Self::open(Method::GET, pattern, move |request: Request| {
            let open = open.clone();
            async move {
                let handshake = Handshake::of(&request)?;
                let opened = match auth::socket_actor(&request) {
                    Ok(actor) => {
                        request.trace.signed_by(actor.user);
                        open(actor, request).await
                    }
                    Err(failure) => Err(failure),
                };
                handshake.answer(opened)
            }
        });
        Self { access: Access::Socket, codec: Some(TypeId::of::<C>()), ..route }
    }
}
