//! Figures, printed: they depend on the machine, so no test of every day asserts them.
//!
//! `cargo test --release --test fireside client::figures -- --ignored --nocapture`

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::browser::say;
use super::talk::direct;
use super::{Browser, browser_is_here};
use crate::world::Fireside;

const MESSAGES: usize = 10_000;

/// Scrolls up for two seconds, a good part of a screen in each frame: the time of each frame.
const SCROLL: &str = "
    const box = document.querySelector('.scroll'); const deltas = []; let most = 0; let last; const end = performance.now() + 2000;
    const step = (now) => {
        if (last) deltas.push(now - last);
        last = now;
        most = Math.max(most, document.querySelectorAll('.message').length);
        box.scrollTop -= 60;
        if (now < end) requestAnimationFrame(step);
        else { deltas.sort((a, b) => a - b); done({ frames: deltas.length, median: deltas[deltas.length >> 1], p95: deltas[Math.floor(deltas.length * 0.95)], worst: deltas.at(-1), most }); }
    };
    requestAnimationFrame(step);";

/// Says something and notes when it is on the screen, and when the server has it.
const SAY: &str = "
    const box = document.querySelector('#draft'); box.value = `now ${Math.random()}`; const text = box.value; const start = performance.now(); let shown;
    const node = () => [...document.querySelectorAll('.message.mine')].find((each) => each.textContent.includes(text));
    const look = () => {
        if (!node() || node().matches('.unsent')) return;
        watch.disconnect();
        done({ shown, confirmed: performance.now() - start });
    };
    const watch = new MutationObserver(look); watch.observe(document.querySelector('.log'), { childList: true, subtree: true, attributes: true });
    document.querySelector('.composer').requestSubmit();
    shown = node() ? performance.now() - start : null;";

#[tokio::test]
#[ignore = "prints figures"]
async fn ten_thousand_messages_scroll_and_a_send_is_quick() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let chat = direct(&alice, &bob).await;
    let path = format!("/messages/api/chats/{chat}/messages/");
    for part in 0..MESSAGES / 50 {
        join_all((0..50).map(|number| {
            let (bob, path) = (&bob, &path);
            async move {
                let text = format!("number {} {}", part * 50 + number, "words ".repeat(number % 12));
                bob.post(path, &json!({"content": text})).await.is(201);
            }
        }))
        .await;
    }
    let hers = Browser::of(&fireside, &alice).await;
    hers.opens_chat(chat).await;
    let mut turns: Vec<Value> = Vec::new();
    for _ in 0..5 {
        turns.push(hers.waits_for(SCROLL).await);
    }
    say(&format!("{MESSAGES} messages, scrolling up, ms a frame: {turns:#?}"));
    hers.clicks(".present:not(.above)").await;
    let mut sends: Vec<Value> = Vec::new();
    for _ in 0..10 {
        sends.push(hers.waits_for(SAY).await);
    }
    say(&format!("a send, ms until it is on the screen (in the same task) and until it is confirmed: {sends:#?}"));
    let loaded = hers.asks("performance.getEntriesByType('resource').length + 1").await;
    say(&format!("requests since the page was loaded: {loaded}"));
    hers.leaves().await;
}

#[tokio::test]
async fn a_send_is_on_the_screen_before_anything_else_happens() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let chat = direct(&alice, &bob).await;
    let hers = Browser::of(&fireside, &alice).await;
    hers.opens_chat(chat).await;
    let said = hers.waits_for(SAY).await;
    assert!(said["shown"].is_number(), "in the same task, so in the same frame: {said}");
    assert!(said["confirmed"].is_number(), "{said}");
    hers.leaves().await;
}
