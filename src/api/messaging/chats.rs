//! Chats: mine, a new one, and what is done with one as a whole.

use std::sync::Arc;

use futures_util::stream;

use super::CHATS_ON_PAGE;
use super::json::{Chat, Done, LogEntry, Results};
use super::members::about_users;
use crate::api::http::body::{Body, FieldValue, Fields, Ids, MaybeNull, Title, body};
use crate::api::http::json_stream;
use crate::api::http::openapi::shape::{self, Shape, one_of};
use crate::api::http::page;
use crate::api::http::reply::{Answer, ApiError, created, no_content, ok};
use crate::api::http::request::Request;
use crate::chat::model::chat::{self, Authority, ChatChange, Kind};
use crate::chat::model::id::{ChatId, FileId, MessageId, UserId};
use crate::chat::model::member::MAX_ADDED;
use crate::chat::model::name::rule::Violation;
use crate::chat::model::session::Actor;
use crate::chat::model::user::UserRef;

/// A `dm` or a `group`.
pub struct ChatType(Kind);

impl FieldValue for ChatType {
    fn read(fields: &mut Fields, name: &str) -> Option<Self> {
        fields.parse(name, chat_type).map(Self)
    }

    fn shape() -> Shape {
        one_of(&["dm", "group"])
    }
}

/// Up to which message is read. What is no id is as before the first.
pub struct Upto(pub MessageId);

impl FieldValue for Upto {
    fn read(fields: &mut Fields, name: &str) -> Option<Self> {
        MessageId::read(fields, name).map(Self)
    }

    fn shape() -> Shape {
        shape::upto()
    }
}

body! {
    /// A chat that is to be: of which kind.
    NewChat { chat_type: ChatType }
    /// A direct chat that is to be.
    NewDirect { member_ids: Ids<MAX_ADDED> }
    /// A group that is to be.
    NewGroup { title: Option<Title>, member_ids: Option<Ids<MAX_ADDED>> }
    /// What of a chat is to be otherwise.
    Changed {
        title: Option<Title>,
        /// A group's picture: the id of an image that you uploaded; `null` takes it away.
        avatar: MaybeNull<FileId>,
    }
    /// What is read of a chat.
    Read {
        /// Up to this message; to the end of the chat unless given.
        message_id: Option<Upto>,
    }
    /// What is to be unread again.
    Unread {
        /// With at most 10,000 messages from it on.
        message_id: MessageId,
    }
    /// Whether somebody types.
    Typing { is_typing: bool }
}

pub async fn list(actor: Actor, request: Request) -> Answer {
    let page = page::asked(&request, CHATS_ON_PAGE)?;
    let part = request.query("search").filter(|part| !part.trim().is_empty());
    let (app, base) = (request.context.app.clone(), request.base().clone());
    let found = app.chats_by_activity(&actor, page, part).await?;
    let before = page::before_results(&request, page, found.count)?;
    // A page may be of a hundred groups of thousands.
    let pieces = stream::try_unfold(Arc::from(found.items), move |left: Arc<[ChatId]>| {
        let (app, actor, base) = (app.clone(), actor.clone(), base.clone());
        async move {
            app.check_signed_in(&actor)?;
            let write = move |chat| json_stream::element(&Chat::new(&chat, &base));
            let (piece, taken) = app.next_overviews(&actor, Arc::clone(&left), write).await?;
            Ok(Some((piece, Arc::from(&left[taken..]))))
        }
    });
    json_stream::stream_of(&format!("{before}["), pieces, "]}").await
}

pub async fn create(actor: Actor, mut request: Request) -> Answer {
    let mut fields = request.fields().await?;
    let NewChat { chat_type: ChatType(kind) } = NewChat::read(&mut fields)?;
    let app = &request.context.app;
    let (id, is_new) = match kind {
        Kind::Direct => {
            let other = the_other(NewDirect::read(&mut fields)?)?;
            let opened = app.open_direct(&actor, UserRef::Id(other)).await;
            let (room, is_new) = opened.map_err(about_users("member_ids"))?;
            (room.id, is_new)
        }
        Kind::Group => {
            let new = group(NewGroup::read(&mut fields)?)?;
            (app.create_group(&actor, new).await.map_err(about_users("member_ids"))?.id, true)
        }
    };
    created(is_new, &Chat::new(&app.overview(&actor, id).await?, request.base()))
}

fn chat_type(text: &str) -> Result<Kind, Violation> {
    match text.trim() {
        "dm" => Ok(Kind::Direct),
        "group" => Ok(Kind::Group),
        other => Err(Violation(format!("\"{other}\" is not a valid choice."))),
    }
}

/// A direct chat is with exactly one; with oneself it is notes to self.
fn the_other(new: NewDirect) -> Result<UserId, ApiError> {
    match new.member_ids.0.as_slice() {
        [other] => Ok(UserId(*other)),
        _ => Err(ApiError::field("member_ids", "A direct chat has exactly one other member.")),
    }
}

fn group(new: NewGroup) -> Result<chat::NewGroup, ApiError> {
    let title = new.title.map(String::from);
    let members = new.member_ids.map(|ids| ids.0).unwrap_or_default();
    if title.is_none() && members.is_empty() {
        return Err(ApiError::field("title", "A group needs a title or members."));
    }
    Ok(chat::NewGroup {
        title: title.unwrap_or_default(),
        description: String::new(),
        is_private: true,
        max_members: None,
        members: members.into_iter().map(UserId).collect(),
    })
}

pub async fn log(actor: Actor, request: Request) -> Answer {
    let entries = request.context.app.chat_log(&actor, ChatId(request.id(0)?))?;
    ok(&Results { results: entries.iter().map(|entry| LogEntry::new(entry, request.base())).collect() })
}

pub async fn detail(actor: Actor, request: Request) -> Answer {
    ok(&Chat::new(&request.context.app.overview(&actor, ChatId(request.id(0)?)).await?, request.base()))
}

pub async fn update(actor: Actor, mut request: Request) -> Answer {
    let id = ChatId(request.id(0)?);
    let Changed { title, avatar } = request.body().await?;
    let change = ChatChange { title: title.map(String::from), avatar: avatar.0, ..ChatChange::default() };
    let app = &request.context.app;
    app.change_chat(&actor, id, change, Authority::Admin).await?;
    ok(&Chat::new(&app.overview(&actor, id).await?, request.base()))
}

/// A group goes for everybody, a direct chat for the one who deletes it.
pub async fn delete(actor: Actor, request: Request) -> Answer {
    let id = ChatId(request.id(0)?);
    let app = &request.context.app;
    match app.chat(&actor, id)?.kind {
        Kind::Direct => app.hide_direct(&actor, id).await?,
        Kind::Group => app.delete_chat(&actor, id, Authority::Admin).await?,
    }
    no_content()
}

pub async fn mark_as_read(actor: Actor, mut request: Request) -> Answer {
    let id = ChatId(request.id(0)?);
    let Read { message_id } = request.body().await?;
    ok(&Done::marked(request.context.app.mark_read(&actor, id, message_id.map(|upto| upto.0)).await?))
}

pub async fn mark_as_unread(actor: Actor, mut request: Request) -> Answer {
    let id = ChatId(request.id(0)?);
    let Unread { message_id } = request.body().await?;
    ok(&Done::unread(request.context.app.mark_unread(&actor, id, message_id).await?))
}

pub async fn typing(actor: Actor, mut request: Request) -> Answer {
    let id = ChatId(request.id(0)?);
    let Typing { is_typing } = request.body().await?;
    request.context.app.typing(&actor, id, is_typing)?;
    ok(&Done::plainly())
}
