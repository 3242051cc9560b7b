//! What goes into the log beside requests: panics, and the facts of the start.

use crate::chat::App;
use crate::server::Listener;

/// Panics go into the log, in its format and by their place alone: their text may quote
/// what somebody wrote.
pub(super) fn take_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(String::new, ToString::to_string);
        let thread = std::thread::current();
        tracing::error!(target: "panic", thread = thread.name().unwrap_or(""), "panicked at {place}");
    }));
}

/// The facts of the start once more, for those who read only the log.
pub(super) fn note_start(app: &App, listeners: &[Listener]) {
    let listen = listeners.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    tracing::info!(
        target: "start",
        version = env!("CARGO_PKG_VERSION"),
        data = %app.data_folder().display(),
        schema = app.schema_version(),
        listen,
        "listening",
    );
}
