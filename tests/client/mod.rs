//! The web client in a real browser: headless Chromium, driven from here. Where
//! there is none, these tests say so and pass; under `FIRESIDE_REQUIRE_BROWSER=1`
//! they fail.

mod browser;
mod call;
mod files;
mod first_load;
mod hostile;
mod keyboard;
mod offline;
mod people;
mod screens;
mod state;
mod talk;

use browser::{Browser, browser_is_here};
