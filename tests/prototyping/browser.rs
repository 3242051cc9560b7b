//! `/fireside.js` in Chromium, on a page of another origin.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::Dev;
use super::node::all_went_well;
use crate::client::browser::{Browser, browser_is_here};
use crate::world::site::site;
use crate::world::{Fireside, people};

/// The address of a page that holds the conversation with the server at `url`.
async fn page(url: &str, tokens: [&str; 2], chat: i64, count: usize) -> String {
    let [alice, bob] = tokens;
    let page = format!(
        "<!doctype html><title>Elsewhere</title><script type=module>
         import {{ connect }} from '{url}/fireside.js';
         import {{ talk }} from '/conversation.mjs';
         const progress = (number) => {{ window.sent = number; }};
         talk({{ connect, url: '{url}', alice: '{alice}', bob: '{bob}', chat: {chat}, count: {count}, progress }})
           .then((told) => {{ window.told = told; }}, (error) => {{ window.told = {{ error: String(error) }}; }});
         </script>"
    );
    let elsewhere = site(page, include_str!("conversation.mjs")).await;
    assert_ne!(elsewhere, url);
    elsewhere
}

/// What a script on the page says once it says something.
async fn says(browser: &Browser, script: &str) -> Value {
    let start = Instant::now();
    loop {
        let told = browser.asks(script).await;
        if !told.is_null() {
            assert_eq!(told["error"], Value::Null, "{}", told["error"]);
            return told;
        }
        assert!(start.elapsed() < Duration::from_secs(240), "it comes to an end");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_origin_loses_nothing_in_chaos() {
    let Some(_turn) = browser_is_here().await else { return };
    let dev = Dev::start(&["--chaos", "30", "--chaos-seed", "2"]);
    let browser = Browser::on(&page(&dev.url, [&dev.token("alice"), &dev.token("bob")], 1, 500).await).await;
    let told = says(&browser, "window.told ?? null").await;
    all_went_well(&told, 500);
    assert!(
        told["seen"]["refused"].as_i64() > Some(100) && told["seen"]["lost"].as_i64() > Some(0),
        "{}",
        told["seen"]
    );
    browser.leaves().await;
}

/// What was said while nobody answers waits, and goes out in its order when the server is back.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_loses_nothing_when_the_server_is_killed_and_comes_back() {
    let Some(_turn) = browser_is_here().await else { return };
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let mut fireside = Fireside::start_with(&["--listen", &address]).await;
    people!(fireside: alice, bob);
    let den = alice.opens_room("den").await;
    bob.does(&format!("{}join/", den.path())).await.is(200);
    let elsewhere = page(&fireside.url, [&alice.token, &bob.token], den.id, 200).await;
    // Now that the page has an address, it is let in.
    assert!(fireside.is_asked_to_stop().await == Some(0));
    fireside = Fireside::start_in(fireside.home.clone(), &["--listen", &address, "--cors-origin", &elsewhere]).await;
    let browser = Browser::on(&elsewhere).await;
    for number in [50, 150] {
        says(&browser, &format!("window.told || window.sent >= {number} ? window.told ?? {{}} : null")).await;
        fireside = fireside.dies_and_restarts().await;
    }
    let told = says(&browser, "window.told ?? null").await;
    all_went_well(&told, 200);
    assert!(told["seen"]["lost"].as_i64() >= Some(2), "{}", told["seen"]);
    browser.leaves().await;
}
