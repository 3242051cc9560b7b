//! Flags of `fireside serve` for backups that make themselves, and the signal that asks for one.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use super::terminal::{CommandError, say};
use crate::chat::App;
use crate::chat::model::backup::BackupSchedule;
use crate::chat::ops::backup::FOLDER;

/// Longest time from one to the next.
const MAX_PERIOD: Duration = Duration::from_hours(24 * 366);
/// Most that are kept.
const MAX_KEPT: i64 = 10_000;

#[derive(Debug, Args)]
pub(super) struct BackupFlags {
    /// Make a backup this often while the server runs: like 24h. SIGUSR1 makes one at any time
    #[arg(long, env = "FIRESIDE_BACKUP_EVERY", value_name = "TIME", value_parser = period)]
    backup_every: Option<Duration>,
    /// How many of those stay: the oldest go when a new one was made and checked
    #[arg(
        long,
        env = "FIRESIDE_BACKUP_KEEP",
        default_value_t = 7,
        value_name = "N",
        value_parser = clap::value_parser!(u16).range(1..=MAX_KEPT)
    )]
    backup_keep: u16,
    /// Folder for those backups [default: `backups` in the data folder]
    #[arg(long, env = "FIRESIDE_BACKUP_DIR", value_name = "DIR")]
    backup_dir: Option<PathBuf>,
}

impl BackupFlags {
    /// Backups are made from now on, when they are due and at each SIGUSR1.
    pub fn begin(&self, app: &App) -> Result<(), CommandError> {
        let failed = |cause| CommandError::new(CommandError::FAILED, format!("signals cannot be heard: {cause}"));
        let mut asked = signal(SignalKind::user_defined1()).map_err(failed)?;
        let folder = self.backup_dir.clone().unwrap_or_else(|| app.data_folder().join(FOLDER));
        if let Some(every) = self.backup_every {
            let (every, keep) = (humantime::format_duration(every), self.backup_keep);
            say(&format!("backups every {every} to {}, {keep} are kept", folder.display()));
        }
        app.keep_backups(BackupSchedule { folder, every: self.backup_every, keep: self.backup_keep.into() })?;
        let app = app.clone();
        tokio::spawn(async move {
            while asked.recv().await.is_some() {
                app.back_up();
            }
        });
        Ok(())
    }
}

/// A time in words, in which a backup can be made.
fn period(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(period) if (Duration::from_secs(1)..=MAX_PERIOD).contains(&period) => Ok(period),
        _ => Err(format!("`{text}` is not a time from a second to a year, like 1h, 24h or 7days")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

    use std::time::Duration;

    use super::period;

    #[test]
    fn a_period_has_bounds() {
        assert_eq!(period("24h"), Ok(Duration::from_hours(24)));
        for wrong in ["", "0s", "999ms", "often", "-1h", "367days", "99999999999999999999y"] {
            assert!(period(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_period_or_refused(noise in ".{0,12}", near in "[0-9]{0,20}(ns|ms|s|min|h|days|weeks|years)?", seconds in 1_u64..10_000_000) {
            for text in [noise, near] {
                if let Ok(time) = period(&text) {
                    prop_assert!((Duration::from_secs(1)..=super::MAX_PERIOD).contains(&time), "{text}");
                }
                // Of a credential's life only the least is bounded; what is beyond all calendars has to do no harm.
                if let Ok(life) = crate::cli::flags::lifetime(&text) {
                    prop_assert!(life >= Duration::from_secs(1), "{text}");
                    prop_assert!(crate::chat::model::time::Timestamp(0).plus(life).0 > 0, "{text}");
                }
            }
            prop_assert_eq!(period(&format!("{seconds}s")), Ok(Duration::from_secs(seconds)));
        }
    }
}
