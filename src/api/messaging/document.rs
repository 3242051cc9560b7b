//! What the table's routes say of themselves: messaging.md, made from the code.

use serde_json::json;

use super::chats::{Changed, NewChat, NewGroup, Read, Typing, Unread};
use super::frame::Frame;
use super::json::{
    Chat, Detail, Done, Fault, Found, GroupInvitation, Invalid, ListedMember, LogEntry, Message, Results, Sync, Toggled,
};
use super::members::{Added, NewRole};
use super::messages::{Edited, MESSAGE, Reacted};
use super::socket;
use super::{CHATS_ON_PAGE, MESSAGES_ON_PAGE};
use crate::api::http::body::Body;
use crate::api::http::cursor::Part;
use crate::api::http::group_invite::Invited;
use crate::api::http::openapi::doc::{Doc, Shapes};
use crate::api::http::openapi::shape::{
    Field, Shape, any_of, described, id, need, not_blank, object, string, whole_number, word,
};
use crate::api::http::page::Listing;
use crate::chat::model::chat_log::MAX_CHAT_LOG;
use crate::chat::model::message::MAX_PINS;

/// Fields for a 400, the document's sentence for a 500, and `detail` for everything else.
pub fn errors(shapes: &mut Shapes, status: u16) -> Shape {
    match status {
        400 => shapes.of::<Invalid>(),
        500 => shapes.of::<Fault>(),
        _ => shapes.of::<Detail<'_>>(),
    }
}

pub fn list(doc: &mut Doc) {
    let search = described(string(), "Those with this in their title, or in a member's name or username.");
    doc.does("List my chats")
        .query("search", search)
        .pages(CHATS_ON_PAGE)
        .answers::<Listing<Chat>>(200, "A page of chats, the newest activity first.");
}

pub fn create(doc: &mut Doc) {
    doc.does("Open a chat")
        .note("A `dm` takes exactly one `member_ids` entry; a `group` a title or members.")
        .limited("send")
        .takes(&[NewChat::table(), NewGroup::table()].concat())
        .makes::<Chat>("The new chat.");
}

pub fn detail(doc: &mut Doc) {
    doc.does("Get a chat").answers::<Chat>(200, "The chat.");
}

pub fn update(doc: &mut Doc) {
    doc.does("Change a chat's title or picture")
        .note("An admin of a group may.")
        .limited("send")
        .may_take(&Changed::table())
        .answers::<Chat>(200, "The chat as it is now.");
}

pub fn delete(doc: &mut Doc) {
    doc.does("Delete a chat")
        .note("A group goes for all, by an admin. A direct chat is cleared for the one who deletes it.")
        .limited("send")
        .answers_nothing(204, "It is gone.");
}

pub fn mark_as_read(doc: &mut Doc) {
    doc.does("Mark messages as read").may_take(&Read::table()).answers::<Done>(200, "How many were not read before.");
}

pub fn mark_as_unread(doc: &mut Doc) {
    doc.does("Mark a message and all after it as unread")
        .note("For me alone, in every API. They do not count as read by me any more.")
        .limited("send")
        .takes(&Unread::table())
        .answers::<Done>(200, "How many are unread now.");
}

pub fn members(doc: &mut Doc) {
    doc.does("List who is in a chat")
        .query("q", described(string(), "Those with this in their username or display name."))
        .goes_on()
        .answers::<Part<ListedMember<'_>>>(200, "Some of them, the longest in it first.");
}

pub fn invite(doc: &mut Doc) {
    doc.does("Make an invitation into a group")
        .note("An admin may. It is for people who have an account.")
        .limited("send")
        .may_take(&Invited::table())
        .answers::<GroupInvitation<'_>>(201, "The invitation.");
}

pub fn invites(doc: &mut Doc) {
    doc.does("List the invitations into a group that work")
        .note("An admin may.")
        .goes_on()
        .answers::<Part<GroupInvitation<'_>>>(200, "Some of them, the newest first.")
        .refuses(&[403]);
}

pub fn revoke_invite(doc: &mut Doc) {
    doc.does("Take an invitation into a group back")
        .note("An admin may.")
        .path("code", string())
        .answers_nothing(204, "It opens nothing any more.");
}

pub fn join(doc: &mut Doc) {
    doc.does("Join a group by an invitation")
        .note("Who is in it already stays so, and uses nothing up.")
        .limited("send")
        .path("code", string())
        .answers::<Chat>(200, "The chat.")
        .refuses(&[400, 404]);
}

pub fn pins(doc: &mut Doc) {
    doc.does("List the pinned messages of a chat")
        .goes_on()
        .answers::<Part<Message<'_>>>(200, "Some of them, the latest pinned first.");
}

pub fn log(doc: &mut Doc) {
    let sentence = format!("Of a group its newest {MAX_CHAT_LOG}; of a direct chat there is nothing.");
    doc.does("List who came into a chat, left it and renamed it")
        .note(&sentence)
        .answers::<Results<LogEntry<'_>>>(200, "All of it, the oldest first.");
}

pub fn pin(doc: &mut Doc) {
    let sentence = format!("An admin of a group may, and both sides of a direct chat. A chat has {MAX_PINS} at most.");
    doc.does("Pin a message")
        .note(&sentence)
        .limited("send")
        .answers::<Message<'_>>(200, "The message as it is now.")
        .refuses(&[400]);
}

pub fn unpin(doc: &mut Doc) {
    doc.does("Take the pin off a message")
        .note("Whoever may pin it may.")
        .limited("send")
        .answers_nothing(204, "It is not pinned.");
}

pub fn typing(doc: &mut Doc) {
    doc.does("Say that I type, or do not any more")
        .takes(&Typing::table())
        .answers::<Done>(200, "The others are told.");
}

pub fn add_members(doc: &mut Doc) {
    doc.does("Add members to a group")
        .note("An admin may.")
        .limited("send")
        .takes(&Added::table())
        .answers::<Done>(200, "How many are new.");
}

pub fn change_member(doc: &mut Doc) {
    doc.does("Change what a member of a group is")
        .note("An admin may make and unmake admins. The owner may make somebody else the owner.")
        .limited("send")
        .takes(&NewRole::table())
        .answers::<Chat>(200, "The chat as it is now.");
}

pub fn remove_member(doc: &mut Doc) {
    doc.does("Remove a member from a group")
        .note("An admin may, but not the owner; and everybody themselves.")
        .limited("send")
        .answers_nothing(204, "They are out.")
        .refuses(&[400]);
}

pub fn history(doc: &mut Doc) {
    let before = described(whole_number(), "Those before this message, the newest first.");
    let after = described(whole_number(), "Those after this message, the oldest first. Not with `before`.");
    doc.does("List what was said in a chat")
        .query("before", before)
        .query("after", after)
        .pages(MESSAGES_ON_PAGE)
        .answers::<Listing<Message>>(200, "A page of messages, the newest first.")
        .refuses(&[400]);
}

pub fn send(doc: &mut Doc) {
    doc.does("Say something in a chat")
        .limited("send")
        .takes(&MESSAGE.described())
        .once()
        .makes::<Message>("The message.");
}

pub fn message(doc: &mut Doc) {
    doc.does("Get a message").answers::<Message>(200, "The message.");
}

pub fn edit(doc: &mut Doc) {
    doc.does("Edit a message")
        .note("Its author may.")
        .limited("send")
        .takes(&Edited::table())
        .answers::<Message>(200, "The message as it is now.");
}

pub fn delete_message(doc: &mut Doc) {
    doc.does("Delete a message").note("Its author may.").answers_nothing(204, "It is gone.");
}

pub fn react(doc: &mut Doc) {
    doc.does("Put an emoji on a message, or take it back")
        .limited("send")
        .takes(&Reacted::table())
        .answers::<Toggled>(200, "Which of the two it was.");
}

pub fn search(doc: &mut Doc) {
    let q = described(not_blank(), "In a username or display name; an e-mail address in full.");
    doc.does("Search users to talk to").needs_query("q", q).answers::<Results<Found>>(200, "At most 20 users.");
}

pub fn sync(doc: &mut Doc) {
    doc.does("Get what changed since a number")
        .query("since", since())
        .refuses(&[400])
        .answers::<Sync>(200, "Changed messages and deleted ones. Ask again from `seq` while there is `more`.");
}

fn since() -> Shape {
    described(
        json!({ "type": "integer", "minimum": 0, "maximum": i64::MAX }),
        "The `seq` of the last change that you have seen; 0 unless given.",
    )
}

pub fn socket(doc: &mut Doc) {
    let server = doc.shapes.of::<Frame<'_>>();
    doc.does("All my chats, live")
        .note("With `since`, what was missed is told first.")
        .query("since", since())
        .refuses(&[400])
        .frames(client_frames(), server);
}

pub fn events(doc: &mut Doc) {
    let frame = doc.shapes.of::<Frame<'_>>();
    let last = described(since(), "The last `id` that you had. It comes before `since`.");
    doc.does("All my chats, live, as server-sent events")
        .note("What the socket says, as `data:`, with `seq` as `id:`; `hello` first. With `since`, what was missed is told first.")
        .query("since", since())
        .header("Last-Event-ID", last)
        .answers_events(frame, "Events, as long as you read; a comment every 15 s.")
        .refuses(&[400]);
}

fn client_frames() -> Shape {
    let frame = |kind: &str, fields: Vec<Field>| {
        let whole: Vec<Field> = [need("type", word(kind))].into_iter().chain(fields).collect();
        object(&whole)
    };
    let send: Vec<Field> = [need("chat", id())].into_iter().chain(MESSAGE.described()).collect();
    any_of([
        frame("send_message", send),
        frame("edit_message", socket::Edit::table()),
        frame("delete_message", socket::Delete::table()),
        frame("react", socket::React::table()),
        frame("mark_read", socket::MarkRead::table()),
        frame("typing", socket::Typing::table()),
        frame("decline_call", socket::DeclineCall::table()),
        frame("visible", socket::Visible::table()),
        frame("ping", Vec::new()),
    ])
}
