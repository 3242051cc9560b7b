//! What is stored is heard: by everyone, once, in one order, whatever the
//! sender and the others do.

mod order;
mod revocation;
mod slow_reader;
mod vanishing;
