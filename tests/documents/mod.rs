//! The documents that the program makes of itself: they are served, they say what is
//! routed, and what is answered and said is as they have it.
//!
//! The last of these is no matter of this folder: `world::document` holds every answer and
//! every frame of every test against them. Here stands the proof that it would notice.

mod below;
mod heads;
mod mounts;
mod notice;
mod page;
mod routes;
mod served;
mod socket;
mod walk;
