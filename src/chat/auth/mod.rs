//! Who may: signing in and out, sessions and tokens, passwords, invitations, the first
//! admin, administering others, and the log of it.
//!
//! It knows the model, the store and what is kept in memory; of chats only that somebody new
//! is welcomed into some.

pub mod account_token;
pub mod admin;
pub mod attempts;
pub mod audit;
pub mod authorized;
pub mod bot;
pub mod credential;
pub mod dev_account;
pub mod identity;
pub mod invite;
pub mod register;
pub mod reset;
pub mod second_factor;
pub mod session;
pub mod setup;
pub mod sign_in;
