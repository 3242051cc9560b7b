//! What is searched for and found, or not.

use super::{Look, Village, closes, looks, presses, village, words};
use crate::client::{Browser, browser_is_here};
use crate::world::Fireside;

#[tokio::test]
#[ignore = "takes pictures"]
async fn searches_on_a_phone_and_a_desk() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let village = village(&fireside).await;
    let page = Browser::of(&fireside, &village.ann).await;
    for look in looks() {
        look.is_put_on(&page).await;
        page.sees(".chat").await;
        everywhere(look, &page).await;
        in_a_chat(look, &page, &village).await;
    }
    page.leaves().await;
}

async fn looks_for(page: &Browser, place: &str, wish: &str) {
    page.does(&format!("const box = document.querySelector('{place} [type=search]'); box.focus(); box.value = ''"))
        .await;
    page.types(&format!("{place} [type=search]"), wish).await;
}

async fn everywhere(look: Look, page: &Browser) {
    looks_for(page, ".search", "the").await;
    page.sees(".lists .hit mark").await;
    look.takes(page, "search").await;
    looks_for(page, ".search", "bob").await;
    page.sees(".lists .person-open").await;
    look.takes(page, "search-people").await;
    looks_for(page, ".search", "plan").await;
    presses(page, "search.has:file").await;
    page.sees(".filters [aria-pressed=true]").await;
    page.until("document.querySelectorAll('.lists .hit').length === 1").await;
    look.takes(page, "search-filter").await;
    page.clicks(".lists .hit").await;
    page.sees(".message.found").await;
    look.takes(page, "search-opened").await;
    page.does("location.hash = ''").await;
    looks_for(page, ".search", "quicksilver").await;
    page.sees(".lists .notice:not([hidden]) p").await;
    look.takes(page, "search-nothing").await;
    page.does("const box = document.querySelector('.search input'); box.value = ''; box.dispatchEvent(new Event('input')); box.blur(); box.focus()").await;
    let recent = words(page, "search.recent").await;
    page.until(&format!("document.querySelector('.lists [aria-label=\"{recent}\"] .chat')?.checkVisibility()")).await;
    look.takes(page, "search-recent").await;
    page.does("document.activeElement.blur()").await;
}

async fn in_a_chat(look: Look, page: &Browser, village: &Village) {
    page.opens_chat(village.garden).await;
    page.clicks(".conversation .about").await;
    page.sees("dialog .person").await;
    page.does("document.querySelector('dialog .row button').click()").await;
    page.sees("dialog .filters").await;
    page.until("document.querySelectorAll('dialog').length === 1").await;
    look.takes(page, "chat-search").await;
    looks_for(page, "dialog", "green").await;
    page.sees("dialog .hit mark").await;
    look.takes(page, "chat-search-found").await;
    looks_for(page, "dialog", "quicksilver").await;
    page.until("!document.querySelector('dialog .hit') && document.querySelector('dialog [role=status]').textContent")
        .await;
    look.takes(page, "chat-search-nothing").await;
    closes(page).await;
}
