//! What a page asks for when its line comes back.

use futures_util::future::join_all;
use serde_json::json;

use super::talk::direct;
use super::{Browser, browser_is_here};
use crate::world::{Fireside, id};

/// More than the first page of the list.
const CHATS: usize = 120;

/// The page's socket, which finds no server while `isDown`.
const BREAKABLE: &str = "
    const Real = window.WebSocket;
    window.WebSocket = class extends Real {
        constructor(url, ...rest) { super(window.isDown ? String(url).replace('/messages/ws/', '/nowhere/') : url, ...rest); window.line = this; }
    };";

#[tokio::test]
async fn a_reconnect_asks_for_the_newest_chats_and_for_all_only_where_some_came_or_went() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let made = join_all((0..CHATS).map(|number| {
        let bob = &bob;
        let wish = json!({"chat_type": "group", "title": format!("group {number}"), "member_ids": [alice.id]});
        async move { id(&bob.post("/messages/api/chats/", &wish).await.is(201).json()) }
    }))
    .await;
    let oldest = *made.iter().min().unwrap();
    bob.post(&format!("/messages/api/chats/{oldest}/messages/"), &json!({"content": "long ago"})).await.is(201);
    for chat in made.iter().filter(|chat| **chat != oldest) {
        bob.post(&format!("/messages/api/chats/{chat}/messages/"), &json!({"content": "newer"})).await.is(201);
    }
    let hers = Browser::at(&fireside).await;
    hers.begins_pages_with(BREAKABLE).await;
    hers.reloads().await;
    hers.signs_in(&alice).await;
    hers.until(&format!("document.querySelectorAll('.chat').length === {CHATS}")).await;
    let pages = |page: u32| {
        format!(
            "performance.getEntriesByType('resource').filter(({{ name }}) => name.includes('/chats/?page_size=100&page={page}')).length"
        )
    };
    assert_eq!(hers.asks(&pages(2)).await, 1);
    hers.until(&format!(
        "document.title.startsWith('(99+)') && document.querySelectorAll('.badge').length === {CHATS}"
    ))
    .await;

    // Read elsewhere while the line is down: the badge goes, and the second page is not asked for.
    hers.does("window.isDown = true; window.line.close()").await;
    hers.reads(".chats .link-state", "Not connected").await;
    alice.post(&format!("/messages/api/chats/{oldest}/mark-as-read/"), &json!({})).await.is(200);
    hers.does("window.isDown = false; window.dispatchEvent(new Event('online'))").await;
    hers.until(&format!("document.querySelectorAll('.badge').length === {}", CHATS - 1)).await;
    assert_eq!(hers.asks(&pages(1)).await, 2);
    assert_eq!(hers.asks(&pages(2)).await, 1);

    // A chat that came meanwhile changes the number of them, and all are asked for.
    hers.does("window.isDown = true; window.line.close()").await;
    hers.reads(".chats .link-state", "Not connected").await;
    let late = json!({"chat_type": "group", "title": "the late one", "member_ids": [alice.id]});
    bob.post("/messages/api/chats/", &late).await.is(201);
    hers.does("window.isDown = false; window.dispatchEvent(new Event('online'))").await;
    hers.until(&format!("document.querySelectorAll('.chat').length === {}", CHATS + 1)).await;
    hers.reads(".chat", "the late one").await;
    assert_eq!(hers.asks(&pages(2)).await, 2);
    hers.leaves().await;
}

#[tokio::test]
async fn without_a_line_nobody_seems_to_be_there_and_what_gets_through_brings_it_back() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let chat = direct(&alice, &bob).await;
    let his = Browser::of(&fireside, &bob).await;
    let hers = Browser::at(&fireside).await;
    // Its next try is a day away.
    let patient = "const set = window.setTimeout; window.setTimeout = (act, ms, ...rest) => set(act, window.isDown && ms > 200 ? 86_400_000 : ms, ...rest);";
    hers.begins_pages_with(BREAKABLE).await;
    hers.begins_pages_with(patient).await;
    hers.reloads().await;
    hers.signs_in(&alice).await;
    hers.opens_chat(chat).await;
    hers.reads(".conversation .about", "online").await;
    hers.sees(".chat .dot").await;
    hers.does("window.isDown = true; window.line.close()").await;
    hers.reads(".chats .link-state", "Not connected").await;
    hers.until("!document.querySelector('.chat .dot, .conversation .dot')").await;
    hers.reads(".conversation .about", "@bob").await;
    hers.does("window.isDown = false").await;
    hers.says("can you hear me?").await;
    his.reads(".chat .preview", "can you hear me?").await;
    hers.until("!document.querySelector('.chats .link-state').textContent").await;
    hers.reads(".conversation .about", "online").await;
    hers.leaves().await;
    his.leaves().await;
}
