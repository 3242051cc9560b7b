//! What a service manager is told, if one listens (`NOTIFY_SOCKET`, as systemd has it).

use std::ffi::OsStr;
use std::os::unix::net;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::net::UnixDatagram;
use tokio::time::timeout;

use crate::chat::App;
use crate::chat::model::readiness::Unready;

/// Where the messages go, if they have a reader.
const SOCKET: &str = "NOTIFY_SOCKET";
/// How often the status line is written anew where no watchdog is set.
const STATUS_EVERY: Duration = Duration::from_secs(10);
/// How long a stop waits for a service manager that does not read.
const FAREWELL_WITHIN: Duration = Duration::from_secs(1);

/// The server was told to stop.
pub(super) async fn is_stopping() {
    let told = timeout(FAREWELL_WITHIN, tell(&[NotifyState::Stopping, NotifyState::Status("stopping")]));
    if told.await.is_err() {
        tracing::warn!("the service manager does not read what it is told");
    }
}

/// Says that the server listens, and then for ever how it is. The watchdog is fed only when
/// this task has its turn and a write goes through, or fails for a reason that a restart
/// would not mend: the disk is full, or another program holds the database's lock and the
/// writer itself says so.
pub(super) async fn report(app: App) {
    tell(&[NotifyState::Ready, NotifyState::Status("ready")]).await;
    let watchdog = sd_notify::watchdog_enabled();
    let every = watchdog.map_or(STATUS_EVERY, |limit| limit / 2);
    let mut turns = tokio::time::interval(every);
    turns.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        turns.tick().await;
        let written = app.try_write().await;
        let status = match written {
            Ok(()) => format!("serving {} open sockets", app.open_sockets()),
            Err(unready) => format!("not ready: {unready}"),
        };
        let mut states = vec![NotifyState::Status(&status)];
        if watchdog.is_some() && matches!(written, Ok(()) | Err(Unready::DiskFull | Unready::Locked)) {
            states.push(NotifyState::Watchdog);
        }
        // What was not read by then is no news any more.
        if timeout(every, tell(&states)).await.is_err() {
            tracing::warn!("the service manager does not read what it is told");
        }
    }
}

/// Whether the messages have a reader.
pub(super) fn is_there() -> bool {
    std::env::var_os(SOCKET).is_some()
}

/// Waits until there is room for the message, as a task and not as a thread: `sd_notify` itself
/// blocks while its reader is stuck.
async fn tell(states: &[NotifyState<'_>]) {
    let message: String = states.iter().map(|state| format!("{state}\n")).collect();
    if let Err(cause) = send(message.as_bytes()).await {
        tracing::warn!(%cause, "the service manager was not told");
    }
}

async fn send(message: &[u8]) -> std::io::Result<()> {
    let Some(path) = std::env::var_os(SOCKET) else { return Ok(()) };
    let socket = net::UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    socket.connect_addr(&address(&path)?)?;
    UnixDatagram::from_std(socket)?.send(message).await.map(drop)
}

/// A path, or after an `@` a name that no file has.
fn address(path: &OsStr) -> std::io::Result<net::SocketAddr> {
    #[cfg(target_os = "linux")]
    if let Some(name) = path.as_encoded_bytes().strip_prefix(b"@") {
        return <net::SocketAddr as std::os::linux::net::SocketAddrExt>::from_abstract_name(name);
    }
    net::SocketAddr::from_pathname(path)
}
