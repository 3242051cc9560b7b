//! `fireside health`: whether a server is well, for scripts and containers.

use std::time::Duration;

use clap::Args;
use tokio::time::timeout;

use super::check_url::client::{Client, Site};
use super::terminal::{CommandError, say, wait_for};

/// How long the server may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Where a server of this machine answers over plain HTTP that was told no address, and where one of `--domain` does.
const USUAL: [&str; 2] = ["http://127.0.0.1:8000", "http://127.0.0.1"];

#[derive(Debug, Args)]
pub(super) struct Health {
    /// Where the server is, with its base path if it has one; over HTTPS by the name that its certificate has.
    /// Unless given: port 8000 of this machine, or port 80 if nobody is there, as with `serve --domain`
    #[arg(long, env = "FIRESIDE_HEALTH_URL", value_name = "URL")]
    url: Option<String>,
}

impl Health {
    pub fn run(self) -> Result<(), CommandError> {
        let failed = |sentence| Err(CommandError::new(CommandError::FAILED, sentence));
        let places = self.url.as_deref().map_or_else(|| USUAL.to_vec(), |url| vec![url]);
        let mut absent = String::new();
        for url in places {
            match ask(url)? {
                Ok(200) => {
                    say(&format!("{url} is ready"));
                    return Ok(());
                }
                Ok(status) => return failed(format!("{url} is not ready: it says {status}")),
                Err(cause) if absent.is_empty() => absent = format!("{url} does not answer: {cause}"),
                Err(_) => {}
            }
        }
        failed(absent)
    }
}

/// The status of `/readyz`, or why there is none.
fn ask(url: &str) -> Result<Result<u16, String>, CommandError> {
    let site = match Site::parse(url) {
        Ok(site) => site,
        Err(cause) => return Ok(Err(cause)),
    };
    let client = Client::new(site);
    let asked = wait_for(async { timeout(PATIENCE, client.get("/readyz", &[])).await })?;
    Ok(match asked {
        Ok(answer) => answer.map(|answer| answer.status).map_err(|cause| cause.to_string()),
        Err(_) => Err(format!("not within {} seconds", PATIENCE.as_secs())),
    })
}
