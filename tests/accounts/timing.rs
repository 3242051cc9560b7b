//! How long a sign-in takes that fails: why it failed must not be heard in it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::json;

use super::elsewhere::{DJANGO_PASSWORD, DJANGO_PBKDF2, with_hashes};
use crate::world::machine::{percentile, say};
use crate::world::{Answer, Fireside, people};

const ROUNDS: usize = 15;
/// Comparisons of which one has to come out even.
const TRIES: usize = 3;
/// How many times longer one kind may take than another, on a machine that does other things too.
const FACTOR: u32 = 2;
/// Every way in that takes a password.
const DOORS: [&str; 3] = ["/api/auth/login/", "/accounts/api/token/", "/login/"];

async fn fails(fireside: &Fireside, door: &str, name: &str, password: &str) -> (Duration, Answer) {
    let body = json!({"username": name, "password": password});
    let asked = Instant::now();
    let answer = fireside.anyone().post(door, &body).await.is(401);
    (asked.elapsed(), answer)
}

/// The slowest and the fastest kind of failure, by their medians.
async fn compares(fireside: &Fireside, door: &str, tries: &[(&'static str, &str, &str)]) -> (Duration, Duration) {
    let mut times: BTreeMap<&str, Vec<Duration>> = BTreeMap::new();
    let mut shapes = Vec::new();
    // All kinds in turn: what the machine does meanwhile hits all of them.
    for _ in 0..ROUNDS {
        for (why, name, password) in tries {
            let (time, answer) = fails(fireside, door, name, password).await;
            times.entry(why).or_default().push(time);
            shapes.push(answer.as_seen_by_a_prober());
        }
    }
    shapes.dedup();
    assert_eq!(shapes.len(), 1, "{door}: one answer to all of them: {shapes:?}");
    let medians: Vec<(&str, Duration)> = times.iter_mut().map(|(why, times)| (*why, percentile(times, 50))).collect();
    say(&format!("{door} fails within (medians of {ROUNDS}): {medians:?}"));
    let mut sorted: Vec<Duration> = medians.iter().map(|(_, time)| *time).collect();
    sorted.sort_unstable();
    (sorted[sorted.len() - 1], sorted[0])
}

/// At every door, all of them take as long as each other, as far as this machine can tell.
async fn all_fail_alike(fireside: &Fireside, tries: &[(&'static str, &str, &str)]) {
    for door in DOORS {
        // A busy machine may slow one kind down by chance, but not every time.
        let mut tries_left = TRIES;
        loop {
            let (slowest, fastest) = compares(fireside, door, tries).await;
            // Hashing was part of all of them, or this compares nothing.
            assert!(fastest > Duration::from_millis(3), "{door}: {fastest:?}");
            tries_left -= 1;
            if slowest <= fastest * FACTOR {
                break;
            }
            assert!(tries_left > 0, "{door}: {slowest:?} against {fastest:?}");
        }
    }
}

#[tokio::test]
async fn why_a_sign_in_failed_is_not_heard_in_its_time() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, carol);
    fireside.home.runs(&["user", "disable", "carol"], "").await.succeeded();
    let tries = [
        ("a name that nobody has", "nobody", alice.password.as_str()),
        ("a name that nobody could have", "@@@ \u{202e}", alice.password.as_str()),
        ("a wrong password", "alice", "not the password"),
        ("the right password of who is disabled", "carol", carol.password.as_str()),
        ("a wrong password of who is disabled", "carol", "not the password"),
    ];
    all_fail_alike(&fireside, &tries).await;
    fireside.anyone().post(DOORS[0], &json!({"username": "alice", "password": alice.password})).await.is(200);
}

#[tokio::test]
async fn whose_password_came_from_elsewhere_is_not_heard_in_its_time() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    for name in ["dora", "eve", "frank"] {
        fireside.registers(name).await;
    }
    fireside.home.runs(&["user", "disable", "eve"], "").await.succeeded();
    let moved = [("dora", DJANGO_PBKDF2), ("eve", DJANGO_PBKDF2), ("frank", "!unusable")];
    let fireside = with_hashes(fireside, &moved).await;
    let tries = [
        ("a name that nobody has", "nobody", DJANGO_PASSWORD),
        ("a wrong password", "alice", DJANGO_PASSWORD),
        ("a wrong password of who came", "dora", "not the password"),
        ("the right password of who came and is disabled", "eve", DJANGO_PASSWORD),
        ("who came without a password", "frank", DJANGO_PASSWORD),
    ];
    all_fail_alike(&fireside, &tries).await;
    fireside.anyone().post(DOORS[0], &json!({"username": "alice", "password": alice.password})).await.is(200);
    fireside.anyone().post(DOORS[0], &json!({"username": "dora", "password": DJANGO_PASSWORD})).await.is(200);
}
