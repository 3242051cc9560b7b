//! For whoever writes a client: `serve --dev`, its troubles, `seed`, and `/fireside.js`
//! in Node and in a browser.

mod browser;
mod dev;
mod event_source;
mod node;
pub mod scene;
mod seed;
mod state;
mod trouble;
mod watched;

pub use scene::Dev;
