//! `fireside check`: whether a data folder is as it should be, or, with `--url`, the way to a server.

use clap::Args;
use serde::Serialize;

use super::check_url::UrlFlags;
use super::flags::DataFolder;
use super::progress::ProgressBar;
use super::terminal::{CommandError, say};
use crate::chat::model::file;
use crate::chat::model::time::Clock;
use crate::chat::ops::check::{CheckOptions, Finding, Verdict, check};

#[derive(Debug, Args)]
pub(super) struct Check {
    #[command(flatten)]
    url: UrlFlags,
    /// Read each uploaded file too, and compare its SHA-256
    #[arg(long)]
    deep: bool,
    /// Bytes that should be free on the disk
    #[arg(long, env = "FIRESIDE_MIN_FREE", default_value_t = file::MIN_FREE_BYTES, value_name = "BYTES")]
    min_free: u64,
    /// As JSON, an array of objects
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: DataFolder,
}

/// An outcome in JSON.
#[derive(Serialize)]
struct CheckLine {
    about: &'static str,
    verdict: &'static str,
    says: String,
}

impl Check {
    pub fn run(self) -> Result<(), CommandError> {
        let Self { mut url, deep, min_free, json, data } = self;
        if let Some(target) = url.url.take() {
            return url.run(target);
        }
        let (mut bar, mut lines) = (ProgressBar::new("check"), Vec::new());
        let mut found = 0;
        let mut tell = |finding: Finding| {
            found += usize::from(finding.verdict == Verdict::Found);
            let line = CheckLine { about: finding.about, verdict: word(finding.verdict), says: finding.says };
            lines.push(line);
        };
        let wish = CheckOptions { deep, min_free };
        check(&data.data, wish, Clock::system().now(), &mut |done, all| bar.show(done, all), &mut tell)?;
        drop(bar);
        if json {
            let text = serde_json::to_string_pretty(&lines);
            say(&text.map_err(|cause| CommandError::new(CommandError::FAILED, cause.to_string()))?);
        } else {
            lines.iter().for_each(|line| say(&format!("{:<8} {:<17} {}", line.verdict, line.about, line.says)));
        }
        match found {
            0 => Ok(()),
            1 => Err(CommandError::new(CommandError::FOUND, "one thing is wrong")),
            many => Err(CommandError::new(CommandError::FOUND, format!("{many} things are wrong"))),
        }
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Good => "ok",
        Verdict::Found => "wrong",
        Verdict::Note => "note",
    }
}
