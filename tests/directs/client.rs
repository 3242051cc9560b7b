//! As the system's own client calls it: a page of another origin, signed in by cookie, that resolves
//! its paths against the server's host.

use reqwest::Method;
use serde_json::{Value, json};

use super::{hears, hears_body, socket};
use crate::world::bytes::text;
use crate::world::caller::{Ask, Credential, Session};
use crate::world::person::cookie;
use crate::world::{Answer, Caller, Fireside, Listener, Room, id};

const PAGE: &str = "https://fit.example";
/// Where what the client calls stands.
const PLACES: [&str; 2] = ["", "/c/directs"];

/// The client in somebody's browser.
struct Page {
    caller: Caller,
}

impl Page {
    fn opens(fireside: &Fireside, place: &'static str) -> Self {
        Self { caller: fireside.anyone().through(place) }
    }

    fn asks(&self, method: Method, path: &str) -> Ask {
        self.caller.asks(method, path).with("Origin", PAGE)
    }

    async fn gets(&self, path: &str) -> Answer {
        self.asks(Method::GET, path).await
    }

    async fn posts(&self, path: &str, body: &Value) -> Answer {
        self.asks(Method::POST, path).json(body).await
    }

    /// Goes on with the cookies that an answer sets.
    fn keeps_cookies(&mut self, answer: &Answer) {
        let session = Session { id: cookie(answer, "sessionid"), csrf: cookie(answer, "csrftoken") };
        self.caller = self.caller.showing(Credential::Session(session));
    }

    async fn registers(fireside: &Fireside, place: &'static str, name: &str) -> Self {
        let mut page = Self::opens(fireside, place);
        let answer = page.posts("/api/register/", &newcomer(name)).await.is(201);
        page.keeps_cookies(&answer);
        page
    }

    async fn enters(&self, chat: &Room) -> Listener {
        self.caller.handshake(&socket(chat)).with("Origin", PAGE).enters().await
    }
}

/// What its form sends; of most of it no other API knows anything.
fn newcomer(name: &str) -> Value {
    json!({
        "username": name, "email": format!("{name}@example.com"), "password": "correct horse",
        "first_name": "", "last_name": "", "user_type": "User",
    })
}

async fn listed() -> Fireside {
    Fireside::start_with(&["--cors-origin", PAGE]).await
}

#[tokio::test]
async fn a_page_registers_signs_in_and_out() {
    let fireside = listed().await;
    for (place, name) in PLACES.into_iter().zip(["alice", "bob"]) {
        let mut page = Page::opens(&fireside, place);
        let before = page.gets("/api/csrf-token/").await.is(200);
        assert_eq!(before.json(), json!({"csrfToken": cookie(&before, "csrftoken")}), "before anybody signs in");
        page.gets("/api/user/").await.is(401);
        let registered = page.posts("/api/register/", &newcomer(name)).await.is(201);
        page.keeps_cookies(&registered);
        let me = page.gets("/api/user/").await.is(200).json();
        assert_eq!(registered.json(), json!({"user": me}));
        assert_eq!((&me["username"], &me["email"]), (&json!(name), &json!(format!("{name}@example.com"))));
        let token = page.gets("/api/csrf-token/").await.is(200);
        assert_eq!(token.json()["csrfToken"], cookie(&registered, "csrftoken"), "the session's own");
        assert_eq!(cookie(&token, "csrftoken"), cookie(&registered, "csrftoken"));
        page.posts("/api/logout/", &json!({})).await.is(204);
        page.gets("/api/user/").await.is(401);

        let other = json!({"username": name, "password": "another horse"});
        page.posts("/api/login/", &other).await.is(401);
        let right = json!({"username": name, "password": "correct horse"});
        let signed_in = page.posts("/api/login/", &right).await.is(200);
        assert_eq!(signed_in.json(), json!({"user": me}));
        page.keeps_cookies(&signed_in);
        page.gets("/api/user/").await.is(200);
    }
    for path in ["/api/login/", "/api/register/", "/api/user/", "/api/csrf-token/", "/chat/get-chats/"] {
        fireside.anyone().through("/d/directs").get(path).await.refused(404, "not_found");
    }
}

#[tokio::test]
async fn two_pages_find_each_other_and_talk() {
    let fireside = listed().await;
    let alice = Page::registers(&fireside, "", "alice").await;
    let bob = Page::registers(&fireside, "/c/directs", "bob").await;
    let users = alice.gets("/chat/get-users/").await.is(200).json();
    assert_eq!(users, json!([{"id": 2, "username": "bob"}]));
    let chat = alice.posts("/chat/create-chat/", &json!({"user_id": 2})).await.is(201).json();
    assert_eq!((&chat["other_user"]["username"], &chat["last_message"]), (&json!("bob"), &Value::Null));
    let room = Room::of(&chat);
    let mut hers = alice.enters(&room).await;
    hers.says(&json!({"body": "hello"})).await;
    hears_body(&mut hers, "hello", false).await;
    let mut his = bob.enters(&room).await;
    hears_body(&mut his, "hello", false).await;
    his.says(&json!({"body": "hi"})).await;
    assert_eq!(hears(&mut his).await, hears(&mut hers).await);
    let again = bob.posts("/chat/create-chat/", &json!({"user_id": 1})).await.is(201).json();
    assert_eq!(id(&again), room.id);
    assert_eq!(again["last_message"]["body"], "hi");
    let list = bob.gets("/chat/get-chats/").await.is(200).json();
    assert_eq!(list, json!([again]));
    assert_eq!(bob.gets("/api/users/").await.is(200).json(), json!([{"id": 1, "username": "alice"}]));
}

/// The page shows people the `error`.
#[tokio::test]
async fn a_refusal_is_a_sentence() {
    let fireside = listed().await;
    for (place, name) in PLACES.into_iter().zip(["alice", "bob"]) {
        let page = Page::registers(&fireside, place, name).await;
        let nobody = Page::opens(&fireside, place);
        let me = id(&page.gets("/api/user/").await.json());
        let wrong = json!({"username": name, "password": "another horse"});
        let short = json!({"username": "carol", "password": "x"});
        for (answer, status, code, words) in [
            (
                page.posts("/chat/create-chat/", &json!({"user_id": me})).await,
                400,
                "validation_error",
                "Cannot create a chat with yourself",
            ),
            (page.posts("/chat/create-chat/", &json!({})).await, 400, "validation_error", "required"),
            (page.posts("/chat/create-chat/", &json!({"user_id": 99})).await, 400, "validation_error", "exist"),
            (nobody.posts("/api/register/", &newcomer(name)).await, 400, "validation_error", "username"),
            (nobody.posts("/api/register/", &short).await, 400, "validation_error", "password"),
            (nobody.posts("/api/login/", &wrong).await, 401, "invalid_credentials", " "),
            (nobody.gets("/chat/get-chats/").await, 401, "authentication_required", "Authentication credentials"),
            (page.asks(Method::DELETE, "/chat/get-chats/").await, 405, "method_not_allowed", "not allowed"),
        ] {
            let body = answer.clone().is(status).json();
            let sentence = body["error"].as_str().unwrap();
            assert!(sentence.contains(words) && sentence.contains(' ') && sentence != code, "{answer}");
            assert_eq!((&body["message"], &body["detail"]), (&body["error"], &body["error"]));
            assert_eq!(body["code"], code, "{answer}");
        }
    }
    // Everything of the document is there too, and refuses in the same way; in its own place it does not.
    let nobody = fireside.anyone();
    let there = nobody.through("/c/directs").get("/api/chats/").await.is(401).json();
    assert_eq!(there["error"], "Authentication credentials were not provided.");
    nobody.through("/d/directs").get("/api/chats/").await.refused(401, "authentication_required");
    nobody.get("/api/chats/").await.refused(401, "authentication_required");
}

/// Status by who asks: nobody, a token, a cookie with and without the token against forgery, and a stranger's page.
#[tokio::test]
async fn who_gets_what() {
    let fireside = listed().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let chat = json!({"user_id": bob.id});
    for place in PLACES {
        for (method, path, body, good) in [
            (Method::GET, "/api/user/", None, 200),
            (Method::GET, "/chat/get-users/", None, 200),
            (Method::GET, "/chat/get-chats/", None, 200),
            (Method::POST, "/chat/create-chat/", Some(&chat), 201),
            (Method::POST, "/api/logout/", None, 204),
        ] {
            let session = alice.signs_in_by_page().await;
            let token = alice.signs_in_again().await.token;
            let ask = |credential: Credential| {
                let ask = fireside.anyone().through(place).showing(credential).asks(method.clone(), path);
                if let Some(body) = body { ask.json(body) } else { ask }
            };
            let cookie = || ask(Credential::Session(session.clone()));
            let writes = if method == Method::GET { good } else { 403 };
            ask(Credential::Nothing).await.is(401);
            ask(Credential::Token("0".repeat(40))).await.is(401);
            ask(Credential::BareCookie(session.clone())).await.is(writes);
            cookie().with("Origin", "https://evil.example").await.is(writes);
            ask(Credential::Token(token)).await.is(good);
            cookie().with("Origin", PAGE).await.is(good);
        }
        fireside.anyone().through(place).get("/api/csrf-token/").await.is(200);
        let login = json!({"username": "alice", "password": alice.password});
        let at_door = |origin: &'static str| {
            let ask = fireside.anyone().through(place).post("/api/login/", &login);
            ask.with("Origin", origin)
        };
        at_door("https://evil.example").await.is(403);
        at_door(PAGE).await.is(200);
    }
}

#[tokio::test]
async fn it_takes_the_forms_of_pages() {
    let fireside = listed().await;
    for (place, name) in PLACES.into_iter().zip(["alice", "bob"]) {
        let mut page = Page::opens(&fireside, place);
        let parts = [text("username", name), text("password", "correct horse"), text("email", "")];
        page.asks(Method::POST, "/api/register/").parts(&parts).await.is(201);
        let answer = page.asks(Method::POST, "/api/login/").parts(&parts[..2]).await.is(200);
        page.keeps_cookies(&answer);
        assert_eq!(page.gets("/api/user/").await.is(200).json()["email"], "");
        if name == "bob" {
            let chat = page.asks(Method::POST, "/chat/create-chat/").parts(&[text("user_id", "1")]).await.is(201);
            assert_eq!(chat.json()["other_user"]["username"], "alice");
        }
    }
}

#[tokio::test]
async fn signing_in_and_registering_are_limited_and_nothing_else() {
    let fireside = Fireside::start_with_limits(&["--limit-api", "1/h", "--limit-auth", "5/h"]).await;
    let alice = fireside.registers("alice").await;
    for _ in 0..4 {
        for place in PLACES {
            alice.through(place).get("/chat/get-chats/").await.is(200);
            alice.through(place).get("/api/user/").await.is(200);
        }
    }
    let wrong = json!({"username": "alice", "password": "another horse"});
    for place in ["", "/c/directs", "/d/inbox", "/c/directs", ""] {
        let path = if place == "/d/inbox" { "/api/auth/login/" } else { "/api/login/" };
        fireside.anyone().through(place).post(path, &wrong).await.is(401);
    }
    for place in PLACES {
        let refused = fireside.anyone().through(place).post("/api/login/", &wrong).await.is(429);
        assert_eq!(refused.json()["code"], "rate_limited");
        assert!(refused.json()["error"].as_str().unwrap().contains("throttled"), "{refused}");
    }
    let mut made = 1;
    let refused = loop {
        let page = fireside.anyone().through(PLACES[made % 2]);
        let answer = page.post("/api/register/", &newcomer(&format!("guest{made}"))).await;
        if answer.status == 429 {
            break answer;
        }
        answer.is(201);
        made += 1;
        assert!(made < 40);
    };
    assert!(made >= 10 && refused.has("retry-after"), "{made}");
}
