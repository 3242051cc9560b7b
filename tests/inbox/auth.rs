//! Signing in and the account's token.

use serde_json::json;

use crate::world::Fireside;
use crate::world::caller::Credential;

#[tokio::test]
async fn a_login_takes_a_username_or_an_address_in_either_field() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let anyone = fireside.anyone().through("/d/inbox");
    for body in [
        json!({"username": "alice", "password": alice.password}),
        json!({"username": "ALICE", "password": alice.password}),
        json!({"username": alice.email, "password": alice.password}),
        json!({"email": alice.email, "password": alice.password}),
        json!({"email": "alice", "password": alice.password}),
        json!({"username": "alice", "email": alice.email, "password": alice.password, "oauth": "true"}),
    ] {
        let answer = anyone.post("/api/auth/login/", &body).await.is(200).json();
        let token = answer["token"].as_str().unwrap();
        assert_eq!(token.len(), 40, "{body}");
        assert_eq!(answer["user"]["username"], "alice");
        alice.showing(Credential::Token(token.to_owned())).get("/d/inbox/api/messages/").await.is(200);
    }
    let form = [("username", "alice"), ("password", alice.password.as_str())];
    anyone.sends_form("/api/auth/login", &form).await.is(200);
}

#[tokio::test]
async fn failures_to_sign_in_are_one_and_the_same_answer() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let anyone = fireside.anyone().through("/d/inbox");
    let mut seen = Vec::new();
    for body in [
        json!({"username": "alice", "password": "not hers at all"}),
        json!({"username": "nobody", "password": "not hers at all"}),
        json!({"username": "alice", "password": ""}),
        json!({"username": "alice", "email": bob.email, "password": alice.password}),
    ] {
        let answer = anyone.post("/api/auth/login/", &body).await.refused(401, "invalid_credentials");
        seen.push(answer.as_seen_by_a_prober());
    }
    assert!(seen.iter().all(|answer| *answer == seen[0]), "{seen:?}");
}

#[tokio::test]
async fn oauth_alone_opens_nothing() {
    let fireside = Fireside::start().await;
    fireside.registers("alice").await;
    let anyone = fireside.anyone().through("/d/inbox");
    let body = json!({"username": "alice", "password": "", "oauth": "true"});
    let answer = anyone.post("/api/auth/login/", &body).await.refused(401, "invalid_credentials");
    assert_eq!(answer.json()["message"], "User is not authenticated with Google");
}

#[tokio::test]
async fn the_accounts_token_stays_until_it_is_rotated() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let token = async || alice.get("/api/token/").await.is(200).json()["token"].as_str().unwrap().to_owned();
    let first = token().await;
    assert_eq!(first.len(), 40);
    assert_eq!(token().await, first);
    let shown = alice.showing(Credential::Token(first.clone()));
    shown.get("/api/messages/").await.is(200);
    let mut ear = shown.knocks_at("/ws/chat/alice/").enters().await;

    let second = shown.does("/api/token/rotate/").await.is(200).json()["token"].as_str().unwrap().to_owned();
    assert_ne!(second, first);
    ear.is_closed_with(4401).await;
    shown.get("/api/messages/").await.is(401);
    alice.showing(Credential::Token(second.clone())).get("/api/messages/").await.is(200);
    assert_eq!(token().await, second, "the device's own token still works, and shows the new one");
    let answer = alice.get("/api/token/").await;
    assert_eq!(answer.header("cache-control"), "no-store");
}
