//! A message as a place: linked to, forwarded, looked into, and its menu.

use serde_json::json;

use super::talk::direct;
use super::{Browser, browser_is_here};
use crate::world::{Fireside, contents, id};

#[tokio::test]
async fn a_link_to_an_old_message_leads_there() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let chat = direct(&alice, &bob).await;
    let path = format!("/messages/api/chats/{chat}/messages/");
    let old = id(&bob.post(&path, &json!({"content": "the old one"})).await.is(201).json());
    for number in 0..130 {
        bob.post(&path, &json!({"content": format!("number {number}")})).await.is(201);
    }
    let hers = Browser::of(&fireside, &alice).await;
    hers.opens_link(&format!("/#chat-{chat}/m-{old}")).await;
    hers.reads(".message.found .content", "the old one").await;
    hers.clicks(".present:not(.above)").await;
    hers.reads(".content", "number 129").await;
    // A link in a message is followed in this page.
    let link = format!("{}/#chat-{chat}/m-{old}", fireside.url);
    hers.does("location.hash = ''").await;
    hers.until("!document.querySelector('.conversation:not([hidden])')").await;
    hers.opens_chat(chat).await;
    hers.says(&link).await;
    hers.sees(".message.mine:not(.unsent) a").await;
    hers.does("document.querySelector('.message.mine a').click()").await;
    hers.reads(".message.found .content", "the old one").await;
    // One that is not there is said to be gone, and the chat is open.
    hers.does(&format!("location.hash = 'chat-{chat}/m-999999'")).await;
    hers.reads("#toasts", "This message no longer exists.").await;
    hers.leaves().await;
}

#[tokio::test]
async fn the_menu_copies_a_link_forwards_and_tells_who_read() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let chat = direct(&alice, &bob).await;
    let group = json!({"chat_type": "group", "title": "Garden", "member_ids": [bob.id]});
    let group = id(&alice.post("/messages/api/chats/", &group).await.is(201).json());
    let path = format!("/messages/api/chats/{chat}/messages/");
    let said = id(&alice.post(&path, &json!({"content": "bring\nseeds"})).await.is(201).json());
    bob.post(&format!("/messages/api/messages/{said}/reactions/"), &json!({"emoji": "🌱"})).await.is(200);
    bob.post(&format!("/messages/api/chats/{chat}/mark-as-read/"), &json!({})).await.is(200);
    let hers = Browser::of(&fireside, &alice).await;
    hers.opens_chat(chat).await;
    hers.sees(".message").await;
    hers.does("window.copied = ''; Object.defineProperty(navigator, 'clipboard', { value: { writeText: async (text) => { window.copied = text; } } })").await;
    let opens = "const at = document.querySelector('.message .content'); const { x, y } = at.getBoundingClientRect(); \
        at.dispatchEvent(new MouseEvent('contextmenu', { bubbles: true, cancelable: true, clientX: x + 4, clientY: y + 4 }))";
    hers.does(opens).await;
    hers.presses_button("Copy link").await;
    hers.until(&format!("window.copied === '{}/#chat-{chat}/m-{said}'", fireside.url)).await;
    hers.does(opens).await;
    hers.presses_button("Reads and reactions").await;
    hers.until("document.querySelectorAll('dialog section').length === 2").await;
    let told = "[...document.querySelectorAll('dialog section')].map((each) => each.querySelector('h3').textContent + each.querySelector('.person').textContent)";
    assert_eq!(hers.asks(told).await, json!(["🌱Bbob@bob", "Read byBbob@bob"]));
    hers.presses_button("Close").await;
    hers.until("!document.querySelector('dialog')").await;
    hers.does(opens).await;
    hers.presses_button("Forward").await;
    hers.types("dialog [type=search]", "gard").await;
    hers.until("document.querySelectorAll('dialog .person').length === 1").await;
    hers.clicks("dialog .person-open").await;
    hers.reads("#toasts", "Forwarded to Garden.").await;
    hers.opens_chat(group).await;
    hers.reads(".message.mine:not(.unsent) blockquote", "bring").await;
    let there = contents(&bob.get(&format!("/messages/api/chats/{group}/messages/")).await.is(200).results());
    assert_eq!(there, ["alice said:\n> bring\n> seeds"]);
    hers.leaves().await;
}

#[tokio::test]
async fn a_long_press_opens_the_menu_and_a_wandering_finger_does_not() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let chat = direct(&alice, &bob).await;
    bob.post(&format!("/messages/api/chats/{chat}/messages/"), &json!({"content": "press me"})).await.is(201);
    let hers = Browser::of(&fireside, &alice).await;
    hers.opens_chat(chat).await;
    hers.sees(".message").await;
    let finger = |kind: &str, x: i32| {
        format!(
            "document.querySelector('.message .content').dispatchEvent(new PointerEvent('{kind}', {{ bubbles: true, pointerType: 'touch', clientX: {x}, clientY: 200 }}))"
        )
    };
    hers.does(&finger("pointerdown", 100)).await;
    hers.does(&finger("pointermove", 160)).await;
    tokio::time::sleep(std::time::Duration::from_millis(800)).await;
    assert_eq!(hers.asks("document.querySelectorAll('.menu').length").await, 0);
    hers.does(&finger("pointerdown", 100)).await;
    hers.reads(".menu button", "Copy text").await;
    hers.leaves().await;
}
