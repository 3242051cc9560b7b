//! The core under a schedule that a seed decides.
//!
//! A world is a few people on the real [`Chat`](super::Chat) and a real database file
//! (in memory, where the machine has a place for that). They talk, share files, call each
//! other, sign in and out by tokens and JWTs, and each has a client that goes away, comes
//! back and catches up. The writer, the courier and the hashing threads have no threads
//! here: they are stepped, one move at a time, between the calls of people, each of which
//! is polled by hand and may be dropped at any await. Threads that read and write files
//! are waited for within the move. The disk fills up and fails, the process ends and starts
//! again, the clock jumps. After each move the rules of `check` have to hold. All of it is
//! one thread and one seed, so whatever is found can be played again: `FIRESIDE_SEED=<n>`
//! plays one world, `FIRESIDE_SEEDS=<n>` that many.
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
pub(in crate::chat) mod mutant;
mod replica;
mod run;
mod template;
mod world;

use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use mutant::{MUTANTS, plant};
use run::play;

/// Worlds of an ordinary run.
const SEEDS: u64 = 2_000;
/// Worlds in which a planted bug has to show.
const SEEDS_TO_FIND: u64 = 2_000;

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

#[test]
fn every_world_keeps_the_rules() {
    if let Some(seed) = number("FIRESIDE_SEED") {
        match play(seed) {
            Ok(world) => println!("{}\nseed {seed} keeps the rules", world.log.join("\n")),
            Err(violation) => panic!("{violation}"),
        }
        return;
    }
    let seeds = number("FIRESIDE_SEEDS").unwrap_or(SEEDS);
    let next = AtomicU64::new(0);
    let found = Mutex::new(Vec::new());
    let unseen = Mutex::new(SEEN.to_vec());
    let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds {
                        return;
                    }
                    match play(seed) {
                        Ok(world) => {
                            let log = world.log.join("\n");
                            unseen.lock().expect("no panic").retain(|what| !log.contains(what));
                        }
                        Err(violation) => found.lock().expect("no panic").push(violation),
                    }
                }
            });
        }
    });
    let mut found = found.into_inner().expect("no panic");
    found.sort_by_key(|violation| violation.seed);
    let all: Vec<_> = found.iter().map(|violation| format!("seed {}: {}", violation.seed, violation.what)).collect();
    assert!(found.is_empty(), "{} of {seeds} worlds break a rule:\n{}\n{}", found.len(), all.join("\n"), found[0]);
    let unseen = unseen.into_inner().expect("no panic");
    assert!(unseen.is_empty() || seeds < SEEDS, "in {seeds} worlds there was none of {unseen:?}");
}

#[test]
fn a_seed_plays_the_same_world_again() {
    let mut lines = 0;
    for seed in 0..20 {
        let once = play(seed).unwrap_or_else(|violation| panic!("{violation}"));
        let again = play(seed).unwrap_or_else(|violation| panic!("{violation}"));
        assert_eq!(once.log, again.log);
        lines += once.log.len();
    }
    assert!(lines > 600, "little happened: {lines} lines");
}

#[test]
fn every_planted_bug_is_found() {
    let mut report = String::new();
    let mut missed = Vec::new();
    for mutant in MUTANTS {
        plant(Some(mutant));
        let found = (0..SEEDS_TO_FIND).find_map(|seed| play(seed).err());
        plant(None);
        match found {
            Some(violation) => {
                writeln!(report, "{mutant:?}: after {} seeds: {}", violation.seed + 1, violation.what).expect("room");
            }
            None => missed.push(mutant),
        }
    }
    println!("{report}");
    assert!(missed.is_empty(), "not found in {SEEDS_TO_FIND} worlds: {missed:?}\n{report}");
}
