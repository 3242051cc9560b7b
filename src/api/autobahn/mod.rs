//! A socket that says back what it hears, for the Autobahn test suite: see `.ci/autobahn`.
//!
//! Only with the cargo feature `autobahn`, and so in nothing that is released. Everything
//! but the codec is what people's sockets have: the handshake, the reader, the loop, the
//! limits on who may listen, and the close.

use bytes::Bytes;

use super::http::envelope::{envelope, envelope_shape};
use super::http::reply::Failure;
use super::http::request::Request;
use super::http::route::{Dialect, Route};
use super::ws::frame;
use super::ws::socket::Codec;
use crate::chat::listen::Listening;
use crate::chat::model::event::{Event, Scope};
use crate::chat::model::session::Asker;

/// One route, at the root alone.
pub fn dialect() -> Dialect {
    let routes = vec![Route::socket("/autobahn/", open)];
    Dialect { name: "", routes, render: envelope, errors: envelope_shape, prefixes: &[] }
}

async fn open(asker: Asker, request: Request) -> Result<(Listening, Echo), Failure> {
    let listening = request.context.chat.listen(&asker, Scope::All).await?;
    Ok((listening, Echo))
}

struct Echo;

impl Codec for Echo {
    /// As long as the longest of the suite's cases.
    const MAX_MESSAGE: usize = 16 * 1024 * 1024;

    fn encode(_event: &Event) -> Option<String> {
        None
    }

    async fn receive(&self, text: String) -> Vec<String> {
        vec![text]
    }

    fn refuse_binary(&self) -> String {
        String::new()
    }

    fn receive_binary(&self, payload: Vec<u8>) -> Bytes {
        frame::binary(&payload)
    }
}
