//! What the first visit costs, and whom the page talks to.

use serde_json::json;

use super::devtools::Devtools;
use super::push::ELSEWHERE;
use super::talk::direct;
use super::{Browser, browser_is_here};
use crate::world::{Fireside, id};

#[tokio::test]
async fn the_first_load_is_light_and_every_request_stays_at_home() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let page = Browser::at(&fireside).await;
    page.sees("[name=password]").await;
    page.until("performance.getEntriesByType('resource').some(({ name }) => name.endsWith('/api/server/'))").await;
    let count = page.loaded().await.len() + 1; // and the page itself
    assert!(count < 12, "{count} requests: {:?}", page.loaded().await);
    let bytes = page
        .asks("performance.getEntriesByType('resource').reduce((sum, each) => sum + each.encodedBodySize, 0)")
        .await;
    assert!(bytes.as_f64().unwrap() < 60_000.0, "{bytes} bytes");

    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let chat = direct(&alice, &bob).await;
    let hers = Browser::of(&fireside, &alice).await;
    hers.opens_chat(chat).await;
    hers.says("https://example.org/ is only a link").await;
    hers.sees(".message a").await;
    for address in hers.loaded().await {
        assert!(address.starts_with(&fireside.url) || address.starts_with("blob:"), "{address}");
    }
    hers.leaves().await;
    page.leaves().await;
}

#[tokio::test]
async fn who_is_signed_in_loads_little_too() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    direct(&alice, &bob).await;
    let hers = Browser::of(&fireside, &alice).await;
    // As on a first visit: what the browser keeps would count for nothing.
    hers.devtools("Network.enable", json!({})).await;
    hers.devtools("Network.setCacheDisabled", json!({"cacheDisabled": true})).await;
    hers.reloads().await;
    hers.sees(".chat").await;
    // The last that the start asks for, when the chats are shown already.
    hers.until("performance.getEntriesByType('resource').some(({ name }) => name.endsWith('/api/server/'))").await;
    let loaded = hers.loaded().await;
    let bytes = hers
        .asks("performance.getEntriesByType('resource').reduce((sum, each) => sum + each.encodedBodySize, 0)")
        .await;
    super::browser::say(&format!("signed in: {} requests, {bytes} bytes", loaded.len() + 1));
    // Modules are files, for want of a build step: 15 of them, 3 sheets, and 3 questions to the server.
    assert!(loaded.len() < 22, "{} requests: {loaded:?}", loaded.len() + 1);
    let bytes = bytes.as_f64().unwrap();
    assert!((10_000.0..60_000.0).contains(&bytes), "{bytes} bytes");
    hers.leaves().await;
}

#[tokio::test]
async fn two_hundred_chats_load_in_less_than_a_hundred_kilobytes() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let mut others = Vec::new();
    for number in 0..20 {
        others.push(fireside.registers(&format!("person{number}")).await);
    }
    for number in 0..200 {
        let members: Vec<_> = (0..5).map(|step| others[(number + step * 3) % 20].id).collect();
        let wish = json!({"chat_type": "group", "title": format!("Group number {number}"), "member_ids": members});
        let chat = id(&alice.post("/messages/api/chats/", &wish).await.is(201).json());
        let words = json!({"content": format!("Something that was said in group {number}, and that is not short.")});
        others[number % 20].post(&format!("/messages/api/chats/{chat}/messages/"), &words).await.is(201);
    }
    let page = Browser::at(&fireside).await;
    page.does(&format!("localStorage.setItem('fireside.token', '{}')", alice.token)).await;
    page.goes_to(ELSEWHERE).await;
    let mut tools = Devtools::of(&page).await;
    let session = tools.loads(&format!("{}/", fireside.url)).await;
    page.until("document.querySelectorAll('.chat').length === 200").await;
    page.until("performance.getEntriesByType('resource').some(({ name }) => name.endsWith('/api/server/'))").await;
    let bytes = tools.loaded(&session).await;
    super::browser::say(&format!("signed in with 200 chats: {bytes} bytes"));
    assert!((20_000.0..100_000.0).contains(&bytes), "{bytes} bytes");
    page.leaves().await;
}
