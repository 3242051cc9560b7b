//! Speaking to whoever typed a command: facts, failures and their exit statuses.

use std::io::{self, Write};
use std::pin::Pin;
use std::time::Duration;

use crate::chat::model::error::OpenError;
use crate::log_queue;

/// How long what blocks may go on behind a command that is done. A look-up in a DNS whose servers are silent blocks for
/// half a minute; what has to be on the disk was waited for by then, as [`App::close`](crate::chat::App::close) does.
const PATIENCE: Duration = Duration::from_secs(1);

/// Why a command failed, with its exit status.
#[derive(Debug)]
pub struct CommandError {
    pub(super) status: u8,
    pub(super) sentence: String,
}

impl CommandError {
    /// It did not work.
    pub const FAILED: u8 = 1;
    /// A check found something wrong.
    pub const FOUND: u8 = 3;
    /// Something else holds what is needed: a port, the data folder.
    pub const TRY_AGAIN: u8 = 75;
    /// The configuration, or data that this version cannot use.
    pub const CONFIGURATION: u8 = 78;

    pub(super) fn new(status: u8, sentence: impl Into<String>) -> Self {
        Self { status, sentence: sentence.into() }
    }
}

impl From<OpenError> for CommandError {
    fn from(error: OpenError) -> Self {
        let status = match error {
            OpenError::InUse(_) | OpenError::Refused(_) | OpenError::NoThread(_) => Self::TRY_AGAIN,
            OpenError::Newer { .. }
            | OpenError::Unreleased { .. }
            | OpenError::NotMigrated { .. }
            | OpenError::Damaged(_)
            | OpenError::SecretMissing(_)
            | OpenError::Io(..) => Self::CONFIGURATION,
        };
        Self::new(status, format!("the data folder was not opened: {error} (--data names another)"))
    }
}

/// Says a fact on standard output. A reader that went away is no failure.
pub fn say(fact: &str) {
    match log_queue::facts() {
        Some(facts) => facts.push(format!("{fact}\n").as_bytes()),
        None => drop(writeln!(io::stdout(), "{fact}")),
    }
}

/// Writes a whole document to standard output. A reader that has had enough is no failure.
pub fn print_whole(document: &[u8]) -> Result<(), CommandError> {
    match io::stdout().write_all(document) {
        Err(cause) if cause.kind() != io::ErrorKind::BrokenPipe => {
            Err(CommandError::new(CommandError::FAILED, format!("standard output cannot be written: {cause}")))
        }
        _ => Ok(()),
    }
}

/// Says what went wrong, on standard error. That nobody reads it is no failure either.
pub fn complain(sentence: &str) {
    let line = format!("fireside: {sentence}\n");
    match log_queue::log() {
        Some(log) => log.push(line.as_bytes()),
        None => drop(io::stderr().write_all(line.as_bytes())),
    }
}

/// Runs to its end whatever a command has to wait for.
pub fn wait_for<'a, T>(work: impl Future<Output = T> + 'a) -> Result<T, CommandError> {
    // The runtime's code is not made anew, several times, for each.
    let work: Pin<Box<dyn Future<Output = T> + 'a>> = Box::pin(work);
    let built = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = built
        .map_err(|cause| CommandError::new(CommandError::FAILED, format!("the runtime did not start: {cause}")))?;
    let outcome = runtime.block_on(work);
    runtime.shutdown_timeout(PATIENCE);
    Ok(outcome)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::time::{Duration, Instant};

    use super::wait_for;

    #[test]
    fn a_lookup_that_hangs_holds_up_no_end() {
        let (end, hanging) = channel::<()>();
        let began = Instant::now();
        let outcome = wait_for(async move {
            tokio::task::spawn_blocking(move || hanging.recv_timeout(Duration::from_secs(20)).is_ok());
            "done"
        });
        assert_eq!(outcome.ok(), Some("done"));
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
        drop(end);
    }
}
