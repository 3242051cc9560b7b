//! `fireside invite`: links by which people register.

use std::time::Duration;

use clap::{Args, Subcommand};

use super::ask::{LinkBase, List, Revoke, ask, print, unexpected};
use super::flags::DataFolder;
use super::flags::lifetime;
use super::terminal::{CommandError, say};
use crate::server::control::invite::{Command, InviteLine};
use crate::server::control::{self, Outcome};

#[derive(Debug, Subcommand)]
pub(super) enum Invite {
    /// Make one and print its link
    Create(Create),
    /// List all that are kept
    List(List),
    /// Take one back
    Revoke(Revoke),
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// Accounts that can be made with it
    #[arg(long, default_value_t = 1, value_name = "N")]
    uses: u32,
    /// How long it is good: like 12h or 30days
    #[arg(long, default_value = "7days", value_name = "TIME", value_parser = lifetime)]
    expires: Duration,
    /// What it is called in the list
    #[arg(long, default_value = "", value_name = "TEXT")]
    label: String,
    #[command(flatten)]
    base: LinkBase,
    #[command(flatten)]
    data: DataFolder,
}

impl Invite {
    pub fn run(self) -> Result<(), CommandError> {
        match self {
            Self::Create(Create { uses, expires, label, base, data }) => {
                let command = Command::Create { uses, seconds: expires.as_secs(), label };
                base.print(ask(&data.data, control::Command::Invite(command))?)
            }
            Self::List(List { json, data }) => match ask(&data.data, control::Command::Invite(Command::List))? {
                Outcome::Invites(invites) => print(&invites, json, in_words),
                other => Err(unexpected(&other)),
            },
            Self::Revoke(Revoke { id, data }) => {
                ask(&data.data, control::Command::Invite(Command::Revoke { id }))?;
                say(&format!("invitation {id} is taken back"));
                Ok(())
            }
        }
    }
}

fn in_words(invite: &InviteLine) -> String {
    let InviteLine { id, label, uses_left, expires_at, created_by, is_live, .. } = invite;
    let dead = if *is_live { "" } else { "  dead" };
    format!("{id:>6}  {uses_left} uses left until {expires_at}{dead}  by {created_by}  {label}")
}
