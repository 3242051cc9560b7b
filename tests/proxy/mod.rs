//! Behind a proxy: whom its word is taken from, the path below which the server lives,
//! unix sockets, and nginx and Caddy themselves, with the very files of `deploy/`. Where
//! a program is not installed, its tests say so and pass; under
//! `FIRESIDE_REQUIRE_PROXIES=1` and `FIRESIDE_REQUIRE_COTURN=1` they fail.

mod base_path;
mod check;
mod cors;
mod forwarded;
mod front;
mod listen;
mod page;
mod story;
mod tls;
mod turn;

use front::{Place, Proxy};

use crate::client::{in_path, say};

/// Whether these programs are here. Those of an administrator are not in everybody's path.
fn are_here(programs: &[&str], wish: &str) -> bool {
    let is_here = |name: &&str| in_path(name).is_some() || std::path::Path::new("/usr/sbin").join(name).is_file();
    let Some(missing) = programs.iter().find(|name| !is_here(name)) else { return true };
    assert_ne!(std::env::var(wish).as_deref(), Ok("1"), "{missing} is required");
    say(&format!("skipped: no {missing}"));
    false
}

/// For tests that run a proxy.
fn proxies_are_here() -> bool {
    are_here(&["nginx", "caddy", "openssl"], "FIRESIDE_REQUIRE_PROXIES")
}
