//! The operator's commands on a data folder, whether a server runs on it or not.
//!
//! A running server is the only writer of its folder, so the command line asks it,
//! over a socket that only the folder's owner can reach. Where none runs, the command
//! opens the folder itself. Both ways do the same thing: [`execute`].

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream as BlockingStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};

use crate::chat::Chat;
use crate::chat::error::Error;
use crate::chat::name::{Email, Username, Violation};
use crate::chat::password::Password;
use crate::chat::user::{Account, NewUser};

/// Longest command, in bytes.
const MAX_COMMAND: u64 = 64 * 1024;
/// How long the command line waits for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// What an operator asks for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Make an account.
    CreateUser {
        /// Its name.
        username: String,
        /// Its address, if any.
        email: Option<String>,
        /// Its password.
        password: String,
        /// Whether it may administer the server.
        admin: bool,
    },
    /// Set a password and end all of that user's sessions.
    SetPassword {
        /// Whose.
        username: String,
        /// The new one.
        password: String,
    },
    /// Everybody.
    ListUsers,
}

/// What came of it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was done; these are the accounts that it was about.
    Users(Vec<UserLine>),
    /// It was not, and why.
    Refused(String),
}

/// An account in a list.
#[derive(Debug, Serialize, Deserialize)]
pub struct UserLine {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub username: String,
    /// Its address, or `""`.
    pub email: String,
    /// What others see.
    pub display_name: String,
    /// May administer the server.
    pub is_admin: bool,
    /// Cannot sign in.
    pub is_disabled: bool,
}

impl From<Account> for UserLine {
    fn from(account: Account) -> Self {
        Self {
            id: account.user.id.0,
            username: account.user.username.to_string(),
            email: account.email,
            display_name: account.user.display_name,
            is_admin: account.is_admin,
            is_disabled: account.is_disabled,
        }
    }
}

/// Does what is asked for.
pub async fn execute(chat: &Chat, command: Command) -> Outcome {
    match attempt(chat, command).await {
        Ok(users) => Outcome::Users(users.into_iter().map(UserLine::from).collect()),
        Err(why) => Outcome::Refused(why),
    }
}

async fn attempt(chat: &Chat, command: Command) -> Result<Vec<Account>, String> {
    let wrong = |Violation(sentence)| sentence;
    let failed = |error: Error| error.to_string();
    match command {
        Command::ListUsers => chat.accounts().map_err(failed),
        Command::CreateUser { username, email, password, admin } => {
            let new = NewUser {
                username: Username::parse(&username).map_err(wrong)?,
                email: email.map(|email| Email::parse(&email)).transpose().map_err(wrong)?,
                password: Password::parse(&password).map_err(wrong)?,
                display_name: None,
                is_admin: admin,
            };
            chat.create_user(new).await.map(|account| vec![account]).map_err(failed)
        }
        Command::SetPassword { username, password } => {
            let password = Password::parse(&password).map_err(wrong)?;
            let user = chat.user_by_login(&username).map_err(|_| format!("there is no user {username}"))?;
            chat.set_password(user.user(), password).await.map_err(failed)?;
            Ok(Vec::new())
        }
    }
}

fn socket(data: &Path) -> PathBuf {
    data.join("control.sock")
}

/// Answers commands for as long as the server runs.
pub async fn serve(chat: Chat) {
    let path = socket(chat.data_folder());
    if let Err(cause) = std::fs::remove_file(&path)
        && cause.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(%cause, "an old control socket stays");
    }
    let listener = match UnixListener::bind(&path) {
        Ok(listener) => listener,
        Err(cause) => return tracing::warn!(%cause, "commands cannot reach this server while it runs"),
    };
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(converse(chat.clone(), stream))),
            Err(cause) => tracing::warn!(%cause, "a command was not accepted"),
        }
    }
}

/// One command, one answer, a line each.
async fn converse(chat: Chat, stream: UnixStream) {
    let (reader, mut writer) = stream.into_split();
    let mut line = String::new();
    let mut reader = tokio::io::BufReader::new(reader.take(MAX_COMMAND));
    let outcome = match reader.read_line(&mut line).await.map(|_| serde_json::from_str(&line)) {
        Ok(Ok(command)) => execute(&chat, command).await,
        Ok(Err(_)) | Err(_) => Outcome::Refused("this server does not know that command".into()),
    };
    let mut answer = serde_json::to_vec(&outcome).unwrap_or_default();
    answer.push(b'\n');
    if let Err(cause) = writer.write_all(&answer).await {
        tracing::debug!(%cause, "nobody waited for a command's outcome");
    }
}

/// Asks the server that runs on a data folder.
pub fn ask(data: &Path, command: &Command) -> std::io::Result<Outcome> {
    let mut stream = BlockingStream::connect(socket(data))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut line = serde_json::to_vec(command)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer)?;
    Ok(serde_json::from_str(&answer)?)
}
