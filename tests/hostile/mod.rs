//! Whoever wishes the server ill: bytes that are not HTTP, bodies that are
//! too much, paths that lead nowhere, and what answers and logs give away.

mod body;
mod bytes;
pub mod fuzz;
mod headers;
mod leaks;
mod log;
mod outbound;
mod path;
mod work;
