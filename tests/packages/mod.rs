//! What a package puts beside the program: completions and the manual. That the package
//! itself installs, serves and leaves data alone is `.ci/package`'s to say.

mod completions;
mod man;

use crate::world::home;

/// A command of the program, as its own help tells.
struct Command {
    /// Empty for the program itself.
    words: Vec<String>,
    flags: Vec<String>,
    below: Vec<String>,
}

impl Command {
    async fn asked(words: &[String]) -> Self {
        let line: Vec<&str> = words.iter().map(String::as_str).chain(["--help"]).collect();
        let help = home::run(&line, "").await.succeeded().stdout.clone();
        Self { words: words.to_vec(), flags: flags(&help), below: below(&help) }
    }

    /// The program and every command of it, at every depth.
    async fn all() -> Vec<Self> {
        let mut found = Vec::new();
        let mut unasked = vec![Vec::new()];
        while let Some(words) = unasked.pop() {
            let command = Self::asked(&words).await;
            unasked.extend(command.below.iter().map(|name| [&words[..], std::slice::from_ref(name)].concat()));
            found.push(command);
        }
        found
    }

    /// `fireside-user-create`.
    fn page(&self) -> String {
        [&["fireside".to_owned()], &self.words[..]].concat().join("-")
    }
}

/// The long flags: each begins a line, but for a short one before it.
fn flags(help: &str) -> Vec<String> {
    let lines = help.lines().map(str::trim_start);
    let long =
        lines.map(|line| line.split_once(", ").filter(|(short, _)| short.len() == 2).map_or(line, |(_, rest)| rest));
    let names = long.filter(|line| line.starts_with("--")).filter_map(|line| line.split([' ', '=', '<', '[']).next());
    names.map(ToOwned::to_owned).collect()
}

/// The commands that `Commands:` lists.
fn below(help: &str) -> Vec<String> {
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| line.starts_with("  "));
    // A description that goes on in a second line is indented further.
    let names = listed.filter(|line| !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(ToOwned::to_owned).collect()
}

#[tokio::test]
async fn the_walk_finds_what_there_is() {
    let commands = Command::all().await;
    let pages: Vec<String> = commands.iter().map(Command::page).collect();
    for known in ["fireside", "fireside-serve", "fireside-user", "fireside-user-create", "fireside-invite-revoke"] {
        assert!(pages.contains(&known.to_owned()), "{known} is not among {pages:?}");
    }
    let serve = commands.iter().find(|command| command.words == ["serve"]).unwrap();
    for known in ["--listen", "--data", "--limit-auth", "--dev", "--help"] {
        assert!(serve.flags.contains(&known.to_owned()), "{known} is not among {:?}", serve.flags);
    }
    assert!(!serve.flags.contains(&"--uses".to_owned()));
}
