//! What the log must never hold.

use serde_json::{Value, json};

use crate::world::caller::Credential;
use crate::world::{Fireside, Person};

/// Uses every way in which a secret reaches the server; the secrets.
async fn gives_away_secrets(fireside: &Fireside) -> Vec<String> {
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let session = alice.signs_in_by_page().await;
    let phone = alice.signs_in_again().await;
    alice.listens_in(&den).await.hears_nothing().await;
    let by_cookie = alice.showing(Credential::Session(session.clone()));
    by_cookie.handshake(&den.socket()).enters().await.hears_nothing().await;
    alice.posts("a word between friends").in_room(&den).await;
    fails_in_every_way(fireside, &alice).await;
    let new = json!({"old_password": alice.password, "new_password": "a brand new password"});
    phone.post("/api/auth/password/", &new).await.is(204);
    [
        alice.token.as_str(),
        phone.token.as_str(),
        session.id.as_str(),
        session.csrf.as_str(),
        alice.password.as_str(),
        "a brand new password",
        "a mistyped password",
        "a-mistyped-token",
        "a word between friends",
    ]
    .map(ToOwned::to_owned)
    .to_vec()
}

async fn fails_in_every_way(fireside: &Fireside, alice: &Person) {
    let anyone = fireside.anyone();
    let wrong = json!({"username": "alice", "password": "a mistyped password"});
    anyone.post("/api/auth/login/", &wrong).await.is(401);
    let path = format!("/api/auth/me/?token={}", alice.token);
    anyone.get(&path).await.is(401);
    let broken = anyone.does("/api/auth/login/").with("Content-Type", "application/json");
    broken.body("{\"password\":\"a mistyped password\"").await.is(400);
    let ask = anyone.get("/api/auth/me/");
    ask.with("Authorization", "Token a-mistyped-token").await.is(401);
    let handshake = anyone.handshake("/ws/room/1/").with_query("token=a-mistyped-token");
    handshake.turned_away_with(401).await;
    let handshake = anyone.handshake("/ws/room/999999/");
    let protocol = format!("token, {}", alice.token);
    handshake.with("Sec-WebSocket-Protocol", &protocol).turned_away_with(404).await;
}

#[tokio::test]
async fn the_log_holds_no_secret() {
    for format in ["text", "json"] {
        let mut fireside = Fireside::start_with(&["--log-format", format]).await;
        let secrets = gives_away_secrets(&fireside).await;
        assert_eq!(fireside.is_asked_to_stop().await, Some(0));
        let log = fireside.home.log();
        assert!(!log.trim().is_empty(), "there is a log to look into");
        for secret in secrets {
            assert!(!log.contains(&secret), "{secret} in the {format} log:\n{log}");
        }
        assert!(!log.contains("panicked at"), "{log}");
        if format == "json" {
            for line in log.lines() {
                let line: Value = serde_json::from_str(line).unwrap();
                assert!(line.is_object(), "{line}");
            }
        }
    }
}
