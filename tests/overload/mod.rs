//! Too much of everything: each has a stated outcome, memory stays bounded, and whoever
//! is no part of it hardly notices.

mod close_handshake;
mod history;
mod idle;
mod logins;
mod memory;
mod ordinary;
mod pages;
mod places;
mod readers;
mod shape;
mod typing;
mod unread;
mod uploads;
mod writes;
