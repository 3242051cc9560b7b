//! What assistive technology meets, and the languages.

use super::talk::direct;
use super::{Browser, browser_is_here};
use crate::world::Fireside;

#[tokio::test]
async fn everything_that_can_be_pressed_has_a_name_and_the_log_is_one() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let chat = direct(&alice, &bob).await;
    let hers = Browser::of(&fireside, &alice).await;
    hers.opens_chat(chat).await;
    hers.says("hello").await;
    hers.sees("[role=log][aria-live=polite] .message").await;
    let nameless = "[...document.querySelectorAll('button, input, textarea, select, a')].filter((each) => \
        each.checkVisibility() && !each.ariaLabel && !each.textContent.trim() && !each.labels?.length && !each.title).map((each) => each.outerHTML)";
    assert_eq!(hers.asks(nameless).await, serde_json::json!([]));
    hers.clicks(".me").await;
    hers.sees("dialog select[name=language]").await;
    assert_eq!(hers.asks(nameless).await, serde_json::json!([]));
    hers.does("const box = document.querySelector('[name=language]'); box.value = 'ru'; box.dispatchEvent(new Event('change'))")
        .await;
    hers.until(
        "document.documentElement.lang === 'ru' && document.querySelector('#draft')?.placeholder === 'Сообщение'",
    )
    .await;
    hers.leaves().await;
}
