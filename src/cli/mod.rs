//! Flags and commands: the only reader of arguments and environment.

mod health;
mod serve;
mod user;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::chat::OpenError;

/// Where the state is, unless said otherwise.
const DATA: &str = "./fireside-data";

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
  fireside user create alice --admin           asks for the password
  fireside health --url http://127.0.0.1:8000";

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the APIs and the page (what `fireside` alone does)
    Serve(Box<serve::Serve>),
    /// Make, list and mend accounts, whether a server runs or not
    #[command(subcommand)]
    User(user::User),
    /// Ask a server whether it is well
    Health(health::Health),
}

/// The folder with the whole state.
#[derive(Debug, clap::Args)]
struct DataFolder {
    /// Folder with the database, the files and the secret: the whole state
    #[arg(long, env = "FIRESIDE_DATA", default_value = DATA, value_name = "DIR")]
    data: PathBuf,
}

/// Why a command failed, with its exit status.
#[derive(Debug)]
pub struct Failed {
    status: u8,
    sentence: String,
}

impl Failed {
    /// It did not work.
    const FAILED: u8 = 1;
    /// Something else holds what is needed: a port, the data folder.
    const TRY_AGAIN: u8 = 75;
    /// The configuration, or data that this version cannot use.
    const CONFIGURATION: u8 = 78;

    fn new(status: u8, sentence: impl Into<String>) -> Self {
        Self { status, sentence: sentence.into() }
    }
}

impl From<OpenError> for Failed {
    fn from(error: OpenError) -> Self {
        let status = match error {
            OpenError::InUse(_) => Self::TRY_AGAIN,
            OpenError::Newer { .. } | OpenError::Damaged(_) | OpenError::SecretMissing(_) | OpenError::Io(..) => {
                Self::CONFIGURATION
            }
        };
        Self::new(status, format!("the data folder was not opened: {error} (--data names another)"))
    }
}

/// Reads the command line and does what it says.
#[must_use]
pub fn run() -> ExitCode {
    let Cli { command, serve } = Cli::parse();
    let done = match command.unwrap_or(Command::Serve(Box::new(serve))) {
        Command::Serve(serve) => serve.run(),
        Command::User(user) => user.run(),
        Command::Health(health) => health.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failed { status, sentence }) => {
            complain(&sentence);
            ExitCode::from(status)
        }
    }
}

/// Says a fact on standard output. A reader that went away is no failure.
#[expect(clippy::print_stdout, reason = "the command line talks to whoever typed it")]
fn say(fact: &str) {
    println!("{fact}");
}

/// Says what went wrong, on standard error.
#[expect(clippy::print_stderr, reason = "the command line talks to whoever typed it")]
fn complain(sentence: &str) {
    eprintln!("fireside: {sentence}");
}

/// A runtime for whatever a command has to wait for.
fn runtime() -> Result<tokio::runtime::Runtime, Failed> {
    let built = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    built.map_err(|cause| Failed::new(Failed::FAILED, format!("the runtime did not start: {cause}")))
}
