//! The core under a schedule that a seed decides.
//!
//! A world is a few people on the real [`App`](super::app::App) and a real database file
//! (in memory, where the machine has a place for that). They talk, share files, call each
//! other, sign in and out by tokens and JWTs, and each has a client that goes away, comes
//! back and catches up. The writer, the fan-out worker and the hashing threads have no threads
//! here: they are stepped, one move at a time, between the operations of people, each of which
//! is polled by hand and may be dropped at any await. Threads that read and write files
//! are waited for within the move. The disk fills up and fails, the process ends and starts
//! again, the clock jumps. After each move the rules of `check` have to hold. All of it is
//! one thread and one seed, so whatever is found can be played again: `FIRESIDE_SEED=<n>`
//! plays one world, `FIRESIDE_WORLDS=<n>` that many, from a seed on that is printed.
//! `search` has worlds of its own, in which people search. That the rules can be broken is shown by bugs: six are triggers in the database, the
//! others edits to a copy of the sources (`.ci/mutants`).
//!
//! What it does not show: what threads do to each other within a lock, and what a disk
//! keeps through a power cut. The tests of the running server are for that.

mod act;
mod answer;
mod calls;
mod check;
mod client;
mod dice;
mod login;
mod mirror;
mod replica;
mod run;
mod search;
mod template;
mod world;

use std::process::{Command, Output};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Instant, SystemTime};

use super::store::simulated::PLANTED;
use run::{Violation, play};

/// Worlds of an ordinary run. A night has time for 100,000.
const WORLDS: u64 = 2_000;
/// Worlds that broke a rule after which a long run begins no more. An ordinary one ends with the first.
const ENOUGH: usize = 10;

/// What has to happen in some world, or the rules are about nothing.
const SEEN: &[&str] = &[
    "d0: done",
    "d0: NotMember",
    "e0: done",
    "e0: Forbidden",
    "is deleted",
    "room 1 is deleted",
    "into 1: done",
    "out of 1: done",
    "are over: done",
    "the password, and logins",
    "it is answered CredentialRevoked",
    ": CredentialRevoked",
    "signs in: InvalidCredentials",
    "StorageFull",
    "FullWithin",
    "SyncFailedStored",
    "SyncFailedLost",
    "it crashes",
    "the clock jumps -1 h",
    "nobody waits any more for Post",
    "nobody waits any more for Listen",
    "nobody waits any more for Password",
    "is to close: SignedOut",
    "is to close: Removed",
    "is to close: ChatDeleted",
    "is to close: TooSlow",
    "a storm of typing",
    "file 0: done",
    "in the quota",
    "is cut off after",
    ": Invalid(Attachments)",
    "with 2 files",
    "that nobody used are gone",
    "nobody waits any more for Upload",
    "signs in for JWTs, with the wrong password: false",
    "ends login",
    "is over its time",
    "which has none, are tried",
    "joins the call of Chat(ChatId(1)): Ok(())",
    "joins the call of Chat(ChatId(1)): Err(NotInCall)",
    "joins the call of Chat(ChatId(1)): Err(LimitReached",
    "joins the call of All: Err(NotInCall)",
    "leaves the call of",
    "signals to 1: Ok(())",
    "signals to 1: Err(NotInCall)",
    "catches up 4 changes, and there is more",
    "catches up 1 changes",
    "changes in the end",
    "nobody waits any more for Return",
];

fn number(variable: &str) -> Option<u64> {
    let value = std::env::var(variable).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{variable} is a number, not {value:?}")))
}

/// The tests that play worlds.
const RULES: &str = "every_world_keeps_the_rules";
const SEARCHES: &str = "search::every_search_agrees_with_a_scan";

/// What plays one world of a test again.
fn command(test: &str, seed: u64, planted: Option<usize>) -> String {
    let planted = planted.map_or(String::new(), |bug| format!("FIRESIDE_PLANTED={bug} "));
    format!("{planted}FIRESIDE_SEED={seed} cargo test --lib -- --exact --nocapture {}", path(test))
}

/// A test as it is named to the test runner.
fn path(test: &str) -> String {
    let module = module_path!().split_once("::").expect("a module of the crate").1;
    format!("{module}::{test}")
}

/// Worlds that are played one after the other, on all cores.
struct Run {
    first: u64,
    worlds: u64,
    /// Of an ordinary run.
    ordinary: u64,
    begun: Instant,
}

impl Run {
    /// The ordinary one begins with seed 0, a longer one with a seed that no earlier one had.
    fn asked_for(ordinary: u64) -> Self {
        let (seed, worlds) = (number("FIRESIDE_SEED"), number("FIRESIDE_WORLDS"));
        let fresh = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs() << 20;
        let (first, worlds) = match (seed, worlds) {
            (Some(seed), worlds) => (seed, worlds.unwrap_or(1)),
            (None, Some(worlds)) => (fresh(), worlds),
            (None, None) => (0, ordinary),
        };
        Self { first, worlds, ordinary, begun: Instant::now() }
    }

    /// Plays one world and tells its log, or all and what broke a rule. Of `seen` each has to happen in some world.
    fn holds(&self, test: &str, seen: &[&str], play: impl Fn(u64) -> Result<Vec<String>, Violation> + Sync) {
        if self.worlds == 1 {
            match play(self.first) {
                Ok(log) => println!("{}\nseed {} keeps the rules", log.join("\n"), self.first),
                Err(violation) => panic!("{violation}"),
            }
            return;
        }
        println!("{} worlds of {test}, from seed {} on", self.worlds, self.first);
        let (found, unseen) = self.play(seen, play);
        let all: Vec<_> =
            found.iter().map(|violation| format!("seed {}: {}", violation.seed, violation.what)).collect();
        assert!(found.is_empty(), "{} worlds break a rule:\n{}\n{}", found.len(), all.join("\n"), found[0]);
        assert!(
            unseen.is_empty() || self.worlds < self.ordinary,
            "in {} worlds there was none of {unseen:?}",
            self.worlds
        );
    }

    /// The worlds that broke a rule, and what happened in none.
    fn play<'a>(
        &self,
        seen: &[&'a str],
        play: impl Fn(u64) -> Result<Vec<String>, Violation> + Sync,
    ) -> (Vec<Violation>, Vec<&'a str>) {
        let enough = if self.worlds > self.ordinary { ENOUGH } else { 1 };
        let (next, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
        let (found, unseen) = (Mutex::new(Vec::new()), Mutex::new(seen.to_vec()));
        let one = || {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= self.worlds || is_over.load(Ordering::Relaxed) {
                return false;
            }
            match play(self.first + at) {
                Ok(log) => {
                    let log = log.join("\n");
                    unseen.lock().expect("no panic").retain(|what| !log.contains(what));
                }
                Err(violation) => {
                    let mut found = found.lock().expect("no panic");
                    found.push(violation);
                    is_over.fetch_or(found.len() >= enough, Ordering::Relaxed);
                }
            }
            self.tell(at + 1);
            true
        };
        let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(|| while one() {}))));
        let mut found = found.into_inner().expect("no panic");
        found.sort_by_key(|violation| violation.seed);
        (found, unseen.into_inner().expect("no panic"))
    }

    /// A long run says now and then where it is.
    fn tell(&self, played: u64) {
        if played.is_multiple_of(10_000) || played == self.worlds {
            let (first, next) = (self.first, self.first + played);
            println!("worlds {first}..{next}: {} s", self.begun.elapsed().as_secs());
        }
    }
}

#[test]
fn every_world_keeps_the_rules() {
    let planted = number("FIRESIDE_PLANTED").map(|bug| usize::try_from(bug).expect("one of few"));
    Run::asked_for(WORLDS).holds(RULES, SEEN, |seed| play(seed, planted).map(|world| world.log));
}

#[test]
fn a_seed_plays_the_same_world_again() {
    let mut lines = 0;
    for seed in 0..20 {
        let once = play(seed, None).unwrap_or_else(|violation| panic!("{violation}"));
        let again = play(seed, None).unwrap_or_else(|violation| panic!("{violation}"));
        assert_eq!(once.log, again.log);
        lines += once.log.len();
    }
    assert!(lines > 600, "little happened: {lines} lines");
}

#[test]
fn every_bug_that_is_planted_in_the_database_is_found() {
    for (bug, (what, _)) in PLANTED.iter().enumerate() {
        let found = (0..WORLDS).find_map(|seed| play(seed, Some(bug)).err());
        let violation = found.unwrap_or_else(|| panic!("not found in {WORLDS} worlds: {what}"));
        println!("{what}: after {} worlds: {}", violation.seed + 1, violation.what);
    }
}

/// The worlds in a process of their own.
fn played(variables: &[(&str, &str)], arguments: &[&str]) -> (Output, String) {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    for variable in ["FIRESIDE_SEED", "FIRESIDE_WORLDS", "FIRESIDE_PLANTED"] {
        command.env_remove(variable);
    }
    let output = command.args(arguments).envs(variables.iter().copied()).output().expect("it runs");
    let said = String::from_utf8_lossy(&[&*output.stdout, &*output.stderr].concat()).into_owned();
    (output, said)
}

#[test]
fn a_world_that_breaks_a_rule_prints_the_command_that_plays_it_again() {
    let worlds = WORLDS.to_string();
    let planted = [("FIRESIDE_PLANTED", "0"), ("FIRESIDE_SEED", "0"), ("FIRESIDE_WORLDS", &worlds)];
    let (output, said) = played(&planted, &["--exact", &path(RULES)]);
    assert!(!output.status.success(), "{said}");
    let printed = said.lines().find(|line| line.starts_with("FIRESIDE_PLANTED=0 FIRESIDE_SEED=")).expect(&said);
    let (variables, arguments) = printed.split_once(" cargo test --lib -- ").expect(printed);
    let variables: Vec<_> = variables.split(' ').filter_map(|variable| variable.split_once('=')).collect();
    let arguments: Vec<_> = arguments.split(' ').collect();
    let (output, again) = played(&variables, &arguments);
    assert!(!output.status.success(), "{again}");
    let broken = |said: &str, seed: &str| said.lines().find(|line| line.starts_with(seed)).map(str::to_owned);
    let seed = format!("seed {}: ", variables[1].1);
    assert_eq!(broken(&again, &seed).expect(&again), broken(&said, &seed).expect(&said), "the same rule");
    // Without the bug there is nothing to find.
    let (output, said) = played(&variables[1..], &arguments);
    assert!(output.status.success() && said.contains("keeps the rules"), "{said}");
}
