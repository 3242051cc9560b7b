//! `fireside import`: what an export holds, into a data folder.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::flags::DataFolder;
use super::import_from::ForeignSource;
use super::progress::ProgressBar;
use super::terminal::{CommandError, say};
use crate::chat::model::time::Clock;
use crate::chat::ops::import_export;
use crate::chat::ops::import_export::{OnConflict, Options, Report};

#[derive(Debug, Args)]
pub(super) struct Import {
    /// File that `fireside export` wrote, the folder that it unpacks to, or `-` for standard input;
    /// with `--from`, another system's file
    #[arg(value_name = "SRC|-")]
    from: PathBuf,
    /// What becomes of users whose names are taken here
    #[arg(long, value_enum, default_value_t = Conflict::Fail)]
    on_conflict: Conflict,
    /// Say what would come and what not, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Print the report as one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    elsewhere: ForeignSource,
    #[command(flatten)]
    data: DataFolder,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Conflict {
    /// Import nothing, and say which
    Fail,
    /// They are the same people: whoever is here keeps profile, password and tokens
    Merge,
    /// They are others: bob comes as bob-2
    Rename,
}

impl Import {
    pub fn run(self) -> Result<(), CommandError> {
        let on_conflict = match self.on_conflict {
            Conflict::Fail => OnConflict::Fail,
            Conflict::Merge => OnConflict::Merge,
            Conflict::Rename => OnConflict::Rename,
        };
        let options = Options { on_conflict, is_dry_run: self.dry_run };
        let report = self.read(options)?;
        if self.json {
            let text = serde_json::to_string_pretty(&ReportObject::from(&report));
            say(&text.map_err(|cause| CommandError::new(CommandError::FAILED, cause.to_string()))?);
        } else {
            print(&report);
        }
        Ok(())
    }

    fn read(&self, options: Options) -> Result<Report, CommandError> {
        let unread = |cause| CommandError::new(CommandError::FAILED, format!("{}: {cause}", self.from.display()));
        if self.elsewhere.is_meant() {
            return self.read_elsewhere(options);
        }
        // Before anything is made where the import goes.
        let file = match self.from.as_path() {
            path if path == Path::new("-") || path.is_dir() => None,
            path => Some(BufReader::new(File::open(path).map_err(unread)?)),
        };
        let mut import = import_export::Import::new(&self.data.data, options, Clock::system().now())?;
        let mut bar = ProgressBar::new("import");
        let mut progress = |done, all| bar.show(done, all);
        let name = self.from.display().to_string();
        match file {
            Some(file) => import_export::read_archive(&mut import, file, &name, &mut progress)?,
            None if self.from == Path::new("-") => {
                let input = BufReader::new(std::io::stdin().lock());
                import_export::read_archive(&mut import, input, "standard input", &mut progress)?;
            }
            None => import_export::read_folder(&mut import, &self.from, &mut progress)?,
        }
        drop(bar);
        Ok(import.finish()?)
    }

    fn read_elsewhere(&self, options: Options) -> Result<Report, CommandError> {
        let now = Clock::system().now();
        let mut import = import_export::Import::new(&self.data.data, options, now)?;
        let mut bar = ProgressBar::new("import");
        self.elsewhere.read(&self.from, &mut import, now, &mut |done, all| bar.show(done, all))?;
        drop(bar);
        Ok(import.finish()?)
    }
}

/// What `--json` prints.
#[derive(Serialize)]
struct ReportObject<'a> {
    /// Nothing was changed: this is what would come.
    dry_run: bool,
    /// By kind in the plural, how many.
    came: &'a BTreeMap<&'static str, u64>,
    left_out: Vec<LeftOut<'a>>,
    /// Sentences.
    notes: &'a [String],
    /// Sentences and reasons beyond those.
    more_notes: u64,
    /// Users that were here already.
    merged: u64,
    without_password: u64,
}

#[derive(Serialize)]
struct LeftOut<'a> {
    kind: &'a str,
    why: &'a str,
    count: u64,
}

impl<'a> From<&'a Report> for ReportObject<'a> {
    fn from(report: &'a Report) -> Self {
        let left_out = report.left_out.iter().map(|((kind, why), count)| LeftOut { kind, why, count: *count });
        Self {
            dry_run: report.is_dry_run,
            came: &report.taken,
            left_out: left_out.collect(),
            notes: &report.notes,
            more_notes: report.more_notes,
            merged: report.merged,
            without_password: report.without_password,
        }
    }
}

/// Says what came, or would come, and what not.
pub(super) fn print(report: &Report) {
    let came = if report.is_dry_run { "would come" } else { "came" };
    for (kind, count) in &report.taken {
        say(&format!("{count} {kind} {came}"));
    }
    let not = if report.is_dry_run { "would not come" } else { "did not come" };
    for ((kind, why), count) in &report.left_out {
        say(&format!("{count} {kind} {not}: {why}"));
    }
    report.notes.iter().for_each(|note| say(note));
    if report.more_notes > 0 {
        say(&format!("and {} more such sentences", report.more_notes));
    }
    if report.merged > 0 {
        say(&format!("{} users were here already", report.merged));
    }
    if report.without_password > 0 {
        let count = report.without_password;
        say(&format!("{count} users have no password here: `fireside user passwd NAME --link` makes each a link"));
    }
    if report.is_dry_run {
        say("nothing was changed");
    }
}
