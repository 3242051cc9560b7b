//! `fireside seed`: a believable world to write a client against.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use clap::{Args, value_parser};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::flags::DataFolder;
use super::terminal::{CommandError, say, wait_for};
use crate::chat::model::name::Username;
use crate::chat::model::name::rule::Violation;
use crate::chat::model::password::Password;
use crate::chat::model::time::Timestamp;
use crate::chat::{App, Config, Durability};
use crate::seed::{ManualClock, Plan, Size, run};

/// The password of everybody, unless a file says otherwise.
const PASSWORD: &str = "fireside";
/// Longest password file that is read, in bytes.
const MAX_PASSWORD_FILE: u64 = 4 * 1024;
/// Chats for each person at most: who opens them may not open more than a limit.
const MAX_CHATS_EACH: u32 = 250;
/// How many names are said at the end.
const NAMES_SAID: usize = 5;

/// Fill a data folder with people and weeks of their talk, in English and Russian
#[derive(Debug, Args)]
pub(super) struct Seed {
    /// The same number makes the same world: names, ids, texts, times
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// Accounts
    #[arg(long, default_value_t = 24, value_name = "N", value_parser = value_parser!(u32).range(2..=2_000))]
    people: u32,
    /// Direct chats and groups
    #[arg(long, default_value_t = 40, value_name = "N", value_parser = value_parser!(u32).range(1..=10_000))]
    chats: u32,
    /// Messages in all of them
    #[arg(long, default_value_t = 5_000, value_name = "N", value_parser = value_parser!(u32).range(0..=1_000_000))]
    messages: u32,
    /// How many weeks it all takes
    #[arg(long, default_value_t = 6, value_name = "N", value_parser = value_parser!(u32).range(1..=520))]
    weeks: u32,
    /// When it ends, like 2025-06-01 or 2025-06-01T12:00:00Z; at the last full hour unless given
    #[arg(long, value_name = "DATE", value_parser = moment)]
    until: Option<Timestamp>,
    /// File with the password of everybody in its first line; `fireside` unless given
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Also where there are users already
    #[arg(long)]
    add: bool,
    #[command(flatten)]
    data: DataFolder,
}

/// A day or a moment, in UTC, that is over.
fn moment(text: &str) -> Result<Timestamp, String> {
    let whole = if text.contains(['T', ' ']) { text.to_owned() } else { format!("{text}T00:00:00Z") };
    let wrong = || format!("`{text}` is not like 2025-06-01 or 2025-06-01T12:00:00Z");
    let moment = humantime::parse_rfc3339_weak(&whole).map_err(|_| wrong())?;
    if moment > SystemTime::now() {
        return Err(format!("`{text}` is still to come"));
    }
    timestamp(moment).filter(|moment| moment.0 > 0).ok_or_else(wrong)
}

fn timestamp(moment: SystemTime) -> Option<Timestamp> {
    let since_epoch = moment.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    i64::try_from(since_epoch.as_millis()).ok().map(Timestamp)
}

/// Now, without the minutes, so that two worlds of one morning are alike.
fn last_full_hour() -> Timestamp {
    const HOUR: i64 = 3_600_000;
    let now = timestamp(SystemTime::now()).unwrap_or(Timestamp(0));
    Timestamp(now.0 - now.0 % HOUR)
}

impl Seed {
    pub fn run(self) -> Result<(), CommandError> {
        if self.chats > self.people * MAX_CHATS_EACH {
            let sentence =
                format!("{} people cannot open {} chats: at most {MAX_CHATS_EACH} each", self.people, self.chats);
            return Err(CommandError::new(CommandError::CONFIGURATION, sentence));
        }
        let password = self.password()?;
        wait_for(self.fill(&password))?
    }

    async fn fill(&self, password: &Password) -> Result<(), CommandError> {
        let count = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let size = Size {
            seed: self.seed,
            people: count(self.people),
            chats: count(self.chats),
            messages: count(self.messages),
            weeks: self.weeks,
            until: self.until.unwrap_or_else(last_full_hour),
        };
        let hands = ManualClock::at(size.from());
        // Whoever loses power here starts over: nobody was promised anything yet.
        let config =
            Config { durability: Durability::Normal, clock: hands.clock(), ..Config::of(self.data.data.clone()) };
        let app = App::open(config)?;
        let done = self.fill_open(&app, &hands, &size, password).await;
        app.close().await;
        self.report(&size, &done?);
        Ok(())
    }

    async fn fill_open(
        &self,
        app: &App,
        hands: &ManualClock,
        size: &Size,
        password: &Password,
    ) -> Result<Vec<Username>, CommandError> {
        let failed = |error: crate::chat::model::error::Error| {
            CommandError::new(CommandError::FAILED, format!("the world was not finished: {error}"))
        };
        let others = app.accounts().map_err(failed)?.len();
        if others > 0 && !self.add {
            let sentence = format!(
                "there are {others} users in {} already (--add puts more beside them, --data names another folder)",
                app.data_folder().display()
            );
            return Err(CommandError::new(CommandError::FAILED, sentence));
        }
        let plan = Plan::new(size);
        let progress = bar(plan.len());
        let people = run(app, hands, plan, password, || progress.inc(1)).await.map_err(failed)?;
        progress.finish_and_clear();
        Ok(people)
    }

    fn report(&self, size: &Size, people: &[Username]) {
        let Size { chats, messages, weeks, until, .. } = size;
        say(&format!("{} people, {chats} chats, {messages} messages in {weeks} weeks until {until}", people.len()));
        let names: Vec<&str> = people.iter().take(NAMES_SAID).map(Username::as_str).collect();
        let more = people.len().saturating_sub(names.len());
        let more = if more > 0 { format!(" or {more} others (fireside user list)") } else { String::new() };
        let password = if self.password_file.is_some() { "that of the file" } else { PASSWORD };
        say(&format!("sign in as {}{more}; the password is {password}", names.join(", ")));
    }

    fn password(&self) -> Result<Password, CommandError> {
        let failed = |why: &str| CommandError::new(CommandError::FAILED, format!("the password was not read: {why}"));
        let text = match &self.password_file {
            None => PASSWORD.to_owned(),
            Some(path) => {
                use std::io::Read;
                let mut text = String::new();
                let file = std::fs::File::open(path).map_err(|cause| failed(&cause.to_string()))?;
                file.take(MAX_PASSWORD_FILE).read_to_string(&mut text).map_err(|cause| failed(&cause.to_string()))?;
                text.lines().next().unwrap_or_default().to_owned()
            }
        };
        Password::parse(&text).map_err(|Violation(sentence)| failed(&sentence))
    }
}

/// On standard error, and only where somebody watches.
fn bar(steps: usize) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(steps as u64), ProgressDrawTarget::stderr());
    bar.enable_steady_tick(Duration::from_millis(100));
    match ProgressStyle::with_template("{bar:40} {percent:>3} %  {eta} left") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::moment;
    use crate::chat::model::time::Timestamp;

    #[test]
    fn a_day_or_a_moment_is_read() {
        assert_eq!(moment("2025-01-01"), Ok(Timestamp(1_735_689_600_000)));
        assert_eq!(moment("2025-01-01T12:00:00Z"), Ok(Timestamp(1_735_732_800_000)));
        for wrong in ["", "yesterday", "2025-13-01", "9999-01-01", "1970-01-01", "2025-01-01T25:00:00Z"] {
            assert!(moment(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_day_that_is_over_or_refused(noise in any::<String>(), near in "[0-9T: .Z-]{0,24}", day in 1_u64..20_000) {
            for text in [noise, near] {
                prop_assert!(moment(&text).is_err() || moment(&text).is_ok_and(|moment| moment.0 > 0), "{text}");
            }
            let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(day * 24 * 60 * 60);
            let written = humantime::format_rfc3339_seconds(at).to_string();
            let read = Ok(Timestamp(i64::try_from(day).expect("small") * 24 * 60 * 60 * 1000));
            prop_assert_eq!((moment(&written), moment(&written[..10])), (read.clone(), read));
        }
    }
}
