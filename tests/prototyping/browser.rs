//! `/fireside.js` in Chromium, on a page of another origin.

use std::time::{Duration, Instant};

use super::Dev;
use super::node::all_went_well;
use crate::client::browser::{Browser, browser_is_here};
use crate::world::site::site;

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
    let elsewhere = site(page, include_str!("conversation.mjs")).await;
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
