//! What the server is called, and where its newcomers go.

use super::id::ChatId;

/// What a server is called until somebody names it.
pub const UNNAMED: &str = "Fireside";
/// Rooms that every new account joins, at most.
pub const MAX_JOIN_ROOMS: usize = 20;

/// What everybody may know of the server's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// What its people call it; `None` until somebody names it.
    pub name: Option<String>,
    /// Nobody who can sign in administers it yet.
    pub needs_setup: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What its people call it; `None` until somebody names it.
    pub name: Option<String>,
    /// The groups that every new account joins, by id.
    pub join_rooms: Vec<ChatId>,
}

/// Changes to them; `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct SettingsChange {
    /// A new name.
    pub name: Option<String>,
    /// These and no others; none is fine.
    pub join_rooms: Option<Vec<ChatId>>,
}

/// How a server begins: what the first administrator says of it.
#[derive(Clone, Debug)]
pub struct Beginning {
    /// What its people call it.
    pub name: Option<String>,
    /// The title of the room of everybody.
    pub room: String,
}
