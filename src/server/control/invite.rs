//! Commands about invitations.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Link, Outcome, failed};
use crate::chat::App;
use crate::chat::model::admin::Administrator;
use crate::chat::model::id::InviteId;
use crate::chat::model::invite::{Invitation, MAX_INVITES, MAX_LIFE, MAX_USES, MIN_LIFE, NewInvite};
use crate::chat::model::label::Label;
use crate::chat::model::name::rule::Violation;
use crate::chat::model::page::Page;

/// What an operator asks for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    Create {
        /// Accounts that it is good for.
        uses: u32,
        /// How long it is good.
        seconds: u64,
        /// For the list.
        label: String,
    },
    /// All that are kept.
    List,
    Revoke {
        id: i64,
    },
}

/// An invitation in a list.
#[derive(Debug, Serialize, Deserialize)]
pub struct InviteLine {
    pub id: i64,
    /// What it was called.
    pub label: String,
    /// Accounts that it is still good for.
    pub uses_left: u32,
    /// When it is over.
    pub expires_at: String,
    pub created_at: String,
    /// The admin who made it, or `command line`.
    pub created_by: String,
    /// Whether it opens the door.
    pub is_live: bool,
}

impl From<Invitation> for InviteLine {
    fn from(invitation: Invitation) -> Self {
        Self {
            id: invitation.id.0,
            label: invitation.label,
            uses_left: invitation.uses_left,
            expires_at: invitation.expires_at.to_string(),
            created_at: invitation.created_at.to_string(),
            created_by: invitation.created_by.map_or_else(|| "command line".into(), |name| name.to_string()),
            is_live: invitation.is_live,
        }
    }
}

pub(super) async fn execute(app: &App, base: Option<&str>, command: Command) -> Result<Outcome, String> {
    let by = Administrator::CommandLine;
    match command {
        Command::Create { uses, seconds, label } => {
            let (made, code) = app.create_invite(&by, new_invite(uses, seconds, &label)?).await.map_err(failed)?;
            Ok(Outcome::Link(Link {
                base: base.map(str::to_owned),
                page: "invite".into(),
                code: code.as_str().to_owned(),
                expires_at: made.expires_at.to_string(),
            }))
        }
        Command::List => {
            let page = Page { number: 1, size: MAX_INVITES };
            let invites = app.invites(&by, page).await.map_err(failed)?;
            Ok(Outcome::Invites(invites.items.into_iter().map(InviteLine::from).collect()))
        }
        Command::Revoke { id } => match app.revoke_invite(&by, InviteId(id)).await {
            Ok(()) => Ok(Outcome::Done),
            Err(crate::chat::model::error::Error::NotFound) => Err(format!("there is no invitation {id}")),
            Err(error) => Err(failed(error)),
        },
    }
}

fn new_invite(uses: u32, seconds: u64, label: &str) -> Result<NewInvite, String> {
    let life = Duration::from_secs(seconds);
    if !(1..=MAX_USES).contains(&uses) {
        return Err(format!("an invitation is good for 1 to {MAX_USES} accounts"));
    }
    if !(MIN_LIFE..=MAX_LIFE).contains(&life) {
        return Err(format!("an invitation lives for {} to {} seconds", MIN_LIFE.as_secs(), MAX_LIFE.as_secs()));
    }
    Ok(NewInvite { uses, life, label: Label::parse(label).map_err(|Violation(sentence)| sentence)?, chat: None })
}
