//! The shapes of what fills the disk.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use crate::chat::ops::storage;

/// How long a chat keeps its messages.
#[derive(JsonSchema, Serialize)]
pub struct Chat {
    pub id: i64,
    /// 0: for ever; `null`: as long as the server is told.
    pub retain_days: Option<u32>,
}

/// What fills the disk.
#[derive(JsonSchema, Serialize)]
pub struct Use<'a> {
    database_bytes: u64,
    wal_bytes: u64,
    files_bytes: i64,
    copies_bytes: u64,
    free_bytes: u64,
    min_free_bytes: u64,
    quota_user_bytes: u64,
    quota_all_bytes: Option<u64>,
    retain_messages_seconds: Option<u64>,
    retain_uploads_seconds: Option<u64>,
    chats_by_messages: Vec<ChatShare<'a>>,
    chats_by_bytes: Vec<ChatShare<'a>>,
    users_by_bytes: Vec<UserShare<'a>>,
}

/// What a chat takes. The title is that of a public room; others have none here.
#[derive(JsonSchema, Serialize)]
struct ChatShare<'a> {
    id: i64,
    #[schemars(extend("enum" = ["direct", "group"]))]
    kind: &'static str,
    title: &'a str,
    members: i64,
    messages: i64,
    files_bytes: i64,
    retain_days: Option<u32>,
}

/// What a user's files and texts take.
#[derive(JsonSchema, Serialize)]
struct UserShare<'a> {
    id: i64,
    username: &'a str,
    stored_bytes: i64,
    text_bytes: i64,
}

impl<'a> From<&'a crate::chat::model::storage::ChatShare> for ChatShare<'a> {
    fn from(chat: &'a crate::chat::model::storage::ChatShare) -> Self {
        Self {
            id: chat.id.0,
            kind: if chat.is_direct { "direct" } else { "group" },
            title: &chat.title,
            members: chat.members,
            messages: chat.messages,
            files_bytes: chat.bytes,
            retain_days: chat.term.days(),
        }
    }
}

impl<'a> From<&'a crate::chat::model::storage::UserShare> for UserShare<'a> {
    fn from(user: &'a crate::chat::model::storage::UserShare) -> Self {
        Self { id: user.id.0, username: user.username.as_str(), stored_bytes: user.files, text_bytes: user.texts }
    }
}

impl<'a> From<&'a storage::Storage> for Use<'a> {
    fn from(storage: &'a storage::Storage) -> Self {
        let seconds = |time: Duration| time.as_secs();
        Self {
            database_bytes: storage.database,
            wal_bytes: storage.log,
            files_bytes: storage.files,
            copies_bytes: storage.copies,
            free_bytes: storage.free,
            min_free_bytes: storage.min_free,
            quota_user_bytes: storage.quota.user,
            quota_all_bytes: storage.quota.all,
            retain_messages_seconds: storage.retention.messages.map(seconds),
            retain_uploads_seconds: storage.retention.uploads.map(seconds),
            chats_by_messages: storage.by_messages.iter().map(ChatShare::from).collect(),
            chats_by_bytes: storage.by_bytes.iter().map(ChatShare::from).collect(),
            users_by_bytes: storage.users.iter().map(UserShare::from).collect(),
        }
    }
}
