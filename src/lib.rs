//! Fireside: a chat server in one binary that speaks five chat APIs over one world.
//!
//! # The map
//! - [`chat`]: what it does; no protocol. `model` (types and pure rules) is the ground; on it
//!   stand `store` (SQL), `hub` (open sockets), `memory` (caches, and what is true for a moment)
//!   and `hasher` (passwords); on those the `app`; on that the operations, a file for each
//!   noun, with `auth` (who may) beside them and `ops` (the operator's) above them.
//! - [`api`]: how it is asked; no SQL and no rules. `http` and `ws` are what all dialects share,
//!   and each dialect is a folder.
//! - [`server`]: how it is reached. Connections, limits, headers, log, drain.
//! - [`acme`]: certificates for HTTPS from a certificate authority, and their renewal.
//! - [`assets`]: the web client, embedded.
//! - [`seed`]: worlds for trying things out.
//! - [`importers`]: other systems' data, read into the records of an export.
//! - [`cli`]: flags and commands; the only reader of arguments and environment.
//! - [`oidc`]: a provider of OpenID Connect, asked and judged; above `outbound` alone.
//! - [`push`]: telling devices of messages while no page is open.
//! - [`outbound`]: requests to servers that users name, judged by address and bounded; below everything else.
//! - [`coding`]: how an answer is compressed; below everything else.
//! - [`dev_feed`]: what `--dev` shows of itself while it works; below everything else.
//! - [`log_queue`]: the log's way out, which nobody waits for; below everything else.
//!
//! # Who may import whom
//! Down only, files as well as folders; `.ci/imports` has the table and holds it.
//! `main → cli → acme, server, importers, seed, api, chat`; `acme → server, outbound`; `server → api, push, assets, chat`;
//! `api → push → chat, outbound`;
//! `importers, seed → chat`; a dialect → `api::{http, ws}` and `chat`, never another dialect;
//! `ws → http`; `chat` → nothing of the above. Inside `chat`: `ops → auth and operations →
//! app → store, hub, memory, hasher → model`, and none of those four knows another.
//! Files that import each other are a face and the few behind it.
//!
//! # A message's journey
//! Bytes reach a socket and are cut into a frame (`api/ws/frame.rs`) → `api/ws/socket.rs` hands
//! it to the dialect's codec (`api/rooms/socket.rs`) → the operation (`chat/message.rs`: who,
//! which chat, a draft) hands a closure to the writer's thread (`chat/store/writer.rs`) → in one
//! transaction: the chat is found through the sender's membership, the message is inserted,
//! counters move, an event goes into the outbox → the transaction commits with the rest of its
//! batch, once for the disk → the outbox goes to the caches (`chat/memory`) and the hub, in
//! commit order → the sender's call returns → each open socket takes the event from its queue,
//! encoded once for each dialect → bytes (`api/ws/writer.rs`).

// Of the program and not of those who try it: a test or a bench stops at the first thing
// that is not as it should be, and a bench prints its figures.
#![deny(clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::unwrap_used)]

mod acme;
mod api;
mod assets;
mod chat;
pub mod cli;
mod coding;
mod dev_feed;
mod importers;
mod log_queue;
mod oidc;
mod outbound;
mod push;
mod seed;
mod server;

/// What the fuzzers in `tests/fuzz` call. Never in what is released.
#[cfg(feature = "fuzzing")]
pub mod fuzzing {
    pub use crate::api::http::body::{Fields, json, media_type};
    pub use crate::api::http::forwarded::{Forwarding, PeerAddress, TrustedProxies};
    pub use crate::api::http::request::{decode, pairs};
    pub use crate::api::ws::frame::{Fault, Incoming, MAX_MESSAGE, Reader};
    pub use crate::chat::model::name::rule::fold;
    pub use crate::chat::model::name::{self, Email, Emoji, IdempotencyKey, MessageText, Username};
}
