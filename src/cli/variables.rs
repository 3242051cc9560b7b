//! Variables of the environment that look like ours and are read by nothing: a misspelt one
//! would otherwise leave a server with a default that its operator believes to have changed.

use std::collections::BTreeSet;

use clap::{Command, CommandFactory};

use super::Cli;

/// What the names of ours begin with.
const PREFIX: &str = "FIRESIDE_";
/// How like a name has to be to be meant, from 0 to 1.
const LIKE: f64 = 0.6;

/// Says so of each, with the name that is nearest.
pub(super) fn warn_of_unknown() {
    let names = std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned());
    let ours: Vec<String> = names.filter(|name| name.starts_with(PREFIX)).collect();
    if ours.is_empty() {
        return; // as nearly always, and the list of flags takes a while to make
    }
    let mut known = BTreeSet::new();
    collect(&Cli::command(), &mut known);
    for name in ours.iter().filter(|name| !known.contains(*name)) {
        match nearest(name, &known) {
            Some(meant) => tracing::warn!("{name} is not a variable that Fireside reads; did you mean {meant}?"),
            None => tracing::warn!("{name} is not a variable that Fireside reads (`fireside --help` lists them)"),
        }
    }
}

fn collect(command: &Command, known: &mut BTreeSet<String>) {
    let names = command.get_arguments().filter_map(|flag| flag.get_env());
    known.extend(names.map(|name| name.to_string_lossy().into_owned()));
    command.get_subcommands().for_each(|command| collect(command, known));
}

fn nearest<'a>(name: &str, known: &'a BTreeSet<String>) -> Option<&'a str> {
    let own = |name: &str| name.strip_prefix(PREFIX).unwrap_or(name).to_ascii_uppercase();
    let likeness = |other: &str| strsim::normalized_damerau_levenshtein(&own(name), &own(other));
    let ranked = known.iter().map(|other| (likeness(other), other.as_str()));
    ranked.max_by(|(one, _), (other, _)| one.total_cmp(other)).filter(|(like, _)| *like >= LIKE).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory;

    use super::{Cli, collect, nearest};

    #[test]
    fn the_nearest_name_is_the_one_that_was_meant() {
        let mut known = BTreeSet::new();
        collect(&Cli::command(), &mut known);
        assert!(known.contains("FIRESIDE_DATA") && known.contains("FIRESIDE_MAX_UPLOAD"), "{known:?}");
        for (typed, meant) in [("LISTN", "LISTEN"), ("MAX_UPLAOD", "MAX_UPLOAD"), ("REGISTRATON", "REGISTRATION")] {
            let meant = format!("FIRESIDE_{meant}");
            assert_eq!(nearest(&format!("FIRESIDE_{typed}"), &known), Some(meant.as_str()));
        }
        assert_eq!(nearest("FIRESIDE_SOMETHING_ELSE_ENTIRELY", &known), None);
    }
}
