//! `/fireside.js` in Chromium, on a page of another origin.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::Dev;
use super::node::all_went_well;
use crate::client::browser::{Browser, browser_is_here};

/// Another site: a page and a script, whoever asks. Its address.
async fn site(page: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut visitor, _)) = listener.accept().await {
            let mut head = [0; 4096];
            let length = visitor.read(&mut head).await.unwrap_or(0);
            let is_script = head[..length].starts_with(b"GET /conversation.mjs");
            let (kind, body) = if is_script {
                ("text/javascript", include_str!("conversation.mjs"))
            } else {
                ("text/html", page.as_str())
            };
            let answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: {kind}; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            // A browser also opens connections that it does not use.
            visitor.write_all(answer.as_bytes()).await.ok();
        }
    });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_origin_loses_nothing_in_chaos() {
    let Some(_turn) = browser_is_here().await else { return };
    let dev = Dev::start(&["--chaos", "30", "--chaos-seed", "2"]);
    let (url, alice, bob) = (&dev.url, dev.token("alice"), dev.token("bob"));
    let page = format!(
        "<!doctype html><title>Elsewhere</title><script type=module>
         import {{ connect }} from '{url}/fireside.js';
         import {{ talk }} from '/conversation.mjs';
         talk({{ connect, url: '{url}', alice: '{alice}', bob: '{bob}', chat: 1, count: 500 }})
           .then((told) => {{ window.told = told; }}, (error) => {{ window.told = {{ error: String(error) }}; }});
         </script>"
    );
    let elsewhere = site(page).await;
    assert_ne!(elsewhere, dev.url);
    let browser = Browser::on(&elsewhere).await;
    let start = Instant::now();
    let told = loop {
        let told = browser.asks("window.told ?? null").await;
        if !told.is_null() {
            break told;
        }
        assert!(start.elapsed() < Duration::from_secs(240), "it comes to an end");
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    assert_eq!(told["error"], serde_json::Value::Null, "{}", told["error"]);
    all_went_well(&told, 500);
    assert!(
        told["seen"]["refused"].as_i64() > Some(100) && told["seen"]["lost"].as_i64() > Some(0),
        "{}",
        told["seen"]
    );
    browser.leaves().await;
}
