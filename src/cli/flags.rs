//! Flags that several commands have.

use std::path::PathBuf;
use std::time::Duration;

/// Where the state is, unless said otherwise.
pub const DATA: &str = "./fireside-data";

/// The folder with the whole state.
#[derive(Debug, clap::Args)]
pub struct DataFolder {
    /// Folder with the database, the files and the secret: the whole state
    #[arg(long, env = "FIRESIDE_DATA", default_value = DATA, value_name = "DIR")]
    pub data: PathBuf,
}

/// Something that is done or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Switch {
    On,
    Off,
}

/// A time in words, and one in which something can be done.
pub fn lifetime(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(life) if life >= Duration::from_secs(1) => Ok(life),
        _ => Err(format!("`{text}` is not a second or more, like 15min, 12h or 30days")),
    }
}
