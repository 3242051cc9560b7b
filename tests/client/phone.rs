//! A phone: fingers for a keyboard and a mouse, a notch, a Back button.

use serde_json::json;

use super::talk::direct;
use super::{Browser, browser_is_here};
use crate::world::{Fireside, contents};

impl Browser {
    /// Behaves like a phone from the next page on.
    async fn is_a_phone(&self) {
        let size = json!({"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": true});
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
        self.devtools("Emulation.setTouchEmulationEnabled", json!({"enabled": true, "maxTouchPoints": 1})).await;
        self.reloads().await;
        self.until("matchMedia('(pointer: coarse)').matches && document.querySelector('.app')").await;
    }
}

#[tokio::test]
async fn enter_breaks_a_line_where_fingers_write_and_the_button_sends() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let chat = direct(&alice, &bob).await;
    let hers = Browser::of(&fireside, &alice).await;
    hers.is_a_phone().await;
    hers.opens_chat(chat).await;
    assert_eq!(hers.asks("document.querySelector('#draft').enterKeyHint").await, "enter");
    // The picker does not bring up the keyboard over itself.
    hers.clicks(".composer [aria-label=Emoji]").await;
    hers.until("document.activeElement.closest('.emoji-grid')").await;
    hers.presses(fantoccini::key::Key::Escape).await;
    hers.until("!document.querySelector('[popover]')").await;
    hers.says("milk").await;
    hers.types("#draft", "bread").await;
    hers.until("document.querySelector('#draft').value === 'milk\\nbread'").await;
    assert_eq!(hers.asks("document.querySelectorAll('.message').length").await, 0);
    hers.clicks(".send").await;
    hers.sees(".message.mine:not(.unsent)").await;
    let said = contents(&bob.get(&format!("/messages/api/chats/{chat}/messages/")).await.is(200).results());
    assert_eq!(said, ["milk\nbread"]);
    hers.leaves().await;
}

#[tokio::test]
async fn inside_a_chat_it_is_said_that_the_line_is_gone() {
    let Some(_turn) = browser_is_here().await else { return };
    let mut fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let chat = direct(&alice, &bob).await;
    let hers = Browser::of(&fireside, &alice).await;
    hers.is_a_phone().await;
    hers.opens_chat(chat).await;
    let said = "[...document.querySelectorAll('.link-state')].filter((each) => each.checkVisibility()).map((each) => each.textContent)";
    assert_eq!(hers.asks(said).await, json!([]));
    fireside.is_asked_to_stop().await;
    hers.until(&format!("{said}.length === 1 && {said}[0].startsWith('Not connected')")).await;
    // Where the list is beside it, once is enough.
    hers.is_sized(1104, 800).await;
    hers.until(&format!("{said}.length === 1")).await;
    hers.leaves().await;
}

#[tokio::test]
async fn back_closes_what_is_open_and_then_leaves_the_chat() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let chat = direct(&alice, &bob).await;
    let hers = Browser::of(&fireside, &alice).await;
    hers.is_a_phone().await;
    hers.opens_chat(chat).await;
    let open = "document.querySelectorAll('dialog[open]').length";
    hers.clicks(".conversation .about").await;
    hers.sees("dialog .portrait").await;
    hers.goes_back().await;
    hers.until(&format!("{open} === 0")).await;
    assert_eq!(hers.asks("location.hash").await, format!("#chat-{chat}"));
    // One above the other: one at a time.
    hers.clicks(".conversation .about").await;
    hers.presses_button("Add as a friend").await;
    hers.presses_button("Remove from friends").await;
    hers.until(&format!("{open} === 2")).await;
    hers.goes_back().await;
    hers.until(&format!("{open} === 1")).await;
    // What was closed by its button costs no step.
    hers.presses_button("Close").await;
    hers.until(&format!("{open} === 0")).await;
    hers.goes_back().await;
    hers.until("location.hash === '' && document.querySelector('.chats').checkVisibility()").await;
    hers.leaves().await;
}

#[tokio::test]
async fn nothing_lies_below_the_notch_or_the_bar() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let chat = direct(&alice, &bob).await;
    let hers = Browser::of(&fireside, &alice).await;
    hers.is_a_phone().await;
    let insets = json!({"insets": {"top": 47, "topMax": 47, "bottom": 34, "bottomMax": 34, "left": 0, "leftMax": 0, "right": 0, "rightMax": 0}});
    hers.devtools("Emulation.setSafeAreaInsetsOverride", insets).await;
    let between = |selector: &str| {
        format!(
            "(({{ top, bottom }}) => top >= 47 && bottom <= innerHeight - 34)(document.querySelector({}).getBoundingClientRect())",
            json!(selector)
        )
    };
    hers.until(&between(".chats .me")).await;
    hers.opens_chat(chat).await;
    for selector in [".conversation .back-button", ".send"] {
        hers.until(&between(selector)).await;
    }
    hers.clicks(".conversation .about").await;
    hers.sees("dialog header button").await;
    hers.until(&between("dialog header button")).await;
    assert!(
        hers.asks("document.querySelector('meta[name=viewport]').content")
            .await
            .as_str()
            .unwrap()
            .contains("viewport-fit=cover")
    );
    hers.leaves().await;
}

#[tokio::test]
async fn keyboard_shortcuts_are_offered_where_there_is_a_keyboard() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let hers = Browser::of(&fireside, &fireside.registers("alice").await).await;
    let offered =
        "[...document.querySelectorAll('dialog button')].some((each) => each.textContent === 'Keyboard shortcuts')";
    for is_offered in [true, false] {
        hers.clicks(".me").await;
        hers.reads("dialog button", "Invite people").await;
        assert_eq!(hers.asks(offered).await, is_offered);
        hers.is_a_phone().await;
    }
    hers.leaves().await;
}
