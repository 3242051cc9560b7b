//! The server goes away and comes back: nothing is lost, nothing doubled.

use std::net::TcpListener;
use std::time::Duration;

use serde_json::json;

use super::talk::{Pair, direct, pair};
use super::{Browser, browser_is_here};
use crate::world::{Fireside, Person, contents};

/// An address that stays the same when the server comes back.
fn an_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

async fn history(person: &Person, chat: i64) -> Vec<String> {
    let page = person.get(&format!("/messages/api/chats/{chat}/messages/")).await.is(200);
    let mut texts = contents(&page.results());
    texts.reverse();
    texts
}

#[tokio::test]
async fn a_killed_server_costs_no_message_and_doubles_none() {
    let Some(_turn) = browser_is_here().await else { return };
    let address = an_address();
    let mut fireside = Fireside::start_with(&["--listen", &address]).await;
    let Pair { alice, chat, hers, his, .. } = pair(&fireside).await;

    let mut said = Vec::new();
    for round in 0..3 {
        for turn in 0..4 {
            let text = format!("round {round}, {turn}");
            hers.says(&text).await;
            said.push(text);
        }
        fireside = fireside.dies_and_restarts().await;
        let text = format!("round {round}, after");
        hers.says(&text).await;
        said.push(text);
    }
    let done = "document.querySelectorAll('.message').length === 15 && !document.querySelector('.unsent')";
    hers.until(done).await;
    his.until(done).await;
    assert_eq!(hers.texts().await, said);
    assert_eq!(his.texts().await, said);
    assert_eq!(history(&alice, chat).await, said);
    hers.leaves().await;
    his.leaves().await;
}

#[tokio::test]
async fn what_was_said_offline_survives_a_reload_and_is_sent_once() {
    let Some(_turn) = browser_is_here().await else { return };
    let address = an_address();
    let mut fireside = Fireside::start_with(&["--listen", &address]).await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let chat = direct(&alice, &bob).await;
    let hers = Browser::of(&fireside, &alice).await;
    hers.opens_chat(chat).await;
    fireside.is_asked_to_stop().await;
    hers.says("kept for later").await;
    hers.sees(".unsent").await;
    hers.reads(".link-state", "Not connected").await;
    // The page is torn down before the server is back.
    hers.does("window.isOld = true; setTimeout(() => location.reload(), 1500)").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let fireside = Fireside::start_in(fireside.home.clone(), &["--listen", &address]).await;
    hers.reads(".message.mine:not(.unsent) .content", "kept for later").await;
    hers.until("!window.isOld").await;
    hers.reads(".message.mine:not(.unsent) .content", "kept for later").await;
    assert_eq!(history(&alice.back_to(&fireside), chat).await, ["kept for later"]);
    hers.leaves().await;
}

#[tokio::test]
async fn the_page_that_came_first_opens_its_settings_without_a_server() {
    let Some(_turn) = browser_is_here().await else { return };
    let mut fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let hers = Browser::of(&fireside, &alice).await;
    hers.until("navigator.serviceWorker.controller?.state === 'activated'").await;
    fireside.is_asked_to_stop().await;
    hers.reads(".link-state", "Not connected").await;
    hers.clicks(".me").await;
    hers.sees("dialog[open] [name=display_name]").await;
    hers.leaves().await;
}

#[tokio::test]
async fn a_draft_survives_a_reload() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let chat = direct(&alice, &bob).await;
    let hers = Browser::of(&fireside, &alice).await;
    hers.opens_chat(chat).await;
    hers.types("#draft", "half a sen").await;
    hers.reloads().await;
    hers.until("document.querySelector('#draft')?.value === 'half a sen'").await;
    hers.leaves().await;
}

#[tokio::test]
async fn ten_thousand_messages_keep_few_nodes_in_the_page() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let chat = direct(&alice, &bob).await;
    let path = format!("/messages/api/chats/{chat}/messages/");
    for number in 0..700 {
        bob.post(&path, &json!({"content": format!("number {number}")})).await.is(201);
    }
    let hers = Browser::of(&fireside, &alice).await;
    hers.opens_chat(chat).await;
    // Up to the first message, without ever holding many.
    let start = std::time::Instant::now();
    while hers.asks("document.querySelector('.message .content')?.textContent").await != "number 0" {
        assert!(start.elapsed() < Duration::from_secs(40), "the beginning is reached");
        hers.does(
            "const box = document.querySelector('.scroll'); box.scrollTop = 0; box.dispatchEvent(new Event('scroll'))",
        )
        .await;
        let nodes = hers.asks("document.querySelectorAll('.message').length").await;
        assert!(nodes.as_i64().unwrap() < 300, "{nodes} message nodes");
    }
    hers.clicks(".present:not(.above)").await;
    hers.reads(".message .content", "number 699").await;
    hers.leaves().await;
}
