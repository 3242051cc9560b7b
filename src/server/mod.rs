//! How it is reached: listening, answering, and stopping without losing anything.

mod access_log;
mod connection;
mod connection_limit;
pub mod control;
mod current;
pub mod dev;
mod dev_events;
mod headers;
mod listener;
mod memory;
mod metrics;
mod redirect;
mod request_id;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use current::Current;
use dev::DevServer;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::api::http::backlog::Backlog;
use crate::api::http::compression::Compression;
use crate::api::http::context::{Settings, forget_by_time};
use crate::api::http::forwarded::TrustedProxies;
use crate::api::{Api, Routes};
use crate::assets::Assets;
use crate::chat::App;
pub use connection_limit::MAX_CONNECTIONS;
pub use listener::Listener;
pub use redirect::Redirect;
pub use tls::{Certificate, EndWarning, Life, NamedCertificates, TlsCertificate, TlsError, TlsFiles, Unfit};

/// What the operator decides about connections and pages.
pub struct Options {
    /// What the APIs go by.
    pub settings: Settings,
    /// Proxies whose word about their clients is taken.
    pub trusted_proxies: TrustedProxies,
    pub assets: Assets,
    /// What answers may take until they are read.
    pub answers: AnswerLimits,
    /// Connections at most, if the machine allows as many.
    pub max_connections: u64,
    /// How long requests may go on after the server was told to stop.
    pub shutdown_timeout: Duration,
    /// How long to go on as before after that, but for `/readyz`, so that those who ask it send nobody any more.
    pub shutdown_delay: Duration,
    /// Where Prometheus asks.
    pub metrics: Option<TcpListener>,
    /// What tests may do to a server for trying things out.
    pub dev: Option<DevServer>,
}

/// What the operator lets answers take that nobody has read yet.
#[derive(Clone, Copy, Debug)]
pub struct AnswerLimits {
    /// How long the bytes of one may make no progress.
    pub timeout: Duration,
    /// Bytes of memory for all of them.
    pub memory: u64,
}

/// Serves until `shutdown` resolves; then is not ready any more, stops accepting, lets requests end, closes
/// sockets (1012) and the database. Listeners, shutdown and clock are passed in, so
/// that tests run the real thing.
pub async fn run(
    app: App,
    routes: Routes,
    listeners: Vec<Listener>,
    options: Options,
    shutdown: impl Future<Output = ()>,
) {
    let Options {
        settings,
        trusted_proxies,
        assets,
        answers,
        max_connections,
        shutdown_timeout,
        shutdown_delay,
        metrics,
        dev,
    } = options;
    begin_to_push(&app, &settings);
    let api = Api::new(app, settings, routes);
    api.begin();
    let current = Current::new(api);
    let server = Arc::new(connection::Server {
        current: current.clone(),
        dev,
        trusted_proxies,
        assets,
        backlog: Backlog::new(answers.memory),
        compression: Compression::default(),
        answer_timeout: answers.timeout,
    });
    let connections = connection_limit::ConnectionLimit::new(max_connections);
    let (tell, told) = watch::channel(false);
    let (alive, all_gone) = mpsc::channel(1);
    let stopping = connection::Shutdown { told, _alive: alive };
    let mut accepting = JoinSet::new();
    for listener in listeners {
        accepting.spawn(connection::accept(listener, Arc::clone(&server), connections.clone(), stopping.clone()));
    }
    drop(stopping);
    // Ended when this is dropped.
    let mut background = JoinSet::new();
    background.spawn(memory::give_back(current.clone(), connections));
    background.spawn(forget_by_time({
        let current = current.clone();
        move || Arc::clone(current.get().context())
    }));
    if let Some(listener) = metrics {
        background.spawn(metrics::serve(listener, current.clone(), answers.timeout));
    }
    shutdown.await;
    current.get().context().app.begin_to_stop();
    if let Some(feed) = &current.get().context().settings.dev_feed {
        feed.end();
    }
    tokio::time::sleep(shutdown_delay).await;
    tracing::info!("stopping: no new connections");
    accepting.shutdown().await;
    tell.send_replace(true);
    let app = current.get().context().app.clone();
    drain(&app, all_gone, shutdown_timeout).await;
    app.close().await;
    if let Some(dev) = &server.dev {
        dev.end().await;
    }
}

/// Tells devices of what is said, where that is switched on.
fn begin_to_push(app: &App, settings: &Settings) {
    if let Some(sender) = &settings.push {
        app.in_background(Arc::clone(sender).serve(app.clone()));
    }
}

async fn drain(app: &App, mut all_gone: mpsc::Receiver<()>, within: Duration) {
    app.close_sockets().await;
    // Nothing is ever sent: this ends when the last connection drops its end.
    if tokio::time::timeout(within, all_gone.recv()).await.is_err() {
        tracing::warn!("some requests did not end in time");
    }
    // A handshake that was being answered may have become a socket meanwhile.
    app.close_sockets().await;
}
