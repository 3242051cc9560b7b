//! The shapes of `/api/server/`.

pub mod status;
pub mod storage;

use schemars::JsonSchema;
use serde::Serialize;

use crate::api::http::account::Account;
use crate::api::http::base::BasePath;
use crate::chat::model::admin::ManagedAccount;
use crate::chat::model::name::Username;
use crate::chat::model::session::{Actor, CredentialKind, IssuedCredential};
use crate::chat::model::token::Token;
use crate::chat::model::{audit, bot, invite, server, user};

/// Who the command line is, where a person's name would stand. No username has a space.
const COMMAND_LINE: &str = "command line";

/// What a code of an invitation is good for.
#[derive(JsonSchema, Serialize)]
pub struct InviteView<'a> {
    inviter: Option<&'a str>,
    expires_at: String,
    uses_left: u32,
    /// The group that whoever registers with it is in from the start.
    chat: Option<i64>,
}

impl<'a> From<&'a invite::Invitation> for InviteView<'a> {
    fn from(invitation: &'a invite::Invitation) -> Self {
        Self {
            inviter: invitation.created_by.as_ref().map(Username::as_str),
            expires_at: invitation.expires_at.to_string(),
            uses_left: invitation.uses_left,
            chat: invitation.chat.map(|chat| chat.0),
        }
    }
}

/// What a code of a password link is good for.
#[derive(JsonSchema, Serialize)]
pub struct ResetLook<'a> {
    pub username: &'a str,
    pub expires_at: String,
}

/// A link that sets a password.
#[derive(JsonSchema, Serialize)]
pub struct ResetLink<'a> {
    pub url: String,
    pub code: &'a str,
    pub expires_at: String,
}

/// What administrators set.
#[derive(JsonSchema, Serialize)]
pub struct Settings<'a> {
    /// What the server's people call it.
    name: &'a str,
    /// The groups that every new account joins.
    join_rooms: Vec<i64>,
}

impl<'a> From<&'a server::Settings> for Settings<'a> {
    fn from(settings: &'a server::Settings) -> Self {
        Self {
            name: settings.name.as_deref().unwrap_or(server::UNNAMED),
            join_rooms: settings.join_rooms.iter().map(|chat| chat.0).collect(),
        }
    }
}

/// What a new account gets.
#[derive(JsonSchema, Serialize)]
pub struct SignedIn<'a> {
    token: &'a str,
    user: Account<'a>,
}

impl<'a> SignedIn<'a> {
    pub fn new(token: &'a Token, account: &'a user::Account, base: &BasePath) -> Self {
        Self { token: token.as_str(), user: Account::new(account, base) }
    }
}

/// Somebody whom one may write to.
#[derive(JsonSchema, Serialize)]
pub struct Person<'a> {
    id: i64,
    username: &'a str,
    display_name: &'a str,
    avatar_url: Option<String>,
    online: bool,
    /// When they were last there, if they ever were.
    last_seen: Option<String>,
}

impl<'a> Person<'a> {
    pub fn new(person: &'a user::Person, base: &BasePath) -> Self {
        let user::User { id, username, display_name, avatar, .. } = &person.user;
        Self {
            id: id.0,
            username: username.as_str(),
            display_name,
            avatar_url: avatar.as_deref().map(|name| base.avatar(name)),
            online: person.is_online,
            last_seen: person.last_seen.map(|at| at.to_string()),
        }
    }
}

/// A program with an account of its own.
#[derive(JsonSchema, Serialize)]
pub struct Bot<'a> {
    id: i64,
    username: &'a str,
    display_name: &'a str,
    is_bot: bool,
    created_at: String,
    /// Who made it, unless that was the command line.
    created_by: Option<i64>,
}

impl<'a> From<&'a bot::Bot> for Bot<'a> {
    fn from(bot: &'a bot::Bot) -> Self {
        Self {
            id: bot.user.id.0,
            username: bot.user.username.as_str(),
            display_name: &bot.user.display_name,
            is_bot: bot.user.is_bot,
            created_at: bot.created_at.to_string(),
            created_by: bot.made_by.map(|maker| maker.0),
        }
    }
}

/// One that was made just now: the only place where its token stands.
#[derive(JsonSchema, Serialize)]
pub struct NewBot<'a> {
    #[serde(flatten)]
    pub bot: Bot<'a>,
    pub token: &'a str,
}

/// Something that signs one in.
#[derive(JsonSchema, Serialize)]
pub struct Session<'a> {
    id: i64,
    #[schemars(extend("enum" = ["token", "session", "jwt"]))]
    kind: &'static str,
    label: &'a str,
    created_at: String,
    used_at: String,
    expires_at: Option<String>,
    current: bool,
}

impl<'a> Session<'a> {
    pub fn new(held: &'a IssuedCredential, actor: &Actor) -> Self {
        Self {
            id: held.id.0,
            kind: match held.kind {
                CredentialKind::Account | CredentialKind::Device => "token",
                CredentialKind::Session => "session",
                CredentialKind::Refresh => "jwt",
            },
            label: &held.label,
            created_at: held.created_at.to_string(),
            used_at: held.used_at.to_string(),
            expires_at: held.expires_at.map(|at| at.to_string()),
            current: held.id == actor.credential,
        }
    }
}

/// A user as administrators see them.
#[derive(JsonSchema, Serialize)]
pub struct User<'a> {
    id: i64,
    username: &'a str,
    display_name: &'a str,
    email: &'a str,
    is_admin: bool,
    is_disabled: bool,
    stored_bytes: i64,
    text_bytes: i64,
    /// Their sign-ins with the password ask for a code.
    has_second_factor: bool,
    /// Who else signs them in: issuers of OpenID Connect, or `proxy`.
    linked_to: Vec<&'a str>,
    created_at: String,
    last_seen_at: Option<String>,
}

impl<'a> From<&'a ManagedAccount> for User<'a> {
    fn from(managed: &'a ManagedAccount) -> Self {
        let account = &managed.account;
        Self {
            id: account.user.id.0,
            username: account.user.username.as_str(),
            display_name: &account.user.display_name,
            email: &account.email,
            is_admin: account.is_admin,
            is_disabled: account.is_disabled,
            stored_bytes: managed.stored_bytes,
            text_bytes: managed.text_bytes,
            has_second_factor: managed.has_second_factor,
            linked_to: managed.issuers.iter().flat_map(|issuers| issuers.split(' ')).collect(),
            created_at: managed.created_at.to_string(),
            last_seen_at: managed.last_seen_at.map(|at| at.to_string()),
        }
    }
}

/// An invitation.
#[derive(JsonSchema, Serialize)]
pub struct Invitation<'a> {
    id: i64,
    label: &'a str,
    uses_left: u32,
    expires_at: String,
    created_at: String,
    created_by: &'a str,
    /// The group that its guests join.
    chat: Option<i64>,
    is_live: bool,
}

impl<'a> From<&'a invite::Invitation> for Invitation<'a> {
    fn from(invitation: &'a invite::Invitation) -> Self {
        Self {
            id: invitation.id.0,
            label: &invitation.label,
            uses_left: invitation.uses_left,
            expires_at: invitation.expires_at.to_string(),
            created_at: invitation.created_at.to_string(),
            created_by: invitation.created_by.as_ref().map_or(COMMAND_LINE, Username::as_str),
            chat: invitation.chat.map(|chat| chat.0),
            is_live: invitation.is_live,
        }
    }
}

/// One that was made just now: the only place where its code stands.
#[derive(JsonSchema, Serialize)]
pub struct NewInvitation<'a> {
    #[serde(flatten)]
    pub invitation: Invitation<'a>,
    pub code: &'a str,
    pub url: String,
}

/// A line of the audit log.
#[derive(JsonSchema, Serialize)]
pub struct AuditEntry<'a> {
    id: i64,
    at: String,
    actor: &'a str,
    action: &'a str,
    subject: &'a str,
    detail: &'a str,
}

impl<'a> From<&'a audit::AuditEntry> for AuditEntry<'a> {
    fn from(entry: &'a audit::AuditEntry) -> Self {
        Self {
            id: entry.id,
            at: entry.at.to_string(),
            actor: entry.actor.as_ref().map_or(COMMAND_LINE, Username::as_str),
            action: &entry.action,
            subject: &entry.subject,
            detail: &entry.detail,
        }
    }
}

/// Items on a page, unless the request says otherwise.
pub const PAGE_SIZE: u32 = 50;
