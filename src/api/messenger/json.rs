//! The shapes of messenger.md, and the sentences that stand in more than one place.

use serde::Serialize;

use crate::chat::id::UserId;
use crate::chat::message;
use crate::chat::profile;
use crate::chat::room;

/// Why a pair of JWTs is not given out: never which of the reasons.
pub const NO_ACCOUNT: &str = "No active account found with the given credentials";
/// A public room is not one's own to read.
pub const ACCESS_DENIED: &str = "Access denied";

/// Whose picture this is that have none.
const DEFAULT_IMAGE: &str = "/media/user_images/default.jpg";

/// A user in the list of all, or just registered.
#[derive(Serialize)]
pub struct User<'a> {
    pub id: i64,
    pub username: &'a str,
    pub email: &'a str,
}

/// A pair of JWTs.
#[derive(Serialize)]
pub struct Tokens {
    pub refresh: String,
    pub access: String,
}

/// A new access token.
#[derive(Serialize)]
pub struct Access {
    pub access: String,
}

/// Somebody's profile. The posts are written behind it, as they are read.
#[derive(Serialize)]
pub struct Profile<'a> {
    #[serde(flatten)]
    user: User<'a>,
    profile: About<'a>,
    posts: [Post<'a>; 0],
}

#[derive(Serialize)]
struct About<'a> {
    image: String,
    bio: &'a str,
    friends: Vec<i64>,
}

impl<'a> Profile<'a> {
    pub fn new(profile: &'a profile::Profile, email: &'a str) -> Self {
        let user = &profile.account.user;
        let image = match &user.avatar {
            Some(name) => format!("/media/user_images/{name}"),
            None => DEFAULT_IMAGE.to_owned(),
        };
        let friends = profile.friends.iter().map(|friend| friend.0).collect();
        Self {
            user: User { id: user.id.0, username: user.username.as_str(), email },
            profile: About { image, bio: &user.bio, friends },
            posts: [],
        }
    }
}

/// A post.
#[derive(Serialize)]
pub struct Post<'a> {
    id: i64,
    title: &'a str,
    content: &'a str,
    created_at: String,
}

impl<'a> From<&'a profile::Post> for Post<'a> {
    fn from(post: &'a profile::Post) -> Self {
        Self { id: post.id.0, title: &post.title, content: &post.content, created_at: post.created_at.to_string() }
    }
}

/// A chatroom.
#[derive(Serialize)]
pub struct Room<'a> {
    id: i64,
    name: String,
    members: Vec<i64>,
    display_name: &'a str,
}

impl<'a> Room<'a> {
    pub fn new(room: &'a room::Room, members: &[UserId]) -> Self {
        Self {
            id: room.id.0,
            name: room.name(),
            members: members.iter().map(|member| member.0).collect(),
            display_name: room.other.as_ref().map_or(room.title.as_str(), |other| other.username.as_str()),
        }
    }
}

/// A message, in an answer and in a frame.
#[derive(Serialize)]
pub struct Message<'a> {
    id: i64,
    user: &'a str,
    content: &'a str,
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

/// Writes a shape as text. Nothing in these can fail to be written.
pub fn text(shape: &impl Serialize) -> String {
    serde_json::to_string(shape).unwrap_or_default()
}
