//! `fireside user`: accounts, from the operator's side.

use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::ask::{LinkBase, List, ask, print, unexpected};
use super::flags::DataFolder;
use super::terminal::{CommandError, say};
use super::token;
use crate::server::control::user::{Command, UserLine};
use crate::server::control::{self, Outcome};

/// Longest password file that is read, in bytes.
const MAX_PASSWORD_FILE: u64 = 4 * 1024;

#[derive(Debug, Subcommand)]
pub(super) enum User {
    /// Create an account
    Create(Create),
    /// Set a password and end all sessions of that user
    Passwd(Passwd),
    /// List all accounts
    List(List),
    /// Disable an account and end all its sessions
    Disable(UserArg),
    /// Enable a disabled account
    Enable(UserArg),
    /// Make somebody an administrator
    Admin(Admin),
    /// List the sessions and tokens of an account
    Sessions(Sessions),
    /// Show whether somebody has a second factor, or remove it
    SecondFactor(SecondFactor),
    /// Let an account of an OpenID Connect provider sign somebody in
    Link(Link),
}

/// One account.
#[derive(Debug, Args)]
pub(super) struct UserArg {
    /// Username or e-mail address
    name: String,
    #[command(flatten)]
    data: DataFolder,
}

#[derive(Debug, Args)]
pub(super) struct Admin {
    /// Remove the right instead
    #[arg(long)]
    remove: bool,
    #[command(flatten)]
    one: UserArg,
}

#[derive(Debug, Args)]
pub(super) struct Sessions {
    /// End all of them, tokens of programs too
    #[arg(long)]
    end: bool,
    /// As JSON, an array of objects
    #[arg(long, conflicts_with = "end")]
    json: bool,
    #[command(flatten)]
    one: UserArg,
}

#[derive(Debug, Args)]
pub(super) struct SecondFactor {
    /// Remove it: the password alone signs in again
    #[arg(long)]
    remove: bool,
    #[command(flatten)]
    one: UserArg,
}

#[derive(Debug, Args)]
pub(super) struct Link {
    /// The provider, as its tokens name it
    #[arg(long, value_name = "URL")]
    issuer: String,
    /// The account there, as its tokens name it
    #[arg(long, value_name = "SUBJECT", required_unless_present = "remove")]
    subject: Option<String>,
    /// Remove the link instead, and end what it has signed in
    #[arg(long, conflicts_with = "subject")]
    remove: bool,
    #[command(flatten)]
    one: UserArg,
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
    /// Print a link by which its owner sets it, good once and for a day
    #[arg(long, conflicts_with = "password_file")]
    link: bool,
    #[command(flatten)]
    base: LinkBase,
    #[command(flatten)]
    password: PasswordSource,
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
    pub fn run(self) -> Result<(), CommandError> {
        match self {
            Self::Create(Create { name, email, admin, password, data }) => {
                let command = Command::Create { username: name, email, password: password.read()?, admin };
                for user in users(&data.data, command)? {
                    say(&format!("created {} with id {}", user.username, user.id));
                }
                Ok(())
            }
            Self::Passwd(Passwd { name, link: true, base, data, .. }) => {
                base.print(ask(&data.data, control::Command::User(Command::ResetLink { username: name }))?)
            }
            Self::Passwd(Passwd { name, password, data, .. }) => {
                let command = Command::SetPassword { username: name.clone(), password: password.read()? };
                done(&data.data, command)?;
                say(&format!("the password of {name} is set, and all sessions are ended"));
                Ok(())
            }
            Self::List(List { json, data }) => print(&users(&data.data, Command::List)?, json, in_words),
            Self::Disable(one) => one.change(Some(true), None, "is disabled, and all sessions are ended"),
            Self::Enable(one) => one.change(Some(false), None, "is enabled"),
            Self::Admin(Admin { remove: false, one }) => one.change(None, Some(true), "is an admin"),
            Self::Admin(Admin { remove: true, one }) => one.change(None, Some(false), "is no admin"),
            Self::SecondFactor(SecondFactor { remove, one }) => one.second_factor(remove),
            Self::Sessions(Sessions { end: true, one, .. }) => {
                done(&one.data.data, Command::EndSessions { username: one.name.clone() })?;
                say(&format!("all sessions of {} are ended", one.name));
                Ok(())
            }
            Self::Link(link) => link.run(),
            Self::Sessions(Sessions { json, one, .. }) => {
                match ask(&one.data.data, control::Command::User(Command::Sessions { username: one.name }))? {
                    Outcome::Sessions(sessions) => print(&sessions, json, token::in_words),
                    other => Err(unexpected(&other)),
                }
            }
        }
    }
}

impl UserArg {
    fn second_factor(self, remove: bool) -> Result<(), CommandError> {
        let name = self.name;
        let command = Command::SecondFactor { username: name.clone(), remove };
        match ask(&self.data.data, control::Command::User(command))? {
            Outcome::SecondFactor { is_on: false, .. } if remove => {
                Err(CommandError::new(CommandError::FAILED, format!("{name} has no second factor")))
            }
            Outcome::SecondFactor { is_on: true, .. } if remove => {
                say(&format!("the second factor of {name} is removed"));
                Ok(())
            }
            Outcome::SecondFactor { is_on: true, recovery_codes_left } => {
                say(&format!("{name} has a second factor, and {recovery_codes_left} recovery codes left"));
                Ok(())
            }
            Outcome::SecondFactor { is_on: false, .. } => {
                say(&format!("{name} has no second factor"));
                Ok(())
            }
            other => Err(unexpected(&other)),
        }
    }

    fn change(self, is_disabled: Option<bool>, is_admin: Option<bool>, now: &str) -> Result<(), CommandError> {
        let command = Command::Change { username: self.name, is_disabled, is_admin };
        for user in users(&self.data.data, command)? {
            say(&format!("{} {now}", user.username));
        }
        Ok(())
    }
}

impl Link {
    fn run(self) -> Result<(), CommandError> {
        let Self { issuer, subject, one, .. } = self;
        let now = if subject.is_some() { "signs in by" } else { "signs in no more by" };
        let (name, sentence) = (one.name.clone(), format!("{} {now} {issuer}", one.name));
        done(&one.data.data, Command::Link { username: name, issuer, subject })?;
        say(&sentence);
        Ok(())
    }
}

fn users(data: &Path, command: Command) -> Result<Vec<UserLine>, CommandError> {
    match ask(data, control::Command::User(command))? {
        Outcome::Users(users) => Ok(users),
        other => Err(unexpected(&other)),
    }
}

fn done(data: &Path, command: Command) -> Result<(), CommandError> {
    match ask(data, control::Command::User(command))? {
        Outcome::Done => Ok(()),
        other => Err(unexpected(&other)),
    }
}

fn in_words(user: &UserLine) -> String {
    let UserLine { id, username, email, display_name, is_admin, is_disabled } = user;
    let admin = if *is_admin { "  admin" } else { "" };
    let disabled = if *is_disabled { "  disabled" } else { "" };
    format!("{id:>6}  {username}  {display_name}  {email}{admin}{disabled}")
}

impl PasswordSource {
    fn read(&self) -> Result<String, CommandError> {
        let failed = |cause: std::io::Error| {
            CommandError::new(CommandError::FAILED, format!("the password was not read: {cause}"))
        };
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
