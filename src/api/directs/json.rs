//! The shapes of directs.md.

use schemars::JsonSchema;
use serde::Serialize;

use crate::chat::model::message::Message;
use crate::chat::model::overview::Overview;
use crate::chat::model::time::Timestamp;
use crate::chat::model::user;

/// A user: id and name, and nothing more.
#[derive(JsonSchema, Serialize)]
pub struct User<'a> {
    id: i64,
    username: &'a str,
}

impl<'a> From<&'a user::User> for User<'a> {
    fn from(user: &'a user::User) -> Self {
        Self { id: user.id.0, username: user.username.as_str() }
    }
}

/// A direct chat as one of the two sees it.
#[derive(JsonSchema, Serialize)]
pub struct DirectChat<'a> {
    id: i64,
    participants: Vec<User<'a>>,
    other_user: Option<User<'a>>,
    #[schemars(extend("format" = "date-time"))]
    created: String,
    last_message: Option<LastMessage<'a>>,
    unread_count: i64,
}

#[derive(JsonSchema, Serialize)]
struct LastMessage<'a> {
    body: &'a str,
    #[schemars(extend("format" = "date-time"))]
    created: String,
    sender: &'a str,
}

impl<'a> From<&'a Overview> for DirectChat<'a> {
    fn from(Overview { chat: room, members, last_message, .. }: &'a Overview) -> Self {
        Self {
            id: room.id.0,
            participants: members.iter().map(|member| User::from(&member.user)).collect(),
            other_user: room.other.as_ref().map(User::from),
            created: room.created_at.to_string(),
            last_message: last_message.as_ref().map(|message| LastMessage {
                body: &message.text,
                created: message.created_at.to_string(),
                sender: message.sender.username.as_str(),
            }),
            unread_count: room.unread_count(),
        }
    }
}

#[derive(JsonSchema, Serialize)]
pub struct Frame<'a> {
    message: DirectMessage<'a>,
}

#[derive(JsonSchema, Serialize)]
struct DirectMessage<'a> {
    id: i64,
    sender: &'a str,
    body: &'a str,
    #[schemars(extend("pattern" = r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$"))]
    created: String,
    is_read: bool,
}

/// The frame of a message. Nothing in it can fail to be written.
pub fn frame(message: &Message, is_read: bool) -> String {
    let message = DirectMessage {
        id: message.id.0,
        sender: message.sender.username.as_str(),
        body: &message.text,
        created: on_the_clock(message.created_at),
        is_read,
    };
    serde_json::to_string(&Frame { message }).unwrap_or_default()
}

/// `2025-05-02 10:45:30`, as this document's frames have it.
fn on_the_clock(moment: Timestamp) -> String {
    moment.to_string().replace('T', " ").chars().take(19).collect()
}

#[cfg(test)]
mod tests {
    use super::on_the_clock;
    use crate::chat::model::time::Timestamp;

    #[test]
    fn a_frames_time_has_seconds_and_no_zone() {
        assert_eq!(on_the_clock(Timestamp(1_746_182_730_999)), "2025-05-02 10:45:30");
    }
}
