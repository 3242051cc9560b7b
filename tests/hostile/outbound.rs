//! Whom the server calls by itself: nobody.

use serde_json::json;

use crate::world::Fireside;
use crate::world::bytes::PNG;
use crate::world::caller::Credential;
use crate::world::machine::{Strace, has_strace};

/// The addresses that it connected to over a network, while `lines` were noted.
fn called(lines: &[String]) -> Vec<&String> {
    lines.iter().filter(|line| line.contains("connect(") && line.contains("AF_INET")).collect()
}

#[tokio::test]
async fn nobody_is_called_who_was_not_configured() {
    if !has_strace() {
        return;
    }
    let fireside = Fireside::start().await;
    let strace = Strace::attaches(&fireside, &["-e", "trace=connect,bind,accept4"]);
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let mut listener = alice.listens_in(&den).await;
    let picture = alice.uploads("https://evil.example/dot.png", PNG).await;
    // Addresses in what people say and in what their requests say.
    alice.posts("look at https://evil.example/ and ftp://evil.example/").with_file(&picture).in_room(&den).await;
    listener.hears("chat_message").await;
    let claims = json!({"username": "alice", "password": "", "oauth": "true", "id_token": "a.b.c"});
    fireside.anyone().post("/api/auth/login/", &claims).await.is(401);
    let jwt = "eyJhbGciOiJSUzI1NiIsImprdSI6Imh0dHA6Ly8xMjcuMC4wLjE6MS8ifQ.e30.AA";
    alice.showing(Credential::Bearer(jwt.into())).get("/api/auth/me/").await.is(401);
    alice.get("/").with("X-Forwarded-For", "203.0.113.1").with("Referer", "http://127.0.0.1:1/").await.is(200);
    let lines = strace.lets_go();
    assert!(lines.iter().any(|line| line.contains("accept4(")), "what it does was seen: {lines:?}");
    assert_eq!(called(&lines), Vec::<&String>::new());
}
