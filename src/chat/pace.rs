//! How often one user says or changes something that others are told, whichever dialect or
//! socket it comes by: every request for it costs a commit and a frame for each who hears.

use super::app::App;
use super::model::error::Result;
use super::model::session::Actor;

impl App {
    /// Counts something that the actor says or changes for others to hear.
    pub(super) fn check_pace(&self, actor: &Actor) -> Result<()> {
        self.pace.check(actor.user)
    }
}
