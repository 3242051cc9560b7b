//! Flags for those who watch a server: metrics, and a stop that they see coming.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;
use tokio::net::TcpListener;

use super::terminal::{CommandError, say};

/// Longest time between the signal and the stop.
const MAX_DELAY: u64 = 3_600;

#[derive(Clone, Copy, Debug, Args)]
pub(super) struct WatchFlags {
    /// Address for Prometheus, with /metrics and nothing else; whoever reaches it needs no credential
    #[arg(long, env = "FIRESIDE_METRICS_LISTEN", value_name = "ADDRESS")]
    metrics_listen: Option<SocketAddr>,
    /// How long to go on serving after the signal to stop while /readyz says 503, in seconds
    #[arg(
        long,
        env = "FIRESIDE_SHUTDOWN_DELAY",
        default_value_t = 0,
        value_name = "SECONDS",
        value_parser = clap::value_parser!(u64).range(0..=MAX_DELAY)
    )]
    shutdown_delay: u64,
}

impl WatchFlags {
    pub fn shutdown_delay(self) -> Duration {
        Duration::from_secs(self.shutdown_delay)
    }

    /// Takes the address for the metrics, if there is to be one.
    pub async fn bind(self) -> Result<Option<TcpListener>, CommandError> {
        let Some(address) = self.metrics_listen else { return Ok(None) };
        let bound = TcpListener::bind(address).await.map_err(|cause| {
            let status = match cause.kind() {
                std::io::ErrorKind::AddrInUse => CommandError::TRY_AGAIN,
                _ => CommandError::CONFIGURATION,
            };
            let sentence = format!("cannot listen on {address}: {cause} (--metrics-listen names another address)");
            CommandError::new(status, sentence)
        })?;
        Ok(Some(bound))
    }
}

/// Where the metrics are.
pub(super) fn announce(metrics: Option<&TcpListener>) {
    if let Some(address) = metrics.and_then(|listener| listener.local_addr().ok()) {
        say(&format!("metrics on http://{address}/metrics"));
    }
}
