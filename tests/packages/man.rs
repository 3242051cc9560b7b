//! `fireside man`: the manual says what `--help` says.

use std::process::Stdio;

use super::Command;
use crate::world::home::{self, program};

/// The text of a page as a reader sees it, as far as flags go: roff writes a dash as `\-`.
fn read(page: &str) -> String {
    page.replace("\\-", "-").replace("\\fB", "").replace("\\fR", "").replace("\\fI", "")
}

#[tokio::test]
async fn every_command_has_a_page_with_every_flag() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("man/man1");
    home::run(&["man", "--dir", pages.to_str().unwrap()], "").await.succeeded();
    let commands = Command::all().await;
    for command in &commands {
        let path = pages.join(command.page()).with_extension("1");
        let page = read(&std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())));
        for flag in &command.flags {
            assert!(page.contains(flag.as_str()), "{} lacks {flag}", path.display());
        }
        for name in &command.below {
            assert!(page.contains(&format!("{}-{name}(1)", command.page())), "{} lacks {name}", path.display());
        }
        assert!(page.contains(".SH \"EXIT STATUS\""), "{page}");
    }
    assert_eq!(std::fs::read_dir(&pages).unwrap().count(), commands.len(), "and no page more");
}

#[tokio::test]
async fn the_first_page_is_printed() {
    let page = read(&home::run(&["man"], "").await.succeeded().stdout);
    assert!(page.contains(".TH fireside 1"), "{page}");
    assert!(page.contains("FIRESIDE_LISTEN") && page.contains("--metrics-listen"), "{page}");
    assert!(page.contains("fireside seed --data ./demo"), "the examples: {page}");
    assert!(!page.contains("--dialect"), "that is another command's: {page}");
}

#[tokio::test]
async fn what_the_environment_holds_is_not_printed() {
    let output = program().arg("man").env("FIRESIDE_DATA", "/of/nobody/else").output().unwrap();
    assert!(output.status.success());
    let page = String::from_utf8(output.stdout).unwrap();
    assert!(page.contains("FIRESIDE_DATA") && !page.contains("/of/nobody/else"), "{page}");
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_told() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let below = file.path().join("man1");
    home::run(&["man", "--dir", below.to_str().unwrap()], "").await.failed_with(1);
}

#[tokio::test]
async fn a_reader_that_has_had_enough_is_no_failure() {
    for words in [&["man"][..], &["completions", "bash"], &["openapi"]] {
        let mut child = program().args(words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{words:?}: {output:?}");
    }
}
