//! Rows that ask for no credential: registering, signing in, and the web client.

use reqwest::Method;
use serde_json::{Value, json};

use super::cast::{Actor, Kind, Visitor};
use super::matrix::{ROLES, Role, Row};
use super::scene::Sort;
use super::walk::{Reply, Walk};
use crate::world::bytes::{PNG, Part, file};
use crate::world::person::cookie;
use crate::world::{Answer, Person};

/// Asks, if the row is one of these.
pub async fn asks(walk: &mut Walk<'_>) -> bool {
    match walk.row.op.as_str() {
        "rooms-1" | "messenger-2" | "directs-client-2" | "server-12" => registers(walk).await,
        "inbox-1" | "rooms-2" | "messenger-3" | "directs-client-1" | "server-1" => signs_in(walk).await,
        "messenger-4" => refreshes(walk).await,
        "web-1" | "web-2" | "directs-client-5" | "server-3" | "server-4" | "server-5" | "server-6" | "server-7"
        | "server-8" | "server-9" | "server-45" | "server-46" => looks(walk).await,
        "web-3" => signs_in_by_page(walk).await,
        "server-11" | "server-13" | "server-14" | "server-15" => shows_a_code(walk).await,
        "messaging-39" | "messaging-40" | "messaging-41" => speaks_by_a_hook(walk).await,
        _ => return false,
    }
    walk.has_seen_all();
    true
}

/// These open a session; no other answer sets its cookie.
fn opens_a_session(row: &Row) -> bool {
    row.op.starts_with("directs-client-") || row.op == "server-1"
}

/// Everybody who may ask in a row, each with every credential.
fn everybody(walk: &Walk<'_>) -> Vec<(Role, Visitor)> {
    let roles = ROLES.into_iter().filter(|role| walk.row.applies_to(*role));
    roles.flat_map(|role| walk.cast.visitors(role, walk.row, false).into_iter().map(move |who| (role, who))).collect()
}

async fn posts(visitor: &Visitor, path: &str, body: &Value) -> Answer {
    visitor.asks(Method::POST, path).json(body).await
}

fn sets_no_session(row: &Row, answer: &Answer) {
    if opens_a_session(row) && answer.status < 300 {
        return;
    }
    let mut cookies = answer.headers.get_all("set-cookie").iter();
    assert!(!cookies.any(|line| line.to_str().unwrap().starts_with("sessionid=")), "{answer}");
}

async fn registers(walk: &mut Walk<'_>) {
    for (role, visitor) in everybody(walk) {
        for place in walk.places.clone() {
            let name = walk.cast.new_name();
            let body = json!({
                "username": name, "email": format!("{name}@example.com"), "password": "a long secret",
                "is_admin": true, "is_staff": true, "id": 1, "token": "chosen",
            });
            let answer = posts(&visitor, &format!("{place}{}", walk.row.path), &body).await;
            sets_no_session(walk.row, &answer);
            walk.sees(role, answer.status);
            let made = answer.json();
            let user = made.get("user").unwrap_or(&made);
            assert_ne!(user["id"], 1, "{answer}");
            assert_ne!(made["token"], "chosen", "{answer}");
            assert!(!answer.text().contains("a long secret"), "{answer}");
        }
    }
}

async fn signs_in(walk: &mut Walk<'_>) {
    let frank = &walk.cast.frank;
    for (role, visitor) in everybody(walk) {
        for place in walk.places.clone() {
            for (password, status) in [(frank.person.password.as_str(), 200), ("wrong password", 401)] {
                let body = json!({"username": "frank", "password": password});
                let answer = posts(&visitor, &format!("{place}{}", walk.row.path), &body).await;
                let expected = if role == Role::Xsite { 403 } else { status };
                assert_eq!(answer.status, expected, "{role:?}: {answer}");
                sets_no_session(walk.row, &answer);
                walk.sees(role, answer.status);
            }
        }
    }
    if walk.row.op == "inbox-1" {
        // A cookie alone neither helps nor hinders.
        let cookie = walk.cast.dave.session.cookie();
        for (password, status) in [(frank.person.password.as_str(), 200), ("wrong password", 401)] {
            let body = json!({"username": "frank", "password": password});
            let anyone = walk.cast.fireside.anyone();
            let answer = anyone.post(&walk.row.path, &body).with("Cookie", &cookie).await.is(status);
            sets_no_session(walk.row, &answer);
            walk.sees(Role::Xsite, answer.status);
        }
    }
}

async fn refreshes(walk: &mut Walk<'_>) {
    for (role, visitor) in everybody(walk) {
        let tokens = match role {
            Role::Anon => vec!["nonsense".to_owned(), String::new(), walk.cast.dave.access.clone()],
            Role::Revoked => vec![walk.cast.revoked_refresh.clone()],
            _ => vec![walk.cast.dave.refresh.clone()],
        };
        for place in walk.places.clone() {
            for token in &tokens {
                let answer = posts(&visitor, &format!("{place}{}", walk.row.path), &json!({"refresh": token})).await;
                // An empty one is a field left out.
                let status = if token.is_empty() && answer.status == 400 { 401 } else { answer.status };
                assert_eq!(status, walk.row.expected(role, false), "{role:?} {token:?}: {answer}");
                walk.sees(role, status);
            }
        }
    }
}

/// Alice's avatar, and the pages that hold nobody's data.
async fn looks(walk: &mut Walk<'_>) {
    let paths = if walk.row.op == "web-2" {
        walk.cast.scene(Sort::Private).await;
        vec!["/".to_owned(), "/login/".to_owned()]
    } else {
        let alice = &walk.cast.alice.person;
        let part = Part { field: "avatar", ..file("me.png", "image/png", PNG) };
        let me = alice.asks(Method::PATCH, &format!("/api/users/{}/", alice.id)).parts(&[part]).await.is(200);
        let me = me.json();
        let picture = me["avatar_url"].as_str().unwrap().rsplit('/').next().unwrap();
        let path = walk.row.path.replace("{name}", picture).replace("{dialect}", "rooms");
        walk.places.iter().map(|place| format!("{place}{path}")).collect()
    };
    for (role, visitor) in everybody(walk) {
        for path in &paths {
            let answer = visitor.asks(Method::GET, path).await;
            walk.sees(role, answer.status);
            let text = answer.text();
            for actor in walk.cast.everybody() {
                assert!(!text.contains(&actor.person.email), "{answer}");
            }
            Reply::of(&answer).tells_nothing(&walk.row.op);
        }
    }
}

/// Whoever knows the URL of a hook speaks by it, whoever else they are.
async fn speaks_by_a_hook(walk: &mut Walk<'_>) {
    let scene = walk.cast.scene(Sort::Private).await;
    let path = format!("/messages/api/chats/{}/hooks/", scene.chat);
    for (role, visitor) in everybody(walk) {
        // Of its own, since each speaks so often at most.
        let hook = walk.cast.alice.person.post(&path, &json!({"label": "hook"})).await.is(201).json();
        let right = hook["url"].as_str().unwrap().rsplit('/').nth(1).unwrap();
        for place in walk.places.clone() {
            for secret in [right, &"0".repeat(64)] {
                let path = format!("{place}{}", walk.row.path.replace("{key}", secret));
                let answer = posts(&visitor, &path, &json!({"text": "by a hook"})).await;
                assert_eq!(answer.status, if secret == right { 200 } else { 404 }, "{role:?}: {answer}");
                sets_no_session(walk.row, &answer);
                walk.sees(role, answer.status);
            }
        }
        walk.cast.alice.person.delete(&format!("{path}{}/", hook["id"])).await.is(204);
    }
}

/// The codes of links: a wrong one is nothing, and the right one is all that it takes.
async fn shows_a_code(walk: &mut Walk<'_>) {
    let alice = &walk.cast.alice.person;
    for (role, visitor) in everybody(walk) {
        let wrong = json!({"code": "0".repeat(40), "username": walk.cast.new_name(), "password": "a long secret"});
        let answer = posts(&visitor, &walk.row.path, &wrong).await;
        assert_eq!(answer.status, if role == Role::Xsite { 403 } else { 404 }, "{role:?}: {answer}");
        walk.sees(role, answer.status);
        let made = match walk.row.op.as_str() {
            "server-11" => continue,
            "server-13" => alice.post("/api/server/invites/", &json!({})).await.is(201),
            _ => {
                let guest = walk.cast.guest().await.person.id;
                alice.does(&format!("/api/server/users/{guest}/reset/")).await.is(201)
            }
        };
        let right = json!({"code": made.json()["code"], "password": "another long secret"});
        let answer = posts(&visitor, &walk.row.path, &right).await;
        assert_eq!(answer.status < 300, role != Role::Xsite, "{role:?}: {answer}");
        sets_no_session(walk.row, &answer);
        walk.sees(role, answer.status);
    }
}

async fn signs_in_by_page(walk: &mut Walk<'_>) {
    let login = |person: &Person, password: &str| json!({"username": person.username, "password": password});
    for role in [Role::Anon, Role::Revoked, Role::Xsite] {
        for visitor in walk.cast.visitors(role, walk.row, false) {
            let frank = &walk.cast.frank.person;
            for password in [frank.password.as_str(), "wrong password"] {
                let answer = posts(&visitor, "/login/", &login(frank, password)).await;
                assert!(role != Role::Xsite || !answer.has("set-cookie"), "{answer}");
                walk.sees(role, answer.status);
            }
        }
    }
    let forged = walk.cast.dave.forged();
    let body = json!({"old_password": walk.cast.dave.person.password, "new_password": "another password"});
    for (path, body) in [("/logout/", json!({})), ("/api/auth/password/", body)] {
        walk.sees(Role::Xsite, posts(&forged, path, &body).await.status);
    }
    walk.cast.dave.with(Kind::Cookie).asks(Method::GET, "/api/auth/me/").await.is(200);
    for role in [Role::Outsider, Role::Author] {
        let guest = walk.cast.guest().await;
        let answer = posts(&nobody(walk), "/login/", &login(&guest.person, &guest.person.password)).await;
        assert_ne!(cookie(&answer, "sessionid"), guest.session.id, "a new session");
        walk.sees(role, answer.status);
        ends_all_but_itself(&guest).await;
    }
}

fn nobody(walk: &Walk<'_>) -> Visitor {
    walk.cast.visitors(Role::Anon, walk.row, false).remove(0)
}

/// The password asks for the old one and ends everything else; leaving ends the rest.
async fn ends_all_but_itself(guest: &Actor) {
    let browser = guest.with(Kind::Cookie);
    let mut body = json!({"old_password": "wrong password", "new_password": "another password"});
    posts(&browser, "/api/auth/password/", &body).await.is(400);
    body["old_password"] = json!(guest.person.password);
    posts(&browser, "/api/auth/password/", &body).await.is(204);
    for kind in [Kind::Device, Kind::Account, Kind::Jwt] {
        guest.with(kind).asks(Method::GET, "/api/auth/me/").await.is(401);
    }
    browser.asks(Method::GET, "/api/auth/me/").await.is(200);
    let left = posts(&browser, "/logout/", &json!({})).await;
    assert!((200..400).contains(&left.status), "{left}");
    browser.asks(Method::GET, "/api/auth/me/").await.is(401);
}
