//! Seeing how a server is: figures, logs, readiness, and what a service manager is told.

mod figures;
mod log;
mod ready;
mod service;
mod sign_in;
mod stuck_log;
pub mod tool;
