//! What tells the forbidden from the unknown beside their answers: other methods and
//! headers, bodies that are refused before anything is looked for, and the time it takes.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;

use super::cast::{Cast, KINDS};
use super::object::{to_chat, to_what_is_in_it};
use super::scene::{Scene, Sort};
use crate::world::machine::say;
use crate::world::{Heard, Person};

/// Pairs of requests that a way is timed with.
const ROUNDS: usize = 25;
/// Comparisons of which one has to come out even.
const TRIES: usize = 3;
/// How many times longer one may take than the other, on a machine that does other things too.
const FACTOR: u32 = 3;
/// Below this a median is noise.
const NOISE: Duration = Duration::from_micros(400);

fn paths(scene: &Scene, erin: i64) -> Vec<(String, String)> {
    let ways = to_chat(scene, erin).into_iter().chain(to_what_is_in_it(scene));
    ways.map(|way| (way.method.to_owned(), way.path)).collect()
}

#[tokio::test]
async fn odd_requests_for_the_hidden_are_answered_like_those_for_nothing() {
    let cast = Cast::gathers().await;
    let erin = cast.erin.person.id;
    let scenes = cast.scenes(&[Sort::Private, Sort::Direct]).await;
    let before = cast.snapshot(&scenes).await;
    let mut compared = 0;
    for scene in &scenes {
        for ((method, path), (_, unused)) in paths(scene, erin).into_iter().zip(paths(&scene.never(), erin)) {
            for kind in KINDS {
                let dave = cast.dave.with(kind);
                let asks = |method: &str, path: &str| dave.asks(method.parse::<Method>().unwrap(), path);
                let pairs = [
                    (asks("HEAD", &path).await, asks("HEAD", &unused).await),
                    (asks("OPTIONS", &path).await, asks("OPTIONS", &unused).await),
                    (asks("TRACE", &path).await, asks("TRACE", &unused).await),
                    (
                        asks(&method, &path).json(&json!({"content": 7, "title": [], "name": {}})).await,
                        asks(&method, &unused).json(&json!({"content": 7, "title": [], "name": {}})).await,
                    ),
                    (
                        asks(&method, &path).with("Content-Type", "application/json").body("{").await,
                        asks(&method, &unused).with("Content-Type", "application/json").body("{").await,
                    ),
                    (
                        asks(&method, &path).with("If-None-Match", "*").with("Range", "bytes=0-1").await,
                        asks(&method, &unused).with("If-None-Match", "*").with("Range", "bytes=0-1").await,
                    ),
                    (
                        asks(&method, &format!("{path}?page=2&page_size=1&before=1&after=1")).await,
                        asks(&method, &format!("{unused}?page=2&page_size=1&before=1&after=1")).await,
                    ),
                ];
                for (hidden, nothing) in pairs {
                    assert_eq!(hidden.as_seen_by_a_prober(), nothing.as_seen_by_a_prober(), "{hidden}\n{nothing}");
                    assert!(hidden.status >= 400 || hidden.asked.starts_with("OPTIONS"), "{hidden}");
                    compared += 1;
                }
            }
        }
    }
    assert!(compared > 1_000, "{compared}");
    assert_eq!(cast.snapshot(&scenes).await, before, "what is hidden has changed");
}

/// A browser is told by a close code, and may be told no more than that.
#[tokio::test]
async fn a_browser_at_a_hidden_socket_hears_what_it_hears_at_none() {
    let cast = Cast::gathers().await;
    for scene in cast.scenes(&[Sort::Private, Sort::Direct]).await {
        let never = scene.never();
        for (hidden, nothing) in [
            (scene.room().socket(), never.room().socket()),
            (format!("/ws/chat/{}/", scene.chat), format!("/ws/chat/{}/", never.chat)),
            (format!("/messenger/ws/ws/chat/{}/", scene.name), format!("/messenger/ws/ws/chat/{}/", never.name)),
        ] {
            for path in [&hidden, &nothing] {
                let handshake = cast.dave.person.handshake(path).with("Origin", &cast.fireside.url);
                match handshake.enters().await.next().await {
                    Heard::Closed(code) => assert_eq!(code, 4404, "{path}"),
                    Heard::Frame(frame) => panic!("{path} told {frame}"),
                }
            }
        }
    }
}

#[tokio::test]
async fn it_takes_no_longer_to_refuse_the_hidden_than_nothing() {
    let cast = Cast::gathers().await;
    let erin = cast.erin.person.id;
    let dave = &cast.dave.person;
    let (mut all_hidden, mut all_nothing) = (Vec::new(), Vec::new());
    for scene in cast.scenes(&[Sort::Private, Sort::Direct]).await {
        let (there, never) = (scene.clone(), scene.never());
        for ((method, path), (_, unused)) in paths(&there, erin).into_iter().zip(paths(&never, erin)) {
            // A busy machine may slow one of the two down by chance, but not every time.
            let mut tries_left = TRIES;
            loop {
                let (mut hidden, mut nothing) = times(dave, &method, [&path, &unused], erin).await;
                let (one, other) = (median(&mut hidden), median(&mut nothing));
                all_hidden.append(&mut hidden);
                all_nothing.append(&mut nothing);
                tries_left -= 1;
                if one.max(other) <= one.min(other).max(NOISE) * FACTOR {
                    break;
                }
                assert!(tries_left > 0, "{method} {path}: {one:?} against {other:?}");
            }
        }
    }
    let (one, other) = (median(&mut all_hidden), median(&mut all_nothing));
    say(&format!("{} refusals: the hidden in {one:?}, what is not there in {other:?} (medians)", all_hidden.len()));
    assert!(one.max(other) <= one.min(other) * FACTOR, "{one:?} against {other:?}");
}

/// How long each of two paths took to refuse, in turn: what the machine does meanwhile hits both.
async fn times(dave: &Person, method: &str, paths: [&str; 2], erin: i64) -> (Vec<Duration>, Vec<Duration>) {
    let body = json!({"content": "x", "title": "x", "name": "x", "emoji": "👍", "user_ids": [erin], "is_typing": true,
        "message_id": erin});
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..ROUNDS {
        for which in [round % 2, (round + 1) % 2] {
            let asked = Instant::now();
            let answer = dave.asks(method.parse().unwrap(), paths[which]).json(&body).await;
            assert_eq!(answer.status, 404, "{answer}");
            times[which].push(asked.elapsed());
        }
    }
    times.into()
}

fn median(times: &mut [Duration]) -> Duration {
    crate::world::machine::percentile(times, 50)
}
