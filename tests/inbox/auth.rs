//! Signing in, and the account's own token.

use std::time::Instant;

use serde_json::json;

use super::{MESSAGES, PLACES, talks_with};
use crate::world::{Answer, Fireside, people};

const LOGIN: &str = "/api/auth/login/";
const TOKEN: &str = "/api/token/";
const ROTATE: &str = "/api/token/rotate/";

fn token_of(answer: &Answer) -> String {
    let body = answer.json();
    let token = body["token"].as_str().unwrap();
    assert!(token.len() == 40 && token.bytes().all(|byte| byte.is_ascii_hexdigit()), "{body}");
    token.to_owned()
}

#[tokio::test]
async fn name_or_address_and_password_bring_a_token() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    for place in PLACES {
        let anyone = fireside.anyone().through(place);
        for (field, value) in [
            ("username", "alice"),
            ("username", "ALICE"),
            ("username", "alice@example.com"),
            ("email", "alice@example.com"),
            ("email", "alice"),
        ] {
            let answer = anyone.post(LOGIN, &json!({field: value, "password": alice.password})).await.is(200);
            let token = format!("Token {}", token_of(&answer));
            anyone.get(MESSAGES).with("Authorization", &token).await.is(200);
            let user = &answer.json()["user"];
            assert_eq!((&user["id"], &user["username"]), (&json!(alice.id), &json!("alice")), "{answer}");
            assert!(!answer.has("set-cookie"), "{answer}");
        }
        let form = [("username", "alice"), ("password", alice.password.as_str())];
        token_of(&anyone.sends_form("/api/auth/login", &form).await.is(200));
    }
}

#[tokio::test]
async fn with_a_right_password_every_field_may_be_there() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    for place in PLACES {
        let body = json!({
            "username": "alice", "email": alice.email, "password": alice.password, "oauth": "true",
        });
        let answer = fireside.anyone().through(place).post(LOGIN, &body).await.is(200).json();
        assert_eq!(answer["user"]["id"], alice.id);
        assert_eq!(answer.as_object().unwrap().len(), 2, "{answer}");
    }
}

#[tokio::test]
async fn failures_to_sign_in_are_all_one_answer() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    fireside.registers("bob").await;
    for place in PLACES {
        let mut answers = Vec::new();
        for body in [
            json!({"username": "alice", "password": "not her password"}),
            json!({"username": "alice", "password": ""}),
            json!({"username": "nobody", "password": alice.password}),
            json!({"email": "nobody@example.com", "password": alice.password}),
            json!({"username": "", "password": alice.password}),
            json!({"username": "alice", "email": "bob@example.com", "password": alice.password}),
        ] {
            let answer = fireside.anyone().through(place).post(LOGIN, &body).await;
            answers.push(answer.refused(401, "invalid_credentials").as_seen_by_a_prober());
        }
        assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    }
}

#[tokio::test]
async fn the_documented_oauth_login_is_believed_from_nobody() {
    let fireside = Fireside::start().await;
    fireside.registers("alice").await;
    for place in PLACES {
        for name in ["alice", "nobody"] {
            let body = json!({"username": name, "password": "", "oauth": "true"});
            let answer = fireside.anyone().through(place).post(LOGIN, &body).await;
            let answer = answer.refused(401, "invalid_credentials");
            assert_eq!(answer.json()["message"], "User is not authenticated with Google");
        }
    }
}

#[tokio::test]
async fn under_the_insecure_flag_the_oauth_login_is_as_documented() {
    let fireside = Fireside::start_with(&["--insecure-oauth-login"]).await;
    let alice = fireside.registers("alice").await;
    let oauth = json!({"username": "alice", "password": "", "oauth": "true"});
    let answer = fireside.anyone().through("/d/inbox").post(LOGIN, &oauth).await.is(200);
    assert_eq!(answer.json()["user"]["id"], alice.id);
}

#[tokio::test]
async fn a_login_says_what_it_lacks_and_is_not_for_strangers_pages() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let anyone = fireside.anyone().through("/d/inbox");
    anyone.post(LOGIN, &json!({"password": "x"})).await.names("username");
    anyone.post(LOGIN, &json!({"username": "alice"})).await.names("password");
    anyone.post(LOGIN, &json!({"username": 5, "password": "x"})).await.names("username");
    let right = json!({"username": "alice", "password": alice.password});
    let foreign = anyone.post(LOGIN, &right).with("Origin", "https://evil.example").await;
    foreign.refused(403, "csrf_failed");
    anyone.post(LOGIN, &right).with("Origin", &fireside.url).await.is(200);
}

#[tokio::test]
async fn an_account_is_tried_five_times_a_minute_through_whichever_door() {
    let fireside = Fireside::start_with_limits(&[]).await;
    fireside.registers("alice").await;
    let wrong = json!({"username": "alice", "password": "wrong password"});
    let start = Instant::now();
    for place in ["/d/inbox", "", "/d/rooms", "/d/inbox", "/d/inbox"] {
        let answer = fireside.anyone().through(place).post(LOGIN, &wrong).await;
        answer.refused(401, "invalid_credentials");
    }
    let answer = fireside.anyone().through("/d/inbox").post(LOGIN, &wrong).await;
    // On a machine so slow that one came back meanwhile, nothing can be told.
    if start.elapsed().as_secs() < 12 {
        answer.refused(429, "rate_limited");
    }
}

#[tokio::test]
async fn the_accounts_token_is_one_and_signs_in() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let answer = alice.get(TOKEN).await.is(200);
    assert!(answer.header("cache-control").contains("no-store"), "{answer}");
    let token = token_of(&answer);
    assert_eq!(answer.json(), json!({"token": token}));
    assert_ne!(token, alice.token, "a device has one of its own");
    for place in PLACES {
        assert_eq!(token_of(&alice.through(place).get("/api/token").await.is(200)), token);
    }
    assert_eq!(token_of(&alice.signs_in_again().await.get(TOKEN).await), token);
    assert_ne!(token_of(&bob.get(TOKEN).await), token);
    for scheme in ["Token", "token", "Bearer"] {
        let header = format!("{scheme} {token}");
        let me = fireside.anyone().get("/api/auth/me/").with("Authorization", &header).await.is(200);
        assert_eq!(me.json()["id"], alice.id);
    }
    let fireside = fireside.restarts().await;
    assert_eq!(token_of(&alice.back_to(&fireside).get(TOKEN).await), token, "after a restart too");
}

#[tokio::test]
async fn rotating_ends_the_old_token_and_its_sockets_before_the_answer() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    fireside.registers("bob").await;
    for place in PLACES {
        let old = token_of(&alice.get(TOKEN).await);
        let by_old = |path: &str| fireside.anyone().handshake(path).with_query(&format!("token={old}"));
        let mut standing_on_it = by_old("/ws/chat/bob/").enters().await;
        let mut on_the_device = talks_with(&alice, "bob").await;
        let new = token_of(&alice.through(place).does(ROTATE).await.is(200));
        assert_ne!(new, old);
        standing_on_it.is_closed_with(4401).await;
        by_old("/ws/chat/bob/").turned_away_with(401).await;
        let header = format!("Token {old}");
        let answer = fireside.anyone().get(MESSAGES).with("Authorization", &header).await;
        answer.refused(401, "authentication_required");
        assert_eq!(token_of(&alice.get(TOKEN).await), new);
        let header = format!("Token {new}");
        fireside.anyone().get(MESSAGES).with("Authorization", &header).await.is(200);
        on_the_device.stays_silent().await;
    }
}

#[tokio::test]
async fn the_accounts_token_may_ask_for_its_own_successor() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let old = format!("Token {}", token_of(&alice.get(TOKEN).await));
    let answer = fireside.anyone().does(ROTATE).with("Authorization", &old).await.is(200);
    let new = format!("Token {}", token_of(&answer));
    fireside.anyone().does(ROTATE).with("Authorization", &old).await.refused(401, "authentication_required");
    fireside.anyone().get(TOKEN).with("Authorization", &new).await.is(200);
}
