//! Files: what may be uploaded, how it comes back, and to whom.

mod download;
mod ownership;
mod picture;
mod polyglot;
mod preview;
mod range;
mod upload;
