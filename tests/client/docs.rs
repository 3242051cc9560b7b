//! The page of the APIs: found, read, tried out.

use serde_json::json;

use super::{Browser, browser_is_here};
use crate::world::Fireside;
use crate::world::document::operations;

#[tokio::test]
async fn the_page_shows_every_operation_and_finds_one() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let page = Browser::at(&fireside).await;
    page.goes_to("/docs").await;
    page.sees("#operations details").await;
    let shown = "[...document.querySelectorAll('#operations details')].filter((each) => each.checkVisibility()).length";
    assert_eq!(page.asks(shown).await, json!(operations().len()));
    page.types("#search", "post participants").await;
    page.until(&format!("{shown} === 0")).await;
    page.does("const box = document.querySelector('#search'); box.value = 'post reactions'; box.dispatchEvent(new Event('input'))")
        .await;
    page.until(&format!("{shown} === 1")).await;
    page.clicks("#messaging_post_messages_api_messages_message_id_reactions summary").await;
    page.reads("details[open] pre", "curl -X POST -H 'Authorization: Token YOUR_TOKEN'").await;
    page.reads("details[open] pre", "await fetch(").await;
    for address in page.loaded().await {
        assert!(address.starts_with(&fireside.url), "{address}");
    }
    page.does(
        "const box = document.querySelector('#dialect'); box.value = 'inbox'; box.dispatchEvent(new Event('input'))",
    )
    .await;
    page.until(&format!("{shown} === 0")).await;
    page.leaves().await;
}

#[tokio::test]
async fn whoever_is_signed_in_starts_with_commands_of_their_own() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let page = Browser::at(&fireside).await;
    page.goes_to("/docs").await;
    page.reads("#start", "put a token into the box above").await;
    page.reads("#start pre", "Token YOUR_TOKEN").await;
    page.does(&format!("localStorage.setItem('fireside.token', '{}')", alice.token)).await;
    page.does("localStorage.setItem('fireside.theme', 'dark')").await;
    page.reloads().await;
    page.reads(
        "#start pre",
        &format!("curl -H 'Authorization: Token {}' {}/messages/api/chats/", alice.token, fireside.url),
    )
    .await;
    assert_eq!(page.asks("document.documentElement.dataset.theme").await, "dark");
    page.does("document.getElementById('rooms_get_api_auth_me').open = true").await;
    page.clicks("details[open] form.try button").await;
    page.reads("details[open] .answer", "alice@example.com").await;
    page.leaves().await;
}

#[tokio::test]
async fn an_operation_and_a_socket_are_tried_out() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, _bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let page = Browser::at(&fireside).await;
    page.goes_to("/docs#rooms_get_api_auth_me").await;
    page.clicks("details[open] form.try button").await;
    page.reads("details[open] .answer", "401").await;
    page.types("#token", &alice.token).await;
    page.clicks("details[open] form.try button").await;
    page.reads("details[open] .answer", "alice@example.com").await;

    page.does("document.querySelector('details[open]').open = false").await;
    page.does("document.getElementById('inbox_get_ws_chat_username').open = true").await;
    page.types("details[open] [name=username]", "bob").await;
    page.clicks("details[open] form.try button").await;
    page.reads("details[open] .answer", "open").await;
    page.clicks("details[open] form.try button[type=button]").await;
    page.reads("details[open] .answer", "\"receiver\":\"bob\"").await;
    page.leaves().await;
}

#[tokio::test]
async fn nothing_sticks_out_on_a_narrow_screen() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let page = Browser::at(&fireside).await;
    page.goes_to("/docs").await;
    page.sees("#operations details").await;
    // The window itself cannot be so narrow, headless.
    page.does("document.body.style.margin = '0'; document.body.style.width = '360px'; for (const each of document.querySelectorAll('details')) each.open = true").await;
    page.until("document.querySelectorAll('details[open] .inside').length > 60").await;
    let wide = "[...document.querySelectorAll('#operations *')].filter((each) => each.getBoundingClientRect().right > 361).map((each) => each.outerHTML.slice(0, 120))";
    assert_eq!(page.asks(wide).await, json!([]));
    page.leaves().await;
}
