//! Being told to stop.

use tokio::signal::unix::{SignalKind, signal};

use super::terminal::CommandError;

/// Resolves at the first TERM or INT; a second one ends the process at once.
pub(super) fn stop_signal() -> Result<impl Future<Output = ()>, CommandError> {
    let failed = |cause| CommandError::new(CommandError::FAILED, format!("signals cannot be heard: {cause}"));
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    // Heard and ignored: a file that may not grow is an error of the write, not the end of the process.
    let mut file_size = signal(SignalKind::from_raw(SIGXFSZ)).map_err(failed)?;
    let (told, tell) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        let mut told = Some(told);
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
                _ = file_size.recv() => continue,
            }
            let heard = told.take().is_some_and(|told| told.send(()).is_ok());
            if !heard {
                std::process::exit(1);
            }
        }
    });
    Ok(async move {
        if tell.await.is_err() {
            tracing::error!("nothing listens for signals any more");
        }
    })
}

/// Sent when a write would take a file over its limit; Linux on every architecture we build for.
const SIGXFSZ: i32 = 25;
