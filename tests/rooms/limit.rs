//! The limits that everyone gets, and the flags that change them.

use std::time::Instant;

use serde_json::json;

use crate::world::{Answer, Fireside, Person};

/// Asserts that the first refusal came when it had to: never before the limit,
/// and after it no later than what has trickled back since allows.
#[track_caller]
fn was_limited(taken: u32, limit: u32, since: Instant, answer: &Answer) {
    let answer = answer.clone().refused(429, "rate_limited");
    let wait: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait), "{answer}");
    assert!(taken >= limit, "{taken} of {limit}");
    let back = since.elapsed().as_secs_f64() / 60.0 * f64::from(limit);
    assert!(f64::from(taken) <= f64::from(limit) + back + 1.0, "{taken} of {limit}");
}

async fn tries_to_sign_in(fireside: &Fireside, name: &str, password: &str) -> Answer {
    fireside.anyone().post("/api/auth/login/", &json!({"username": name, "password": password})).await
}

#[tokio::test]
async fn an_account_is_tried_five_times_a_minute() {
    let fireside = Fireside::start_with_limits(&[]).await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let start = Instant::now();
    let mut taken = 0;
    let refused = loop {
        let answer = tries_to_sign_in(&fireside, "alice", "wrong password").await;
        if answer.status == 429 {
            break answer;
        }
        answer.refused(401, "invalid_credentials");
        taken += 1;
        assert!(taken < 20);
    };
    was_limited(taken, 5, start, &refused);
    // Another account from the same address is not hers to block.
    tries_to_sign_in(&fireside, "bob", &bob.password).await.is(200);
    // Who is signed in stays so.
    alice.get("/api/auth/me/").await.is(200);
}

#[tokio::test]
async fn an_address_tries_thirty_accounts_a_minute() {
    let fireside = Fireside::start_with_limits(&[]).await;
    let start = Instant::now();
    let mut taken = 0;
    let refused = loop {
        let answer = tries_to_sign_in(&fireside, &format!("ghost{taken}"), "password123").await;
        if answer.status == 429 {
            break answer;
        }
        answer.refused(401, "invalid_credentials");
        taken += 1;
        assert!(taken < 90);
    };
    was_limited(taken, 30, start, &refused);
}

#[tokio::test]
async fn an_address_registers_ten_a_minute() {
    let fireside = Fireside::start_with_limits(&[]).await;
    let start = Instant::now();
    let mut taken = 0;
    let refused = loop {
        let body = json!({
            "username": format!("guest{taken}"), "email": format!("guest{taken}@example.com"),
            "password": "password123",
        });
        let answer = fireside.anyone().post("/api/auth/register/", &body).await;
        if answer.status == 429 {
            break answer;
        }
        answer.is(201);
        taken += 1;
        assert!(taken < 40);
    };
    was_limited(taken, 10, start, &refused);
}

async fn asks_until_refused(person: &Person, most: u32) -> (u32, Answer) {
    for taken in 0..most {
        let answer = person.get("/api/rooms/").await;
        if answer.status == 429 {
            return (taken, answer);
        }
        answer.is(200);
    }
    panic!("{most} requests and no limit");
}

#[tokio::test]
async fn a_person_asks_a_hundred_times_a_minute() {
    let fireside = Fireside::start_with_limits(&[]).await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let start = Instant::now();
    let (taken, refused) = asks_until_refused(&alice, 400).await;
    was_limited(taken, 100, start, &refused);
    bob.get("/api/rooms/").await.is(200);
}

#[tokio::test]
async fn a_person_uploads_ten_files_a_minute() {
    let fireside = Fireside::start_with_limits(&[]).await;
    let alice = fireside.registers("alice").await;
    let start = Instant::now();
    let mut taken = 0;
    let refused = loop {
        let answer = alice.tries_to_upload("a.txt", "text/plain", b"a").await;
        if answer.status == 429 {
            break answer;
        }
        answer.is(201);
        taken += 1;
        assert!(taken < 40);
    };
    was_limited(taken, 10, start, &refused);
    alice.get("/api/rooms/").await.is(200);
}

#[tokio::test]
async fn a_person_says_sixty_messages_a_minute() {
    let fireside = Fireside::start_with_limits(&[]).await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    let mut listener = alice.listens_in(&den).await;
    let mut bobs = bob.listens_in(&den).await;
    let start = Instant::now();
    let mut taken = 0;
    loop {
        let text = taken.to_string();
        listener.says_message(&text).await;
        let frame = listener.frame().await;
        if frame["type"] == "error" {
            assert_eq!(frame["data"]["code"], "rate_limited", "{frame}");
            break;
        }
        assert_eq!(frame["data"]["content"], text.as_str());
        bobs.hears_message(&text).await;
        taken += 1;
        assert!(taken < 240);
    }
    let back = start.elapsed().as_secs_f64();
    assert!(taken >= 60 && f64::from(taken) <= 61.0 + back, "{taken}");
    // What was refused was not said, and the socket stays open for others.
    bobs.says_message("my turn").await;
    bobs.hears_message("my turn").await;
    listener.hears_message("my turn").await;
}

#[tokio::test]
async fn signalling_has_a_limit_of_its_own() {
    let fireside = Fireside::start_with_limits(&[]).await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    let mut alices = alice.listens_in(&den).await;
    let mut bobs = bob.listens_in(&den).await;
    let join = json!({"type": "join_call", "data": {}});
    alices.says(&join).await;
    alices.hears("call_state").await;
    bobs.hears("user_joined").await;
    bobs.says(&join).await;
    bobs.hears("call_state").await;
    alices.hears_all(&["user_joined", "call_state"]).await;
    let data = json!({"target_user_id": bob.id, "candidate": "x"});
    let candidate = json!({"type": "ice_candidate", "data": data});
    let start = Instant::now();
    let mut taken = 0;
    loop {
        alices.says(&candidate).await;
        alices.says(&json!({"type": "ping"})).await;
        let frame = alices.frame().await;
        if frame["type"] == "error" {
            assert_eq!(frame["data"]["code"], "rate_limited", "{frame}");
            break;
        }
        assert_eq!(frame["type"], "pong");
        bobs.hears("ice_candidate").await;
        taken += 1;
        assert!(taken < 2400);
    }
    let back = start.elapsed().as_secs_f64() * 10.0;
    assert!(taken >= 600 && f64::from(taken) <= 601.0 + back, "{taken}");
}

#[tokio::test]
async fn the_flags_set_other_limits() {
    let fireside = Fireside::start_with_limits(&["--limit-api", "3/min"]).await;
    let alice = fireside.registers("alice").await;
    let start = Instant::now();
    let (taken, refused) = asks_until_refused(&alice, 30).await;
    was_limited(taken, 3, start, &refused);
}

/// A limit stands in the document of rooms alone, and so counts its own paths alone.
#[tokio::test]
async fn what_is_asked_of_other_documents_is_not_counted() {
    let fireside = Fireside::start_with_limits(&["--limit-api", "4/h"]).await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let others = [
        "/api/messages/",
        "/d/inbox/api/messages/",
        "/d/inbox/api/token/",
        "/api/users/",
        "/api/chats/",
        "/d/directs/api/users/",
        "/d/directs/api/chats/",
        "/messages/api/chats/",
        "/d/messaging/messages/api/users/search/?q=bob",
        "/messenger/api/chatrooms/",
        "/d/messenger/profiles/api/profile/",
        "/api/server/people/",
    ];
    let everywhere_else = async || {
        for path in others {
            alice.get(path).await.is(200);
        }
        alice.post("/api/chats/create/", &json!({"user_id": bob.id})).await.is(201);
        alice.post("/api/messages/", &json!({"receiver": "bob", "content": "hi"})).await.is(201);
    };
    everywhere_else().await;
    // At the root and in its own place together, and where a path is shared, what it answers there.
    for path in ["/api/rooms/", "/d/rooms/api/rooms/", "/api/auth/me/", "/api/users/?page=1"] {
        alice.get(path).await.is(200);
    }
    for path in ["/api/rooms/", "/d/rooms/api/users/", "/api/users/?page_size=1", "/d/rooms/api/auth/me/"] {
        alice.get(path).await.refused(429, "rate_limited");
    }
    everywhere_else().await;
    bob.get("/api/rooms/").await.is(200);
}

#[tokio::test]
async fn a_limit_can_be_switched_off() {
    let flags = ["--limit-api", "off", "--limit-auth", "off"];
    let fireside = Fireside::start_with_limits(&flags).await;
    let alice = fireside.registers("alice").await;
    for _ in 0..130 {
        alice.get("/api/rooms/").await.is(200);
    }
    for _ in 0..8 {
        let answer = tries_to_sign_in(&fireside, "alice", "wrong password").await;
        answer.refused(401, "invalid_credentials");
    }
}
