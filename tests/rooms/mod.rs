//! The dialect of rooms: every endpoint, frame and error of its document.

mod access;
mod attachment;
mod auth;
mod avatar;
mod call;
mod client;
mod client_page;
mod client_socket;
mod limit;
mod message;
mod paging;
mod participant;
mod resend;
mod room;
mod socket;
mod user;
