//! What the table's routes say of themselves: messenger.md, made from the code.

use serde_json::json;

use super::accounts::{Refreshing, Registering};
use super::client::History;
use super::json::{Access, Message, Post, Profile, Room, Tokens, User};
use super::messages::MESSAGE;
use super::profiles::{Friend, NewPost};
use super::socket::FRAME;
use crate::api::http::body::Body;
use crate::api::http::openapi::doc::{Doc, Shapes};
use crate::api::http::openapi::shape::{
    Shape, any, any_of, attempt, described, list, may, need, not_blank, object, one_of, string, whole_number, word,
};
use crate::api::http::reply::SECOND_FACTOR_REQUIRED;

/// `{"field":["…"]}` where fields are to blame, else `{"detail":"…"}`.
pub fn errors(_shapes: &mut Shapes, status: u16) -> Shape {
    let detail = object(&[need("detail", string())]);
    let fields = json!({ "type": "object", "minProperties": 1, "additionalProperties": list(string()) });
    match status {
        400 => any_of([detail, fields]),
        401 => {
            let codes = one_of(&["token_not_valid", SECOND_FACTOR_REQUIRED]);
            object(&[need("detail", string()), may("code", codes)])
        }
        403 => object(&[need("detail", string()), may("code", word(SECOND_FACTOR_REQUIRED))]),
        _ => detail,
    }
}

fn one(name: &'static str) -> Shape {
    object(&[need(name, string())])
}

pub fn users(doc: &mut Doc) {
    doc.does("List everybody").answers::<Vec<User>>(200, "Everybody, with e-mail unless the operator hides it.");
}

pub fn register(doc: &mut Doc) {
    doc.does("Make an account")
        .takes(&Registering::table())
        .answers::<User>(201, "The new account.")
        .limited("registration")
        .refuses(&[403]);
}

pub fn token(doc: &mut Doc) {
    doc.does("Get a pair of JWTs")
        .takes(&[may("username", string()), may("email", string()), need("password", attempt())])
        .answers::<Tokens>(200, "One for requests, and one to get new ones with.")
        .limited("sign-in")
        .refuses(&[401, 403]);
}

pub fn refresh(doc: &mut Doc) {
    doc.does("Get a new JWT for requests")
        .takes(&Refreshing::table())
        .answers::<Access>(200, "The new one.")
        .limited("sign-in")
        .refuses(&[401, 403]);
}

pub fn mine(doc: &mut Doc) {
    doc.does("Get my profile and posts").answers::<Profile>(200, "My profile, with my posts, the oldest first.");
}

pub fn posts(doc: &mut Doc) {
    doc.does("List everybody's posts").answers::<Vec<Post>>(200, "All posts, the oldest first.");
}

pub fn publish(doc: &mut Doc) {
    doc.does("Publish a post").limited("send").takes(&NewPost::table()).answers::<Post>(201, "The post.");
}

pub fn search(doc: &mut Doc) {
    doc.does("Get the profile of exactly this user")
        .needs_query("username", not_blank())
        .answers::<Profile>(200, "The profile, with the user's posts.")
        .also_refuses(400, one("error"))
        .also_refuses(404, one("error"));
}

pub fn add_friend(doc: &mut Doc) {
    doc.does("Befriend somebody").takes(&Friend::table()).answers_with(200, one("message"), "You are friends.");
    doc.also_refuses(400, one("message"));
}

pub fn remove_friend(doc: &mut Doc) {
    doc.does("End a friendship").takes(&Friend::table()).answers_with(200, one("message"), "You were friends.");
    doc.also_refuses(400, one("message"));
}

pub fn visible(doc: &mut Doc) {
    doc.does("List my chatrooms and public ones").answers::<Vec<Room>>(200, "By id.");
}

pub fn mine_rooms(doc: &mut Doc) {
    doc.does("List my chatrooms").answers::<Vec<Room>>(200, "By id.");
}

pub fn create(doc: &mut Doc) {
    doc.does("Open the chatroom with somebody")
        .limited("send")
        .takes(&[need("recipient", described(string(), "A username."))])
        .answers::<Room>(201, "The new chatroom.")
        .also_refuses(400, list(string()));
}

pub fn history(doc: &mut Doc) {
    let limit = described(any(), "The newest so many alone. What is no number above 0 is no limit.");
    let before = described(whole_number(), "Those before this message alone.");
    doc.does("List everything that was said in a chatroom")
        .query("limit", limit)
        .query("before", before)
        .answers::<Vec<Message>>(200, "All of it, the oldest first.")
        .refuses(&[400, 404])
        .also_refuses(403, one("error"));
}

pub fn post(doc: &mut Doc) {
    doc.does("Say something in a chatroom")
        .limited("send")
        .takes(&MESSAGE.described())
        .once()
        .makes::<Message>("The message.")
        .refuses(&[404])
        .also_refuses(403, one("error"));
}

pub fn socket(doc: &mut Doc) {
    let server = any_of([doc.shapes.of::<Message>(), one("error")]);
    doc.does("What is said in a chatroom, live").also_refuses(403, one("error")).frames(said(), server);
}

pub fn remembering_socket(doc: &mut Doc) {
    let server = any_of([doc.shapes.of::<History>(), doc.shapes.of::<Message>(), one("error")]);
    doc.does("What was said last in a chatroom, and what is said, live")
        .note("The first frame is always the history: the newest 50 messages, the oldest first.")
        .also_refuses(403, one("error"))
        .frames_of("Remembering", said(), server);
}

fn said() -> Shape {
    object(&FRAME.described())
}
