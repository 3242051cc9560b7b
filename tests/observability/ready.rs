//! `/readyz` and the stop that is announced.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use rusqlite::Connection;

use crate::world::server::metrics_of;
use crate::world::{Answer, Fireside};

/// Another process's hold on the database: while this lives, nobody else writes.
pub fn hold_database(fireside: &Fireside) -> Connection {
    let held = Connection::open(fireside.home.data().join("fireside.db")).unwrap();
    held.busy_timeout(Duration::from_secs(5)).unwrap();
    held.execute_batch("BEGIN EXCLUSIVE").unwrap();
    held
}

#[track_caller]
fn fails_at(answer: Answer, check: &str) {
    assert_eq!(answer.status, 503, "{answer}");
    assert_eq!(answer.header("retry-after"), "1");
    let body = answer.json();
    assert_eq!(body["check"], check, "{answer}");
    assert_eq!(body["error"], "unavailable", "{answer}");
}

async fn becomes_ready(fireside: &Fireside) {
    let start = Instant::now();
    while fireside.anyone().get("/readyz").await.status != 200 {
        assert!(start.elapsed() < Duration::from_secs(20), "{}", fireside.home.log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn a_database_that_takes_no_write_is_told_within_a_second() {
    let fireside = Fireside::start().await;
    fireside.anyone().get("/readyz").await.is(200);
    // What was asked a moment ago answers for a second.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let held = hold_database(&fireside);
    let start = Instant::now();
    fails_at(fireside.anyone().get("/readyz").await, "database");
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    // The process itself is well.
    fireside.anyone().get("/healthz").await.is(200);
    drop(held);
    becomes_ready(&fireside).await;
}

#[tokio::test]
async fn many_who_ask_share_a_write() {
    let fireside = Fireside::start_with(&["--metrics-listen", "127.0.0.1:0"]).await;
    let metrics = metrics_of(&fireside.facts);
    let commits = || async {
        let page = fireside.anyone().get(metrics).await.is(200).text();
        let line = page.lines().find(|line| line.starts_with("fireside_writer_commits_total")).unwrap().to_owned();
        line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap()
    };
    // What the server does by itself a second after its start is over when nothing is written for longer than that.
    let (mut before, deadline) = (commits().await, Instant::now() + Duration::from_secs(60));
    loop {
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        let now = commits().await;
        if std::mem::replace(&mut before, now) == now {
            break;
        }
        assert!(Instant::now() < deadline, "it writes on and on");
    }
    let start = Instant::now();
    for _ in 0..5 {
        for answer in join_all((0..100).map(|_| async { fireside.anyone().get("/readyz").await })).await {
            answer.is(200);
        }
    }
    let (written, seconds) = (commits().await - before, start.elapsed().as_secs());
    assert!(written >= 1, "they write at all");
    // One for each second begun, and what the server itself may have written meanwhile.
    assert!(written <= seconds + 3, "{written} writes in {seconds} s for 500 who asked");
}

#[tokio::test]
async fn a_stop_is_announced_before_it_is_done() {
    let mut fireside = Fireside::start_with(&["--shutdown-delay", "2"]).await;
    let alice = fireside.registers("alice").await;
    fireside.anyone().get("/readyz").await.is(200);
    let asking = fireside.anyone();
    let watching = tokio::spawn(async move {
        let start = Instant::now();
        loop {
            let answer = asking.get("/readyz").await;
            if answer.status == 503 {
                return answer;
            }
            assert!(start.elapsed() < Duration::from_secs(10), "never told");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let working = async {
        let answer = watching.await.unwrap();
        // New connections still come in, and are served.
        drop(fireside_is_reachable(&alice.url).await);
        alice.get("/api/auth/me/").await.is(200);
        answer
    };
    let start = Instant::now();
    let (code, answer) = {
        let alice_works = working;
        let stopping = fireside.is_asked_to_stop();
        tokio::join!(stopping, alice_works)
    };
    assert_eq!(code, Some(0), "{}", fireside.home.log());
    assert!(start.elapsed() >= Duration::from_secs(2), "{:?}", start.elapsed());
    fails_at(answer, "stopping");
}

async fn fireside_is_reachable(url: &str) -> tokio::net::TcpStream {
    tokio::net::TcpStream::connect(url.trim_start_matches("http://")).await.unwrap()
}

#[tokio::test]
async fn without_a_delay_a_stop_is_at_once() {
    let mut fireside = Fireside::start().await;
    let start = Instant::now();
    assert_eq!(fireside.is_asked_to_stop().await, Some(0), "{}", fireside.home.log());
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}
