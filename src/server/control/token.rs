//! Commands about the tokens of programs.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Outcome, account, failed};
use crate::chat::App;
use crate::chat::model::id::CredentialId;
use crate::chat::model::label::Label;
use crate::chat::model::name::rule::Violation;
use crate::chat::model::session::CredentialKind;
use crate::chat::model::session::IssuedCredential;

/// What an operator asks for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    Create {
        /// Who the program acts as.
        username: String,
        /// What it is known by.
        label: String,
        /// How long it is good; `None`: until it is taken back.
        seconds: Option<u64>,
    },
    /// All that open something.
    List,
    Revoke {
        id: i64,
    },
}

/// Something that signs a user in, in a list.
#[derive(Debug, Serialize, Deserialize)]
pub struct TokenLine {
    pub id: i64,
    /// Whom it signs in.
    pub username: String,
    /// `token`, `session` or `jwt`.
    pub kind: String,
    /// What it is known by.
    pub label: String,
    /// Since when it is there.
    pub created_at: String,
    /// When it was used, to the hour.
    pub used_at: String,
    /// When it is over, if ever.
    pub expires_at: Option<String>,
}

impl From<IssuedCredential> for TokenLine {
    fn from(held: IssuedCredential) -> Self {
        let kind = match held.kind {
            CredentialKind::Account | CredentialKind::Device => "token",
            CredentialKind::Session => "session",
            CredentialKind::Refresh => "jwt",
        };
        Self {
            id: held.id.0,
            username: held.username.to_string(),
            kind: kind.into(),
            label: held.label,
            created_at: held.created_at.to_string(),
            used_at: held.used_at.to_string(),
            expires_at: held.expires_at.map(|at| at.to_string()),
        }
    }
}

pub(super) async fn execute(app: &App, command: Command) -> Result<Outcome, String> {
    match command {
        Command::Create { username, label, seconds } => {
            let label = Label::parse(&label).map_err(|Violation(sentence)| sentence)?;
            let account = account(app, &username)?;
            if account.is_disabled {
                return Err(format!("{username} is disabled"));
            }
            let life = seconds.map(Duration::from_secs);
            let (id, token) = app.create_bot_token(account.user.id, label, life).await.map_err(failed)?;
            Ok(Outcome::Token { id: id.0, token: token.as_str().to_owned() })
        }
        Command::List => {
            let tokens = app.bot_tokens().map_err(failed)?;
            Ok(Outcome::Sessions(tokens.into_iter().map(TokenLine::from).collect()))
        }
        Command::Revoke { id } => match app.revoke_bot_token(CredentialId(id)).await {
            Ok(()) => Ok(Outcome::Done),
            Err(crate::chat::model::error::Error::NotFound) => Err(format!("there is no token {id} of a program")),
            Err(error) => Err(failed(error)),
        },
    }
}
