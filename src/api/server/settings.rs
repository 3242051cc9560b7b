//! What the server is called, and where newcomers go.

use super::json::Settings;
use crate::api::http::reply::{Answer, ok};
use crate::api::http::request::Request;
use crate::chat::model::admin::Administrator;
use crate::chat::model::id::ChatId;
use crate::chat::model::name;
use crate::chat::model::server::{MAX_JOIN_ROOMS, SettingsChange};

pub async fn change(by: Administrator, mut request: Request) -> Answer {
    let mut fields = request.fields().await?;
    let name = fields.parse("name", name::title);
    let rooms = fields.integers("join_rooms", MAX_JOIN_ROOMS);
    fields.check()?;
    let join_rooms = rooms.map(|rooms| rooms.into_iter().map(ChatId).collect());
    let change = SettingsChange { name, join_rooms };
    ok(&Settings::from(&request.context.app.change_settings(&by, change).await?))
}
