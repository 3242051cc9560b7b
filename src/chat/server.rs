//! The server as its people know it: what it is called, and where newcomers go.

use super::app::App;
use super::model::admin::Administrator;
use super::model::audit::AuditAction;
use super::model::error::{Error, Result, Rule};
use super::model::id::ChatId;
use super::model::server::{About, Settings, SettingsChange};
use super::store::{self, Tx};
use super::welcome::may_let_in;

impl App {
    /// What everybody may know of the server's state.
    pub fn about(&self) -> Result<About> {
        self.store.read(|db| {
            Ok(About { name: store::server::name(db)?, needs_setup: !store::accounts::has_admin(db, None)? })
        })
    }

    /// Names the server, or says which rooms newcomers join.
    pub async fn change_settings(&self, by: &Administrator, change: SettingsChange) -> Result<Settings> {
        let by = by.clone();
        self.store
            .write(move |tx| {
                by.check(tx)?;
                if let Some(name) = &change.name {
                    store::server::set_name(tx, name)?;
                    store::audit::insert(tx, by.id(), AuditAction::ServerNamed.as_str(), name, "")?;
                }
                if let Some(rooms) = &change.join_rooms {
                    set_join_rooms(tx, &by, rooms)?;
                }
                Ok(Settings { name: store::server::name(tx)?, join_rooms: store::server::join_rooms(tx)? })
            })
            .await
    }
}

fn set_join_rooms(tx: &mut Tx<'_>, by: &Administrator, rooms: &[ChatId]) -> Result<()> {
    let before = store::server::join_rooms(tx)?;
    store::server::clear_join_rooms(tx)?;
    for chat in rooms {
        if !before.contains(chat) && !may_let_in(tx, by.id(), *chat)? {
            return Err(Error::Invalid(Rule::JoinRooms));
        }
        store::server::add_join_room(tx, *chat)?;
    }
    let named: Vec<String> = rooms.iter().map(ToString::to_string).collect();
    store::audit::insert(tx, by.id(), AuditAction::JoinRoomsSet.as_str(), &named.join(" "), "")
}
