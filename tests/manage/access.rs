//! Every operation, by whoever may not: and nothing has happened.

use reqwest::Method;
use serde_json::json;

use super::{log, root_of};
use crate::world::caller::Credential;
use crate::world::{Caller, Fireside};

/// The operations of administrators, each about bob (2) or invitation 1.
fn operations(bob: i64) -> Vec<(Method, String)> {
    vec![
        (Method::GET, "/api/server/users/".into()),
        (Method::POST, "/api/server/users/".into()),
        (Method::PATCH, format!("/api/server/users/{bob}/")),
        (Method::POST, format!("/api/server/users/{bob}/reset/")),
        (Method::POST, format!("/api/server/users/{bob}/sign-out/")),
        (Method::GET, "/api/server/invites/".into()),
        (Method::POST, "/api/server/invites/".into()),
        (Method::DELETE, "/api/server/invites/1/".into()),
        (Method::GET, "/api/server/status/".into()),
        (Method::GET, "/api/server/audit/".into()),
        (Method::GET, "/api/server/storage/".into()),
        (Method::PATCH, "/api/server/chats/1/".into()),
        (Method::PATCH, "/api/server/settings/".into()),
    ]
}

async fn is_refused_everything(who: &Caller, bob: i64, status: u16, code: &str) {
    for (method, path) in operations(bob) {
        for body in [json!({"is_disabled": true, "username": "x", "password": "correct horse"}), json!([])] {
            who.asks(method.clone(), &path).json(&body).await.refused(status, code);
        }
    }
}

#[tokio::test]
async fn administering_is_for_admins() {
    let fireside = Fireside::start().await;
    let root = root_of(&fireside).await;
    let bob = fireside.registers("bob").await;
    super::invites(&root, json!({})).await;
    root.opens_room("a chat to keep").await;
    let before = (log(&root).await, root.get("/api/server/users/").await.text());

    is_refused_everything(&fireside.anyone(), bob.id, 401, "authentication_required").await;
    let wrong = fireside.anyone().showing(Credential::Token("0".repeat(40)));
    is_refused_everything(&wrong, bob.id, 401, "authentication_required").await;
    is_refused_everything(&bob, bob.id, 403, "permission_denied").await;
    let browser = bob.showing(Credential::Session(bob.signs_in_by_page().await));
    is_refused_everything(&browser, bob.id, 403, "permission_denied").await;

    let after = (log(&root).await, root.get("/api/server/users/").await.text());
    assert_eq!(before, after, "the refused have changed something");
    bob.get(super::ME).await.is(200);
    let forged = root.showing(Credential::BareCookie(root.signs_in_by_page().await));
    forged.post("/api/server/invites/", &json!({})).await.refused(403, "csrf_failed");
    for (method, path) in operations(bob.id) {
        let answer = root.asks(method, &path).json(&json!({})).await;
        assert!(![401, 403, 404, 405].contains(&answer.status), "{answer}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let fireside = Fireside::start().await;
    let root = root_of(&fireside).await;
    for id in ["999", "0", "-1", "x", "99999999999999999999"] {
        root.patch(&format!("/api/server/users/{id}/"), &json!({"is_admin": true})).await.refused(404, "not_found");
        root.does(&format!("/api/server/users/{id}/reset/")).await.refused(404, "not_found");
        root.does(&format!("/api/server/users/{id}/sign-out/")).await.refused(404, "not_found");
        root.delete(&format!("/api/server/invites/{id}/")).await.refused(404, "not_found");
        root.patch(&format!("/api/server/chats/{id}/"), &json!({"retain_days": 1})).await.refused(404, "not_found");
        root.delete(&format!("/api/server/sessions/{id}/")).await.refused(404, "not_found");
    }
}

#[tokio::test]
async fn an_admin_who_is_one_no_more_is_refused_at_once() {
    let fireside = Fireside::start().await;
    let root = root_of(&fireside).await;
    let bob = fireside.registers("bob").await;
    let his = format!("/api/server/users/{}/", bob.id);
    for _ in 0..3 {
        bob.get("/api/server/status/").await.refused(403, "permission_denied");
        root.patch(&his, &json!({"is_admin": true})).await.is(200);
        bob.get("/api/server/status/").await.is(200);
        root.patch(&his, &json!({"is_admin": false})).await.is(200);
    }
    bob.get("/api/server/status/").await.refused(403, "permission_denied");
}

#[tokio::test]
async fn guesses_at_codes_are_as_few_as_guesses_at_passwords() {
    let fireside = Fireside::start_with_limits(&[]).await;
    let anyone = fireside.anyone();
    let wrong = json!({"code": "0".repeat(40), "username": "eve", "password": "correct horse"});
    for path in ["invites/look", "reset/look", "setup", "reset", "reset"] {
        anyone.post(&format!("/api/server/{path}/"), &wrong).await.refused(404, "not_found");
    }
    for path in ["invites/look", "reset/look", "setup", "reset"] {
        anyone.post(&format!("/api/server/{path}/"), &wrong).await.refused(429, "rate_limited");
    }
}
