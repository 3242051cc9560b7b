//! inbox.md, example by example.

mod access;
mod auth;
mod message;
mod socket;
