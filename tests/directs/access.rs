//! Who gets what: every row of the dialect, asked by everyone who must not get it.

use reqwest::Method;
use serde_json::{Value, json};

use super::{CHATS, CREATE, PLACES, USERS, chat_of, chats, enters, hears_body, socket};
use crate::world::caller::Credential;
use crate::world::{Answer, Caller, Fireside, Person, Room, people};

fn rows(bob: &Person) -> Vec<(&'static str, Method, &'static str, Option<Value>, u16)> {
    vec![
        ("directs-1", Method::GET, USERS, None, 200),
        ("directs-2", Method::GET, CHATS, None, 200),
        ("directs-3", Method::POST, CREATE, Some(json!({"user_id": bob.id})), 201),
    ]
}

async fn asks(who: &Caller, method: &Method, path: &str, body: Option<&Value>) -> Answer {
    let ask = who.asks(method.clone(), path);
    match body {
        Some(body) => ask.json(body).await,
        None => ask.await,
    }
}

struct Cast {
    fireside: Fireside,
    alice: Person,
    bob: Person,
    dave: Person,
    chat: Room,
}

/// Alice wrote to bob; dave stands outside.
async fn cast() -> Cast {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, dave);
    let chat = chat_of(&alice, &bob).await;
    alice.posts("private words").in_room(&chat).await;
    Cast { fireside, alice, bob, dave, chat }
}

#[tokio::test]
async fn nobody_gets_anything_without_a_credential() {
    let cast = cast().await;
    let gone = cast.bob.signs_in_again().await;
    gone.does("/api/auth/logout/").await.is(204);
    for place in PLACES {
        for who in [&cast.fireside.anyone().through(place), &gone.through(place)] {
            for (_, method, path, body, _) in rows(&cast.alice) {
                asks(who, &method, path, body.as_ref()).await.refused(401, "authentication_required");
            }
            for chat in [&cast.chat, &Room { id: 999_999 }] {
                who.handshake(&socket(chat)).turned_away_with(401).await;
            }
        }
    }
    assert_eq!(chats(&cast.bob).await[0]["unread_count"], 1, "nothing was marked");
}

#[tokio::test]
async fn another_site_can_change_nothing_with_the_cookie_alone() {
    let cast = cast().await;
    let session = cast.bob.signs_in_by_page().await;
    let forged = cast.bob.showing(Credential::BareCookie(session.clone()));
    for (name, method, path, body, _) in rows(&cast.dave) {
        let answer = asks(&forged, &method, path, body.as_ref()).await;
        if method == Method::GET {
            assert_eq!(answer.status, 200, "{name}: {answer}");
            assert!(!answer.has("access-control-allow-origin"), "{answer}");
        } else {
            answer.refused(403, "csrf_failed");
        }
    }
    let handshake = || forged.handshake(&socket(&cast.chat));
    for origin in ["https://evil.example", "null"] {
        handshake().with("Origin", origin).turned_away_with(403).await;
    }
    assert_eq!(chats(&cast.bob).await.len(), 1, "nothing was made");
    assert_eq!(chats(&cast.bob).await[0]["unread_count"], 1, "and nothing was marked");
    let mut listener = handshake().with("Origin", &cast.fireside.url).enters().await;
    hears_body(&mut listener, "private words", false).await;
    let browser = cast.bob.showing(Credential::Session(session));
    browser.post(CREATE, &json!({"user_id": cast.dave.id})).await.is(201);
}

#[tokio::test]
async fn everybody_gets_their_own() {
    let cast = cast().await;
    for who in [&cast.alice, &cast.dave] {
        for (name, method, path, body, status) in rows(&cast.bob) {
            let answer = asks(who, &method, path, body.as_ref()).await;
            assert_eq!(answer.status, status, "{name}: {answer}");
            assert!(!answer.text().contains('@'), "no addresses: {answer}");
            assert!(who.username == "alice" || !answer.text().contains("private"), "{answer}");
        }
    }
}

#[tokio::test]
async fn anothers_chat_looks_like_one_that_never_was() {
    let cast = cast().await;
    for place in PLACES {
        let dave = cast.dave.through(place);
        let forbidden = dave.handshake(&socket(&cast.chat)).turned_away().await;
        let unknown = dave.handshake(&socket(&Room { id: 999_999 })).turned_away().await;
        assert_eq!(forbidden.status, 404);
        assert!(forbidden.body.contains("not_found"), "{forbidden:?}");
        assert_eq!(forbidden.as_seen_by_a_prober(), unknown.as_seen_by_a_prober());
    }
    let mut listener = enters(&cast.bob, &cast.chat).await;
    hears_body(&mut listener, "private words", false).await;
}

#[tokio::test]
async fn a_browser_is_refused_by_close_code() {
    let cast = cast().await;
    let here = cast.fireside.url.clone();
    let anyone = cast.fireside.anyone();
    for (handshake, code) in [
        (anyone.handshake(&socket(&cast.chat)), 4401),
        (cast.dave.handshake(&socket(&cast.chat)), 4404),
        (cast.dave.handshake(&socket(&Room { id: 999_999 })), 4404),
    ] {
        handshake.with("Origin", &here).enters().await.is_closed_with(code).await;
    }
}
