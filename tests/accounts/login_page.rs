//! `/login/` and `/logout/`: sessions in cookies, and what guards them against
//! other sites (`web-3`).

use serde_json::json;

use crate::world::caller::{Credential, Session};
use crate::world::person::{cookie, cookie_line};
use crate::world::{Answer, Caller, Fireside, Person};

const ME: &str = "/api/auth/me/";

async fn signs_in(fireside: &Fireside, person: &Person, headers: &[(&str, &str)]) -> Answer {
    let body = json!({"username": person.username, "password": person.password});
    let mut ask = fireside.anyone().post("/login/", &body);
    for (name, value) in headers {
        ask = ask.with(name, value);
    }
    ask.await
}

async fn opens_room_with(caller: &Caller, csrf: Option<&str>) -> Answer {
    let ask = caller.post("/api/rooms/", &json!({"name": "den"}));
    match csrf {
        Some(csrf) => ask.with("X-CSRFToken", csrf).await,
        None => ask.await,
    }
}

#[track_caller]
fn is_csrf_failure(answer: Answer) {
    let answer = answer.refused(403, "csrf_failed");
    let message = answer.json()["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("CSRF Failed: "), "{message}");
}

#[tokio::test]
async fn signing_in_sets_two_cookies_with_their_attributes() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let answer = signs_in(&fireside, &alice, &[]).await.is(200);
    assert_eq!(answer.json()["user"]["username"], "alice");
    assert!(answer.json().get("token").is_none(), "{answer}");
    let attributes = |name: &str| -> Vec<String> {
        cookie_line(&answer, name).split(';').skip(1).map(|attribute| attribute.trim().to_lowercase()).collect()
    };
    for (name, http_only) in [("sessionid", true), ("csrftoken", false)] {
        let attributes = attributes(name);
        let has = |wanted: &str| attributes.iter().any(|attribute| attribute == wanted);
        assert!(has("samesite=lax"), "{name}: {attributes:?}");
        assert!(has("path=/"), "{name}: {attributes:?}");
        assert_eq!(has("httponly"), http_only, "{name}: {attributes:?}");
        assert!(!has("secure"), "this is plain HTTP: {attributes:?}");
    }
    let session = Session { id: cookie(&answer, "sessionid"), csrf: cookie(&answer, "csrftoken") };
    let browser = fireside.anyone().showing(Credential::Session(session));
    assert_eq!(browser.get(ME).await.is(200).json()["id"], alice.id);
}

#[tokio::test]
async fn every_sign_in_is_a_new_session() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let first = alice.signs_in_by_page().await;
    let planted = format!("sessionid={}", "a".repeat(first.id.len()));
    let answer = signs_in(&fireside, &alice, &[("Cookie", &planted)]).await.is(200);
    let second = cookie(&answer, "sessionid");
    assert_ne!(second, first.id);
    assert!(!planted.ends_with(&second), "a planted id is not adopted");
    let again = signs_in(&fireside, &alice, &[("Cookie", &first.cookie())]).await.is(200);
    assert_ne!(cookie(&again, "sessionid"), first.id);
}

#[tokio::test]
async fn a_wrong_password_sets_nothing() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let wrong = [("username", "alice"), ("password", "wrong password")];
    for accept in ["application/json", "text/html"] {
        let answer = fireside.anyone().sends_form("/login/", &wrong).with("Accept", accept).await;
        assert_eq!(answer.status, 401, "{answer}");
        assert!(!answer.text().is_empty());
        let cookies = answer.headers.get_all("set-cookie").iter();
        let cookies: Vec<_> = cookies.map(|line| line.to_str().unwrap()).collect();
        assert!(!cookies.iter().any(|line| line.starts_with("sessionid=")), "{cookies:?}");
    }
    signs_in(&fireside, &alice, &[]).await.is(200);
}

#[tokio::test]
async fn a_browser_is_sent_on_within_this_site_only() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    for (next, expected) in [
        (None, "/"),
        (Some("/rooms/7"), "/rooms/7"),
        (Some("/rooms?tab=files"), "/rooms?tab=files"),
        (Some(""), "/"),
        (Some("//evil.example"), "/"),
        (Some("///evil.example"), "/"),
        (Some("/\\evil.example"), "/"),
        (Some("\\\\evil.example"), "/"),
        (Some("/\t/evil.example"), "/"),
        (Some("/\r\nSet-Cookie: a=b"), "/"),
        (Some("https://evil.example"), "/"),
        (Some("https:evil.example"), "/"),
        (Some("javascript:alert(1)"), "/"),
    ] {
        let mut form = vec![("username", "alice"), ("password", alice.password.as_str())];
        form.extend(next.map(|next| ("next", next)));
        let ask = fireside.anyone().sends_form("/login/", &form).with("Accept", "text/html");
        let answer = ask.await.is(302);
        assert_eq!(answer.header("location"), expected, "{next:?}");
        assert_eq!(answer.headers.get_all("set-cookie").iter().count(), 2, "{answer}");
        cookie(&answer, "sessionid");
    }
}

#[tokio::test]
async fn a_foreign_site_signs_nobody_in() {
    let flags = ["--cors-origin", "https://app.example"];
    let fireside = Fireside::start_with(&flags).await;
    let alice = fireside.registers("alice").await;
    for place in ["/login/", "/api/auth/login/", "/d/rooms/api/auth/login/"] {
        let knocks = |origin: &str| {
            let body = json!({"username": "alice", "password": alice.password});
            fireside.anyone().post(place, &body).with("Origin", origin)
        };
        for origin in [
            "https://evil.example",
            "null",
            "http://127.0.0.1:1",
            "https://app.example.evil.example",
            "http://app.example",
        ] {
            let answer = knocks(origin).await;
            assert_eq!(answer.status, 403, "{place} from {origin}: {answer}");
            assert!(!answer.has("set-cookie"), "{answer}");
        }
        knocks(&fireside.url).await.is(200);
        knocks("https://app.example").await.is(200);
    }
}

#[tokio::test]
async fn only_a_listed_site_may_read_answers() {
    let flags = ["--cors-origin", "https://app.example"];
    let fireside = Fireside::start_with(&flags).await;
    let alice = fireside.registers("alice").await;
    let listed = alice.get(ME).with("Origin", "https://app.example").await.is(200);
    assert_eq!(listed.header("access-control-allow-origin"), "https://app.example");
    let foreign = alice.get(ME).with("Origin", "https://evil.example").await.is(200);
    assert!(!foreign.has("access-control-allow-origin"), "{foreign}");
}

#[tokio::test]
async fn a_write_by_cookie_needs_the_token_of_that_very_session() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let session = alice.signs_in_by_page().await;
    let other = alice.signs_in_by_page().await;
    let bare = |session: &Session| alice.showing(Credential::BareCookie(session.clone()));

    is_csrf_failure(opens_room_with(&bare(&session), None).await);
    is_csrf_failure(opens_room_with(&bare(&session), Some("")).await);
    is_csrf_failure(opens_room_with(&bare(&session), Some("forged")).await);
    is_csrf_failure(opens_room_with(&bare(&session), Some(&other.csrf)).await);
    // Whoever can plant a cookie could make both equal: that is not enough.
    for csrf in ["forged", other.csrf.as_str()] {
        let planted = Session { id: session.id.clone(), csrf: csrf.to_owned() };
        is_csrf_failure(opens_room_with(&bare(&planted), Some(csrf)).await);
    }
    let rooms = alice.get("/api/rooms/").await.json();
    assert_eq!(rooms["count"], 0);
    opens_room_with(&bare(&session), Some(&session.csrf)).await.is(201);
    // Reading needs none, and a header instead of a cookie needs none.
    bare(&session).get(ME).await.is(200);
    opens_room_with(&alice, None).await.is(201);
    let with_both = alice.post("/api/rooms/", &json!({"name": "den"}));
    with_both.with("Cookie", &session.cookie()).await.is(201);
}

#[tokio::test]
async fn a_write_by_cookie_from_a_foreign_site_is_refused_even_with_the_token() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let session = alice.signs_in_by_page().await;
    let browser = alice.showing(Credential::Session(session));
    let write = |origin: &str| browser.post("/api/rooms/", &json!({"name": "den"})).with("Origin", origin);
    assert_eq!(write("https://evil.example").await.status, 403);
    write(&fireside.url).await.is(201);
}

#[tokio::test]
async fn logging_out_ends_the_session_and_its_sockets() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let session = alice.signs_in_by_page().await;
    let other = alice.signs_in_by_page().await;
    let browser = alice.showing(Credential::Session(session.clone()));
    let mut listener = browser.handshake(&den.socket()).enters().await;
    let mut device = alice.listens_in(&den).await;

    let forged = alice.showing(Credential::BareCookie(session));
    let answer = forged.does("/logout/").await;
    assert_eq!(answer.status, 403, "{answer}");
    listener.hears_nothing().await;

    let answer = browser.does("/logout/").await;
    assert!((200..400).contains(&answer.status), "{answer}");
    browser.get(ME).await.refused(401, "authentication_required");
    alice.posts("anyone there?").in_room(&den).await;
    listener.is_closed_with(4401).await;
    device.hears_message("anyone there?").await;
    alice.showing(Credential::Session(other)).get(ME).await.is(200);
}

#[tokio::test]
async fn logging_out_over_the_api_ends_a_session_too() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let browser = alice.showing(Credential::Session(alice.signs_in_by_page().await));
    browser.does("/api/auth/logout/").await.is(204);
    browser.get(ME).await.refused(401, "authentication_required");
    alice.get(ME).await.is(200);
}

#[tokio::test]
async fn the_sign_in_page_is_the_web_client() {
    let fireside = Fireside::start().await;
    for path in ["/", "/login/"] {
        let page = fireside.anyone().get(path).await.is(200);
        assert!(page.header("content-type").starts_with("text/html"), "{page}");
        assert!(page.text().to_lowercase().contains("<!doctype html"), "{page}");
    }
}
