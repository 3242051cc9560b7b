//! The handshake that makes a request a WebSocket, or says why not.

use std::sync::Arc;

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use warp::http::StatusCode;
use warp::http::header::{CONNECTION, HeaderMap, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_PROTOCOL, UPGRADE};

use super::frame;
use super::open::OpenSocket;
use super::socket::{self, Codec};
use crate::api::http::auth;
use crate::api::http::backlog::{Backlog, Reader};
use crate::api::http::context::Context;
use crate::api::http::fault_injection::FaultInjection;
use crate::api::http::reply::{Answer, ApiError, Response, problem};
use crate::api::http::request::Request;
use crate::api::http::stream::NetStream;
use crate::api::http::trace::RequestTrace;
use crate::api::http::wire::Wire;
use crate::chat::subscription::Subscription;

/// A handshake that is sound as such.
pub struct Handshake {
    upgrade: OnUpgrade,
    accept: String,
    protocol: Option<HeaderValue>,
    has_origin: bool,
    /// Who reads what it says.
    client: Reader,
    context: Arc<Context>,
    dialect: usize,
    codec: usize,
    trace: Arc<RequestTrace>,
    faults: Option<Arc<FaultInjection>>,
}

impl Handshake {
    /// Takes the handshake out of a request, if it is one of version 13.
    pub fn of(request: &Request) -> Result<Self, ApiError> {
        let is = |name: &str, word: &str| {
            request
                .header(name)
                .is_some_and(|value| value.split(',').any(|part| part.trim().eq_ignore_ascii_case(word)))
        };
        let key = request.header("sec-websocket-key").filter(|key| key.len() == 24);
        match (key, &request.upgrade) {
            (Some(key), Some(upgrade))
                if is("upgrade", "websocket") && is("connection", "upgrade") && is("sec-websocket-version", "13") =>
            {
                let announced = auth::protocol_token(request);
                Ok(Self {
                    upgrade: upgrade.clone(),
                    accept: derive_accept_key(key.as_bytes()),
                    protocol: announced.map(|_| HeaderValue::from_static(auth::TOKEN_PROTOCOL)),
                    has_origin: request.headers.contains_key("origin"),
                    client: Reader::at(request.client.address),
                    context: Arc::clone(&request.context),
                    dialect: request.dialect,
                    codec: request.codec,
                    trace: Arc::clone(&request.trace),
                    faults: request.context.settings.faults.clone(),
                })
            }
            _ => Err(ApiError::NotAHandshake),
        }
    }

    /// Answers it: with a socket that goes on by itself, or with the reason why not. A
    /// browser cannot see an HTTP status there, so it gets a close code.
    pub fn answer<C: Codec>(self, opened: Result<(Subscription, C), ApiError>) -> Answer {
        let (subscription, codec) = match opened {
            Ok(opened) => opened,
            Err(failure) => return self.refuse(failure),
        };
        let slot = self.codec;
        Ok(self.go_on(Box::new(move |stream, reader, open| {
            drop(socket::begin(stream, reader, subscription, codec, slot, open));
        })))
    }

    /// Answers, and has a socket begin once that is out.
    fn go_on(self, begin: Box<dyn FnOnce(NetStream, frame::Reader, OpenSocket) + Send>) -> Response {
        let response = self.switching();
        tokio::spawn(async move {
            if let Some((stream, backlog, reader)) = upgraded(self.upgrade).await
                && let Some(stream) = with_faults(stream, self.faults).await
            {
                let open = OpenSocket::new(self.context, self.dialect, self.trace).counted_in(backlog, self.client);
                // A task of its own, which is small for as long as the socket lives: what led here is not.
                begin(stream, reader, open);
            }
        });
        response
    }

    fn refuse(self, failure: ApiError) -> Answer {
        let Some(code) = close_code(&failure).filter(|_| self.has_origin) else { return Err(failure) };
        let response = self.switching();
        let Self { upgrade, trace, .. } = self;
        tokio::spawn(async move {
            if let Some((stream, _, reader)) = upgraded(upgrade).await {
                socket::turn_away(stream, reader, code).await;
            }
            // With it the connection gives its place back, and not before it is gone.
            drop(trace);
        });
        Ok(response)
    }

    fn switching(&self) -> Response {
        let mut response = Response::default();
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers: &mut HeaderMap = response.headers_mut();
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        if let Ok(accept) = HeaderValue::from_str(&self.accept) {
            headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
        }
        if let Some(protocol) = &self.protocol {
            headers.insert(SEC_WEBSOCKET_PROTOCOL, protocol.clone());
        }
        response
    }
}

fn close_code(failure: &ApiError) -> Option<u16> {
    if matches!(failure, ApiError::ForeignOrigin) {
        return None;
    }
    match problem(failure).status {
        StatusCode::UNAUTHORIZED => Some(4401),
        StatusCode::FORBIDDEN => Some(4403),
        StatusCode::NOT_FOUND => Some(4404),
        _ => None,
    }
}

/// The raw connection, once the answer to the handshake is out, and what the client
/// sent behind it.
async fn upgraded(upgrade: OnUpgrade) -> Option<(NetStream, Arc<Backlog>, frame::Reader)> {
    let connection = upgrade.await.ok()?;
    match connection.downcast::<TokioIo<Wire>>() {
        Ok(parts) => {
            let (stream, backlog) = parts.io.into_inner().into_stream()?;
            Some((stream, backlog, frame::Reader::starting_with(&parts.read_buf)))
        }
        Err(_) => {
            tracing::error!("an upgraded connection is of an unknown kind");
            None
        }
    }
}

/// The connection as the socket is to have it, for whoever asked for faults.
async fn with_faults(stream: NetStream, faults: Option<Arc<FaultInjection>>) -> Option<NetStream> {
    match faults {
        None => Some(stream),
        Some(faults) => faults.between(stream).await.ok(),
    }
}
