//! What is kept in sight, and what is unread again.

use serde_json::json;

use super::talk::direct;
use super::{Browser, browser_is_here};
use crate::world::{Fireside, id};

/// Opens the menu of the message with this text.
async fn opens_menu(page: &Browser, text: &str) {
    page.reads(".message:not(.unsent) .content", text).await;
    page.does(&format!(
        "const at = [...document.querySelectorAll('.message .content')].find((each) => each.textContent === {}); const {{ x, y }} = at.getBoundingClientRect(); \
         at.dispatchEvent(new MouseEvent('contextmenu', {{ bubbles: true, cancelable: true, clientX: x + 4, clientY: y + 4 }}))",
        json!(text)
    ))
    .await;
    page.sees(".menu button").await;
}

#[tokio::test]
async fn an_admin_pins_a_message_which_the_panel_leads_to() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let group = json!({"chat_type": "group", "title": "Garden", "member_ids": [bob.id]});
    let group = id(&alice.post("/messages/api/chats/", &group).await.is(201).json());
    let path = format!("/messages/api/chats/{group}/messages/");
    bob.post(&path, &json!({"content": "the key is under the pot"})).await.is(201);
    for number in 0..120 {
        bob.post(&path, &json!({"content": format!("number {number}")})).await.is(201);
    }
    let (hers, his) = (Browser::of(&fireside, &alice).await, Browser::of(&fireside, &bob).await);
    let first = alice.get(&path).await.is(200).json()["count"].as_i64();
    assert_eq!(first, Some(121));
    let pinned = id(&bob.get(&format!("{path}?after=0")).await.is(200).results()[0]);
    for page in [&hers, &his] {
        page.opens_link(&format!("/#chat-{group}/m-{pinned}")).await;
        page.reads(".message.found .content", "the key is under the pot").await;
    }
    opens_menu(&his, "the key is under the pot").await;
    let offered = his.asks("[...document.querySelectorAll('.menu button')].map((each) => each.textContent)").await;
    assert!(!offered.as_array().unwrap().contains(&json!("Pin")), "he is no admin: {offered}");
    opens_menu(&hers, "the key is under the pot").await;
    hers.presses_button("Pin").await;
    his.sees(".message [aria-label=Pinned]").await;
    his.does(&format!("location.hash = 'chat-{group}'; document.querySelector('[popover]')?.remove()")).await;
    his.clicks(".present:not(.above)").await;
    his.reads(".content", "number 119").await;
    his.clicks(".conversation .about").await;
    his.reads("dialog .pins", "the key is under the pot").await;
    his.clicks("dialog .pins button").await;
    his.reads(".message.found .content", "the key is under the pot").await;
    opens_menu(&hers, "the key is under the pot").await;
    hers.presses_button("Unpin").await;
    his.until("!document.querySelector('.message [aria-label=Pinned]')").await;
    hers.clicks(".conversation .about").await;
    hers.sees("dialog .person").await;
    assert_eq!(hers.asks("document.querySelector('dialog .pins')?.checkVisibility() ?? false").await, false);
    hers.leaves().await;
    his.leaves().await;
}

#[tokio::test]
async fn what_is_marked_unread_waits_and_the_chat_begins_there() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let chat = direct(&alice, &bob).await;
    for text in ["one", "two", "three"] {
        bob.post(&format!("/messages/api/chats/{chat}/messages/"), &json!({"content": text})).await.is(201);
    }
    let hers = Browser::of(&fireside, &alice).await;
    let second = Browser::of(&fireside, &alice).await;
    hers.opens_chat(chat).await;
    second.until("document.querySelector('.chat') && !document.querySelector('.badge')").await;
    opens_menu(&hers, "two").await;
    hers.presses_button("Mark unread from here").await;
    hers.reads(".badge", "2").await;
    second.reads(".badge", "2").await;
    assert_eq!(hers.asks("location.hash").await, "", "whoever stayed would read it again");
    hers.opens_chat(chat).await;
    let lines = "[...document.querySelectorAll('.log > :is(.message, .unread-line)')].map((line) => line.querySelector('.content')?.textContent ?? 'unread')";
    hers.until(&format!("{lines}.join() === 'one,unread,two,three'")).await;
    hers.until("!document.querySelector('.badge')").await;
    hers.leaves().await;
    second.leaves().await;
}
