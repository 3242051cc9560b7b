//! What the table's routes say of themselves: directs.md, made from the code.

use super::With;
use super::json::{DirectChat, Frame, User};
use super::socket::{ERROR_SENTENCE, FRAME};
use crate::api::http::account::Account;
use crate::api::http::body::Body;
use crate::api::http::browser::SessionUser;
use crate::api::http::openapi::doc::Doc;
use crate::api::http::openapi::shape::{any_of, need, object, word};
use crate::api::http::sign_in::Newcomer;

pub fn users(doc: &mut Doc) {
    doc.does("List everybody but me")
        .note("At the root, the list of directs is asked for without `page` and `page_size`.")
        .answers::<Vec<User>>(200, "Everybody, by id.");
}

pub fn chats(doc: &mut Doc) {
    doc.does("List my direct chats").answers::<Vec<DirectChat>>(200, "The newest created first.");
}

pub fn create(doc: &mut Doc) {
    doc.does("Open the direct chat with somebody")
        .takes(&With::table())
        .answers::<DirectChat>(201, "The chat, also if it was there already.");
}

pub fn register(doc: &mut Doc) {
    doc.does("Make an account, and sign in with a browser")
        .note("Sets the cookies `sessionid` and `csrftoken`.")
        .takes(&Newcomer::table())
        .answers::<SessionUser>(201, "The new account.")
        .limited("registration")
        .refuses(&[403]);
}

pub fn me(doc: &mut Doc) {
    doc.does("Who am I").answers::<Account>(200, "My account.");
}

pub fn socket(doc: &mut Doc) {
    let client = object(&FRAME.described());
    let server = any_of([doc.shapes.of::<Frame>(), object(&[need("error", word(ERROR_SENTENCE))])]);
    doc.does("A direct chat: what was said, then what is said")
        .note("At the root, all digits are a chat's id.")
        .frames(client, server);
}
