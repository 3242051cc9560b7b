//! Where a page comes from: nothing but the server's own origin and those that the operator
//! listed, to the letter; and what a request's own words about its host can do.

use reqwest::{Method, Url};
use serde_json::json;

use crate::world::caller::Credential;
use crate::world::{Caller, Fireside, Person};

const LISTED: &str = "https://app.example";

/// Origins that are like the server's own or like the listed one, and are neither.
fn strangers(fireside: &Fireside) -> Vec<String> {
    let here = fireside.address();
    let (host, port) = here.split_once(':').unwrap();
    [
        "null",
        "",
        "*",
        "file://",
        "https://evil.example",
        "https://app.example.evil.example",
        "https://evil.example/app.example",
        "https://notapp.example",
        "https://pp.example",
        "https://app.exampl",
        "https://app.example:8443",
        "https://app.example:443",
        "https://app.example.",
        "https://app.example/",
        "https://APP.EXAMPLE",
        "HTTPS://app.example",
        "http://app.example",
        "wss://app.example",
        "https://app.example https://evil.example",
        "https://app.example,https://evil.example",
        "https://evil.example,https://app.example",
        "https://user@app.example",
        "https://app.example@evil.example",
        "https://app.example#",
        "https://app.example\\.evil.example",
        "https://app.example%00.evil.example",
        "https://xn--pp-rka.example",
    ]
    .map(ToOwned::to_owned)
    .into_iter()
    .chain([
        format!("http://{host}"),
        format!("http://{here}0"),
        format!("http://{host}:1"),
        format!("http://{host}.:{port}"),
        format!("http://{here}.evil.example"),
        format!("http://{here}@evil.example"),
        format!("http://evil.example@{here}"),
        format!("http://evil{here}"),
        format!("http://{here}/"),
        format!("http://{here}/path"),
        format!("http://{here}?"),
        format!("http://localhost:{port}"),
        format!("http://[::1]:{port}"),
        format!("http://2130706433:{port}"),
        format!("ftp://{here}"),
        format!("evil-app://{here}"),
        format!("HTTP://{here}"),
        format!("//{here}"),
        here.to_owned(),
    ])
    .collect()
}

/// The sockets of every document.
fn doors(room: i64) -> [String; 5] {
    [
        "/ws/chat/alice/".to_owned(),
        "/messages/ws/".to_owned(),
        format!("/ws/chat/{}/", room + 1),
        format!("/ws/room/{room}/"),
        format!("/messenger/ws/ws/chat/room-{room}/"),
    ]
}

/// Every door that makes an account or sets a password, and what it takes. The codes open nothing, so that the last
/// four answer 404 to whoever may ask.
fn registrations(name: &str) -> [(&'static str, serde_json::Value); 10] {
    let who = |kind: &str| {
        let name = format!("{name}{kind}");
        json!({"username": name, "email": format!("{name}@example.com"), "password": "password123", "code": "none"})
    };
    [
        ("/api/auth/register/", who("a")),
        ("/d/rooms/api/auth/register/", who("b")),
        ("/accounts/api/users/", who("c")),
        ("/d/messenger/accounts/api/users/", who("d")),
        ("/api/register/", who("i")),
        ("/c/directs/api/register/", who("j")),
        ("/api/server/setup/", who("e")),
        ("/api/server/invites/look/", who("f")),
        ("/api/server/reset/", who("g")),
        ("/api/server/reset/look/", who("h")),
    ]
}

struct Scene {
    fireside: Fireside,
    alice: Person,
    browser: Caller,
    room: i64,
}

async fn scene() -> Scene {
    let fireside = Fireside::start_with(&["--cors-origin", LISTED]).await;
    let alice = fireside.registers("alice").await;
    let room = alice.opens_room("den").await.id;
    // Notes to self, so that the document that knows direct chats only has one.
    let notes = json!({"chat_type": "dm", "member_ids": [alice.id]});
    assert_eq!(alice.post("/messages/api/chats/", &notes).await.is(201).json()["id"], room + 1);
    let browser = alice.showing(Credential::Session(alice.signs_in_by_page().await));
    Scene { fireside, alice, browser, room }
}

#[tokio::test]
async fn no_origin_but_its_own_and_the_listed_acts_by_cookie() {
    let Scene { fireside, alice, browser, room } = scene().await;
    let login = json!({"username": "alice", "password": alice.password});
    let strangers = strangers(&fireside);
    for origin in &strangers {
        let change = json!({"name": "evil"});
        let answer = browser.patch(&format!("/api/rooms/{room}/"), &change).with("Origin", origin).await;
        assert_eq!(answer.status, 403, "{origin:?}: {answer}");
        let answer = browser.get("/api/auth/me/").with("Origin", origin).await;
        assert!(!answer.has("access-control-allow-origin"), "{origin:?}: {answer}");
        for door in ["/login/", "/api/login/", "/api/auth/login/", "/accounts/api/token/", "/c/directs/api/login/"] {
            let answer = fireside.anyone().post(door, &login).with("Origin", origin).await;
            assert_eq!(answer.status, 403, "{origin:?}: {answer}");
            assert!(!answer.has("set-cookie") && !answer.text().contains("token\":"), "{answer}");
        }
        for (door, body) in registrations("mallory") {
            fireside.anyone().post(door, &body).with("Origin", origin).await.is(403);
        }
        for door in doors(room) {
            browser.handshake(&door).with("Origin", origin).turned_away_with(403).await;
        }
    }
    assert_eq!(alice.get("/api/users/").await.is(200).json().as_array().unwrap().len(), 0, "nobody was made");
    assert_eq!(alice.get(&format!("/api/rooms/{room}/")).await.is(200).json()["name"], "den");
    for origin in [fireside.url.as_str(), LISTED] {
        let change = json!({"name": "den"});
        browser.patch(&format!("/api/rooms/{room}/"), &change).with("Origin", origin).await.is(200);
        fireside.anyone().post("/api/auth/login/", &login).with("Origin", origin).await.is(200);
        for door in doors(room) {
            browser.handshake(&door).with("Origin", origin).enters().await.hangs_up().await;
        }
    }
    for (number, origin) in [fireside.url.as_str(), LISTED].into_iter().enumerate() {
        for (kind, (door, body)) in registrations(&format!("guest{number}")).into_iter().enumerate() {
            let status = if kind < 6 { 201 } else { 404 };
            fireside.anyone().post(door, &body).with("Origin", origin).await.is(status);
        }
    }
    // One that cannot be read, or is said twice, is not taken for none.
    let bytes = reqwest::header::HeaderValue::from_bytes(b"https://\xe4pp.example").unwrap();
    let odd = fireside.anyone().client.post(format!("{}/api/auth/login/", fireside.url)).json(&login);
    assert_eq!(odd.header("Origin", bytes).send().await.unwrap().status(), 403);
    for pair in [[fireside.url.as_str(), "https://evil.example"], ["https://evil.example", fireside.url.as_str()]] {
        let ask = fireside.anyone().post("/api/auth/login/", &login);
        ask.with("Origin", pair[0]).with("Origin", pair[1]).await.is(403);
        browser.handshake(&doors(room)[3]).with("Origin", pair[0]).with("Origin", pair[1]).turned_away_with(403).await;
    }
}

/// With a public URL that is the one origin, whatever host a request names: the same name without TLS is a stranger's
/// to write into, and any other name may lead here.
#[tokio::test]
async fn where_the_operator_named_the_server_that_is_its_origin() {
    let fireside =
        Fireside::start_with(&["--public-url", "https://chat.example", "--cors-origin", "https://app.example"]).await;
    let alice = fireside.registers("alice").await;
    let room = alice.opens_room("den").await.id;
    let browser = alice.showing(Credential::Session(alice.signs_in_by_page().await));
    let login = json!({"username": "alice", "password": alice.password});
    let change = json!({"name": "den"});
    let path = format!("/api/rooms/{room}/");
    for (host, origin, is_own) in [
        ("chat.example", "https://chat.example", true),
        ("chat.example", "https://app.example", true),
        ("127.0.0.1", "https://chat.example", true),
        ("chat.example", "http://chat.example", false),
        ("chat.example", "https://chat.example:8443", false),
        ("chat.example:8443", "https://chat.example:8443", false),
        ("evil.example", "http://evil.example", false),
        ("evil.example", "https://evil.example", false),
        (fireside.address(), fireside.url.as_str(), false),
    ] {
        let at = |ask: crate::world::caller::Ask| ask.with("Host", host).with("Origin", origin);
        let status = |good: u16| if is_own { good } else { 403 };
        at(fireside.anyone().post("/api/auth/login/", &login)).await.is(status(200));
        at(fireside.anyone().post("/accounts/api/token/", &login)).await.is(status(200));
        at(browser.patch(&path, &change)).await.is(status(200));
        let handshake = browser.handshake("/messages/ws/").with("Origin", origin);
        if is_own { handshake.enters().await.hangs_up().await } else { handshake.turned_away_with(403).await }
    }
    // Who is no page is nobody's.
    fireside.anyone().post("/api/auth/login/", &login).with("Host", "evil.example").await.is(200);
}

/// Without one, a request's host is what there is to go by; a proxy that is trusted says whether it came by TLS.
#[tokio::test]
async fn a_page_without_tls_is_not_the_one_with_it() {
    let fireside = Fireside::start_with(&["--trusted-proxy", "127.0.0.1"]).await;
    let alice = fireside.registers("alice").await;
    let login = json!({"username": "alice", "password": alice.password});
    for (proto, origin, status) in [
        ("https", "https://chat.example", 200),
        ("https", "http://chat.example", 403),
        ("http", "http://chat.example", 200),
        ("http", "https://chat.example", 200),
        ("https", "https://evil.example", 403),
    ] {
        let ask = fireside.anyone().post("/api/auth/login/", &login).with("X-Forwarded-Host", "chat.example");
        ask.with("X-Forwarded-Proto", proto).with("Origin", origin).await.is(status);
    }
}

/// A request of alice's to `path` under a host of her own words.
async fn under_host(fireside: &Fireside, alice: &Person, path: &str, host: &str) -> crate::world::raw::RawAnswer {
    let token = &alice.token;
    let head = format!("GET {path} HTTP/1.1\r\n{host}Authorization: Token {token}\r\nConnection: close\r\n\r\n");
    fireside.hears_bytes(head.as_bytes()).await
}

const HOSTS: [&str; 14] = [
    "Host: evil.example\r\n",
    "Host: evil.example:99999\r\n",
    "Host: user@evil.example\r\n",
    "Host: evil.example/path?query\r\n",
    "Host: evil.example#\r\n",
    "Host: \"><script>alert(1)</script>\r\n",
    "Host: evil.example\\@127.0.0.1\r\n",
    "Host: 127.0.0.1 evil.example\r\n",
    "Host: [::1\r\n",
    "Host: %0d%0aX-Evil:1\r\n",
    "Host: \u{e4}.example\r\n",
    "Host:\r\n",
    "Host: one.example\r\nHost: evil.example\r\n",
    "Host: x\r\nX-Forwarded-Host: evil.example\r\nForwarded: host=evil.example\r\n",
];

#[tokio::test]
async fn where_the_operator_named_the_server_no_request_renames_it() {
    let fireside = Fireside::start_with(&["--public-url", "https://chat.example"]).await;
    let alice = fireside.registers("alice").await;
    for name in ["one", "two", "three"] {
        alice.opens_room(name).await;
    }
    for host in HOSTS {
        let answer = under_host(&fireside, &alice, "/api/rooms/?page=2&page_size=1", host).await;
        let status = answer.status().unwrap_or(400);
        assert!([200, 400].contains(&status), "{host:?}: {}", answer.text());
        if status == 200 {
            let page = answer.json();
            for link in ["next", "previous"] {
                let link = page[link].as_str().unwrap();
                assert!(link.starts_with("https://chat.example/api/rooms/?"), "{host:?}: {link}");
            }
            assert!(!answer.text().contains("evil"), "{host:?}: {}", answer.text());
        }
    }
}

#[tokio::test]
async fn a_host_that_is_none_gets_into_no_link() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    alice.opens_room("one").await;
    alice.opens_room("two").await;
    for host in HOSTS {
        let answer = under_host(&fireside, &alice, "/api/rooms/?page_size=1", host).await;
        let status = answer.status().unwrap_or(400);
        assert!([200, 400].contains(&status), "{host:?}: {}", answer.text());
        if status == 200 {
            let next = answer.json()["next"].as_str().unwrap().to_owned();
            // Whoever asks under a name gets that name; no more than a name, and not for others to keep.
            let link = Url::parse(&next).unwrap_or_else(|error| panic!("{host:?} {error}: {next}"));
            assert_eq!((link.path(), link.username(), link.fragment()), ("/api/rooms/", "", None), "{host:?}: {next}");
            assert!(!next.contains(['<', '"', '\\', ' ', '@']), "{host:?}: {next}");
            assert_eq!(answer.header("cache-control").as_deref(), Some("no-store"), "{}", answer.text());
        }
        assert!(answer.header("x-evil").is_none(), "{}", answer.text());
    }
}

#[tokio::test]
async fn nothing_sends_a_browser_to_another_site() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let here = Url::parse(&fireside.url).unwrap();
    let targets = [
        "//evil.example",
        "///evil.example",
        "////evil.example",
        "/\\evil.example",
        "\\/evil.example",
        "/\t/evil.example",
        "\t//evil.example",
        " //evil.example",
        "/\n/evil.example",
        "/.//evil.example",
        "/..//evil.example",
        "/%2f/evil.example",
        "/%5cevil.example",
        "/%09/evil.example",
        "https://evil.example",
        "HTTPS:evil.example",
        "https:/evil.example",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "@evil.example",
        ":80@evil.example",
        ".evil.example",
        "/\u{2028}/evil.example",
        "/\u{ff0f}evil.example",
        "//evil\u{3002}example",
        "/rooms\0",
        "?//evil.example",
    ];
    for next in targets {
        let form = [("username", "alice"), ("password", alice.password.as_str()), ("next", next)];
        let answer = fireside.anyone().sends_form("/login/", &form).with("Accept", "text/html").await;
        assert!([302, 400].contains(&answer.status), "{next:?}: {answer}");
        if answer.status == 302 {
            let target = here.join(answer.header("location")).unwrap();
            assert_eq!(target.origin(), here.origin(), "{next:?}: {answer}");
        }
        let query = form_urlencoded(next);
        for path in [format!("/login/?next={query}"), format!("/logout/?next={query}")] {
            let answer = alice.asks(Method::GET, &path).with("Accept", "text/html").await;
            assert!(!answer.has("location"), "{answer}");
        }
    }
    for path in [
        "//evil.example/",
        "/%2f%2fevil.example/",
        "/\\evil.example/",
        "//evil.example/..",
        "/%5c%5cevil.example",
        "/login//evil.example",
    ] {
        let head = format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", fireside.address());
        let answer = fireside.hears_bytes(head.as_bytes()).await;
        assert!(answer.header("location").is_none(), "{path}: {}", answer.text());
    }
}

fn form_urlencoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
