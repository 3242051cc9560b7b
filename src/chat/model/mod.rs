//! What the server speaks of: types, and the rules that need nothing but their own values.
//!
//! Nothing here reads a row, holds a lock for long or takes a transaction, and nothing here
//! imports anything outside of this folder.

pub mod admin;
pub mod audit;
pub mod backup;
pub mod bot;
pub mod call;
pub mod changes;
pub mod chat;
pub mod chat_log;
pub mod clock;
pub mod delivery;
pub mod direct;
pub mod error;
pub mod event;
pub mod file;
pub mod gauges;
pub mod hook;
pub mod id;
pub mod identity;
pub mod invite;
pub mod label;
pub mod member;
pub mod mention;
pub mod message;
pub mod moment;
pub mod name;
pub mod network;
pub mod notify;
pub mod overview;
pub mod page;
pub mod password;
pub mod preview;
pub mod profile;
pub mod push;
pub mod quiet;
pub mod quota;
pub mod rate;
pub mod readiness;
pub mod receipt;
pub mod record;
pub mod retention;
pub mod seal;
pub mod search;
pub mod second_factor;
pub mod server;
pub mod session;
pub mod shares;
pub mod storage;
pub mod thresholds;
pub mod time;
pub mod token;
pub mod topic;
pub mod turns;
pub mod user;
