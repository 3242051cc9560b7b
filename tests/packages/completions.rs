//! `fireside completions`: what shells offer, asked of the shells.

use super::Command;
use crate::observability::tool;
use crate::world::home;

async fn script(shell: &str) -> String {
    home::run(&["completions", shell], "").await.succeeded().stdout.clone()
}

/// What bash offers for the last of these words.
fn bash_offers(script: &str, words: &[&str]) -> Vec<String> {
    let last = words.last().unwrap();
    let before = words.len().checked_sub(2).map_or("fireside", |at| words[at]);
    let line = format!(
        "{script}\nCOMP_WORDS=(fireside {})\nCOMP_CWORD={}\n_fireside fireside '{last}' '{before}'\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"\n",
        words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" "),
        words.len(),
    );
    let output = tool::run("bash", &["--norc", "-s"], &line).unwrap();
    assert!(output.status.success(), "{}", tool::words_of(&output));
    let offers = String::from_utf8(output.stdout).unwrap();
    offers.lines().map(ToOwned::to_owned).filter(|offer| !offer.is_empty()).collect()
}

#[tokio::test]
async fn bash_offers_every_command_and_flag() {
    let script = script("bash").await;
    for command in Command::all().await {
        let words: Vec<&str> = command.words.iter().map(String::as_str).collect();
        let offered = bash_offers(&script, &[&words[..], &["-"]].concat());
        for flag in &command.flags {
            assert!(offered.contains(flag), "{:?} {flag} is not among {offered:?}", command.words);
        }
        let offered = bash_offers(&script, &[&words[..], &[""]].concat());
        for name in &command.below {
            assert!(offered.contains(name), "{:?} {name} is not among {offered:?}", command.words);
        }
    }
}

#[tokio::test]
async fn bash_completes_the_word_that_was_begun() {
    let script = script("bash").await;
    assert_eq!(bash_offers(&script, &["inv"]), ["invite"]);
    assert_eq!(bash_offers(&script, &["user", "pass"]), ["passwd"]);
    assert_eq!(bash_offers(&script, &["serve", "--registration", "cl"]), ["closed"]);
    assert!(bash_offers(&script, &["nonsense-that-is-no-command"]).is_empty());
}

#[tokio::test]
async fn zsh_reads_its_script_and_finds_every_flag_in_it() {
    let script = script("zsh").await;
    assert!(script.starts_with("#compdef fireside"), "{script}");
    for command in Command::all().await {
        for word in command.flags.iter().chain(&command.below) {
            assert!(script.contains(word.as_str()), "{:?} {word}", command.words);
        }
    }
    if let Some(output) = tool::run("zsh", &["-f", "-n", "/dev/stdin"], &script) {
        assert!(output.status.success() && output.stderr.is_empty(), "{}", tool::words_of(&output));
    }
    if let Some(output) = tool::run("zsh", &["-f", "-n", "/dev/stdin"], &format!("{script}\nif then (")) {
        assert!(!output.status.success(), "zsh finds what is wrong");
    }
}

#[tokio::test]
async fn fish_completes() {
    let script = script("fish").await;
    let offers = |line: &str| {
        let output = tool::run("fish", &["--no-config"], &format!("{script}\ncomplete --do-complete '{line}'\n"))?;
        assert!(output.status.success(), "{}", tool::words_of(&output));
        Some(String::from_utf8(output.stdout).unwrap())
    };
    let Some(commands) = offers("fireside inv") else { return };
    assert!(commands.starts_with("invite\t"), "{commands}");
    assert_eq!(commands.lines().count(), 1, "{commands}");
    assert!(offers("fireside serve --metr").unwrap().starts_with("--metrics-listen"));
    assert!(offers("fireside health --metr").unwrap().is_empty());
}

#[tokio::test]
async fn other_shells_are_refused() {
    for words in [&["completions"][..], &["completions", "tcsh"], &["completions", "bash", "zsh"]] {
        home::run(words, "").await.failed_with(2);
    }
}
