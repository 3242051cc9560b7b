//! How often one user says or changes something that others are told, whichever dialect or
//! socket it comes by: every request for it costs a commit and a frame for each who hears.

use super::handle::Chat;
use super::model::error::Result;
use super::model::session::Asker;

impl Chat {
    /// Counts something that the asker says or changes for others to hear.
    pub(super) fn check_pace(&self, asker: &Asker) -> Result<()> {
        self.pace.check(asker.user)
    }
}
