//! What the server does: users, chats, messages, files, calls.
//!
//! It knows no protocol: no HTTP, no JSON, no status codes; the records of an export are its
//! own form, and no dialect's. A public method of [`App`] is a whole operation, in the file of
//! its noun: it takes who asks, checks their right inside its transaction, and returns when the
//! outcome is stored.
//!
//! | floor | | |
//! |---|---|---|
//! | `ops` | backups, exports and imports, checks, maintenance, metrics | → all below |
//! | `auth`; the files beside this one | who may; one noun each | → `app` and below |
//! | `app` | [`App`] itself, opened and assembled | → all below |
//! | `store`, `hub`, `memory`, `hasher` | SQL; open sockets; caches and moments; passwords | → `model` |
//! | `folder` | the data folder's files and locks | → `model` |
//! | `model` | types, and rules that need nothing but their values | |
//!
//! `store` and `hub` do not know each other: a transaction's events leave through the writer
//! after its commit.

mod app;
pub mod auth;
pub mod call;
pub mod changes;
pub mod direct;
pub mod file;
pub mod folder;
pub mod group;
pub mod group_invite;
mod hasher;
pub mod history;
pub mod hook;
mod hub;
pub mod member;
mod memory;
pub mod mention;
pub mod message;
pub mod model;
pub mod notify;
pub mod ops;
pub mod overview;
pub mod pace;
pub mod page_cache;
pub mod people;
pub mod pin;
mod presence;
pub mod preview;
pub mod profile;
pub mod push;
pub mod quota;
pub mod reaction;
pub mod receipt;
pub mod search;
pub mod server;
#[cfg(test)]
#[expect(clippy::print_stdout, reason = "it says which world it played")]
mod simulation;
mod store;
pub mod subscription;
#[cfg(test)]
pub(crate) mod tests;
pub mod typing;
pub mod user;
mod welcome;

pub use app::{App, Config};
pub use hub::{Broadcast, Closing, Inbox, MAX_CODECS, Sink};
pub use store::Durability;
