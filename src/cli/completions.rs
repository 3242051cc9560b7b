//! `fireside completions`: what a shell offers behind Tab.

use clap::{Args, CommandFactory, ValueEnum};
use clap_complete::Shell;

use super::Cli;
use super::terminal::{CommandError, print_whole};

/// Flags of `fireside completions`.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct Completions {
    /// The shell that they are for
    #[arg(value_enum)]
    shell: ShellName,
}

/// The shells whose completions are tested.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum ShellName {
    Bash,
    Fish,
    Zsh,
}

impl Completions {
    /// Prints the script.
    pub fn run(self) -> Result<(), CommandError> {
        let shell = match self.shell {
            ShellName::Bash => Shell::Bash,
            ShellName::Fish => Shell::Fish,
            ShellName::Zsh => Shell::Zsh,
        };
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Cli::command(), "fireside", &mut script);
        print_whole(&script)
    }
}
