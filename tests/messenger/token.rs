//! `/accounts/api/token/`: pairs of JWTs, and what they open.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{PLACES, PROFILE, REFRESH, TOKEN, keys, refreshes};
use crate::world::caller::Credential;
use crate::world::{Answer, Fireside, Person, id, people};

const NO_ACCOUNT: &str = "No active account found with the given credentials";

async fn signs_in(fireside: &Fireside, body: Value) -> Answer {
    fireside.anyone().post(TOKEN, &body).await
}

fn password_of(person: &Person) -> Value {
    json!({"username": person.username, "password": person.password})
}

#[tokio::test]
async fn the_documented_pair_signs_in_and_renews_itself() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    for place in PLACES {
        let anyone = fireside.anyone().through(place);
        let answer = anyone.post(TOKEN, &password_of(&alice)).await.is(200);
        assert!(!answer.has("set-cookie"), "{answer}");
        assert!(answer.header("cache-control").contains("no-store"), "{answer}");
        let pair = answer.json();
        assert_eq!(keys(&pair), ["access", "refresh"]);
        let access = pair["access"].as_str().unwrap();
        assert_eq!(access.split('.').count(), 3);
        assert_eq!(anyone.bearing(access).get(PROFILE).await.is(200).json()["id"], alice.id);

        let renewed = anyone.post(REFRESH, &json!({"refresh": pair["refresh"]})).await.is(200).json();
        assert_eq!(keys(&renewed), ["access"]);
        assert_ne!(renewed["access"], pair["access"]);
        let renewed = renewed["access"].as_str().unwrap();
        assert_eq!(anyone.bearing(renewed).get(PROFILE).await.is(200).json()["id"], alice.id);
        // The refresh token stays good, and the old access token too.
        anyone.post(REFRESH.trim_end_matches('/'), &json!({"refresh": pair["refresh"]})).await.is(200);
        anyone.bearing(access).get(PROFILE).await.is(200);
    }
}

#[tokio::test]
async fn the_claims_are_those_that_libraries_expect() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let pair = alice.takes_jwts().await;
    for (token, kind, life) in [(&pair.access, "access", 15 * 60), (&pair.refresh, "refresh", 30 * 24 * 60 * 60)] {
        let parts: Vec<&str> = token.split('.').collect();
        let part =
            |at: usize| -> Value { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[at]).unwrap()).unwrap() };
        assert_eq!(part(0), json!({"alg": "HS256", "typ": "JWT"}));
        let claims = part(1);
        assert_eq!(keys(&claims), ["exp", "iat", "jti", "token_type", "user_id"]);
        assert_eq!(claims["token_type"], kind);
        assert_eq!(claims["user_id"], alice.id);
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), life);
    }
}

#[tokio::test]
async fn a_form_or_the_address_in_any_case_does_as_well() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    for login in ["alice", "ALICE", "alice@example.com", "Alice@Example.COM"] {
        signs_in(&fireside, json!({"username": login, "password": alice.password})).await.is(200);
    }
    let form = [("username", "alice"), ("password", alice.password.as_str())];
    let pair = fireside.anyone().sends_form(TOKEN.trim_end_matches('/'), &form).await.is(200).json();
    let form = [("refresh", pair["refresh"].as_str().unwrap())];
    fireside.anyone().sends_form(REFRESH, &form).await.is(200);
}

#[tokio::test]
async fn sign_in_failures_are_all_one_answer() {
    for flags in [&[][..], &["--insecure-oauth-login"]] {
        let fireside = Fireside::start_with(flags).await;
        let alice = fireside.registers("alice").await;
        let mut answers = Vec::new();
        for body in [
            json!({"username": "alice", "password": "not her password"}),
            json!({"username": "alice", "password": ""}),
            json!({"username": "nobody", "password": alice.password}),
            json!({"username": "nobody", "password": ""}),
            json!({"username": "", "password": alice.password}),
            // This document has no such word, whatever another makes of it.
            json!({"username": "alice", "password": "", "oauth": "true"}),
        ] {
            let answer = signs_in(&fireside, body).await.says(401, &json!({"detail": NO_ACCOUNT}));
            assert_eq!(answer.header("www-authenticate"), "Bearer");
            answers.push(answer.as_seen_by_a_prober());
        }
        assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
        signs_in(&fireside, password_of(&alice)).await.is(200);
    }
}

#[tokio::test]
async fn what_is_missing_or_of_a_wrong_type_is_named() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    for wrong in [json!(7), json!(true), json!([]), json!({}), json!(null)] {
        signs_in(&fireside, json!({"username": "alice", "password": wrong})).await.blames("password");
        fireside.anyone().post(REFRESH, &json!({"refresh": wrong})).await.blames("refresh");
    }
    signs_in(&fireside, json!({"username": 7, "password": alice.password})).await.blames("username");
    signs_in(&fireside, json!({"password": alice.password})).await.blames("username");
    signs_in(&fireside, json!({"username": "alice"})).await.blames("password");
    fireside.anyone().post(REFRESH, &json!({})).await.says(400, &json!({"refresh": ["This field is required."]}));
}

#[tokio::test]
async fn a_foreign_page_signs_nobody_in() {
    let fireside = Fireside::start_with(&["--cors-origin", "https://app.example"]).await;
    let alice = fireside.registers("alice").await;
    let pair = alice.takes_jwts().await;
    let bodies = [(TOKEN, password_of(&alice)), (REFRESH, json!({"refresh": pair.refresh}))];
    for (path, body) in &bodies {
        for origin in ["https://evil.example", "null", "https://app.example.evil.example"] {
            let answer = fireside.anyone().post(path, body).with("Origin", origin).await.refused_with_detail(403);
            assert_eq!(answer.json()["detail"], "CSRF Failed: Origin checking failed.");
        }
        for origin in ["https://app.example", fireside.url.as_str()] {
            fireside.anyone().post(path, body).with("Origin", origin).await.is(200);
        }
    }
}

#[tokio::test]
async fn an_access_token_is_taken_everywhere() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    let access = alice.takes_jwts().await.access;
    for scheme in ["Bearer", "bearer", "BEARER", "Token"] {
        let authorization = format!("{scheme} {access}");
        let me = fireside.anyone().get("/api/auth/me/").with("Authorization", &authorization).await;
        assert_eq!(me.is(200).json()["id"], alice.id, "{scheme}");
    }
    let bearer = fireside.anyone().bearing(&access);
    let said = bearer.post(&den.messages(), &json!({"content": "by JWT"})).await.is(201).json();
    assert_eq!(said["author"]["id"], alice.id);
    let handshake = || fireside.anyone().handshake(&den.socket());
    let mut listeners = vec![
        handshake().with_query(&format!("token={access}")).enters().await,
        handshake().with("Authorization", &format!("Bearer {access}")).enters().await,
        handshake().with("Sec-WebSocket-Protocol", &format!("token, {access}")).enters().await,
    ];
    bob.posts("welcome").in_room(&den).await;
    for listener in &mut listeners {
        listener.hears_message("welcome").await;
    }
    // A device's token is taken here as well, under either scheme.
    bob.get(PROFILE).await.is(200);
    bob.bearing(&bob.token).get(PROFILE).await.is(200);
}

#[tokio::test]
async fn a_socket_ends_soon_after_what_opened_it() {
    let fireside = Fireside::start_with(&["--jwt-refresh", "5s"]).await;
    let alice = fireside.registers("alice").await;
    let room = alice.chatroom_with("alice").await;
    let pair = alice.takes_jwts().await;
    let begun = Instant::now();
    let mut listener = fireside.anyone().bearing(&pair.access).handshake(&room.socket()).enters().await;
    let mut stays = alice.handshake(&room.socket()).enters().await;
    assert_eq!(listener.hears_until_closed().await.1, 4401);
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    stays.stays_silent().await;
}

#[tokio::test]
async fn lifetimes_are_the_operators_to_set() {
    let fireside = Fireside::start_with(&["--jwt-access", "1s", "--jwt-refresh", "3s"]).await;
    let alice = fireside.registers("alice").await;
    let pair = alice.takes_jwts().await;
    let patience = Instant::now() + Duration::from_secs(20);
    let bearer = fireside.anyone().bearing(&pair.access);
    while bearer.get(PROFILE).await.status == 200 {
        assert!(Instant::now() < patience, "an access token of a second lasts on");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    bearer.get(PROFILE).await.refused_as_invalid_token();
    bearer.get("/api/auth/me/").await.refused(401, "authentication_required");
    let renewed = refreshes(&fireside, &pair.refresh).await.is(200).json();
    fireside.anyone().bearing(renewed["access"].as_str().unwrap()).get(PROFILE).await.is(200);
    while refreshes(&fireside, &pair.refresh).await.status == 200 {
        assert!(Instant::now() < patience, "a refresh token of three seconds lasts on");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    refreshes(&fireside, &pair.refresh).await.refused_as_invalid_token();
}

#[tokio::test]
async fn a_lifetime_that_is_none_is_refused_at_the_start() {
    for wrong in ["0s", "10ms", "never", "15", ""] {
        for flag in ["--jwt-access", "--jwt-refresh"] {
            let outcome = crate::world::Home::new().refuses_to_serve(&[flag, wrong]).await;
            assert!(outcome.stderr.contains(flag), "{flag} {wrong}: {outcome:?}");
            assert_ne!(outcome.code, Some(0));
        }
    }
}

#[tokio::test]
async fn pairs_outlive_a_restart_and_are_not_kept_in_the_clear() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let pair = alice.takes_jwts().await;
    assert!(fireside.home.keeps(b"alice@example.com"), "the search does find what is kept");
    for token in [&pair.access, &pair.refresh] {
        let signature = token.rsplit('.').next().unwrap();
        assert!(!fireside.home.keeps(signature.as_bytes()));
    }
    let fireside = fireside.dies_and_restarts().await;
    assert_eq!(fireside.anyone().bearing(&pair.access).get(PROFILE).await.is(200).json()["id"], alice.id);
    refreshes(&fireside, &pair.refresh).await.is(200);
}

#[tokio::test]
async fn two_credentials_of_which_one_is_bad_are_bad() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let session = alice.signs_in_by_page().await;
    let browser = alice.showing(Credential::Session(session));
    assert_eq!(id(&browser.get(PROFILE).await.is(200).json()), alice.id);
    browser.get(PROFILE).with("Authorization", "Bearer a.b.c").await.refused_as_invalid_token();
}

#[tokio::test]
async fn an_account_is_tried_five_times_a_minute_in_all_dialects_together() {
    let fireside = Fireside::start_with_limits(&[]).await;
    people!(fireside: alice, bob);
    let pair = alice.takes_jwts().await;
    let start = Instant::now();
    let mut taken = 1;
    loop {
        // Signing in and refreshing count as one thing.
        let answer = if taken % 2 == 0 {
            signs_in(&fireside, json!({"username": "alice", "password": "wrong password"})).await
        } else {
            refreshes(&fireside, &pair.refresh).await
        };
        if answer.status == 429 {
            answer.refused_with_detail(429);
            break;
        }
        taken += 1;
        assert!(taken < 20);
    }
    let back = start.elapsed().as_secs_f64() / 60.0 * 5.0;
    assert!((5.0..=6.0 + back).contains(&f64::from(taken)), "{taken}");
    let elsewhere = fireside.anyone().post("/api/auth/login/", &password_of(&alice)).await;
    elsewhere.refused(429, "rate_limited");
    bob.takes_jwts().await;
    // This document has no general limit.
    let bearer = fireside.anyone().bearing(&pair.access);
    for _ in 0..150 {
        bearer.get(PROFILE).await.is(200);
    }
}
