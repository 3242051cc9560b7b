//! Guesses at passwords: how many there are, and what they tell and leave behind.

use serde_json::json;

use crate::world::{Answer, Fireside, people};

/// Longer than any name, and eleven times as long once it is folded.
fn long_name(number: usize) -> String {
    format!("{number}{}", "\u{fdfa}".repeat(80_000))
}

const DOORS: [&str; 4] = ["/api/auth/login/", "/login/", "/accounts/api/token/", "/d/inbox/api/auth/login/"];

async fn tries(fireside: &Fireside, from: &str, name: &str, password: &str) -> Answer {
    let body = json!({"username": name, "password": password});
    fireside.anyone().post(DOORS[0], &body).with("X-Forwarded-For", from).await
}

/// What an answer shows, but for how many attempts at one name are left, of which each takes one.
fn without_its_count(answer: &Answer) -> (u16, Vec<(String, String)>, String) {
    let (status, mut headers, body) = answer.as_seen_by_a_prober();
    assert!(headers.iter().any(|(name, _)| name == "ratelimit"), "{headers:?}");
    headers.retain(|(name, _)| name != "ratelimit");
    (status, headers, body)
}

/// Five attempts at anything from one address, and none comes back while a test runs. Each address is one of our choice.
async fn strict() -> Fireside {
    Fireside::start_with_limits(&["--limit-auth", "5/h", "--trusted-proxy", "127.0.0.1"]).await
}

#[tokio::test]
async fn what_is_typed_for_a_name_is_not_kept() {
    // Within what one address may.
    let fireside = Fireside::start_with_limits(&["--limit-auth", "1000/h"]).await;
    let wrong = |name: String| json!({"username": name, "password": "a wrong password"});
    for number in 0..8 {
        fireside.anyone().post(DOORS[0], &wrong(format!("nobody{number}"))).await.is(401);
    }
    let before = fireside.memory();
    for number in 0..40 {
        fireside.anyone().post(DOORS[number % 4], &wrong(long_name(number))).await.is(401);
    }
    // Kept as they are typed, forty such keys would be 112 MiB. The threads that hash take 19 MiB each when they first do.
    let grown = fireside.memory().saturating_sub(before);
    assert!(grown < 56 * 1024, "{grown} KiB");
}

#[tokio::test]
async fn a_name_that_is_too_long_for_anybody_is_one_that_nobody_has() {
    let fireside = strict().await;
    let alice = fireside.registers("alice").await;
    // One whom nobody can be longer than: four bytes a letter.
    let longest = "\u{10330}".repeat(64);
    let body = json!({"username": longest, "email": "longest@example.com", "password": "password123"});
    fireside.anyone().post("/api/auth/register/", &body).await.is(201);
    tries(&fireside, "192.0.2.1", &longest, "password123").await.is(200);
    for (number, door) in DOORS.into_iter().enumerate() {
        let from = format!("192.0.2.{}", 10 + number);
        let mut answers = Vec::new();
        for name in ["nobody", "alice", &long_name(1), &"x".repeat(257)] {
            let body = json!({"username": name, "password": "a wrong password"});
            let answer = fireside.anyone().post(door, &body).with("X-Forwarded-For", &from).await;
            answers.push(without_its_count(&answer.is(401)));
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "{door}: {answers:?}");
        // A long one beside a right one makes no right one of it.
        let both = json!({"username": "alice", "email": long_name(2), "password": alice.password});
        fireside.anyone().post(door, &both).with("X-Forwarded-For", &format!("192.0.2.{}", 30 + number)).await.is(401);
    }
    // They are counted, too.
    let mut statuses = Vec::new();
    for number in 0..7 {
        statuses.push(tries(&fireside, "192.0.2.99", &long_name(number), "a wrong password").await.status);
    }
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429, 429]);
}

/// One network has as many attempts as one address, whichever APIs it spreads them over and wherever these stand.
#[tokio::test]
async fn attempts_add_up_over_all_places_and_a_whole_network() {
    const PLACES: [&str; 10] = [
        "/login/",
        "/api/login/",
        "/api/auth/login/",
        "/accounts/api/token/",
        "/d/messaging/login/",
        "/c/directs/api/login/",
        "/c/inbox/api/auth/login/",
        "/c/messaging/login/",
        "/c/messenger/accounts/api/token/",
        "/c/rooms/api/auth/login/",
    ];
    let fireside = strict().await;
    fireside.registers("alice").await;
    let wrong = json!({"username": "alice", "password": "a wrong password"});
    let mut statuses = Vec::new();
    for (number, place) in PLACES.into_iter().enumerate() {
        let from = format!("2001:db8:0:1::{number:x}");
        statuses.push(fireside.anyone().post(place, &wrong).with("X-Forwarded-For", &from).await.status);
    }
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429, 429, 429, 429, 429]);
    for place in PLACES {
        let next_door = format!("2001:db8:0:{:x}::1", 2 + place.len());
        fireside.anyone().post(place, &wrong).with("X-Forwarded-For", &next_door).await.is(401);
    }
}

/// The same of accounts that are made.
#[tokio::test]
async fn registrations_add_up_over_all_places_and_a_whole_network() {
    const PLACES: [&str; 7] = [
        "/api/register/",
        "/api/auth/register/",
        "/accounts/api/users/",
        "/api/server/register/",
        "/c/directs/api/register/",
        "/c/messenger/accounts/api/users/",
        "/c/rooms/api/auth/register/",
    ];
    let fireside = Fireside::start_with_limits(&["--trusted-proxy", "127.0.0.1"]).await;
    let asks = |number: usize, from: String| {
        let name = format!("guest{number}");
        let body = json!({"username": name, "email": format!("{name}@example.com"), "password": "password123"});
        fireside.anyone().post(PLACES[number % PLACES.len()], &body).with("X-Forwarded-For", &from)
    };
    let mut made = 0;
    while made < 40 && asks(made, format!("2001:db8:0:1::{made:x}")).await.status == 201 {
        made += 1;
    }
    assert!((10..20).contains(&made), "{made}");
    asks(made, "2001:db8:0:2::1".to_owned()).await.is(201);
}

/// Five tries at a name, and five at an address: whether both are one account's is told by nothing.
#[tokio::test]
async fn how_often_is_too_often_tells_not_whose_address_it_is() {
    let fireside = strict().await;
    people!(fireside: alice, bob);
    let mut seen = Vec::new();
    let others = [alice.email.as_str(), bob.email.as_str(), "nobody@example.com"];
    for (number, other) in others.into_iter().enumerate() {
        let from = format!("192.0.2.{number}");
        let mut answers = Vec::new();
        for name in ["alice", other].into_iter().flat_map(|name| [name; 6]) {
            let answer = tries(&fireside, &from, name, "a wrong password").await;
            let (status, mut headers, body) = answer.as_seen_by_a_prober();
            // Of the time that is left the clock has a part.
            headers.retain(|(name, _)| name != "retry-after");
            answers.push((status, headers, if status == 429 { String::new() } else { body }));
        }
        let statuses: Vec<u16> = answers.iter().map(|(status, ..)| *status).collect();
        assert_eq!(statuses, [401, 401, 401, 401, 401, 429, 401, 401, 401, 401, 401, 429], "{other}");
        seen.push(answers);
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0], seen[2]);
}

/// Nor is a name more to guess at because it has a second: what comes after the fifth attempt fails, were it right.
#[tokio::test]
async fn an_account_has_no_more_attempts_for_having_two_names() {
    let fireside = strict().await;
    people!(fireside: alice, bob);
    for (number, (name, other)) in
        [("alice", alice.email.as_str()), (alice.email.as_str(), "ALICE")].into_iter().enumerate()
    {
        let from = format!("192.0.2.{number}");
        for _ in 0..5 {
            tries(&fireside, &from, name, "a wrong password").await.is(401);
        }
        let wrong = tries(&fireside, &from, other, "a wrong password").await.is(401);
        let right = tries(&fireside, &from, other, &alice.password).await.is(401);
        assert_eq!(without_its_count(&wrong), without_its_count(&right));
        // It is hers alone, and from there alone.
        tries(&fireside, &from, &bob.email, &bob.password).await.is(200);
        let elsewhere = format!("198.51.100.{number}");
        for _ in 0..4 {
            tries(&fireside, &elsewhere, name, "a wrong password").await.is(401);
        }
        tries(&fireside, &elsewhere, other, &alice.password).await.is(200);
    }
    // Who is signed in tries no more of them.
    let change = json!({"old_password": "a wrong password", "new_password": "another password"});
    let asks = |from: &'static str| alice.post("/api/auth/password/", &change).with("X-Forwarded-For", from);
    asks("192.0.2.0").await.refused(429, "rate_limited");
    asks("203.0.113.1").await.is(400);
}
