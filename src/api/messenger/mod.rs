//! `messenger`: profiles, friends and chatrooms.

use super::reply::envelope;
use super::route::Dialect;

/// The dialect's name, routes and errors.
pub fn dialect() -> Dialect {
    Dialect {
        name: "messenger",
        routes: Vec::new(),
        render: envelope,
        prefixes: &["/accounts/", "/profiles/", "/messenger/"],
    }
}
