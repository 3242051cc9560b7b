//! Programs that read what the server writes. Where one is missing, its test says so and
//! passes, unless the run requires it.

use std::process::{Command, Output, Stdio};

/// Runs a program of this name with some input, or nothing where there is none.
pub fn run(name: &str, words: &[&str], input: &str) -> Option<Output> {
    use std::io::Write;
    let spawned =
        Command::new(name).args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let Ok(mut child) = spawned else {
        let wish = format!("FIRESIDE_REQUIRE_{}", name.to_uppercase().replace('-', "_"));
        assert!(std::env::var(&wish).unwrap_or_default() != "1", "{name} is required by {wish}");
        say(&format!("skipped: no {name}"));
        return None;
    };
    // One that does not want the input may close it first.
    child.stdin.take().unwrap().write_all(input.as_bytes()).ok();
    Some(child.wait_with_output().unwrap())
}

/// Both of a program's outputs.
pub fn words_of(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[expect(clippy::print_stdout, reason = "whoever runs the tests must see what was not tested")]
fn say(words: &str) {
    println!("{words}");
}
