//! What the table's routes say of themselves: inbox.md, made from the code.

use super::json::{Frame, Message, SignedIn};
use super::messages::{Edited, MESSAGE, PAGE_SIZE, Receiver};
use super::socket::{Delete, Edit, FRAME};
use crate::api::http::body::{Body, FieldValue};
use crate::api::http::openapi::doc::Doc;
use crate::api::http::openapi::shape::{Shape, any_of, described, filled, need, object, string};
use crate::api::http::page::Listing;
use crate::api::http::sign_in::SignIn;
use crate::chat::model::name::MAX_USERNAME;

pub fn login(doc: &mut Doc) {
    doc.does("Sign in on this device")
        .note("Either field may hold either name. With a right `password`, `oauth` changes nothing.")
        .takes(&SignIn::described())
        .answers::<SignedIn>(200, "A new token for this device.")
        .limited("sign-in")
        .refuses(&[401, 403]);
}

fn token_alone() -> Shape {
    object(&[need("token", string())])
}

pub fn token(doc: &mut Doc) {
    doc.does("Get the account's own token")
        .answers_with(200, token_alone(), "The same at each call, until it is rotated.")
        .note("A bot has none.")
        .refuses(&[403]);
}

pub fn rotate(doc: &mut Doc) {
    doc.does("Replace the account's own token")
        .answers_with(200, token_alone(), "The new one; the old opens nothing.")
        .note("A bot has none.")
        .refuses(&[403]);
}

pub fn list(doc: &mut Doc) {
    let user = described(string(), "Those with this username alone. Of an unknown one, there are none.");
    doc.does("List the messages that I sent and got")
        .query("user", user)
        .pages(PAGE_SIZE)
        .answers::<Listing<Message>>(200, "A page of messages, the newest first.");
}

pub fn send(doc: &mut Doc) {
    let receiver = need("receiver", Receiver::shape());
    doc.does("Write to somebody")
        .takes(&[vec![receiver], MESSAGE.described()].concat())
        .once()
        .makes::<Message>("The message.");
}

pub fn update(doc: &mut Doc) {
    doc.does("Change a message")
        .note("Its author may.")
        .takes(&Edited::table())
        .answers::<Message>(200, "The message as it is now.");
}

pub fn delete(doc: &mut Doc) {
    doc.does("Delete a message").note("Its author may.").answers_nothing(204, "It is gone.");
}

pub fn socket(doc: &mut Doc) {
    let client = any_of([object(&FRAME.described()), object(&Edit::table()), object(&Delete::table())]);
    let server = any_of([doc.shapes.of::<Frame>(), object(&[need("error", string())])]);
    doc.does("The messages with one user, live")
        .note("At the root, what is not all digits is a username.")
        .path("username", filled(MAX_USERNAME))
        .frames(client, server);
}
