//! Every request and every frame of every document, with something wrong in it: ten
//! thousand cases, thrown from a seed that is printed.
//!
//! After each: the answer is below 500 and in the document's own shape, nothing of the
//! inside shows, nobody hangs. At the end: no panic and no error in the log, the server
//! answers as before, and its memory has stayed within bounds.
//!
//! `FIRESIDE_FUZZ_SEED` throws other dice, `FIRESIDE_FUZZ_CASES` more of them. Without
//! them the cases are the same each time, so that a red test is the change's own.

pub mod dice;
mod frames;
mod grammar;
mod mutation;
mod scene;
mod shape;
mod wire;

use std::ops::Range;

use dice::Dice;
use grammar::{REQUESTS, SLOW, Sentence};
use scene::{People, Scene};
use wire::Case;

use crate::world::Fireside;

const CASES: u64 = 10_000;
const SEED: u64 = 1;
/// Cases of a round: requests, frames on each of five sockets, and bytes that are hardly HTTP.
const ROUND: u64 = 500;
const REQUESTS_IN_ROUND: usize = 360;
const FRAMES_ON_SOCKET: usize = 24;
const BROKEN_IN_ROUND: usize = 20;
/// Rounds that have one server: a user may make no more chats than so many rounds do.
const ROUNDS_OF_A_WORLD: usize = 20;
/// Requests that are on their way at once on one connection, and such connections.
const ON_CONNECTION: usize = 30;
/// What the server may have in memory at any time, in KiB: a debug build has 62 MiB before
/// the first case, which is what two threads hash passwords in, and 69 MiB after 10,000.
const MEMORY: u64 = 120 * 1024;

#[expect(clippy::print_stdout, reason = "what failed is thrown again from the seed")]
fn tells(line: &str) {
    println!("{line}");
}

fn asked(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_asked_is_answered() {
    let (seed, cases) = (asked("FIRESIDE_FUZZ_SEED", SEED), asked("FIRESIDE_FUZZ_CASES", CASES));
    tells(&format!("FIRESIDE_FUZZ_SEED={seed} FIRESIDE_FUZZ_CASES={cases}"));
    let rounds = cases.div_ceil(ROUND);
    for first in (0..rounds).step_by(ROUNDS_OF_A_WORLD) {
        play(seed, first..rounds.min(first + ROUNDS_OF_A_WORLD as u64)).await;
    }
}

async fn play(seed: u64, rounds: Range<u64>) {
    let mut fireside = Fireside::start_with(&["--durability", "normal"]).await;
    let people = People::meet(&fireside).await;
    for round in rounds {
        tells(&format!("round {round}, {} KiB", fireside.memory()));
        let mut dice = Dice::new(seed.wrapping_add(round << 32));
        let scene = Scene::set(&people, round).await;
        frames::speak(&people, &scene, &mut dice, FRAMES_ON_SOCKET).await;
        ask_all(&fireside, &people, &scene, &mut dice).await;
        for _ in 0..BROKEN_IN_ROUND {
            let sentence = scene.fill(dice.one_of(REQUESTS).2, &mut dice);
            let bytes = mutation::broken_request(&mut dice, &sentence, &people.alice.token);
            let statuses = wire::break_in(fireside.address(), &bytes).await;
            assert!(statuses.iter().all(|status| *status < 500), "{statuses:?}: {}", wire::shown(&bytes));
        }
        people.alice.get("/api/auth/me/").await.is(200);
        assert!(fireside.memory() < MEMORY, "{} KiB", fireside.memory());
    }
    assert_eq!(fireside.is_asked_to_stop().await, Some(0));
    for line in fireside.home.log().lines() {
        assert!(!line.contains("panicked") && !line.contains("ERROR"), "{line}");
    }
}

async fn ask_all(fireside: &Fireside, people: &People, scene: &Scene, dice: &mut Dice) {
    let cases: Vec<Case> = (0..REQUESTS_IN_ROUND).map(|_| case(dice, people, scene)).collect();
    let asking = cases.chunks(ON_CONNECTION).map(|cases| async {
        for (case, reply) in cases.iter().zip(wire::ask(fireside.address(), cases).await) {
            shape::is_decent(case, &reply);
        }
    });
    futures_util::future::join_all(asking).await;
}

fn sentence(dice: &mut Dice) -> Sentence {
    loop {
        let sentence = dice.one_of(REQUESTS);
        if !SLOW.contains(&sentence.2) || dice.once_in(4) {
            return sentence;
        }
    }
}

/// A request that was valid, with one thing or more wrong in it.
fn case(dice: &mut Dice, people: &People, scene: &Scene) -> Case {
    let (dialect, method, path, body) = sentence(dice);
    let (mut method, mut path) = (method, scene.fill(path, dice));
    let mut body = scene.fill(body, dice).into_bytes();
    let mut content_type = "application/json".to_owned();
    if body == b"file" {
        (content_type, body) = mutation::upload(dice);
    } else if !body.is_empty() && !dice.once_in(5) {
        body = mutation::body(dice, scene, &body);
    }
    if dice.once_in(2) {
        path = mutation::path(dice, scene, &path);
    }
    if dice.once_in(10) {
        method = mutation::method(dice);
    }
    if dice.once_in(10) {
        mutation::content_type(dice).clone_into(&mut content_type);
    }
    if dice.once_in(2) && !dialect.is_empty() {
        path = format!("/d/{dialect}{path}");
    }
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n", body.len());
    if !content_type.is_empty() {
        head.push_str(&format!("Content-Type: {content_type}\r\n"));
    }
    head.push_str(&credential(dice, people));
    for _ in 0..dice.below(3) {
        head.push_str(&mutation::header(dice));
        head.push_str("\r\n");
    }
    let bytes = [head.as_bytes(), b"\r\n", &body].concat();
    Case { bytes, path, is_head: method == "HEAD" }
}

fn credential(dice: &mut Dice, people: &People) -> String {
    match dice.below(10) {
        0 => String::new(),
        1 => format!("Authorization: Token {:x}\r\n", dice.next()),
        2 => format!("Authorization: bearer  {}\r\n", people.bob.token),
        _ => format!("Authorization: Token {}\r\n", people.alice.token),
    }
}
