//! A socket that says back what it hears, for the Autobahn test suite: see `.ci/autobahn`.
//!
//! Only with the cargo feature `autobahn`, and so in nothing that is released. Everything
//! but the codec is what people's sockets have: the handshake, the reader, the loop, the
//! limits on who may listen, and the close.

use bytes::Bytes;

use super::http::reply::ApiError;
use super::http::request::Request;
use super::http::route::{Dialect, Route};
use super::ws::frame;
use super::ws::socket::Codec;
use crate::api::http::base::BasePath;
use crate::chat::model::event::{Event, Scope};
use crate::chat::model::session::Actor;
use crate::chat::model::topic::Topics;
use crate::chat::subscription::Subscription;

/// One route, at the root alone.
pub fn dialect() -> Dialect {
    Dialect::of_server(vec![Route::socket("/autobahn/", open)])
}

async fn open(actor: Actor, request: Request) -> Result<(Subscription, Echo), ApiError> {
    let subscription = request.context.app.subscribe(&actor, Scope::All, Echo::HEARS).await?;
    Ok((subscription, Echo))
}

struct Echo;

impl Codec for Echo {
    /// As long as the longest of the suite's cases.
    const MAX_MESSAGE: usize = 16 * 1024 * 1024;

    const HEARS: Topics = Topics::of(&[]);

    fn encode(_event: &Event, _base: &BasePath) -> Option<String> {
        None
    }

    async fn receive(&self, text: String) -> Result<Vec<String>, ApiError> {
        Ok(vec![text])
    }

    fn refuse(_: &ApiError) -> String {
        String::new()
    }

    fn receive_binary(&self, payload: Vec<u8>) -> Bytes {
        frame::binary(&payload)
    }
}
