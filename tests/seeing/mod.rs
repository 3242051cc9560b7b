//! Seeing how a server is: figures, logs, readiness, and what a service manager is told.

mod figures;
mod log;
mod ready;
mod service;
mod sign_in;
pub mod tool;
