//! The `fireside` program. What it does is in the library of the same name.

use std::process::ExitCode;

fn main() -> ExitCode {
    fireside::cli::run()
}
