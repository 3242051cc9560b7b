//! Flags and commands: the only reader of arguments and environment.

mod ask;
mod audit;
mod backup;
mod bot;
mod check;
mod check_url;
mod completions;
mod export;
pub mod flags;
mod gc;
mod health;
mod hook;
mod import;
mod import_from;
mod invite;
mod listen;
mod log;
mod man;
mod openapi;
mod own_address;
mod progress;
mod promote;
mod restore;
mod retain;
mod seed;
mod serve;
mod serve_accounts;
mod serve_answers;
mod serve_backup;
mod serve_calls;
mod serve_dev;
mod serve_disk;
mod serve_domain;
mod serve_oidc;
mod serve_proxy;
mod serve_push;
mod serve_tls;
mod serve_watch;
mod service;
mod stop;
pub mod terminal;
mod token;
mod user;
mod variables;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::log_queue;
use terminal::{CommandError, complain};

/// A chat server in one binary that speaks five chat APIs.
#[derive(Debug, Parser)]
#[command(name = "fireside", version, about, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: serve::Serve,
}

const EXAMPLES: &str = "\
Examples:
  fireside                                     serve on http://127.0.0.1:8000, state in ./fireside-data
  fireside --listen 0.0.0.0:8000 --registration closed
  fireside serve --data /var/lib/fireside --log-format json
  fireside serve --dev --chaos 30%             alice, bob and carol, and an unreliable line
  fireside seed --data ./demo                  a world to look at; then: fireside --data ./demo
  fireside user create alice --admin           asks for the password
  fireside invite create --uses 5 --label team prints a link to register by
  fireside check --deep                        whether the data is whole
  fireside health --url http://127.0.0.1:8000
  fireside check --url https://chat.example.org         what is missing on the way to a server";

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the APIs and the page (what `fireside` alone does)
    Serve(Box<serve::Serve>),
    /// Create, list and manage accounts, whether a server runs or not
    #[command(subcommand)]
    User(user::User),
    /// Create, list and revoke invitation links
    #[command(subcommand)]
    Invite(invite::Invite),
    /// Create, list and delete bots
    #[command(subcommand)]
    Bot(bot::Bot),
    /// Create, list, rotate and delete hooks of a group
    #[command(subcommand)]
    Hook(hook::Hook),
    /// Create, list and revoke API tokens
    #[command(subcommand)]
    Token(token::Token),
    /// Print the audit log
    Audit(audit::Audit),
    /// Back up all data into one file, whether a server runs or not
    Backup(backup::Backup),
    /// Replace the data folder with a backup
    Restore(restore::Restore),
    /// Promote a replicated data folder on this machine
    Promote(promote::Promote),
    /// Export everything, one chat, or one person's data
    Export(export::Export),
    /// Import an export
    Import(import::Import),
    /// Check the data, or the way to a server
    Check(Box<check::Check>),
    /// Remove unused data
    Gc(gc::Gc),
    /// Set how long a chat keeps its messages
    Retain(retain::Retain),
    /// Fill a data folder with sample people and conversations
    Seed(seed::Seed),
    /// Ask a server whether it is healthy
    Health(health::Health),
    /// Print the APIs' OpenAPI document
    Openapi(openapi::Openapi),
    /// Print shell completions
    Completions(completions::Completions),
    /// Print the manual, or write a page for every command
    Man(man::Man),
}

/// Reads the command line and does what it says.
#[must_use]
pub fn run() -> ExitCode {
    let Cli { command, serve } = Cli::parse();
    let done = match command.unwrap_or(Command::Serve(Box::new(serve))) {
        Command::Serve(serve) => serve.run(),
        Command::User(user) => user.run(),
        Command::Invite(invite) => invite.run(),
        Command::Bot(bot) => bot.run(),
        Command::Hook(hook) => hook.run(),
        Command::Token(token) => token.run(),
        Command::Audit(audit) => audit.run(),
        Command::Backup(backup) => backup.run(),
        Command::Restore(restore) => restore.run(),
        Command::Promote(promote) => promote.run(),
        Command::Export(export) => export.run(),
        Command::Import(import) => import.run(),
        Command::Check(check) => check.run(),
        Command::Gc(gc) => gc.run(),
        Command::Retain(retain) => retain.run(),
        Command::Seed(seed) => seed.run(),
        Command::Health(health) => health.run(),
        Command::Openapi(openapi) => openapi.run(),
        Command::Completions(completions) => completions.run(),
        Command::Man(man) => man.run(),
    };
    let status = match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(CommandError { status, sentence }) => {
            complain(&sentence);
            ExitCode::from(status)
        }
    };
    log_queue::flush();
    status
}
