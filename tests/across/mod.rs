//! One world behind five documents: what is done through one is seen through all.

mod change;
mod compression;
mod credential;
mod form;
mod headers;
pub mod pair;
mod read;
mod say;
mod unique;
