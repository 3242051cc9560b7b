//! Who gets in: nobody without a credential, and no other site by the cookie alone.

use serde_json::json;

use crate::world::Fireside;
use crate::world::caller::Credential;

#[tokio::test]
async fn every_path_asks_who_it_is() {
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let body = json!({"receiver": bob.id, "content": "hello"});
    let id = alice.post("/api/messages/", &body).await.is(201).json()["id"].as_i64().unwrap();
    let session = alice.signs_in_by_page().await;
    let revoked = alice.signs_in_again().await;
    revoked.does("/api/auth/logout/").await.is(204);
    let asks = [
        ("GET", "/api/token/".to_owned()),
        ("POST", "/api/token/rotate/".to_owned()),
        ("GET", "/api/messages/".to_owned()),
        ("POST", "/api/messages/".to_owned()),
        ("POST", format!("/api/messages/{id}/update_message/")),
        ("DELETE", format!("/api/messages/{id}/delete_message/")),
    ];
    for (method, path) in asks {
        let path = format!("/d/inbox{path}");
        let ask = |credential| alice.showing(credential).asks(method.parse().unwrap(), &path).json(&body);
        ask(Credential::Nothing).await.refused(401, "authentication_required");
        ask(Credential::Token(revoked.token.clone())).await.refused(401, "authentication_required");
        let by_cookie = ask(Credential::BareCookie(session.clone())).with("Origin", "https://evil.example").await;
        if method == "GET" {
            by_cookie.is(200);
        } else {
            by_cookie.refused(403, "csrf_failed");
        }
    }
    let evil = alice.showing(Credential::BareCookie(session)).knocks_at("/ws/chat/bob/");
    evil.with("Origin", "https://evil.example").turned_away_with(403).await;
    let login = json!({"username": "alice", "password": alice.password});
    let foreign =
        fireside.anyone().post("/d/inbox/api/auth/login/", &login).with("Origin", "https://evil.example").await;
    foreign.is(403);
    assert_eq!(bob.get("/api/messages/").await.results()[0]["content"], "hello", "nothing was changed");
}

#[tokio::test]
async fn whose_message_it_is_comes_from_the_credential() {
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let body = json!({"receiver": bob.id, "content": "mine", "sender": bob.id, "id": 7, "timestamp": "x"});
    let message = alice.post("/api/messages/", &body).await.is(201).json();
    assert_eq!(message["sender"], alice.id);
    assert_ne!(message["timestamp"], "x");
}
