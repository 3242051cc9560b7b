//! Everybody signs in at once: the hashing threads take what they can, the rest is told
//! to come back, and nobody else waits for them.

use futures_util::future::join_all;
use serde_json::json;

use super::ordinary::{Ordinary, PATIENCE};
use crate::world::Fireside;
use crate::world::machine::{say, scale};

#[tokio::test]
async fn a_storm_of_sign_ins_is_told_to_come_back() {
    let fireside = Fireside::start_with(&["--log-level", "error"]).await;
    let alice = fireside.registers("alice").await;
    let ordinary = Ordinary::begins(&fireside, "ordinary").await;
    let count = scale(400, 4_000);
    let body = json!({"username": "alice", "password": alice.password});
    let stranger = fireside.anyone();
    let answers = join_all((0..count).map(|_| stranger.post("/api/auth/login/", &body).into_future())).await;
    let felt = ordinary.ends().await;
    let signed_in = answers.iter().filter(|answer| answer.status == 200).count();
    let refused: Vec<_> = answers.into_iter().filter(|answer| answer.status != 200).collect();
    for answer in &refused {
        let answer = answer.clone().refused(503, "unavailable");
        assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
    }
    assert!(signed_in >= 60 && !refused.is_empty(), "{signed_in} of {count} signed in");
    assert!(felt.p99 < PATIENCE, "{felt}");
    alice.signs_in_again().await.get("/api/auth/me/").await.is(200);
    let refused = refused.len();
    say(&format!("{count} sign-ins at once: {signed_in} signed in, {refused} told 503; ordinary users: {felt}"));
}

#[tokio::test]
async fn whoever_guesses_is_told_when_to_try_again() {
    let fireside = Fireside::start_with_limits(&["--log-level", "error"]).await;
    fireside.registers("alice").await;
    let body = json!({"username": "alice", "password": "not hers at all"});
    let stranger = fireside.anyone();
    let answers = join_all((0..60).map(|_| stranger.post("/api/auth/login/", &body).into_future())).await;
    let tried = answers.iter().filter(|answer| answer.status == 401).count();
    for answer in answers.into_iter().filter(|answer| answer.status != 401) {
        answer.refused(429, "rate_limited");
    }
    assert_eq!(tried, 5, "the limit is what its flag says");
}
