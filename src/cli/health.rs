//! `fireside health`: whether a server is well, for scripts and containers.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use clap::Args;

use super::terminal::{CommandError, say};

/// How long the server may take.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Debug, Args)]
pub(super) struct Health {
    /// Where the server is, with its base path if it has one
    #[arg(long, env = "FIRESIDE_HEALTH_URL", default_value = "http://127.0.0.1:8000", value_name = "URL")]
    url: String,
}

impl Health {
    pub fn run(self) -> Result<(), CommandError> {
        match self.ask() {
            Ok(status) if status.contains(" 200 ") => {
                say(&format!("{} is ready", self.url));
                Ok(())
            }
            Ok(status) => Err(CommandError::new(CommandError::FAILED, format!("{} is not ready: {status}", self.url))),
            Err(cause) => {
                Err(CommandError::new(CommandError::FAILED, format!("{} does not answer: {cause}", self.url)))
            }
        }
    }

    /// The status line of `/readyz`. One request needs no HTTP library.
    fn ask(&self) -> std::io::Result<String> {
        let unusable = || std::io::Error::other("the URL is not like http://127.0.0.1:8000");
        let place = self.url.trim_end_matches('/').strip_prefix("http://").ok_or_else(unusable)?;
        let (authority, base) = place.split_at(place.find('/').unwrap_or(place.len()));
        let with_port = if authority.contains(':') { authority.to_owned() } else { format!("{authority}:80") };
        let address = with_port.to_socket_addrs()?.next().ok_or_else(unusable)?;
        let mut connection = TcpStream::connect_timeout(&address, PATIENCE)?;
        connection.set_read_timeout(Some(PATIENCE))?;
        write!(connection, "GET {base}/readyz HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        connection.take(16 * 1024).read_to_string(&mut answer)?;
        Ok(answer.lines().next().unwrap_or_default().to_owned())
    }
}
