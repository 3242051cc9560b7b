//! Fireside: a chat server in one binary that speaks five chat APIs over one world.
//!
//! # The map
//! - [`chat`]: what it does. Users, chats, messages; no protocol.
//! - [`api`]: how it is asked. One folder for each dialect; no SQL and no rules.
//! - [`server`]: how it is reached. Connections, limits, headers, log, drain.
//! - [`assets`]: the web client, embedded.
//! - [`seed`]: worlds for trying things out.
//! - [`foreign`]: other systems' data, read into the records of an export.
//! - [`cli`]: flags and commands; the only reader of arguments and environment.
//! - `log_queue`: the log's way out, which nobody waits for; below everything else.
//!
//! # Who may import whom
//! `main → cli → server, seed, foreign, api, chat`; `seed, foreign → chat`; `server → api, assets, chat`; a dialect → what `api`
//! shares and `chat`, never another dialect; `chat` → nothing of the above. Inside
//! `chat`, `store` and `hub` are private and do not know each other.
//!
//! # A message's journey
//! Bytes reach a socket and are cut into a frame ([`api::socket`]) → the dialect's codec
//! reads it → [`chat::Chat::post`] hands a closure to the writer's thread → in one
//! transaction: the chat is found through the sender's membership, the message is
//! inserted, counters move, an event goes into the outbox → the transaction commits
//! with the rest of its batch, once for the disk → the outbox goes to the hub, in
//! commit order → the sender's call returns → each open socket takes the event from
//! its queue, encoded once for each dialect → bytes.

// Of the program and not of those who try it: a test or a bench stops at the first thing
// that is not as it should be, and a bench prints its figures.
#![deny(clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::unwrap_used)]

pub mod api;
pub mod assets;
pub mod chat;
pub mod cli;
mod coding;
pub mod foreign;
mod log_queue;
pub mod seed;
pub mod server;
