//! What the table's routes say of themselves: rooms.md, made from the code.

use super::accounts::{ChangedPassword, ChangedProfile, Registering};
use super::json::PAGE_SIZE;
use super::json::{
    Account, CallState, Documented, File, Form, Joined, Left, MessageOf, Participant, Signalled, SignedIn, User,
};
use super::messages::MESSAGE;
use super::rooms::{ChangedRoom, NewRoom};
use super::socket::JoinCall;
use crate::api::http::body::Body;
use crate::api::http::envelope::CODES;
use crate::api::http::openapi::doc::{Doc, Shapes};
use crate::api::http::openapi::shape;
use crate::api::http::openapi::shape::{
    Field, Shape, any_of, client_id, described, id, may, need, object, preview_sizes, string, word,
};
use crate::api::http::page::Listing;
use crate::api::http::sign_in::SignIn;

pub fn register(doc: &mut Doc) {
    doc.does("Make an account and sign in")
        .takes(&Registering::table())
        .answers::<SignedIn>(201, "The new account, and a token for this device.")
        .limited("registration")
        .refuses(&[403]);
}

pub fn login(doc: &mut Doc) {
    doc.does("Sign in on this device")
        .note("Either field may hold either name. With a right `password`, `oauth` changes nothing.")
        .takes(&SignIn::described())
        .answers::<SignedIn>(200, "A new token for this device.")
        .limited("sign-in")
        .refuses(&[401, 403]);
}

pub fn logout(doc: &mut Doc) {
    doc.does("End the token or session that asks")
        .note("The account's own token and JWTs are not ended by this.")
        .answers_nothing(204, "It opens nothing any more.");
}

pub fn logout_all(doc: &mut Doc) {
    doc.does("End every token, session and JWT of mine").answers_nothing(204, "None of them opens anything any more.");
}

pub fn change_password(doc: &mut Doc) {
    doc.does("Change my password")
        .note("Everything that was signed in ends, but for the credential that asks.")
        .takes(&ChangedPassword::table())
        .answers_nothing(204, "It is changed.")
        .limited("sign-in");
}

pub fn me(doc: &mut Doc) {
    doc.does("Who am I").answers::<Account>(200, "My account.");
}

pub fn users(doc: &mut Doc) {
    doc.does("List users")
        .note("At the root, the list of rooms is asked for with `page` or `page_size`.")
        .pages(PAGE_SIZE)
        .answers::<Listing<User>>(200, "A page of users.");
}

pub fn user(doc: &mut Doc) {
    doc.does("Get a user");
    let shapes = any_of([doc.shapes.of::<User>(), doc.shapes.of::<Account>()]);
    doc.answers_with(200, shapes, "The user; of oneself, the account.");
}

pub fn change_profile(doc: &mut Doc) {
    let by_id = ChangedProfile::table();
    let image = may("avatar", described(shape::bytes(), "An image."));
    let form: Vec<Field> = by_id.iter().filter(|field| !field.is("avatar")).cloned().chain([image]).collect();
    doc.does("Change my profile")
        .note("An image that is sent with it counts as an upload as well.")
        .may_take(&by_id)
        .takes_parts(&form)
        .answers::<Account>(200, "My account as it is now.");
}

pub fn rooms(doc: &mut Doc) {
    rooms_of::<Documented>(doc);
}

pub fn rooms_of<F: Form>(doc: &mut Doc) {
    let public = described(shape::any(), "`true` or `1`: those public rooms that I am not in, instead of mine.");
    doc.does("List my rooms")
        .query("public", public)
        .pages(PAGE_SIZE)
        .answers::<Listing<F::Room<'_>>>(200, "A page of rooms, the newest first.");
}

pub fn create(doc: &mut Doc) {
    create_of::<Documented>(doc);
}

pub fn create_of<F: Form>(doc: &mut Doc) {
    doc.does("Open a room")
        .takes(&NewRoom::table())
        .answers::<F::Room<'_>>(201, "The new room, of which you are the owner.");
}

pub fn room(doc: &mut Doc) {
    room_of::<Documented>(doc);
}

pub fn room_of<F: Form>(doc: &mut Doc) {
    doc.does("Get a room").answers::<F::Room<'_>>(200, "The room.");
}

pub fn change(doc: &mut Doc) {
    change_of::<Documented>(doc);
}

pub fn change_of<F: Form>(doc: &mut Doc) {
    doc.does("Change a room")
        .note("The owner may.")
        .may_take(&ChangedRoom::table())
        .answers::<F::Room<'_>>(200, "The room as it is now.");
}

pub fn delete(doc: &mut Doc) {
    doc.does("Delete a room and what was said in it").note("The owner may.").answers_nothing(204, "It is gone.");
}

pub fn join(doc: &mut Doc) {
    join_of::<Documented>(doc);
}

pub fn join_of<F: Form>(doc: &mut Doc) {
    doc.does("Join a public room").answers::<F::Room<'_>>(200, "The room; also if you were in it.").refuses(&[400]);
}

pub fn leave(doc: &mut Doc) {
    doc.does("Leave a room").note("An owner's room passes to another member.").answers_nothing(204, "You are out.");
}

pub fn participants(doc: &mut Doc) {
    doc.does("List who is in a room")
        .pages(PAGE_SIZE)
        .answers::<Listing<Participant>>(200, "A page of participants.")
        .refuses(&[403]);
}

pub fn history(doc: &mut Doc) {
    history_of::<Documented>(doc);
}

pub fn history_of<F: Form>(doc: &mut Doc) {
    doc.does("List what was said in a room")
        .pages(PAGE_SIZE)
        .answers::<Listing<MessageOf<'_, F>>>(200, "A page of messages, the newest first.")
        .refuses(&[403]);
}

pub fn post(doc: &mut Doc) {
    post_of::<Documented>(doc);
}

pub fn post_of<F: Form>(doc: &mut Doc) {
    doc.does("Say something in a room").takes(&MESSAGE.described()).once().makes::<MessageOf<'_, F>>("The message.");
}

pub fn message(doc: &mut Doc) {
    message_of::<Documented>(doc);
}

pub fn message_of<F: Form>(doc: &mut Doc) {
    doc.does("Get a message").answers::<MessageOf<'_, F>>(200, "The message.");
}

pub fn delete_message(doc: &mut Doc) {
    doc.does("Delete a message").note("Its author or the room's owner may.").answers_nothing(204, "It is gone.");
}

pub fn upload(doc: &mut Doc) {
    doc.does("Upload a file")
        .note("`limits.upload_bytes` of `/api/server/` says how large it may be.")
        .takes_parts(&[need("file", shape::bytes())])
        .answers::<File>(201, "The file. Attach it to a message by its id.");
}

pub fn info(doc: &mut Doc) {
    doc.does("Get what is known about a file").answers::<File>(200, "The file.");
}

pub fn download(doc: &mut Doc) {
    doc.does("Download a file").answers_bytes();
}

pub fn preview(doc: &mut Doc) {
    doc.does("Get a small picture of a picture")
        .note("A JPEG, or a PNG where anything shines through; the picture itself where that is no larger.")
        .needs_query("size", described(preview_sizes(), "It fits into a square of so many pixels."))
        .answers_bytes()
        .refuses(&[503]);
}

pub fn socket(doc: &mut Doc) {
    let (client, server) = (client_frames(Vec::new()), server_frames::<Documented>(&mut doc.shapes));
    doc.does("Listen and speak in a room").note("Members may.").frames(client, server);
}

/// A frame of a kind, with its content.
pub fn frame(kind: &str, data: Shape) -> Shape {
    object(&[need("type", word(kind)), need("data", data)])
}

/// A frame that has nothing to add to its kind.
pub fn bare(kind: &str) -> Shape {
    object(&[need("type", word(kind))])
}

/// What a client may say, and what else.
pub fn client_frames(more: Vec<Shape>) -> Shape {
    let signal =
        |field| object(&[need("target_user_id", id()), need(field, described(shape::any(), "Passed on as it is."))]);
    let usual = [
        object(&[
            need("type", word("chat_message")),
            need("data", object(&MESSAGE.described())),
            may("client_id", described(client_id(), "As in `data`, which counts where both have one.")),
        ]),
        object(&[need("type", word("join_call")), may("data", object(&JoinCall::table()))]),
        bare("leave_call"),
        frame("offer", signal("sdp")),
        frame("answer", signal("sdp")),
        frame("ice_candidate", signal("candidate")),
        bare("ping"),
    ];
    any_of(usual.into_iter().chain(more))
}

pub fn server_frames<F: Form>(shapes: &mut Shapes) -> Shape {
    let error = object(&[need("code", shape::one_of(&CODES)), need("message", string())]);
    any_of([
        frame("chat_message", shapes.of::<MessageOf<'_, F>>()),
        frame("message_updated", shapes.of::<MessageOf<'_, F>>()),
        frame("message_deleted", object(&[need("id", shape::number())])),
        frame("user_joined", shapes.of::<Joined>()),
        frame("user_left", shapes.of::<Left>()),
        frame("call_state", shapes.of::<CallState>()),
        frame("offer", shapes.of::<Signalled>()),
        frame("answer", shapes.of::<Signalled>()),
        frame("ice_candidate", shapes.of::<Signalled>()),
        bare("pong"),
        frame("error", error),
    ])
}
