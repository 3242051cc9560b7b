//! What the table's routes say of themselves.

use super::json::PAGE_SIZE;
use super::json::storage::{Chat, Use};
use super::json::{
    AuditEntry, Invitation, InviteView, NewInvitation, Person, ResetLink, ResetLook, Session, Settings, SignedIn,
    Status, User,
};
use crate::api::http::cursor::Part;
use crate::api::http::openapi::doc::Doc;
use crate::api::http::openapi::shape::{
    Field, Shape, any_of, boolean, described, email, filled, id, ids, integer, may, need, not_blank, nullable,
    password, string, text, username, word,
};
use crate::api::http::page::Listing;
use crate::chat::model::invite::{INVITE_LIFE, MAX_LIFE, MAX_USES, MIN_LIFE};
use crate::chat::model::label::MAX_LABEL;
use crate::chat::model::name::{MAX_DISPLAY_NAME, MAX_TITLE};
use crate::chat::model::retention::MAX_RETENTION_DAYS;
use crate::chat::model::server::MAX_JOIN_ROOMS;

/// What stands behind the `#` of a link.
fn code() -> Field {
    need("code", described(not_blank(), "What stands behind the `#` of the link."))
}

pub fn look_at_invite(doc: &mut Doc) {
    doc.does("Look what an invitation is good for")
        .note("Its code goes into the field `invite` of a registration.")
        .takes(&[code()])
        .answers::<InviteView<'_>>(200, "Who invites, until when, and how many still.")
        .limited("sign-in")
        .refuses(&[403, 404]);
}

pub fn set_up(doc: &mut Doc) {
    doc.does("Make the first administrator")
        .note("By the code that the server printed. It works once, and as long as there is no administrator.")
        .note("It opens the room of everybody, in the language of `Accept-Language`: English or Russian.")
        .takes(&[
            code(),
            need("username", username()),
            need("password", password()),
            may("email", address()),
            may("display_name", text(MAX_DISPLAY_NAME)),
            may("name", described(text(MAX_TITLE), "What the server is called.")),
        ])
        .answers::<SignedIn<'_>>(201, "The new account, and a token for this device.")
        .limited("sign-in")
        .refuses(&[403, 404]);
}

fn address() -> Shape {
    described(any_of([email(), word("")]), "May be blank.")
}

pub fn register(doc: &mut Doc) {
    doc.does("Register, with an e-mail address or without")
        .takes(&[
            need("username", username()),
            need("password", password()),
            may("display_name", text(MAX_DISPLAY_NAME)),
            may("email", address()),
            may("invite", described(string(), "The code of an invitation, where registration needs one.")),
        ])
        .answers::<SignedIn<'_>>(201, "The new account, and a token for this device.")
        .limited("registration")
        .refuses(&[403]);
}

pub fn settings(doc: &mut Doc) {
    administrators(doc.does("Name the server, and the rooms that every new account joins"))
        .may_take(&[
            may("name", filled(MAX_TITLE)),
            may("join_rooms", described(ids(MAX_JOIN_ROOMS), "Public groups, or ones that you are an admin of.")),
        ])
        .answers::<Settings<'_>>(200, "Both as they are now.");
}

pub fn look_at_reset(doc: &mut Doc) {
    doc.does("Look whose password a link sets")
        .takes(&[code()])
        .answers::<ResetLook<'_>>(200, "Whose, and until when.")
        .limited("sign-in")
        .refuses(&[403, 404]);
}

pub fn reset(doc: &mut Doc) {
    doc.does("Set a password by a link")
        .note("Everything that was signed in ends.")
        .takes(&[code(), need("password", password())])
        .answers_nothing(204, "It is set. The link opens nothing any more.")
        .limited("sign-in")
        .refuses(&[403, 404]);
}

pub fn people(doc: &mut Doc) {
    doc.does("List everybody I may write to")
        .note("Who comes or goes while the list is read may be in two parts of it.")
        .query("q", described(string(), "Those with this in their username or display name."))
        .goes_on()
        .answers::<Part<Person<'_>>>(200, "Some of them: who is online first, then by name.");
}

pub fn sessions(doc: &mut Doc) {
    doc.does("List what signs me in")
        .pages(PAGE_SIZE)
        .answers::<Listing<Session<'_>>>(200, "A page of it, the last used first.");
}

pub fn end_session(doc: &mut Doc) {
    doc.does("End one of what signs me in").answers_nothing(204, "It opens nothing any more.");
}

pub fn users(doc: &mut Doc) {
    let search = described(string(), "Those with this in their username, name or e-mail address.");
    administrators(doc.does("List users with what administrators see"))
        .query("search", search)
        .pages(PAGE_SIZE)
        .answers::<Listing<User<'_>>>(200, "A page of users.");
}

pub fn add_user(doc: &mut Doc) {
    administrators(doc.does("Make an account for somebody"))
        .takes(&[
            need("username", username()),
            need("password", password()),
            may("email", email()),
            may("display_name", text(MAX_DISPLAY_NAME)),
            may("is_admin", boolean()),
        ])
        .answers::<User<'_>>(201, "The new account.");
}

pub fn change_user(doc: &mut Doc) {
    administrators(doc.does("Disable or enable a user, make them an administrator or not"))
        .may_take(&[may("is_disabled", boolean()), may("is_admin", boolean())])
        .answers::<User<'_>>(200, "The user as they are now.");
}

pub fn link_reset(doc: &mut Doc) {
    administrators(doc.does("Make a link that sets a user's password"))
        .answers::<ResetLink<'_>>(201, "The link. Its code is shown here alone.");
}

pub fn sign_out(doc: &mut Doc) {
    administrators(doc.does("End everything that signs a user in"))
        .answers_nothing(204, "None of it opens anything any more.");
}

pub fn invites(doc: &mut Doc) {
    administrators(doc.does("List invitations"))
        .pages(PAGE_SIZE)
        .answers::<Listing<Invitation<'_>>>(200, "A page of invitations, the newest first.");
}

pub fn invite(doc: &mut Doc) {
    let (least, most) = (seconds(MIN_LIFE.as_secs()), seconds(MAX_LIFE.as_secs()));
    let life = format!("How long it works, in seconds; {} unless given.", INVITE_LIFE.as_secs());
    administrators(doc.does("Make an invitation"))
        .may_take(&[
            may("uses", described(integer(1, MAX_USES.into()), "How many may register with it; 1 unless given.")),
            may("expires_in", described(integer(least, most), &life)),
            may("label", text(MAX_LABEL)),
            may("chat", described(id(), "The group that its guests join: public, or one that you are an admin of.")),
        ])
        .answers::<NewInvitation<'_>>(201, "The invitation. Its code is shown here alone.");
}

fn seconds(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

pub fn revoke_invite(doc: &mut Doc) {
    administrators(doc.does("Take an invitation back")).answers_nothing(204, "It opens nothing any more.");
}

pub fn status(doc: &mut Doc) {
    administrators(doc.does("Get how the server is")).answers::<Status>(200, "How much there is of what.");
}

pub fn storage(doc: &mut Doc) {
    administrators(doc.does("Get what fills the disk"))
        .note("The largest chats by their messages and by the bytes of their files, and the users with most bytes.")
        .answers::<Use<'_>>(200, "What lies on the disk, whose it is, and what is allowed.");
}

pub fn retain(doc: &mut Doc) {
    let days = described(
        nullable(integer(0, MAX_RETENTION_DAYS.into())),
        "Messages that are older go. 0: none does; `null`: as long as the server is told.",
    );
    administrators(doc.does("Set how long a chat keeps its messages"))
        .note("They go without an event or a tombstone for each.")
        .takes(&[need("retain_days", days)])
        .answers::<Chat>(200, "The chat's time as it is now.");
}

pub fn audit(doc: &mut Doc) {
    administrators(doc.does("List who administered what"))
        .pages(PAGE_SIZE)
        .answers::<Listing<AuditEntry<'_>>>(200, "A page of the log, the newest first.");
}

fn administrators(doc: &mut Doc) -> &mut Doc {
    doc.note("For administrators of the server.").refuses(&[403])
}
