//! How it is reached: listening, answering, and stopping without losing anything.

mod connection;
pub mod control;
mod gate;
mod headers;

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::api::{Api, Settings};
use crate::assets::Assets;
use crate::chat::Chat;

/// What the operator decides about connections and pages.
pub struct Options {
    /// What the APIs go by.
    pub settings: Settings,
    /// The web client.
    pub assets: Assets,
    /// How long requests may go on after the server was told to stop.
    pub shutdown_timeout: Duration,
}

/// Serves until `shutdown` resolves; then stops accepting, lets requests end, closes
/// sockets (1012) and the database. Listeners, shutdown and clock are passed in, so
/// that tests run the real thing.
pub async fn run(chat: Chat, listeners: Vec<TcpListener>, options: Options, shutdown: impl Future<Output = ()>) {
    let Options { settings, assets, shutdown_timeout } = options;
    let site = Arc::new(connection::Site { api: Api::new(chat.clone(), settings), assets });
    let gate = gate::Gate::new();
    let (tell, told) = watch::channel(false);
    let (alive, all_gone) = mpsc::channel(1);
    let stopping = connection::Stopping { told, _alive: alive };
    let mut accepting = JoinSet::new();
    for listener in listeners {
        accepting.spawn(connection::accept(listener, Arc::clone(&site), gate.clone(), stopping.clone()));
    }
    drop(stopping);
    shutdown.await;
    tracing::info!("stopping: no new connections");
    accepting.shutdown().await;
    tell.send_replace(true);
    drain(&chat, all_gone, shutdown_timeout).await;
    chat.close().await;
}

async fn drain(chat: &Chat, mut all_gone: mpsc::Receiver<()>, within: Duration) {
    chat.close_sockets().await;
    // Nothing is ever sent: this ends when the last connection drops its end.
    if tokio::time::timeout(within, all_gone.recv()).await.is_err() {
        tracing::warn!("some requests did not end in time");
    }
    // A handshake that was being answered may have become a socket meanwhile.
    chat.close_sockets().await;
}
