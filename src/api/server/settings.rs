//! What the server is called, and where newcomers go.

use super::json::Settings;
use crate::api::http::body::{Ids, Title, body};
use crate::api::http::reply::{Answer, ok};
use crate::api::http::request::Request;
use crate::chat::model::admin::Administrator;
use crate::chat::model::id::ChatId;
use crate::chat::model::server::{MAX_JOIN_ROOMS, SettingsChange};

body! {
    /// What of the server is to be otherwise.
    ChangedSettings {
        name: Option<Title>,
        /// Public groups, or ones that you are an admin of.
        join_rooms: Option<Ids<MAX_JOIN_ROOMS>>,
    }
}

pub async fn change(by: Administrator, mut request: Request) -> Answer {
    let ChangedSettings { name, join_rooms } = request.body().await?;
    let join_rooms = join_rooms.map(|rooms| rooms.0.into_iter().map(ChatId).collect());
    let change = SettingsChange { name: name.map(String::from), join_rooms };
    ok(&Settings::from(&request.context.app.change_settings(&by, change).await?))
}
