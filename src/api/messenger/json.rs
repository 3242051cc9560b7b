//! The shapes of messenger.md, and the sentences that stand in more than one place.

use schemars::JsonSchema;
use serde::Serialize;

use super::chatrooms;
use crate::api::http::base::BasePath;
use crate::chat::model::id::UserId;
use crate::chat::model::{chat, message, profile, user};

/// Why a pair of JWTs is not given out: never which of the reasons.
pub const NO_ACCOUNT: &str = "No active account found with the given credentials";
/// A public room is not one's own to read.
pub const ACCESS_DENIED: &str = "Access denied";

/// Whose picture this is that have none.
const DEFAULT_IMAGE: &str = "default.jpg";

/// A user in the list of all, or just registered.
#[derive(JsonSchema, Serialize)]
pub struct User<'a> {
    pub id: i64,
    pub username: &'a str,
    pub email: &'a str,
}

/// A pair of JWTs.
#[derive(JsonSchema, Serialize)]
pub struct Tokens {
    pub refresh: String,
    pub access: String,
}

/// A new access token.
#[derive(JsonSchema, Serialize)]
pub struct Access {
    pub access: String,
}

/// Somebody's profile. The posts are written behind it, as they are read.
#[derive(JsonSchema, Serialize)]
pub struct Profile<'a> {
    #[serde(flatten)]
    user: User<'a>,
    profile: About<'a>,
    #[schemars(with = "Vec<Post<'a>>")]
    posts: [Post<'a>; 0],
}

#[derive(JsonSchema, Serialize)]
struct About<'a> {
    image: String,
    bio: &'a str,
    friends: Vec<i64>,
}

impl<'a> Profile<'a> {
    pub fn new(profile: &'a profile::Profile, email: &'a str, base: &BasePath) -> Self {
        let user = &profile.account.user;
        let friends = profile.friends.iter().map(|friend| friend.0).collect();
        Self {
            user: User { id: user.id.0, username: user.username.as_str(), email },
            profile: About { image: image(user, base), bio: &user.bio, friends },
            posts: [],
        }
    }
}

/// The path of somebody's picture, or of the one that stands for none.
fn image(user: &user::User, base: &BasePath) -> String {
    base.avatar(user.avatar.as_deref().unwrap_or(DEFAULT_IMAGE))
}

/// A post.
#[derive(JsonSchema, Serialize)]
pub struct Post<'a> {
    id: i64,
    title: &'a str,
    content: &'a str,
    #[schemars(extend("format" = "date-time"))]
    created_at: String,
    author: Author<'a>,
}

/// Who wrote a post.
#[derive(JsonSchema, Serialize)]
struct Author<'a> {
    id: i64,
    username: &'a str,
    display_name: &'a str,
    image: String,
}

impl<'a> Post<'a> {
    pub fn new(post: &'a profile::Post, base: &BasePath) -> Self {
        let author = &post.author;
        Self {
            id: post.id.0,
            title: &post.title,
            content: &post.content,
            created_at: post.created_at.to_string(),
            author: Author {
                id: author.id.0,
                username: author.username.as_str(),
                display_name: &author.display_name,
                image: image(author, base),
            },
        }
    }
}

/// A chatroom.
#[derive(JsonSchema, Serialize)]
pub struct Room<'a> {
    id: i64,
    name: String,
    members: Vec<i64>,
    display_name: &'a str,
}

impl<'a> Room<'a> {
    pub fn new(chat: &'a chat::Chat, members: &[UserId]) -> Self {
        Self {
            id: chat.id.0,
            name: chatrooms::name(chat),
            members: members.iter().map(|member| member.0).collect(),
            display_name: chat.other.as_ref().map_or(chat.title.as_str(), |other| other.username.as_str()),
        }
    }
}

/// A message, in an answer and in a frame.
#[derive(JsonSchema, Serialize)]
pub struct Message<'a> {
    id: i64,
    user: &'a str,
    content: &'a str,
    #[schemars(extend("format" = "date-time"))]
    timestamp: String,
}

impl<'a> From<&'a message::Message> for Message<'a> {
    fn from(message: &'a message::Message) -> Self {
        Self {
            id: message.id.0,
            user: message.sender.username.as_str(),
            content: &message.text,
            timestamp: message.created_at.to_string(),
        }
    }
}
