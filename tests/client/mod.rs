//! The web client in a real browser: headless Chromium, driven from here. Where
//! there is none, these tests say so and pass; under `FIRESIDE_REQUIRE_BROWSER=1`
//! they fail.

mod attention;
mod axe;
pub mod browser;
mod call;
mod devices;
mod devtools;
mod docs;
mod factor;
mod faults;
mod figures;
mod files;
mod first_hour;
mod first_load;
mod group;
mod hooks;
mod hostile;
mod installed;
mod keyboard;
mod layout;
mod levels;
mod link;
mod media;
mod members;
mod mentions;
mod offline;
mod patience;
mod people;
mod phone;
mod pins;
mod place;
mod push;
mod quiet;
mod reconnect;
mod ring;
mod screens;
mod screenshots;
mod search;
mod settings;
mod sign_out;
mod sleep;
mod state;
pub mod talk;
mod told;
mod update;
mod writing;

pub use browser::{Browser, browser_is_here, in_path, say};
