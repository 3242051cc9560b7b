//! A call between two browsers, with media that Chromium makes up.

use serde_json::json;

use super::talk::{Pair, pair};
use super::{Browser, browser_is_here};
use crate::world::{Fireside, id};

#[tokio::test]
async fn a_call_connects_and_leaving_ends_it() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let Pair { hers, his, .. } = pair(&fireside).await;
    hers.presses_button("Video call").await;
    his.presses_button("Answer with video").await;
    for page in [&hers, &his] {
        page.sees(".tile[data-state=connected].seen").await;
        page.reads(".call [role=status]", "Connected").await;
    }
    his.presses_button("Leave the call").await;
    his.until("!document.querySelector('.call')").await;
    hers.until("document.querySelectorAll('.tile').length === 1").await;
    hers.presses_button("Leave the call").await;
    hers.leaves().await;
    his.leaves().await;
}

#[tokio::test]
async fn three_are_in_one_call_and_a_fourth_chat_sees_it() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let carol = fireside.registers("carol").await;
    let group = json!({"chat_type": "group", "title": "Team", "member_ids": [bob.id, carol.id]});
    let chat = id(&alice.post("/messages/api/chats/", &group).await.is(201).json());
    let mut pages = Vec::new();
    for person in [&alice, &bob, &carol] {
        pages.push(Browser::of(&fireside, person).await);
    }
    pages[0].opens_chat(chat).await;
    pages[0].presses_button("Audio call").await;
    // Those who look elsewhere see it in the list, and in the chat when they open it.
    for page in &pages[1..] {
        page.sees(".chat .calling").await;
        page.opens_chat(chat).await;
        page.reads(".band", "Call in progress").await;
        page.presses_button("Join").await;
        page.sees(".tile[data-state=connected]").await;
        page.until("!document.querySelector('.band .primary')").await;
    }
    for page in &pages {
        page.until("document.querySelectorAll('.tile[data-state=connected]').length === 2").await;
    }
    pages[0].presses_button("Leave the call").await;
    for page in &pages[1..] {
        page.until("document.querySelectorAll('.tile').length === 2").await;
    }
    pages[0].reads(".band", "Call in progress: 2 people").await;
    for page in &pages[1..] {
        page.presses_button("Leave the call").await;
    }
    pages[0]
        .until("!document.querySelector('.band').children.length && !document.querySelector('.chat .calling')")
        .await;
    for page in pages {
        page.leaves().await;
    }
}

/// Whether the other side's picture moves, and what it shows.
const SEEN: &str = "document.querySelector('.tile:not(.own)')?.classList.contains('seen')";

#[tokio::test]
async fn microphone_camera_and_screen_are_switched_during_a_call() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let Pair { hers, his, .. } = pair(&fireside).await;
    hers.presses_button("Audio call").await;
    his.presses_button("Audio call").await;
    his.sees(".tile[data-state=connected]").await;
    assert_eq!(his.asks(SEEN).await, false, "nobody shows anything yet");
    let face = "document.querySelector('.tile:not(.own) .avatar').checkVisibility()";
    assert_eq!(his.asks(face).await, true, "and is there all the same");
    let pressed = |name: &str| format!("document.querySelector('.controls [aria-label={name:?}]').ariaPressed");
    hers.presses_button("Camera").await;
    his.until(SEEN).await;
    assert_eq!(his.asks(face).await, false);
    assert_eq!(hers.asks(&pressed("Camera")).await, "true");
    hers.presses_button("Camera").await;
    his.until(&format!("{SEEN} === false")).await;
    // A screen that the test makes up, with its sound: a headless browser has none.
    hers.does("navigator.mediaDevices.getDisplayMedia = async (wish) => window.shared = await navigator.mediaDevices.getUserMedia(wish)")
        .await;
    let width = his.asks("document.querySelector('.tile:not(.own)').offsetWidth").await.as_i64();
    hers.presses_button("Share the screen").await;
    his.sees(".tile.screen.seen:not(.own)").await;
    assert!(his.asks("document.querySelector('.tile.screen').offsetWidth").await.as_i64() > width, "it is large");
    assert_eq!(hers.asks("window.shared.getTracks().map(({ kind }) => kind).sort()").await, json!(["audio", "video"]));
    assert_eq!(hers.asks(&pressed("Share the screen")).await, "true");
    hers.presses_button("Share the screen").await;
    his.until(&format!("{SEEN} === false")).await;
    assert_eq!(hers.asks("window.shared.getTracks().some(({ readyState }) => readyState === 'live')").await, false);
    hers.presses_button("Mute").await;
    assert_eq!(hers.asks(&pressed("Unmute")).await, "true");
    hers.presses_button("Unmute").await;
    hers.presses_button("Leave the call").await;
    his.presses_button("Leave the call").await;
    hers.leaves().await;
    his.leaves().await;
}

#[tokio::test]
async fn what_stands_in_the_way_of_a_call_is_said_plainly() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let Pair { hers, his, .. } = pair(&fireside).await;
    // The camera is refused.
    hers.does("window.real = navigator.mediaDevices.getUserMedia; navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'))").await;
    hers.presses_button("Video call").await;
    hers.reads("#toasts", "The browser is not allowed to use the microphone or camera.").await;
    hers.does("navigator.mediaDevices.getUserMedia = window.real").await;
    // Two who find no way to each other: the browser says so in its own time, here at once.
    for page in [&hers, &his] {
        page.does("Object.defineProperty(RTCPeerConnection.prototype, 'connectionState', { get: () => 'failed' })")
            .await;
    }
    hers.presses_button("Audio call").await;
    his.presses_button("Audio call").await;
    hers.reads(".call [role=status]", "Could not connect to bob directly. The administrator can set up a TURN server")
        .await;
    his.reads(".call [role=status]", "Could not connect to alice directly").await;
    hers.leaves().await;
    his.leaves().await;
}

/// Whether the stage is within the window and leaves Send free.
const CLEAR: &str = "(({ left, top, right, bottom }, send) => left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight \
    && (bottom <= send.top || right <= send.left))(document.querySelector('.call').getBoundingClientRect(), document.querySelector('.send').getBoundingClientRect())";
const PLACE: &str = "(({ left, top }) => [left, top])(document.querySelector('.call').getBoundingClientRect())";

#[tokio::test]
async fn the_stage_is_moved_and_resized_and_leaves_send_free() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let Pair { hers, his, chat, .. } = pair(&fireside).await;
    hers.presses_button("Audio call").await;
    his.presses_button("Answer with audio").await;
    his.sees(".tile[data-state=connected]").await;
    let handle = "document.querySelector('.call [aria-label^=\"Move the call\"]')";
    for (width, height) in [(360, 640), (1200, 800)] {
        his.is_sized(width, height).await;
        his.until(CLEAR).await;
        his.until("document.querySelector('.leave').getBoundingClientRect().bottom < document.querySelector('.send').getBoundingClientRect().top").await;
    }
    // By keys, and by dragging it to where it may not go.
    let before = his.asks(PLACE).await;
    his.does(&format!("{handle}.focus()")).await;
    his.keys("\u{e013}\u{e012}").await;
    let moved = json!([before[0].as_i64().unwrap() - 24, before[1].as_i64().unwrap() - 24]);
    assert_eq!(his.asks(PLACE).await, moved);
    let drag = |x: u32, y: u32| {
        format!(
            "const at = (type, clientX, clientY) => new PointerEvent(type, {{ clientX, clientY, bubbles: true }}); \
             const header = document.querySelector('.call > header'); \
             header.dispatchEvent(at('pointerdown', 0, 0)); window.dispatchEvent(at('pointermove', {x}, {y})); window.dispatchEvent(at('pointerup', {x}, {y}))"
        )
    };
    his.does(&drag(5_000, 5_000)).await;
    his.until(CLEAR).await;
    assert_ne!(his.asks(PLACE).await, moved);
    // Small, and back.
    let width = his.asks("document.querySelector('.call').offsetWidth").await.as_i64();
    his.presses_button("Small").await;
    assert!(his.asks("document.querySelector('.call').offsetWidth").await.as_i64() < width);
    his.until(CLEAR).await;
    his.presses_button("Small").await;
    // Esc leaves full screen, and neither the call nor the chat.
    his.presses_button("Full screen").await;
    his.until("document.querySelector('.call').offsetWidth === innerWidth").await;
    his.presses(fantoccini::key::Key::Escape).await;
    his.until(CLEAR).await;
    assert_eq!(his.asks("location.hash").await, format!("#chat-{chat}"));
    hers.leaves().await;
    his.leaves().await;
}
