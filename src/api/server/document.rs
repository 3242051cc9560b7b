//! What the table's routes say of themselves.

use super::invites::Invited;
use super::json::PAGE_SIZE;
use super::json::status::Status;
use super::json::storage::{Chat, Use};
use super::json::{
    AuditEntry, Invitation, InviteView, NewInvitation, Person, ResetLink, ResetLook, Session, Settings, SignedIn, User,
};
use super::public::{ByLink, NewPassword, SetUp};
use super::settings::ChangedSettings;
use super::storage::Retained;
use super::users::{AddedUser, ChangedUser};
use crate::api::http::body::Body;
use crate::api::http::cursor::Part;
use crate::api::http::openapi::doc::Doc;
use crate::api::http::openapi::shape::{described, string};
use crate::api::http::page::Listing;
use crate::api::http::sign_in::Newcomer;

pub fn look_at_invite(doc: &mut Doc) {
    doc.does("Look what an invitation is good for")
        .note("Its code goes into the field `invite` of a registration.")
        .takes(&ByLink::table())
        .answers::<InviteView<'_>>(200, "Who invites, until when, and how many still.")
        .limited("sign-in")
        .refuses(&[403, 404]);
}

pub fn set_up(doc: &mut Doc) {
    doc.does("Make the first administrator")
        .note("By the code that the server printed. It works once, and as long as there is no administrator.")
        .note("It opens the room of everybody, in the language of `Accept-Language`: English or Russian.")
        .takes(&SetUp::table())
        .answers::<SignedIn<'_>>(201, "The new account, and a token for this device.")
        .limited("sign-in")
        .refuses(&[403, 404]);
}

pub fn register(doc: &mut Doc) {
    doc.does("Register, with an e-mail address or without")
        .takes(&Newcomer::table())
        .answers::<SignedIn<'_>>(201, "The new account, and a token for this device.")
        .limited("registration")
        .refuses(&[403]);
}

pub fn settings(doc: &mut Doc) {
    administrators(doc.does("Name the server, and the rooms that every new account joins"))
        .may_take(&ChangedSettings::table())
        .answers::<Settings<'_>>(200, "Both as they are now.");
}

pub fn look_at_reset(doc: &mut Doc) {
    doc.does("Look whose password a link sets")
        .takes(&ByLink::table())
        .answers::<ResetLook<'_>>(200, "Whose, and until when.")
        .limited("sign-in")
        .refuses(&[403, 404]);
}

pub fn reset(doc: &mut Doc) {
    doc.does("Set a password by a link")
        .note("Everything that was signed in ends.")
        .takes(&NewPassword::table())
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
        .takes(&AddedUser::table())
        .answers::<User<'_>>(201, "The new account.");
}

pub fn change_user(doc: &mut Doc) {
    administrators(doc.does("Disable or enable a user, make them an administrator or not"))
        .may_take(&ChangedUser::table())
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

pub fn remove_second_factor(doc: &mut Doc) {
    administrators(doc.does("Take a user's second factor away, who lost it"))
        .answers_nothing(204, "Their password alone signs them in.")
        .refuses(&[404]);
}

pub fn invites(doc: &mut Doc) {
    administrators(doc.does("List invitations"))
        .pages(PAGE_SIZE)
        .answers::<Listing<Invitation<'_>>>(200, "A page of invitations, the newest first.");
}

pub fn invite(doc: &mut Doc) {
    administrators(doc.does("Make an invitation"))
        .may_take(&Invited::table())
        .answers::<NewInvitation<'_>>(201, "The invitation. Its code is shown here alone.");
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
    administrators(doc.does("Set how long a chat keeps its messages"))
        .note("They go without an event or a tombstone for each.")
        .takes(&Retained::table())
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
