//! `fireside serve --dev`: a server to write a client against, and its troubles.

use std::convert::Infallible;
use std::fs::File;
use std::io::BufReader;
use std::ops::RangeInclusive;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tempfile::TempDir;

use super::terminal::CommandError;
use crate::api::http::context::Settings;
use crate::api::http::fault_injection::FaultInjection;
use crate::api::http::limit::RateLimits;
use crate::chat::App;
use crate::chat::model::chat::NewGroup;
use crate::chat::model::error::Result;
use crate::chat::model::name::rule::Violation;
use crate::chat::model::name::{Email, Username};
use crate::chat::model::password::Password;
use crate::chat::model::time::Clock;
use crate::chat::model::token::Token;
use crate::chat::model::user::NewUser;
use crate::chat::ops::import_export::{self, OnConflict, Options, read_archive, read_folder};
use crate::dev_feed::DevFeed;

/// Who is there.
const PEOPLE: [&str; 3] = ["alice", "bob", "carol"];
/// The password of all of them.
const PASSWORD: &str = "fireside";
/// How the folders are called that are thrown away.
const PREFIX: &str = "fireside-dev-";
/// Longest delay that can be asked for.
const MAX_DELAY: Duration = Duration::from_secs(60);

/// Flags for trying a client out.
#[derive(Debug, Args)]
pub(super) struct DevFlags {
    /// Try things out: data that is thrown away, alice, bob and carol with tokens that are always
    /// the same, or who is in an export; no limits, pages of every origin. Only on a loopback address
    #[arg(long, env = "FIRESIDE_DEV", conflicts_with = "data", value_name = "EXPORT", num_args = 0..=1,
          default_missing_value = "true", value_parser = beginning)]
    dev: Option<DevBeginning>,
    /// With --dev: how late every request is, and each way every frame: 200, or 50..400
    #[arg(long, env = "FIRESIDE_DELAY", value_name = "MS[..MS]", value_parser = delay)]
    delay: Option<RangeInclusive<Duration>>,
    /// With --dev: the share of requests that are answered with 503, half of them after doing the
    /// work; and sockets are cut off, of 30% each about every three seconds
    #[arg(long, env = "FIRESIDE_CHAOS", value_name = "PERCENT", value_parser = percent)]
    chaos: Option<u8>,
    /// With --chaos: the same number makes the same faults again
    #[arg(long, env = "FIRESIDE_CHAOS_SEED", default_value_t = 1, value_name = "N")]
    chaos_seed: u64,
}

/// With what a server for trying things out begins.
#[derive(Clone, Debug, PartialEq, Eq)]
enum DevBeginning {
    /// It is none.
    Off,
    /// With alice, bob and carol.
    People,
    /// With what an export holds: its file, or the folder that it unpacks to.
    Export(PathBuf),
}

/// A path, or whether at all, as a variable says it.
fn beginning(text: &str) -> Result<DevBeginning, Infallible> {
    Ok(match text.to_ascii_lowercase().as_str() {
        "" | "0" | "false" | "no" | "n" | "off" | "f" => DevBeginning::Off,
        "1" | "true" | "yes" | "y" | "on" | "t" => DevBeginning::People,
        _ => DevBeginning::Export(text.into()),
    })
}

/// Milliseconds, or the least and the most of them.
fn delay(text: &str) -> Result<RangeInclusive<Duration>, String> {
    let wrong = || format!("`{text}` is neither like 200 nor like 50..400, of at most {} ms", MAX_DELAY.as_millis());
    let millis = |text: &str| text.parse().map(Duration::from_millis).ok().filter(|delay| *delay <= MAX_DELAY);
    let (least, most) = text.split_once("..").unwrap_or((text, text));
    match (millis(least), millis(most)) {
        (Some(least), Some(most)) if least <= most => Ok(least..=most),
        _ => Err(wrong()),
    }
}

/// A share in percent, with or without the sign.
fn percent(text: &str) -> Result<u8, String> {
    let number = text.strip_suffix('%').unwrap_or(text).parse().ok().filter(|percent| *percent <= 100);
    number.ok_or_else(|| format!("`{text}` is not like 30%, from 0% to 100%"))
}

impl DevFlags {
    /// Everybody can sign in as anybody, so nobody else may reach it; and nobody who is served in
    /// earnest shall be refused at random.
    pub fn check(&self, public: Option<&str>) -> Result<(), CommandError> {
        if !self.is_on() && (self.delay.is_some() || self.chaos.is_some()) {
            let sentence = "--delay and --chaos are for trying things out: they need --dev";
            return Err(CommandError::new(CommandError::CONFIGURATION, sentence));
        }
        match public {
            Some(address) if self.is_on() => {
                let sentence =
                    format!("--dev lets everybody in as anybody, so it needs a loopback address, not {address}");
                Err(CommandError::new(CommandError::CONFIGURATION, sentence))
            }
            _ => Ok(()),
        }
    }

    /// Whether this is for trying out.
    pub fn is_on(&self) -> bool {
        self.dev.as_ref().is_some_and(|dev| *dev != DevBeginning::Off)
    }

    /// The folder for this run, if it is one to be thrown away.
    pub fn folder(&self) -> Result<Option<Scratch>, CommandError> {
        if !self.is_on() {
            return Ok(None);
        }
        let scratch = Scratch::make()?;
        if let Some(DevBeginning::Export(export)) = &self.dev {
            import(export, &scratch.data())?;
        }
        Ok(Some(scratch))
    }

    /// No limits, every origin, and the faults that were asked for.
    pub fn apply(&self, settings: &mut Settings) {
        if !self.is_on() {
            return;
        }
        settings.limits = RateLimits::OFF;
        settings.any_origin = true;
        settings.dev_feed = Some(DevFeed::default());
        if self.delay.is_some() || self.chaos.is_some() {
            let delay = self.delay.clone().unwrap_or(Duration::ZERO..=Duration::ZERO);
            settings.faults = Some(Arc::new(FaultInjection::new(delay, self.chaos.unwrap_or(0), self.chaos_seed)));
        }
    }

    /// Makes the people and a chat of theirs: lines that say how to be each of them at `base`.
    pub async fn populate(&self, app: &App, base: &str) -> Result<Vec<String>, CommandError> {
        if !self.is_on() {
            return Ok(Vec::new());
        }
        let socket = base.replacen("http", "ws", 1);
        let failed = |why: &str| {
            CommandError::new(CommandError::FAILED, format!("the people for --dev could not be made: {why}"))
        };
        if let Some(DevBeginning::Export(export)) = &self.dev {
            let accounts = app.accounts().map_err(|error| failed(&error.to_string()))?;
            return Ok(vec![
                format!(
                    "everything is thrown away at the end; {} people came from {}",
                    accounts.len(),
                    export.display()
                ),
                "a token for any of them:".to_owned(),
                format!("  curl -sS {base}/_dev/token/ -d username=NAME"),
            ]);
        }
        let (people, room) = populate(app).await.map_err(|error| failed(&error.to_string()))?;
        let mut lines = vec![format!("everything is thrown away at the end; chat {room} is everybody's")];
        for (name, id, token) in people {
            let token = token.as_str();
            lines.push(format!("{name}: id {id}, password {PASSWORD}, token {token}"));
            lines.push(format!(
                "  curl -sS {base}/messages/api/chats/{room}/messages/ -H 'Authorization: Token {token}' -d content='Hello from {name}'"
            ));
            lines.push(format!("  python3 -m websockets '{socket}/messages/ws/?token={token}'"));
        }
        Ok(lines)
    }
}

async fn populate(app: &App) -> Result<(Vec<(&'static str, i64, Token)>, i64)> {
    let mut people = Vec::new();
    for name in PEOPLE {
        let (account, token) = app.create_trial_user(newcomer(name)?).await?;
        people.push((name, account.user.id, token));
    }
    let Some((_, _, token)) = people.first() else { return Ok((Vec::new(), 0)) };
    let new = NewGroup {
        title: "Fireside".to_owned(),
        description: String::new(),
        is_private: true,
        max_members: None,
        members: people.iter().skip(1).map(|(_, id, _)| *id).collect(),
    };
    let room = app.create_group(&app.authenticate(token.as_str())?, new).await?;
    Ok((people.into_iter().map(|(name, id, token)| (name, id.0, token)).collect(), room.id.0))
}

fn newcomer(name: &str) -> Result<NewUser> {
    let wrong = |Violation(sentence)| {
        tracing::error!(sentence, name, "one of the fixed people breaks the rules");
        crate::chat::model::error::Error::Internal
    };
    Ok(NewUser {
        username: Username::parse(name).map_err(wrong)?,
        email: Some(Email::parse(&format!("{name}@example.org")).map_err(wrong)?),
        password: Password::parse(PASSWORD).map_err(wrong)?,
        display_name: None,
        is_admin: false,
    })
}

/// A folder for data that goes when this does. One whose process was killed goes when the
/// next one is made.
pub(super) struct Scratch {
    folder: TempDir,
    /// Held as long as it is somebody's.
    _lock: File,
}

impl Scratch {
    fn make() -> Result<Self, CommandError> {
        let place = std::env::temp_dir();
        sweep(&place);
        let owner_only = std::fs::Permissions::from_mode(0o700);
        let made = tempfile::Builder::new().prefix(PREFIX).permissions(owner_only).tempdir_in(&place);
        let locked = made.and_then(|folder| {
            let lock = File::create(folder.path().join("lock"))?;
            lock.lock()?;
            Ok(Self { folder, _lock: lock })
        });
        locked.map_err(|cause| {
            CommandError::new(
                CommandError::CONFIGURATION,
                format!("no folder could be made in {}: {cause}", place.display()),
            )
        })
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The data folder that the server begins with.
    pub fn data(&self) -> PathBuf {
        self.path().join("data-0")
    }

    /// Throws it away.
    pub fn remove(self) {
        if let Err(cause) = self.folder.close() {
            tracing::warn!(%cause, "the data of this run were left behind");
        }
    }
}

/// Fills a data folder with what an export holds.
fn import(export: &Path, data: &Path) -> Result<(), CommandError> {
    let unread = |cause| CommandError::new(CommandError::FAILED, format!("{}: {cause}", export.display()));
    let file = if export.is_dir() { None } else { Some(BufReader::new(File::open(export).map_err(unread)?)) };
    let options = Options { on_conflict: OnConflict::Fail, is_dry_run: false };
    let mut import = import_export::Import::new(data, options, Clock::system().now())?;
    match file {
        Some(file) => read_archive(&mut import, file, &export.display().to_string(), &mut |_, _| ())?,
        None => read_folder(&mut import, export, &mut |_, _| ())?,
    }
    import.finish()?;
    Ok(())
}

/// Removes folders of runs that were killed: one's own, and nobody holds their lock.
fn sweep(place: &Path) {
    let Ok(entries) = std::fs::read_dir(place) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let is_named = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(PREFIX));
        if is_named
            && is_abandoned(&path)
            && let Err(cause) = std::fs::remove_dir_all(&path)
        {
            tracing::debug!(%cause, "an old folder stays");
        }
    }
}

fn is_abandoned(path: &Path) -> bool {
    let me = rustix::process::geteuid().as_raw();
    let is_mine = path.symlink_metadata().is_ok_and(|found| found.is_dir() && found.uid() == me);
    is_mine && File::open(path.join("lock")).is_ok_and(|lock| lock.try_lock().is_ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use std::time::Duration;

    use super::{delay, percent};

    #[test]
    fn delays_and_shares_are_read_in_their_bounds() {
        let ms = Duration::from_millis;
        assert_eq!(delay("200"), Ok(ms(200)..=ms(200)));
        assert_eq!(delay("50..400"), Ok(ms(50)..=ms(400)));
        for wrong in ["", "-1", "400..50", "60001", "1s", "..", "1..2..3"] {
            assert!(delay(wrong).is_err(), "{wrong}");
        }
        assert_eq!((percent("30%"), percent("0"), percent("100%")), (Ok(30), Ok(0), Ok(100)));
        for wrong in ["", "%", "101", "-1", "30%%", "0.5"] {
            assert!(percent(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_delay_and_a_share_or_refused(noise in ".{0,9}", near in "[0-9.+-]{0,9}%?", one in any::<u16>(), two in any::<u16>()) {
            for text in [noise, near, format!("{one}..{two}")] {
                if let Ok(delay) = delay(&text) {
                    prop_assert!(delay.start() <= delay.end() && *delay.end() <= super::MAX_DELAY, "{text}");
                }
                prop_assert!(percent(&text).is_ok_and(|share| share <= 100) || percent(&text).is_err(), "{text}");
            }
            let is_within = one <= two && Duration::from_millis(two.into()) <= super::MAX_DELAY;
            prop_assert_eq!(delay(&format!("{one}..{two}")).is_ok(), is_within);
        }
    }
}
