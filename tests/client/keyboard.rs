//! No mouse at all.

use fantoccini::key::Key;

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
