//! What all dialects share to serve a socket: the handshake, frames, the loop, the writing
//! half, the end; and the same as server-sent events. It knows no dialect.

pub mod close;
pub mod event_stream;
pub mod frame;
pub mod handshake;
pub mod open;
pub mod route;
pub mod socket;
pub mod writer;
