//! `fireside man`: the manual, from the same definitions as `--help`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::builder::Resettable;
use clap::{Args, Command, CommandFactory};
use clap_mangen::Man as Page;
use clap_mangen::roff::{Roff, bold, roman};

use super::Cli;
use super::terminal::{CommandError, print_whole};

/// What each exit status means; docs/operating.md has the same table.
const STATUSES: [(&str, &str); 6] = [
    ("0", "done"),
    ("1", "failed"),
    ("2", "wrong use"),
    ("4", "the disk failed under a write or a sync; what was acknowledged is there"),
    ("75", "try again: the port is taken, or another process holds the data folder"),
    ("78", "the configuration cannot work, or the data was written by a newer version"),
];

/// Flags of `fireside man`.
#[derive(Debug, Args)]
pub(super) struct Man {
    /// Folder into which every command's page is written, in place of printing the first
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl Man {
    /// Prints the page of `fireside`, or writes all pages.
    pub fn run(self) -> Result<(), CommandError> {
        let failed = |cause| CommandError::new(CommandError::FAILED, format!("the manual was not written: {cause}"));
        let mut command = Cli::command().disable_help_subcommand(true);
        command.build();
        match self.dir {
            Some(folder) => write_all(command, &folder).map_err(failed),
            None => print_whole(&page(command).map_err(failed)?),
        }
    }
}

fn write_all(command: Command, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
        write_all(below.clone(), folder)?;
    }
    let name = command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned();
    fs::write(folder.join(name).with_extension("1"), page(command)?)
}

/// One command's page. The examples are printed as they stand, which the maker of pages
/// would not do.
fn page(command: Command) -> io::Result<Vec<u8>> {
    let examples = command.get_after_help().map(ToString::to_string);
    let page = Page::new(command.after_help(Resettable::Reset))
        .source(concat!("Fireside ", env!("CARGO_PKG_VERSION")))
        .manual("Fireside");
    let mut text = Vec::new();
    page.render(&mut text)?;
    let mut more = Roff::new();
    if let Some(examples) = examples {
        more.control("SH", ["EXAMPLES"]).control("nf", []);
        more.text([roman(examples.trim_start_matches("Examples:\n"))]).control("fi", []);
    }
    more.control("SH", ["EXIT STATUS"]);
    for (status, meaning) in STATUSES {
        more.control("TP", []).text([bold(status)]).text([roman(meaning)]);
    }
    text.extend(more.to_roff().into_bytes());
    Ok(text)
}
