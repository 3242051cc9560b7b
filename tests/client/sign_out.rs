//! What somebody typed does not stay in the browser that they sign out of.

use serde_json::json;

use super::talk::direct;
use super::{Browser, browser_is_here};
use crate::world::Fireside;

/// What this browser keeps of what was typed.
const TYPED: &str = "Object.keys(localStorage).filter((name) => /draft|outbox/.test(name)).length";

#[tokio::test]
async fn drafts_and_what_was_not_sent_are_asked_about_and_then_erased() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let (pair, notes) = (direct(&alice, &bob).await, direct(&alice, &alice).await);
    let hers = Browser::of(&fireside, &alice).await;
    hers.opens_chat(pair).await;
    hers.types("#draft", "half a secret").await;
    hers.opens_chat(notes).await;
    hers.reads(".chat", "half a secret").await;
    // One waits that the server does not take, as it is never reached.
    hers.does("window.fetch = () => Promise.reject(new TypeError('no network'))").await;
    hers.says("a secret that waits").await;
    hers.reads(".unsent", "a secret that waits").await;
    assert_eq!(hers.asks(TYPED).await, 2);

    hers.clicks(".me").await;
    hers.presses_button("Sign out").await;
    hers.reads("dialog:last-of-type p", "2 messages have not been sent. Signing out deletes them.").await;
    hers.presses_button("Cancel").await;
    hers.until("document.querySelectorAll('dialog').length === 1").await;
    assert_eq!(hers.asks(TYPED).await, 2, "nothing has happened");
    hers.presses_button("Sign out").await;
    hers.clicks("dialog:last-of-type .danger").await;
    hers.sees("[name=password]").await;
    assert_eq!(hers.asks(TYPED).await, 0);
    assert_eq!(hers.asks("JSON.stringify(localStorage).includes('secret')").await, false);

    // Whoever has nothing to lose is asked nothing.
    hers.reloads().await;
    hers.signs_in(&bob).await;
    hers.clicks(".me").await;
    hers.presses_button("Sign out").await;
    hers.sees("[name=password]").await;
    hers.leaves().await;
}

#[tokio::test]
async fn a_session_that_was_ended_elsewhere_leaves_nothing_typed_behind() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let pair = direct(&alice, &bob).await;
    let hers = Browser::of(&fireside, &alice).await;
    hers.opens_chat(pair).await;
    hers.types("#draft", "half a secret").await;
    hers.until(&format!("{TYPED} === 1")).await;
    hers.reloads().await;
    hers.until("document.querySelector('#draft')?.value === 'half a secret'").await;
    alice.post("/api/auth/logout-all/", &json!({})).await.is(204);
    hers.sees("[name=password]").await;
    hers.until(&format!("{TYPED} === 0")).await;
    hers.leaves().await;
}

#[tokio::test]
async fn nothing_says_that_something_is_kept_once_another_page_has_signed_out() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let chat = direct(&alice, &bob).await;
    let hers = Browser::of(&fireside, &alice).await;
    hers.reads(".chat", "bob").await;
    // The other page does so while this one keeps what it has seen.
    hers.does(
        "window.saying = [];
         const open = IDBDatabase.prototype.transaction;
         IDBDatabase.prototype.transaction = function (places, mode) {
             if (mode === 'readwrite') localStorage.removeItem('fireside.token');
             return open.call(this, places, mode);
         };
         const erase = IDBFactory.prototype.deleteDatabase;
         IDBFactory.prototype.deleteDatabase = function (name) { window.isErased = true; return erase.call(this, name); };
         const set = Storage.prototype.setItem;
         Storage.prototype.setItem = function (name, value) { window.saying.push(name); set.call(this, name, value); };",
    )
    .await;
    bob.post(&format!("/messages/api/chats/{chat}/messages/"), &json!({"content": "news"})).await.is(201);
    hers.until("window.isErased").await;
    assert_eq!(hers.asks("window.saying.includes('fireside.kept')").await, false);
    hers.leaves().await;
}
