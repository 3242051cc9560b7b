//! A call between two browsers, with media that Chromium makes up.

use super::talk::direct;
use super::{Browser, browser_is_here};
use crate::world::Fireside;

#[tokio::test]
async fn a_call_connects_and_leaving_ends_it() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let chat = direct(&alice, &bob).await;
    let hers = Browser::of(&fireside, &alice).await;
    let his = Browser::of(&fireside, &bob).await;
    hers.opens_chat(chat).await;
    his.opens_chat(chat).await;
    hers.presses_button("Video call").await;
    his.reads(".message .content", "started a call").await;
    his.presses_button("Video call").await;
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
