//! Where the documents are found.

use serde_json::{Value, json};

use crate::world::document::printed;
use crate::world::home::run;
use crate::world::{Answer, Fireside};

async fn document(fireside: &Fireside, path: &str) -> Value {
    let answer = fireside.anyone().get(path).await.is(200);
    assert_eq!(answer.header("content-type"), "application/json");
    answer.json()
}

#[tokio::test]
async fn what_is_served_is_what_is_printed() {
    let fireside = Fireside::start().await;
    let whole = printed(None);
    assert_eq!(whole["openapi"], "3.1.0");
    assert_eq!(document(&fireside, "/openapi.json").await, whole);
    assert_eq!(document(&fireside, "/api/schema/").await, whole);
    for name in ["rooms", "inbox", "messaging", "directs", "messenger"] {
        let one = printed(Some(name));
        assert_ne!(one, whole);
        assert_eq!(one["servers"][0]["url"], format!("/d/{name}"));
        assert_eq!(document(&fireside, &format!("/openapi.json?dialect={name}")).await, one);
        assert_eq!(document(&fireside, &format!("/d/{name}/openapi.json")).await, one);
    }
}

#[tokio::test]
async fn below_a_path_the_documents_and_the_page_say_where() {
    let fireside = Fireside::start_with(&["--base-path", "/chat"]).await;
    let whole = document(&fireside, "/openapi.json").await;
    assert_eq!(whole["servers"], json!([{"url": "/chat"}]));
    assert_eq!(whole["paths"], printed(None)["paths"]);
    let rooms = document(&fireside, "/d/rooms/openapi.json").await;
    assert_eq!(rooms["servers"], json!([{"url": "/chat/d/rooms"}]));
    let page = fireside.anyone().get("/docs").await.is(200);
    assert!(page.text().contains("\"/chat/docs/docs.js\"") && !page.text().contains("\"/docs/"), "{page}");
}

#[tokio::test]
async fn the_start_says_where_the_page_is() {
    let fireside = Fireside::start().await;
    let line = format!("API documents: {}/docs", fireside.url);
    assert!(fireside.facts.contains(&line), "{:?}", fireside.facts);
}

#[tokio::test]
async fn there_is_no_document_of_what_is_no_dialect() {
    let fireside = Fireside::start().await;
    for path in ["/openapi.json?dialect=irc", "/openapi.json?dialect=", "/d/irc/openapi.json"] {
        fireside.anyone().get(path).await.refused(404, "not_found");
    }
    run(&["openapi", "--dialect", "irc"], "").await.failed_with(2);
}

#[tokio::test]
async fn a_document_is_sent_small_and_once() {
    let fireside = Fireside::start().await;
    let asks = async |coding: &str, known: &str| -> Answer {
        fireside.anyone().get("/openapi.json").with("Accept-Encoding", coding).with("If-None-Match", known).await
    };
    let plain = asks("identity", "\"\"").await.is(200);
    assert!(!plain.has("content-encoding"));
    let head = fireside.anyone().asks(reqwest::Method::HEAD, "/openapi.json").with("Accept-Encoding", "gzip, br").await;
    assert_eq!(head.header("content-encoding"), "gzip");
    let length: usize = head.header("content-length").parse().unwrap();
    assert!(length * 5 < plain.body.len(), "{length} of {}", plain.body.len());
    let again = asks("identity", plain.header("etag")).await.is(304);
    assert!(again.body.is_empty());
    asks("identity", head.header("etag")).await.is(200);
}
