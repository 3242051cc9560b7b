//! `directs`: direct chats.

use super::reply::envelope;
use super::route::Dialect;

/// The dialect's name, routes and errors.
pub fn dialect() -> Dialect {
    Dialect { name: "directs", routes: Vec::new(), render: envelope, prefixes: &[] }
}
