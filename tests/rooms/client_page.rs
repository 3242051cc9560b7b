//! The client in Chromium, on a page of another origin.

use serde_json::json;

use crate::client::{Browser, browser_is_here};
use crate::world::Fireside;
use crate::world::site::site;

const PASSWORD: &str = "correct horse battery";

#[tokio::test(flavor = "multi_thread")]
async fn two_people_talk_and_call_from_a_page_of_another_origin() {
    let Some(_turn) = browser_is_here().await else { return };
    let page = "<!doctype html><title>Elsewhere</title>".to_owned();
    let elsewhere = site(page, include_str!("client_page.mjs")).await;
    let fireside = Fireside::start_with(&["--cors-origin", &elsewhere]).await;
    for name in ["alice", "bob"] {
        let email = format!("{name}@example.com");
        let new = json!({"username": name, "email": email, "password": PASSWORD});
        fireside.anyone().post("/api/auth/register/", &new).await.is(201);
    }
    let browser = Browser::on(&elsewhere).await;
    let wish = json!({"base": format!("{}/c/rooms", fireside.url), "password": PASSWORD});
    let seen = browser
        .waits_for(&format!(
            "import('/client.mjs').then(({{ talk }}) => talk({wish})).then(done, (error) => done({{ error: String(error) }}))"
        ))
        .await;
    assert!(seen["error"].is_null(), "{}", seen["error"]);
    let taken = seen["taken"].as_str().unwrap();
    assert!(taken.contains("username") && !taken.contains("validation_error"), "a sentence for people: {taken}");
    let expected = json!({
        "taken": taken,
        "me": "alice",
        "added": "den",
        "rooms": ["den"],
        "participants": ["alice", "bob"],
        "heard": "hello",
        "unread": 0,
        "file": ["note.txt", "a file of hers"],
        "pictures": [false, true],
        "history": ["hello", "hello yourself", "read this"],
        "profile": "Alice L.",
        "calling": ["alice"],
        "line": [true, true],
        "left": ["bob"],
        "invited": true,
    });
    assert_eq!(seen, expected);
    browser.leaves().await;
}
