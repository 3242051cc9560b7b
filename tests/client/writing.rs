//! Writing: marks, emoji by name, long messages, drafts, and what is shown before the server has it.

use serde_json::json;

use super::talk::{Pair, direct, pair};
use super::{Browser, browser_is_here};
use crate::world::Fireside;

#[tokio::test]
async fn marks_lists_and_quotes_are_drawn_as_elements() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let chat = direct(&alice, &bob).await;
    let text = "**bold** *italic* ~~struck~~ `code`\n> quoted\n- one\n- two\n3. three";
    bob.post(&format!("/messages/api/chats/{chat}/messages/"), &json!({"content": text})).await.is(201);
    let hers = Browser::of(&fireside, &alice).await;
    hers.opens_chat(chat).await;
    hers.sees(".content strong").await;
    let drawn = "[...document.querySelectorAll('.content :is(strong, em, s, code, blockquote, li)')].map((each) => `${each.tagName} ${each.textContent}`)";
    let wanted =
        ["STRONG bold", "EM italic", "S struck", "CODE code", "BLOCKQUOTE quoted", "LI one", "LI two", "LI three"];
    assert_eq!(hers.asks(drawn).await, json!(wanted));
    assert_eq!(hers.asks("document.querySelector('.content ol').start").await, 3);
    hers.leaves().await;
}

#[tokio::test]
async fn an_emoji_is_completed_by_its_name() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let chat = direct(&alice, &bob).await;
    let hers = Browser::of(&fireside, &alice).await;
    hers.opens_chat(chat).await;
    hers.types("#draft", "well done :tada:").await;
    hers.until("document.querySelector('#draft').value === 'well done 🎉'").await;
    hers.types("#draft", " :rock").await;
    hers.reads(".names [role=option]", "rocket").await;
    hers.presses(fantoccini::key::Key::Tab).await;
    hers.until("document.querySelector('#draft').value === 'well done 🎉 🚀'").await;
    // A time, an address and a lonely colon are none.
    hers.types("#draft", " at 10:30 https://a.example/:tada :").await;
    hers.says("").await;
    hers.reads(".message.mine .content", "well done 🎉 🚀 at 10:30 https://a.example/:tada :").await;
    hers.leaves().await;
}

#[tokio::test]
async fn what_is_long_is_folded_until_it_is_read() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let chat = direct(&alice, &bob).await;
    let path = format!("/messages/api/chats/{chat}/messages/");
    for lines in [20, 60] {
        bob.post(&path, &json!({"content": "line\n".repeat(lines)})).await.is(201);
    }
    let hers = Browser::of(&fireside, &alice).await;
    hers.opens_chat(chat).await;
    hers.until("document.querySelectorAll('.content').length === 2").await;
    let heights = "[...document.querySelectorAll('.content')].map((each) => each.getBoundingClientRect().height > 600)";
    assert_eq!(hers.asks(heights).await, json!([false, false]));
    assert_eq!(hers.asks("document.querySelectorAll('.folded').length").await, 1);
    hers.presses_button("Show more").await;
    assert_eq!(hers.asks(heights).await, json!([false, true]));
    // Drawn anew, it stays as it was left.
    let last = bob.get(&path).await.results()[0]["id"].clone();
    bob.post(&format!("/messages/api/messages/{last}/reactions/"), &json!({"emoji": "👍"})).await.is(200);
    hers.sees(".chip").await;
    assert_eq!(hers.asks(heights).await, json!([false, true]));
    hers.leaves().await;
}

#[tokio::test]
async fn letters_typed_beside_the_box_land_in_it_and_a_draft_is_seen_in_the_list() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let chat = direct(&alice, &bob).await;
    let notes = direct(&alice, &alice).await;
    let hers = Browser::of(&fireside, &alice).await;
    hers.opens_chat(chat).await;
    hers.does("document.activeElement.blur()").await;
    hers.keys("half a thought").await;
    hers.until("document.querySelector('#draft').value === 'half a thought'").await;
    hers.opens_chat(notes).await;
    hers.reads(".chat .preview", "Draft: half a thought").await;
    hers.reloads().await;
    hers.reads(".chat .preview", "Draft: half a thought").await;
    // In a dialog letters are its own.
    hers.clicks(".me").await;
    hers.sees("dialog [name=bio]").await;
    hers.does("document.querySelector('dialog header button').focus()").await;
    hers.keys("x").await;
    assert_eq!(hers.asks("document.querySelector('#draft').value").await, "");
    hers.leaves().await;
}

/// Answers to writes come when `window.open()` is called.
const HELD: &str = "
    const real = window.fetch;
    window.gate = new Promise((open) => { window.opens = open; });
    window.fetch = (url, wish = {}) => (window.holds && (wish.method ?? 'GET') !== 'GET' ? window.gate.then(() => real(url, wish)) : real(url, wish));";

#[tokio::test]
async fn reactions_and_edits_are_shown_before_the_server_has_them() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let Pair { hers, his, .. } = pair(&fireside).await;
    hers.begins_pages_with(HELD).await;
    hers.reloads().await;
    hers.sees("#draft").await;
    hers.says("helo").await;
    hers.sees(".message.mine:not(.unsent)").await;
    his.sees(".message").await;
    hers.does("window.holds = true; document.querySelector('.message').focus()").await;
    hers.presses_button("React").await;
    hers.clicks(".emoji-grid button").await;
    hers.reads(".chip", "👍1").await;
    hers.does("document.querySelector('#draft').focus()").await;
    hers.presses(fantoccini::key::Key::Up).await;
    hers.says("!").await;
    hers.reads(".message .content", "helo!").await;
    assert_eq!(his.asks("document.querySelectorAll('.chip').length").await, 0);
    assert_eq!(his.texts().await, ["helo"]);
    hers.does("window.holds = false; window.opens()").await;
    his.reads(".chip", "👍1").await;
    his.reads(".message .content", "helo!").await;
    hers.leaves().await;
    his.leaves().await;
}

#[tokio::test]
async fn a_pasted_picture_is_seen_before_it_is_sent() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let chat = direct(&alice, &bob).await;
    let hers = Browser::of(&fireside, &alice).await;
    hers.opens_chat(chat).await;
    hers.waits_for(
        "const canvas = Object.assign(document.createElement('canvas'), { width: 30, height: 20 }); canvas.toBlob((blob) => { \
         const all = new DataTransfer(); all.items.add(new File([blob], 'sketch.png', { type: 'image/png' })); \
         document.querySelector('#draft').dispatchEvent(new ClipboardEvent('paste', { clipboardData: all, bubbles: true, cancelable: true })); done(1); })",
    )
    .await;
    hers.until("document.querySelector('.uploads img.thumb')?.naturalWidth === 30").await;
    hers.leaves().await;
}
