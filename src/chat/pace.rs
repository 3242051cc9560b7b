//! How often one user says or changes something that others are told, whichever dialect or
//! socket it comes by: every request for it costs a commit and a frame for each who hears.

use std::num::NonZeroU32;

use super::app::App;
pub use super::memory::pace::{Pace, counted};
use super::model::error::Result;
use super::model::session::Actor;

/// People who are put into a chat by what counts as one thing more that is said.
const PEOPLE: usize = 10;

impl App {
    /// Counts something that the actor says or changes for others to hear.
    pub(super) fn check_pace(&self, actor: &Actor) -> Result<()> {
        self.pace.check(&actor.user)
    }

    /// The same of what puts so many people somewhere: a row for each, and a word to all of them.
    pub(super) fn check_pace_of(&self, actor: &Actor, people: usize) -> Result<()> {
        let more = u32::try_from(people / PEOPLE).unwrap_or(u32::MAX);
        self.pace.count(&actor.user, NonZeroU32::MIN.saturating_add(more)).told()
    }
}
