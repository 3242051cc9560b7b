//! directs.md, example by example.

mod chat;
mod history;
mod socket;
