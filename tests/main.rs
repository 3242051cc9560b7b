//! Fireside through its front door: every test starts the real program on a
//! data folder of its own and speaks to it as a client would.
//!
//! `world` holds the words the tests are written in. Beside it stands one
//! module per dialect (`rooms`), and one per promise that all of them share
//! (`access`, `accounts`, `files`, `lifecycle`, `delivery`, `hostile`, `prototyping`).

mod access;
mod accounts;
mod across;
mod backup;
mod client;
mod delivery;
mod directs;
mod documents;
mod durability;
mod export_import;
mod files;
mod hostile;
mod https;
mod importers;
mod inbox;
mod lifecycle;
mod maintenance;
mod manage;
mod messaging;
mod messenger;
mod observability;
mod oidc;
mod overload;
mod packages;
mod prototyping;
mod proxy;
mod push;
mod rooms;
mod search;
mod world;
