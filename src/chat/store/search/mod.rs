//! The index of words: what is entered, and when.
//!
//! As with the messages of a chat, entering each message as it is posted would cost several
//! pages of every commit. So they are entered some hundred at a time, and who searches looks
//! through the few too that are not entered yet. Both in one transaction: a message is found
//! from its commit on. Triggers note what is edited or deleted after it was entered: an edited message
//! is passed over in the index and looked at as it is, until it is entered anew.
//!
//! A database from before has its old messages entered from the newest on, piece by piece, while
//! new ones are entered at the other end: what lies above `below` and up to `upto` is entered.

mod enter;
mod find;
pub mod integrity;
mod plan;
mod scope;
mod state;
mod token;

pub use enter::{Progress, enter_all, enter_piece, merge};
pub use find::{Hit, Wish, find};
pub use state::{begin, indexed, is_on};
