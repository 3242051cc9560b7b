//! `fireside health`: whether a server is well, for scripts and containers.

use std::time::Duration;

use clap::Args;
use tokio::time::timeout;

use super::check_url::client::{Client, Site};
use super::terminal::{CommandError, runtime, say};

/// How long the server may take.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Debug, Args)]
pub(super) struct Health {
    /// Where the server is, with its base path if it has one; over HTTPS by the name that its certificate has
    #[arg(long, env = "FIRESIDE_HEALTH_URL", default_value = "http://127.0.0.1:8000", value_name = "URL")]
    url: String,
}

impl Health {
    pub fn run(self) -> Result<(), CommandError> {
        let failed = |sentence| Err(CommandError::new(CommandError::FAILED, sentence));
        match self.ask()? {
            Ok(200) => {
                say(&format!("{} is ready", self.url));
                Ok(())
            }
            Ok(status) => failed(format!("{} is not ready: it says {status}", self.url)),
            Err(cause) => failed(format!("{} does not answer: {cause}", self.url)),
        }
    }

    /// The status of `/readyz`, or why there is none.
    fn ask(&self) -> Result<Result<u16, String>, CommandError> {
        let site = match Site::parse(&self.url) {
            Ok(site) => site,
            Err(cause) => return Ok(Err(cause)),
        };
        let client = Client::new(site);
        let asked = runtime()?.block_on(async { timeout(PATIENCE, client.get("/readyz", &[])).await });
        Ok(match asked {
            Ok(answer) => answer.map(|answer| answer.status).map_err(|cause| cause.to_string()),
            Err(_) => Err(format!("not within {} seconds", PATIENCE.as_secs())),
        })
    }
}
