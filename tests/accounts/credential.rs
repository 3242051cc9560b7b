//! `Authorization` and cookies: which are taken, and which one decides.

use crate::world::caller::Credential;
use crate::world::{Fireside, Person};

const ME: &str = "/api/auth/me/";

async fn me_with(person: &Person, authorization: &str) -> crate::world::Answer {
    person.showing(Credential::Nothing).get(ME).with("Authorization", authorization).await
}

#[tokio::test]
async fn a_token_is_taken_under_either_scheme_in_any_case() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    for scheme in ["Token", "token", "TOKEN", "Bearer", "bearer", "bEARER"] {
        let answer = me_with(&alice, &format!("{scheme} {}", alice.token)).await;
        assert_eq!(answer.is(200).json()["id"], alice.id, "{scheme}");
    }
}

#[tokio::test]
async fn what_is_no_credential_is_refused() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let token = &alice.token;
    for authorization in [
        String::new(),
        "Token".to_owned(),
        "Token ".to_owned(),
        token.clone(),
        format!("Basic {token}"),
        format!("Token{token}"),
        format!("Token {token}0"),
        format!("Token {}", &token[..39]),
        format!("Token {token} {token}"),
        format!("Token {token},"),
        format!("Token {}", "0".repeat(40)),
        format!("Token {}", "f".repeat(10_000)),
        "Token ' OR 1=1 --".to_owned(),
        "Bearer a.b.c".to_owned(),
        "Bearer eyJhbGciOiJub25lIn0.eyJ1c2VyX2lkIjoxfQ.".to_owned(),
    ] {
        let answer = me_with(&alice, &authorization).await;
        answer.refused(401, "authentication_required");
    }
    me_with(&alice, &format!("Token {token}")).await.is(200);
}

#[tokio::test]
async fn a_bad_credential_is_not_saved_by_a_good_cookie() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let session = alice.signs_in_by_page().await;
    let browser = alice.showing(Credential::Session(session.clone()));
    browser.get(ME).await.is(200);
    let both = browser.get(ME).with("Authorization", "Token bad").await;
    both.refused(401, "authentication_required");
    let den = alice.opens_room("den").await;
    let handshake = alice.showing(Credential::Nothing).handshake(&den.socket());
    let with_cookie = handshake.with("Cookie", &session.cookie());
    with_cookie.clone().with_query("token=bad").turned_away_with(401).await;
    with_cookie.clone().with("Authorization", "Token bad").turned_away_with(401).await;
    with_cookie.enters().await.hears_nothing().await;
}

#[tokio::test]
async fn a_token_in_the_address_opens_sockets_only() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let path = format!("{ME}?token={}", alice.token);
    fireside.anyone().get(&path).await.refused(401, "authentication_required");
    let den = alice.opens_room("den").await;
    alice.handshake_in(&den).enters().await.hears_nothing().await;
}

#[tokio::test]
async fn neither_tokens_nor_passwords_are_kept_in_the_clear() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let session = alice.signs_in_by_page().await;
    // The search does find what is kept.
    assert!(fireside.home.keeps(b"alice@example.com"));
    for secret in [&alice.token, &alice.password, &session.id] {
        assert!(!fireside.home.keeps(secret.as_bytes()), "{secret}");
    }
    let raw = hex::decode(&alice.token).unwrap();
    assert!(!fireside.home.keeps(&raw), "the token in bytes");
}
