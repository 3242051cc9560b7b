//! The operator's commands on a data folder, whether a server runs on it or not.
//!
//! A running server is the only writer of its folder, so the command line asks it,
//! over a socket that only the folder's owner can reach. Where none runs, the command
//! opens the folder itself. Both ways do the same thing: [`execute`].

pub mod audit;
pub mod bot;
pub mod hook;
pub mod invite;
pub mod token;
pub mod user;

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream as BlockingStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::time::timeout;

use super::listener::{bind, talk_with_each};
use crate::chat::App;
use crate::chat::model::admin::Administrator;
use crate::chat::model::error::Error;
use crate::chat::model::id::ChatId;
use crate::chat::model::retention::RetentionOverride;
use crate::chat::model::user::Account;

/// Longest command, in bytes.
const MAX_COMMAND: u64 = 64 * 1024;
/// How long the command line waits for an answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// The same for what erases piece by piece.
const LONG_PATIENCE: Duration = Duration::from_mins(10);

/// Who may give commands, whatever the folder's mode and the umask say: they are not asked who they are.
const OWNER_ALONE: u32 = 0o600;
/// Commands that may wait to be heard.
const BACKLOG: u32 = 128;
/// Commands that are heard and answered at once. One more waits for one of them to end.
const MAX_AT_ONCE: usize = 16;
/// How long a command may take to be said.
const SAID_WITHIN: Duration = Duration::from_secs(5);

/// What an operator asks for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    User(user::Command),
    Invite(invite::Command),
    Bot(bot::Command),
    Hook(hook::Command),
    Token(token::Command),
    /// What was administered last.
    Audit {
        /// How many lines at most.
        limit: u32,
    },
    Gc,
    /// The clock is right, however far it is from what the data knows.
    ConfirmClock,
    /// Set how long a chat keeps its messages.
    Retain {
        chat: i64,
        /// Days; 0: for ever; `None`: as long as the server is told.
        days: Option<u32>,
    },
}

impl Command {
    /// Whether it may be the first thing that is done with a data folder. Everything else
    /// is about what is there: on a folder without a server's data it would look like an
    /// answer, where there is only a mistyped path.
    #[must_use]
    pub fn begins(&self) -> bool {
        matches!(self, Self::User(user::Command::Create { .. }) | Self::Invite(invite::Command::Create { .. }))
    }

    /// How long its answer may take.
    fn patience(&self) -> Duration {
        if matches!(self, Self::Gc) { LONG_PATIENCE } else { PATIENCE }
    }
}

/// What came of it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was done, and there is nothing more to say.
    Done,
    /// It was done; these are the accounts that it was about.
    Users(Vec<user::UserLine>),
    /// What signs somebody in, or the tokens of programs.
    Sessions(Vec<token::TokenLine>),
    /// Whether somebody has a second factor, or had one that was taken away.
    SecondFactor {
        /// They have, or had.
        is_on: bool,
        /// How many recovery codes they had not used.
        recovery_codes_left: u32,
    },
    Bots(Vec<bot::BotLine>),
    Hooks(Vec<hook::HookLine>),
    /// What a hook has sent.
    Deliveries(Vec<hook::DeliveryLine>),
    /// A hook sent a test.
    Tested {
        /// What the receiver answered.
        status: Option<u16>,
        /// Why it counts for nothing.
        error: Option<String>,
    },
    /// A secret that was made, shown this once.
    Secret(String),
    /// A URL that was made.
    Url {
        /// Where people reach the server, if it runs.
        base: Option<String>,
        /// The path below that, with the secret in it, shown this once.
        path: String,
    },
    Invites(Vec<invite::InviteLine>),
    /// What was administered.
    Audit(Vec<audit::AuditLine>),
    /// A link that was made.
    Link(Link),
    /// A token that was made.
    Token {
        /// Its id, to take it back by.
        id: i64,
        /// The secret itself, shown this once.
        token: String,
    },
    /// It was not done, and why.
    Refused(String),
}

impl From<bot::Done> for Outcome {
    fn from(done: bot::Done) -> Self {
        match done {
            bot::Done::Made(id, token) => Self::Token { id, token },
            bot::Done::Listed(bots) => Self::Bots(bots),
            bot::Done::Deleted => Self::Done,
        }
    }
}

impl Outcome {
    fn of_hook(done: hook::Done, base: Option<&str>) -> Self {
        match done {
            hook::Done::Shown(path) => Self::Url { base: base.map(str::to_owned), path },
            hook::Done::Listed(hooks) => Self::Hooks(hooks),
            hook::Done::Signs(secret) => Self::Secret(secret),
            hook::Done::Sent(sent) => Self::Deliveries(sent),
            hook::Done::Tested(status, error) => Self::Tested { status, error },
            hook::Done::Plainly => Self::Done,
        }
    }
}

/// A link for somebody to open.
#[derive(Debug, Serialize, Deserialize)]
pub struct Link {
    /// Where people reach the server, if it runs.
    pub base: Option<String>,
    /// The page that it leads to.
    pub page: String,
    /// The secret, which stands behind the `#`.
    pub code: String,
    /// When it is over.
    pub expires_at: String,
}

/// Does what is asked for. `base` is where people reach the server, if it runs.
pub async fn execute(app: &App, base: Option<&str>, command: Command) -> Outcome {
    let done = match command {
        Command::User(command) => user::execute(app, base, command).await,
        Command::Invite(command) => invite::execute(app, base, command).await,
        Command::Bot(command) => bot::execute(app, command).await.map(Outcome::from),
        Command::Hook(command) => {
            hook::execute(app, base.is_some(), command).await.map(|done| Outcome::of_hook(done, base))
        }
        Command::Token(command) => token::execute(app, command).await,
        Command::Audit { limit } => audit::list(app, limit).await,
        Command::Retain { chat: id, days } => retain(app, id, days).await,
        Command::Gc => collect(app).await,
        Command::ConfirmClock => app.confirm_clock().await.map(|()| Outcome::Done).map_err(failed),
    };
    done.unwrap_or_else(Outcome::Refused)
}

async fn collect(app: &App) -> Result<Outcome, String> {
    if let Some(doubt) = app.clock_doubt() {
        return Err(format!("{doubt}: set it right, or say with --confirm-clock that it is"));
    }
    app.collect().await.map(|()| Outcome::Done).map_err(failed)
}

async fn retain(app: &App, id: i64, days: Option<u32>) -> Result<Outcome, String> {
    let term = days.map_or(Some(RetentionOverride::Server), |days| RetentionOverride::of_days(days.into()));
    let term = term.ok_or_else(|| "there is no such number of days".to_owned())?;
    match app.set_term(&Administrator::CommandLine, ChatId(id), term).await {
        Ok(()) => Ok(Outcome::Done),
        Err(Error::NotFound) => Err(format!("there is no chat {id}")),
        Err(error) => Err(failed(error)),
    }
}

fn failed(error: Error) -> String {
    error.to_string()
}

/// The account of whoever has this name or address.
fn account(app: &App, login: &str) -> Result<Account, String> {
    app.account_of(login).map_err(|error| match error {
        Error::NotFound => format!("there is no user {login}"),
        other => other.to_string(),
    })
}

fn socket(data: &Path) -> PathBuf {
    data.join("control.sock")
}

/// Opens the way by which commands reach this server. Before it says that it listens: whoever
/// reads that may give a command at once.
#[must_use]
pub fn open(app: &App) -> Option<UnixListener> {
    let path = socket(app.data_folder());
    if let Err(cause) = std::fs::remove_file(&path)
        && cause.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(%cause, "an old control socket stays");
    }
    let opened = bind(&path, OWNER_ALONE, BACKLOG);
    opened.inspect_err(|cause| tracing::warn!(%cause, "commands cannot reach this server while it runs")).ok()
}

/// Answers commands for as long as the server runs, which people reach at `base`.
pub async fn serve(app: App, base: String, listener: UnixListener) {
    let base: Arc<str> = base.into();
    let talk = |(stream, _)| converse(app.clone(), Arc::clone(&base), stream);
    talk_with_each(MAX_AT_ONCE, "a command", || listener.accept(), talk).await;
}

/// One command, one answer, a line each.
async fn converse(app: App, base: Arc<str>, stream: UnixStream) {
    let (reader, mut writer) = stream.into_split();
    let mut line = String::new();
    let mut reader = tokio::io::BufReader::new(reader.take(MAX_COMMAND));
    let Ok(said) = timeout(SAID_WITHIN, reader.read_line(&mut line)).await else { return };
    let outcome = match said.map(|_| serde_json::from_str(&line)) {
        Ok(Ok(command)) => execute(&app, Some(&base), command).await,
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
    stream.set_read_timeout(Some(command.patience()))?;
    let mut line = serde_json::to_vec(command)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer)?;
    Ok(serde_json::from_str(&answer)?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};
    use serde_json::Value;

    use super::Command;

    proptest! {
        /// Whoever owns the folder may write anything there; what is taken says itself again.
        #[test]
        fn any_line_is_a_command_or_refused(
            bytes in proptest::collection::vec(any::<u8>(), 0..80),
            noun in "(user|invite|hook|token|audit|retain|gc|other)",
            verb in "(create|set_password|reset_link|change|sessions|limit|chat|list)",
            field in "(username|password|days|chat)",
            value in "(null|-?[0-9]{1,12}|true|\"[a-z]{0,5}\"|\\{\\}|\\[\\])",
        ) {
            drop(serde_json::from_slice::<Command>(&bytes));
            for line in [
                format!(r#"{{"{noun}":{{"{verb}":{value}}}}}"#),
                format!(r#"{{"{noun}":{{"{verb}":{{"{field}":{value}}}}}}}"#),
                format!(r#"{{"{noun}":{{"{verb}":{value},"{field}":{value}}}}}"#),
                format!(r#""{noun}""#),
            ] {
                let Ok(command) = serde_json::from_str::<Command>(&line) else { continue };
                let said: Value = serde_json::to_value(&command).expect("JSON");
                let again: Command = serde_json::from_value(said.clone()).expect("its own words");
                prop_assert_eq!(serde_json::to_value(&again).expect("JSON"), said);
            }
        }
    }

    #[test]
    fn a_command_is_read_as_it_was_written() {
        let read = |line: &str| serde_json::from_str::<Command>(line);
        assert!(matches!(read(r#"{"retain":{"chat":7,"days":null}}"#), Ok(Command::Retain { chat: 7, days: None })));
        assert!(matches!(read("\"gc\""), Ok(Command::Gc)));
        for wrong in ["", "gc", "{}", r#"{"gc":1}"#, r#"{"retain":{"chat":"7"}}"#, r#"{"retain":{"chat":7,"days":-1}}"#]
        {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
