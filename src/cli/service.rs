//! What a service manager is told, if one listens (`NOTIFY_SOCKET`, as systemd has it).

use std::time::Duration;

use sd_notify::NotifyState;

use crate::chat::Chat;
use crate::chat::model::readiness::Unready;

/// How often the status line is written anew where no watchdog is set.
const STATUS_EVERY: Duration = Duration::from_secs(10);

/// The server listens: requests may come.
pub(super) fn is_ready() {
    tell(&[NotifyState::Ready, NotifyState::Status("ready")]);
}

/// The server was told to stop.
pub(super) fn is_stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("stopping")]);
}

/// Says for ever how the server is. The watchdog is fed only when this task has its turn
/// and a write goes through, or fails for a reason that a restart would not mend: the disk
/// is full, or another program holds the database's lock and the writer itself says so.
pub(super) async fn report(chat: Chat) {
    let watchdog = sd_notify::watchdog_enabled();
    let mut turns = tokio::time::interval(watchdog.map_or(STATUS_EVERY, |limit| limit / 2));
    turns.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        turns.tick().await;
        let written = chat.try_write().await;
        let status = match written {
            Ok(()) => format!("serving {} open sockets", chat.open_sockets()),
            Err(unready) => format!("not ready: {unready}"),
        };
        let mut states = vec![NotifyState::Status(&status)];
        if watchdog.is_some() && matches!(written, Ok(()) | Err(Unready::DiskFull | Unready::Locked)) {
            states.push(NotifyState::Watchdog);
        }
        tell(&states);
    }
}

/// Whether the messages have a reader.
pub(super) fn is_there() -> bool {
    std::env::var_os("NOTIFY_SOCKET").is_some()
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(cause) = sd_notify::notify(states) {
        tracing::warn!(%cause, "the service manager was not told");
    }
}
