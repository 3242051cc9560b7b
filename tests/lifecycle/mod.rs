//! Starting, stopping, dying, and the commands of an administrator.

mod command;
mod database;
mod restart;
mod start;
mod versions;
