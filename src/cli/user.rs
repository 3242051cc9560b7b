//! `fireside user`: accounts, from the operator's side.

use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::{DataFolder, Failed, runtime, say};
use crate::chat::time::Clock;
use crate::chat::{Chat, Config, Durability, OpenError};
use crate::server::control::{self, Command, Outcome, UserLine};

/// Longest password file that is read, in bytes.
const MAX_PASSWORD_FILE: u64 = 4 * 1024;

#[derive(Debug, Subcommand)]
pub(super) enum User {
    /// Make an account
    Create(Create),
    /// Set a password; ends all sessions of that user
    Passwd(Passwd),
    /// List all accounts
    List(List),
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// Username
    name: String,
    /// E-mail address
    #[arg(long)]
    email: Option<String>,
    /// May administer the server
    #[arg(long)]
    admin: bool,
    #[command(flatten)]
    password: PasswordSource,
    #[command(flatten)]
    data: DataFolder,
}

#[derive(Debug, Args)]
pub(super) struct Passwd {
    /// Username or e-mail address
    name: String,
    #[command(flatten)]
    password: PasswordSource,
    #[command(flatten)]
    data: DataFolder,
}

#[derive(Debug, Args)]
pub(super) struct List {
    /// As JSON, an array of objects
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: DataFolder,
}

/// Where a password comes from: never from the arguments, which every process can see.
#[derive(Debug, Args)]
struct PasswordSource {
    /// File with the password in its first line, or `-` for standard input; asked for otherwise
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

impl User {
    pub fn run(self) -> Result<(), Failed> {
        match self {
            Self::Create(Create { name, email, admin, password, data }) => {
                let password = password.read()?;
                let command = Command::CreateUser { username: name, email, password, admin };
                for user in ask(&data.data, command)? {
                    say(&format!("created {} with id {}", user.username, user.id));
                }
                Ok(())
            }
            Self::Passwd(Passwd { name, password, data }) => {
                let password = password.read()?;
                ask(&data.data, Command::SetPassword { username: name.clone(), password })?;
                say(&format!("the password of {name} is set, and all sessions are ended"));
                Ok(())
            }
            Self::List(List { json, data }) => {
                let users = ask(&data.data, Command::ListUsers)?;
                print_list(&users, json)
            }
        }
    }
}

fn print_list(users: &[UserLine], json: bool) -> Result<(), Failed> {
    if json {
        let listing =
            serde_json::to_string_pretty(users).map_err(|cause| Failed::new(Failed::FAILED, cause.to_string()))?;
        say(&listing);
        return Ok(());
    }
    for UserLine { id, username, email, display_name, is_admin, is_disabled } in users {
        let admin = if *is_admin { "  admin" } else { "" };
        let disabled = if *is_disabled { "  disabled" } else { "" };
        say(&format!("{id:>6}  {username}  {display_name}  {email}{admin}{disabled}"));
    }
    Ok(())
}

impl PasswordSource {
    fn read(&self) -> Result<String, Failed> {
        let failed = |cause: std::io::Error| Failed::new(Failed::FAILED, format!("the password was not read: {cause}"));
        let text = match &self.password_file {
            None if std::io::stdin().is_terminal() => return prompt().map_err(failed),
            Some(path) if path != Path::new("-") => {
                let mut text = String::new();
                let file = std::fs::File::open(path).map_err(failed)?;
                file.take(MAX_PASSWORD_FILE).read_to_string(&mut text).map_err(failed)?;
                text
            }
            _ => {
                let mut text = String::new();
                std::io::stdin().lock().take(MAX_PASSWORD_FILE).read_to_string(&mut text).map_err(failed)?;
                text
            }
        };
        Ok(text.lines().next().unwrap_or_default().to_owned())
    }
}

/// Twice, since nobody sees what they type.
fn prompt() -> std::io::Result<String> {
    let first = rpassword::prompt_password("Password: ")?;
    let second = rpassword::prompt_password("Again: ")?;
    if first == second { Ok(first) } else { Err(std::io::Error::other("the two differ")) }
}

/// Asks the server that runs on the folder; where none does, does it itself.
fn ask(data: &Path, command: Command) -> Result<Vec<UserLine>, Failed> {
    let outcome = match direct(data, &command)? {
        Some(outcome) => outcome,
        None => control::ask(data, &command).map_err(|cause| {
            let sentence = format!("the server on {} does not answer: {cause}", data.display());
            Failed::new(Failed::TRY_AGAIN, sentence)
        })?,
    };
    match outcome {
        Outcome::Users(users) => Ok(users),
        Outcome::Refused(why) => Err(Failed::new(Failed::FAILED, why)),
    }
}

/// `None`: the folder is another process's.
fn direct(data: &Path, command: &Command) -> Result<Option<Outcome>, Failed> {
    runtime()?.block_on(async {
        let config = Config { data: data.to_owned(), durability: Durability::Full, clock: Clock::system() };
        match Chat::open(config) {
            Ok(chat) => {
                let outcome = control::execute(&chat, command.clone()).await;
                chat.close().await;
                Ok(Some(outcome))
            }
            Err(OpenError::InUse(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    })
}
