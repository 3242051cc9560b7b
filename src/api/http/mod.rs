//! What all dialects share to answer a request: reading it, who asks, how often, the table of
//! routes and the documents made of it, answering. It knows no dialect.

pub mod account;
pub mod attachment;
pub mod auth;
pub mod backlog;
pub mod base;
pub mod body;
pub mod browser;
pub mod compression;
pub mod context;
pub mod cursor;
pub mod download;
pub mod draft;
pub mod envelope;
pub mod fault_injection;
pub mod forwarded;
pub mod group_invite;
pub mod ice;
pub mod json_stream;
pub mod jwt;
pub mod language;
pub mod limit;
pub mod meters;
pub mod metrics;
pub mod mount;
pub mod openapi;
pub mod page;
pub mod preview;
pub mod reply;
pub mod request;
pub mod route;
pub mod sign_in;
pub mod stream;
pub mod trace;
pub mod upload;
pub mod wire;
