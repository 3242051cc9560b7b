//! Who gets what: every row of the dialect, asked by everyone who must not get it.

use reqwest::Method;
use serde_json::{Value, json};

use super::{inbox, talks_with, writes};
use crate::world::caller::Credential;
use crate::world::{Answer, Caller, Fireside, Person, id, people};

/// One operation on a message from alice to bob: what a stranger and its
/// receiver get.
struct Row {
    name: &'static str,
    method: Method,
    path: &'static str,
    body: Option<Value>,
    stranger: u16,
    receiver: u16,
}

fn row(name: &'static str, method: &str, path: &'static str, [stranger, receiver]: [u16; 2]) -> Row {
    Row { name, method: method.parse().unwrap(), path, body: None, stranger, receiver }
}

impl Row {
    fn with(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }
}

fn rows() -> Vec<Row> {
    let update = "/api/messages/{message}/update_message/";
    vec![
        row("inbox-2", "GET", "/api/token/", [200, 200]),
        row("inbox-3", "GET", "/api/messages/", [200, 200]),
        row("inbox-3", "GET", "/api/messages/?user=alice", [200, 200]),
        row("inbox-4", "POST", "/api/messages/", [201, 201]).with(json!({"receiver": "erin", "content": "x"})),
        row("inbox-5", "POST", update, [404, 403]).with(json!({"content": "x"})),
        row("inbox-6", "DELETE", "/api/messages/{message}/delete_message/", [404, 403]),
        row("inbox-11", "POST", "/api/token/rotate/", [200, 200]),
    ]
}

struct Cast {
    fireside: Fireside,
    alice: Person,
    bob: Person,
    dave: Person,
    message: Value,
}

async fn cast() -> Cast {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, dave);
    fireside.registers("erin").await;
    let message = writes(&alice, &bob, "private words").await;
    Cast { fireside, alice, bob, dave, message }
}

async fn asks(who: &Caller, row: &Row, message: i64) -> Answer {
    let ask = who.asks(row.method.clone(), &row.path.replace("{message}", &message.to_string()));
    match &row.body {
        Some(body) => ask.json(body).await,
        None => ask.await,
    }
}

#[tokio::test]
async fn nobody_gets_anything_without_a_credential() {
    let cast = cast().await;
    let gone = cast.alice.signs_in_again().await;
    gone.does("/api/auth/logout/").await.is(204);
    for row in rows() {
        for place in super::PLACES {
            for who in [&cast.fireside.anyone().through(place), &gone.through(place)] {
                asks(who, &row, id(&cast.message)).await.refused(401, "authentication_required");
            }
        }
    }
    let anyone = cast.fireside.anyone();
    for name in ["bob", "nobody"] {
        anyone.handshake(&format!("/ws/chat/{name}/")).turned_away_with(401).await;
        gone.handshake(&format!("/ws/chat/{name}/")).turned_away_with(401).await;
    }
    assert_eq!(inbox(&cast.alice).await, [cast.message]);
}

#[tokio::test]
async fn another_site_can_change_nothing_with_the_cookie_alone() {
    let cast = cast().await;
    let session = cast.alice.signs_in_by_page().await;
    let forged = cast.alice.showing(Credential::BareCookie(session.clone()));
    for row in rows() {
        let answer = asks(&forged, &row, id(&cast.message)).await;
        if row.method == Method::GET {
            assert_eq!(answer.status, 200, "{}: {answer}", row.name);
            assert!(!answer.has("access-control-allow-origin"), "{answer}");
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
        } else {
            answer.refused(403, "csrf_failed");
        }
    }
    let handshake = forged.handshake("/ws/chat/bob/");
    handshake.clone().with("Origin", "https://evil.example").turned_away_with(403).await;
    handshake.with("Origin", &cast.fireside.url).enters().await.stays_silent().await;
    assert_eq!(inbox(&cast.alice).await, std::slice::from_ref(&cast.message));
    // With the header it is her own browser.
    let browser = cast.alice.showing(Credential::Session(session));
    let path = super::update(&cast.message);
    browser.post(&path, &json!({"content": "by browser"})).await.is(200);
}

#[tokio::test]
async fn strangers_and_receivers_get_what_is_theirs() {
    let cast = cast().await;
    for row in rows() {
        for (who, status) in [(&cast.dave, row.stranger), (&cast.bob, row.receiver)] {
            let answer = asks(who, &row, id(&cast.message)).await;
            assert_eq!(answer.status, status, "{}: {answer}", row.name);
            assert!(who.username == "bob" || !answer.text().contains("private"), "{answer}");
            match status {
                403 => drop(answer.refused(403, "permission_denied")),
                404 => drop(answer.refused(404, "not_found")),
                _ => {}
            }
        }
    }
    assert_eq!(inbox(&cast.alice).await, [cast.message]);
}

#[tokio::test]
async fn what_is_forbidden_looks_like_what_never_was() {
    let cast = cast().await;
    let mut compared = 0;
    for row in rows().iter().filter(|row| row.stranger == 404) {
        for place in super::PLACES {
            let dave = cast.dave.through(place);
            let forbidden = asks(&dave, row, id(&cast.message)).await.refused(404, "not_found");
            let unknown = asks(&dave, row, 999_999).await.refused(404, "not_found");
            assert_eq!(forbidden.as_seen_by_a_prober(), unknown.as_seen_by_a_prober(), "{}", row.name);
            compared += 1;
        }
    }
    assert_eq!(compared, 4);
}

#[tokio::test]
async fn a_browser_is_told_by_close_code_that_nobody_has_that_name() {
    let cast = cast().await;
    let here = cast.fireside.url.clone();
    let anyone = cast.fireside.anyone();
    anyone.handshake("/ws/chat/bob/").with("Origin", &here).enters().await.is_closed_with(4401).await;
    cast.dave.handshake("/ws/chat/nobody/").with("Origin", &here).enters().await.is_closed_with(4404).await;
    talks_with(&cast.dave, "bob").await.stays_silent().await;
}
