//! The page of the APIs: found, read, tried out.

use serde_json::json;

use super::axe::{Checker, axe};
use super::{Browser, browser_is_here};
use crate::prototyping::Dev;
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

/// The five pages, with the lines of somebody who did nothing yet, and the live one, before the checker.
#[tokio::test]
async fn a_throwaway_server_has_a_page_for_each_api_with_lines_that_work_and_a_live_one() {
    let Some(_turn) = browser_is_here().await else { return };
    let dev = Dev::start(&[]);
    let page = Browser::on(&dev.url).await;
    page.goes_to("/docs").await;
    let token = dev.token("alice");
    page.reads("#start pre", &format!("Token {token}")).await;
    page.reads("#start p", "as alice of this throwaway server").await;
    let mut checker = axe().map(|script| Checker { script, faults: Vec::new() });
    let shown = "[...document.querySelectorAll('#operations details')].filter((each) => each.checkVisibility()).length";
    page.until(&format!("{shown} > 0")).await;
    let all = page.asks(shown).await;
    let pages = [
        // First, for it opens a room only where the two have none yet.
        ("messenger", "/messenger/ws/ws/chat/alice_bob/?token=", "-d 'recipient=bob'"),
        ("inbox", "/ws/chat/bob/?token=", "-d 'receiver=bob' -d 'content=Hello'"),
        ("messaging", "/messages/ws/?token=", "/messages/api/chats/1/messages/'"),
        ("directs", "/ws/chat/CHAT_ID/?token=", "-d 'user_id=2'"),
        ("rooms", "/ws/room/1/?token=", "/api/rooms/1/messages/'"),
    ];
    for (name, socket, request) in pages {
        page.clicks(&format!("#pages a[href='#{name}']")).await;
        page.reads("#start h2", name).await;
        page.reads("#pages [aria-current]", name).await;
        page.reads("#start pre", &format!("python3 -m websockets '{}/d/{name}", dev.url.replacen("http", "ws", 1)))
            .await;
        page.reads("#start pre", &format!("{socket}{token}'")).await;
        page.reads("#start pre", request).await;
        page.until(&format!("{shown} > 0 && {shown} < {all}")).await;
        let narrow = "document.documentElement.scrollWidth <= document.documentElement.clientWidth";
        assert_eq!(page.asks(narrow).await, true, "{name}");
        if let Some(checker) = &mut checker {
            checker.sees(&page, name).await;
        }
        // Each line but those that need a file, an id or a password does what it says.
        let lines = page.asks("[...document.querySelectorAll('#start pre')].map((line) => line.textContent).filter((line) => line.startsWith('curl ') && !/-N|cat.png|PASSWORD/.test(line))").await;
        let lines = lines.as_array().unwrap();
        assert!(lines.len() > 1, "{name}");
        for line in lines.iter().map(|line| line.as_str().unwrap()) {
            let line = line.replacen("curl", "curl -sS --fail --noproxy '*'", 1);
            let output = std::process::Command::new("bash").args(["-c", &line]).output().unwrap();
            assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        }
    }
    page.clicks("#pages a[href='#live']").await;
    page.reads("#start [role=status]", "Listening").await;
    dev.post("/messages/api/chats/1/messages/", &json!({"content": "Is it live?"})).await.is(201);
    page.reads("#start .live .request", "POST /messages/api/chats/1/messages/").await;
    page.does("document.querySelector('#start .check input').click()").await;
    page.until("![...document.querySelectorAll('#start .live .request')].some((row) => row.checkVisibility())").await;
    if let Some(mut checker) = checker {
        checker.sees(&page, "live").await;
        assert_eq!(checker.faults, Vec::<String>::new());
    }
    for address in page.loaded().await {
        assert!(address.starts_with(&dev.url), "{address}");
    }
    page.leaves().await;
}

#[tokio::test]
async fn a_server_in_earnest_has_no_live_page() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let page = Browser::at(&fireside).await;
    page.goes_to("/docs#live").await;
    page.sees("#operations details").await;
    page.reads("#start h2", "Start").await;
    assert_eq!(page.asks("document.querySelector('#pages a[href=\"#live\"]').checkVisibility()").await, false);
    page.clicks("#pages a[href='#inbox']").await;
    page.reads("#start pre", "Token YOUR_TOKEN").await;
    page.leaves().await;
}
