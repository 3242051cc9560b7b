//! The dialect of messaging: every endpoint, frame and error of its document.

mod access;
mod across;
mod call;
mod chat;
mod crowd;
mod error;
mod event_stream;
mod history;
mod invite;
mod member;
mod message;
mod moment;
mod newest;
mod pin;
mod reaction;
mod receipt;
mod replay;
mod resend;
mod search;
mod shown;
mod socket;
mod sync;
mod typing;
mod unread;
pub mod words;
