//! `messaging`: chats on one socket.

use super::reply::envelope;
use super::route::Dialect;

/// The dialect's name, routes and errors.
pub fn dialect() -> Dialect {
    Dialect { name: "messaging", routes: Vec::new(), render: envelope, prefixes: &["/messages/"] }
}
