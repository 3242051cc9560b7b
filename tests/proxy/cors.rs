//! Pages of other origins that the operator listed, and of those he did not.

use reqwest::Method;
use serde_json::json;

use crate::world::{Answer, Fireside};

const LISTED: [&str; 2] = ["https://app.example", "http://localhost:3000"];

async fn preflight(fireside: &Fireside, path: &str, origin: &str) -> Answer {
    let ask = fireside.anyone().asks(Method::OPTIONS, path).with("Origin", origin);
    ask.with("Access-Control-Request-Method", "PATCH")
        .with("Access-Control-Request-Headers", "authorization,content-type")
        .await
}

#[tokio::test]
async fn every_listed_origin_may_ask_and_no_other() {
    // Spelled otherwise than browsers do, twice in one flag and once more in another.
    let flags = ["--cors-origin", "https://App.example:443/,http://localhost:3000"];
    let fireside = Fireside::start_with(&flags).await;
    let alice = fireside.registers("alice").await;
    for path in ["/api/rooms/1/", "/messages/api/chats/1/", "/d/rooms/api/rooms/1/"] {
        for origin in LISTED {
            let answer = preflight(&fireside, path, origin).await.is(204);
            assert_eq!(answer.header("access-control-allow-origin"), origin);
            assert!(answer.header("access-control-allow-methods").contains("PATCH"));
            let headers = answer.header("access-control-allow-headers").to_lowercase();
            assert!(headers.contains("authorization") && headers.contains("content-type"), "{headers}");
            assert!(!answer.has("access-control-allow-credentials"), "never with cookies");
            assert_eq!(answer.header("vary"), "Origin");
        }
        for origin in ["https://evil.example", "https://app.example.evil", "http://app.example", "null"] {
            let answer = preflight(&fireside, path, origin).await;
            assert!(!answer.has("access-control-allow-origin"), "{answer}");
            assert_eq!(answer.header("vary"), "Origin", "a cache must not mix them up");
        }
    }
    let answer = alice.get("/api/rooms/").with("Origin", LISTED[1]).await.is(200);
    assert_eq!(answer.header("access-control-allow-origin"), LISTED[1]);
    assert!(answer.header("access-control-expose-headers").contains("Retry-After"));
    let refused = fireside.anyone().get("/api/rooms/").with("Origin", LISTED[0]).await.is(401);
    assert_eq!(refused.header("access-control-allow-origin"), LISTED[0], "a page can read why it was refused");
    let page = fireside.anyone().get("/").await.is(200);
    let vary: Vec<_> = page.headers.get_all("vary").iter().map(|value| value.to_str().unwrap()).collect();
    assert_eq!(vary, ["Accept-Encoding", "Origin"]);
}

#[tokio::test]
async fn below_a_path_the_same_holds() {
    let flags = ["--cors-origin", LISTED[0], "--base-path", "/chat"];
    let fireside = Fireside::start_with(&flags).await;
    let answer = preflight(&fireside, "/api/rooms/1/", LISTED[0]).await.is(204);
    assert_eq!(answer.header("access-control-allow-origin"), LISTED[0]);
    fireside.registers("alice").await;
    let wish = json!({"username": "alice", "password": "correct horse alice"});
    let answer = fireside.anyone().post("/api/auth/login/", &wish).with("Origin", LISTED[0]).await.is(200);
    assert_eq!(answer.header("access-control-allow-origin"), LISTED[0]);
}

#[tokio::test]
async fn without_a_list_nobody_may() {
    let fireside = Fireside::start().await;
    let answer = preflight(&fireside, "/api/rooms/1/", LISTED[0]).await;
    assert!(!answer.has("access-control-allow-origin") && !answer.has("vary"), "{answer}");
    for wrong in ["*", "null", "app.example", "https://app.example/path"] {
        crate::world::Home::new().refuses_to_serve(&["--cors-origin", wrong]).await.failed_with(2);
    }
}
