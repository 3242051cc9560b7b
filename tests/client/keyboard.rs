//! No mouse at all.

use fantoccini::key::Key;
use serde_json::json;

use super::talk::direct;
use super::{Browser, browser_is_here};
use crate::world::Fireside;

#[tokio::test]
async fn the_keyboard_alone_signs_in_talks_and_finds_its_way() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    direct(&alice, &bob).await;
    let page = Browser::at(&fireside).await;
    page.until("document.activeElement?.name === 'username'").await;
    page.keys(&alice.username).await;
    page.presses(Key::Tab).await;
    page.keys(&alice.password).await;
    page.presses(Key::Enter).await;
    page.sees(".chat").await;

    // Ctrl-K, a name, Enter: the chat is open and the box has the focus.
    page.keys(&format!("{}k{}", char::from(Key::Control), char::from(Key::Null))).await;
    page.sees("dialog.switcher").await;
    page.keys("bob").await;
    page.presses(Key::Enter).await;
    page.until("document.activeElement?.id === 'draft'").await;
    page.keys("typed").await;
    page.presses(Key::Enter).await;
    page.reads(".message.mine:not(.unsent) .content", "typed").await;

    // Into the log, a reply by its key, Esc takes it back.
    page.does("document.querySelector('.scroll').focus()").await;
    page.presses(Key::Up).await;
    page.until("document.activeElement?.matches('.message')").await;
    page.keys("r").await;
    page.reads(".about-draft", "typed").await;
    page.presses(Key::Escape).await;
    page.until("document.querySelector('.about-draft').hidden").await;

    // Shift-Enter breaks a line; Esc leaves the box's chat; ? lists the keys.
    page.keys("one").await;
    page.keys(&format!("{}{}{}", char::from(Key::Shift), char::from(Key::Enter), char::from(Key::Null))).await;
    page.keys("two").await;
    page.presses(Key::Enter).await;
    page.reads(".content", "one\ntwo").await;
    page.does("document.querySelector('.scroll').focus()").await;
    page.keys("?").await;
    page.reads("dialog", "Keyboard shortcuts").await;
    page.presses(Key::Escape).await;
    page.until("!document.querySelector('dialog')").await;
    page.leaves().await;
}

/// Tab until what has the focus is this: forwards, as somebody does who does not know the page.
async fn tabs_to(page: &Browser, selector: &str) {
    for _ in 0..60 {
        if page.asks(&format!("document.activeElement?.matches({selector:?}) ?? false")).await == true {
            return;
        }
        page.presses(Key::Tab).await;
    }
    panic!("{selector} is never reached");
}

#[tokio::test]
async fn someone_new_does_all_of_it_without_a_mouse() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let bob = fireside.registers("bob").await;
    let page = Browser::at(&fireside).await;
    page.until("document.activeElement?.name === 'username'").await;
    tabs_to(&page, ".tabs button[aria-pressed=false]").await;
    page.presses(Key::Enter).await;
    tabs_to(&page, "[name=username]").await;
    page.keys("carol").await;
    page.presses(Key::Tab).await;
    page.keys("correct horse").await;
    page.presses(Key::Enter).await;
    page.sees(".app .me").await;

    // A colleague is found, and greeted.
    tabs_to(&page, ".search input").await;
    page.keys("bo").await;
    page.sees(".person-open").await;
    page.presses(Key::Down).await;
    page.presses(Key::Enter).await;
    page.until("document.activeElement?.id === 'draft'").await;
    page.keys("good morning").await;
    page.presses(Key::Enter).await;
    page.sees(".message.mine:not(.unsent)").await;
    // A reaction to it, a correction, and what should not have been said.
    page.does("document.querySelector('.scroll').focus()").await;
    page.presses(Key::Up).await;
    page.keys("+").await;
    page.sees(".emoji-grid button").await;
    tabs_to(&page, ".emoji-grid button").await;
    page.presses(Key::Enter).await;
    page.sees(".chip").await;
    page.does("document.querySelector('#draft').focus()").await;
    page.presses(Key::Up).await;
    page.keys(", bob").await;
    page.presses(Key::Enter).await;
    page.reads(".content", "good morning, bob").await;
    page.keys("oh").await;
    page.presses(Key::Enter).await;
    page.until("document.querySelectorAll('.message.mine:not(.unsent)').length === 2").await;
    page.does("document.querySelector('.scroll').focus()").await;
    page.presses(Key::Up).await;
    page.presses(Key::Delete).await;
    tabs_to(&page, "dialog .danger").await;
    page.presses(Key::Enter).await;
    page.until("document.querySelectorAll('.message').length === 1").await;

    // A call, which begins with the focus on its end.
    tabs_to(&page, ".calls button").await;
    page.presses(Key::Enter).await;
    page.until("document.activeElement?.matches('.call .leave')").await;
    page.presses(Key::Enter).await;
    page.until("!document.querySelector('.call')").await;

    // The language.
    page.does("document.activeElement.blur()").await;
    tabs_to(&page, ".me").await;
    page.presses(Key::Enter).await;
    page.sees("dialog select[name=language]").await;
    tabs_to(&page, "[name=language]").await;
    page.keys("Р").await;
    page.until("document.documentElement.lang === 'ru' && document.querySelector('#draft')").await;
    let chats = bob.get("/messages/api/chats/").await.is(200).results();
    assert_eq!(chats[0]["unread_count"], 2, "the greeting, and a missed call: {chats:?}");
    page.leaves().await;
}

#[tokio::test]
async fn the_menu_of_a_message_stays_beside_it() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let page = Browser::of(&fireside, &alice).await;
    page.opens_chat(direct(&alice, &bob).await).await;
    page.says("typed").await;
    page.sees(".message.mine:not(.unsent)").await;
    page.devtools("Input.dispatchMouseEvent", json!({"type": "mouseMoved", "x": 5, "y": 5})).await;
    page.does("document.querySelector('.message.mine').focus()").await;
    page.presses(Key::Enter).await;
    page.sees(".menu button").await;
    // What shows the menu is hidden by then, and the menu has been placed again.
    page.waits_for("requestAnimationFrame(() => requestAnimationFrame(() => done()))").await;
    page.until("!document.querySelector('.tools').checkVisibility()").await;
    let apart = "((menu, message) => Math.max(0, message.left - menu.right, menu.left - message.right) + Math.max(0, message.top - menu.bottom, menu.top - message.bottom))\
        (...['.menu', '.message.mine .bubble'].map((each) => document.querySelector(each).getBoundingClientRect()))";
    let apart = page.asks(apart).await;
    assert!(apart.as_f64().unwrap() < 150.0, "{apart} px");
    page.leaves().await;
}
