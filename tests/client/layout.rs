//! What is on the screen stays on it, and can be pressed.

use serde_json::json;

use super::talk::direct;
use super::{Browser, browser_is_here};
use crate::manage::setup_code;
use crate::world::{Fireside, id};

const SIZES: [(u32, u32); 3] = [(360, 740), (1104, 800), (1440, 900)];

/// By how many pixels the page, and what scrolls in it, are wider than they show.
const TOO_WIDE: &str = "[document.documentElement, ...document.querySelectorAll('.scroll, .lists, dialog .body, .call')]\
    .reduce((most, each) => Math.max(most, each.scrollWidth - each.clientWidth), 0)";

/// That no edge of it is beyond the window's.
fn is_whole(selector: &str) -> String {
    format!(
        "(() => {{ const {{ left, right, top, bottom, width }} = document.querySelector({}).getBoundingClientRect(); \
         return width > 0 && left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight; }})()",
        json!(selector)
    )
}

#[tokio::test]
async fn a_strangers_long_line_widens_nothing() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let long = |letter: &str, count: usize| letter.repeat(count);
    bob.patch(&format!("/api/users/{}/", bob.id), &json!({"display_name": long("o", 150), "bio": long("i", 900)}))
        .await
        .is(200);
    let code = format!("```\n{}\n```", long("w", 700));
    let post = json!({"title": long("T", 200), "content": format!("{code}\nhttps://example.org/{}", long("z", 400))});
    bob.post("/profiles/api/posts/", &post).await.is(201);
    let group = json!({"chat_type": "group", "title": long("G", 200), "member_ids": [alice.id]});
    let group = id(&bob.post("/messages/api/chats/", &group).await.is(201).json());
    let path = format!("/messages/api/chats/{group}/messages/");
    for text in [
        code.clone(),
        format!("https://example.org/{}", long("x", 900)),
        format!("> {}\n- {}\n`{}`", long("q", 300), long("l", 300), long("c", 300)),
    ] {
        bob.post(&path, &json!({"content": text})).await.is(201);
    }
    let reply = bob.get(&path).await.results()[2]["id"].clone();
    bob.post(&path, &json!({"content": "short", "reply_to": reply})).await.is(201);
    let hers = Browser::of(&fireside, &alice).await;
    hers.opens_chat(group).await;
    hers.says(&long("m", 400)).await;
    hers.until("document.querySelectorAll('.message:not(.unsent)').length === 5").await;
    for (width, height) in SIZES {
        hers.is_sized(width, height).await;
        assert_eq!(hers.asks(TOO_WIDE).await, 0, "the chat at {width}");
        for (opens, shows) in
            [(".conversation .about", "dialog .person"), ("[aria-label='People and posts']", "dialog .post")]
        {
            hers.does(&format!("document.querySelector({}).click()", json!(opens))).await;
            hers.sees(shows).await;
            assert_eq!(hers.asks(TOO_WIDE).await, 0, "{opens} at {width}");
            hers.does("document.querySelector('dialog').close()").await;
            hers.until("!document.querySelector('dialog')").await;
        }
    }
    hers.leaves().await;
}

#[tokio::test]
async fn a_long_name_widens_no_call_and_no_choice() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let name = json!({"display_name": "Anna-Maria von und zu ".repeat(6).trim()});
    bob.patch(&format!("/api/users/{}/", bob.id), &name).await.is(200);
    let chat = direct(&alice, &bob).await;
    let hers = Browser::of(&fireside, &alice).await;
    hers.presses_button("New chat").await;
    hers.clicks("dialog [aria-label^=Choose]").await;
    hers.sees("dialog .chip .clip").await;
    for (width, height) in SIZES {
        hers.is_sized(width, height).await;
        assert_eq!(hers.asks(TOO_WIDE).await, 0, "a choice at {width}");
    }
    hers.presses(fantoccini::key::Key::Escape).await;
    hers.until("!document.querySelector('dialog')").await;
    hers.opens_chat(chat).await;
    hers.presses_button("Audio call").await;
    hers.sees(".call .tile").await;
    for (width, height) in SIZES {
        hers.is_sized(width, height).await;
        assert_eq!(hers.asks(TOO_WIDE).await, 0, "a call at {width}");
        hers.until(&is_whole(".call .leave")).await;
    }
    hers.presses_button("Leave the call").await;
    hers.leaves().await;
}

#[tokio::test]
async fn the_emoji_picker_opens_on_the_screen_and_send_stays_visible() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let chat = direct(&alice, &bob).await;
    let hers = Browser::of(&fireside, &alice).await;
    hers.opens_chat(chat).await;
    let colours = "(({ backgroundColor, color }) => `${backgroundColor} ${color}`)(getComputedStyle(document.querySelector('.send')))";
    let calm = hers.asks(colours).await;
    for (width, height) in SIZES {
        hers.is_sized(width, height).await;
        hers.clicks(".composer [aria-label=Emoji]").await;
        hers.until("document.querySelectorAll('.emoji-grid button').length > 50").await;
        hers.until(&is_whole("[popover]")).await;
        hers.presses(fantoccini::key::Key::Escape).await;
        hers.until("!document.querySelector('[popover]')").await;
        let middle = hers.asks("(({ x, y, width, height }) => ({ x: x + width / 2, y: y + height / 2 }))(document.querySelector('.send').getBoundingClientRect())").await;
        let hover = json!({"type": "mouseMoved", "x": middle["x"], "y": middle["y"]});
        hers.devtools("Input.dispatchMouseEvent", hover).await;
        hers.until("document.querySelector('.send').matches(':hover')").await;
        assert_eq!(hers.asks(colours).await, calm, "hovered at {width}");
    }
    hers.leaves().await;
}

#[tokio::test]
async fn every_tab_of_the_administration_can_be_pressed_on_a_phone() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let body = json!({"code": setup_code(&fireside).unwrap(), "username": "root", "password": "correct horse root"});
    let token = fireside.anyone().post("/api/server/setup/", &body).await.is(201).json()["token"].clone();
    for number in 0..8 {
        fireside.registers(&format!("person{number}")).await;
    }
    let page = Browser::at(&fireside).await;
    page.does(&format!("localStorage.setItem('fireside.token', {token})")).await;
    page.reloads().await;
    page.is_sized(360, 740).await;
    page.clicks(".me").await;
    page.presses_button("Administration").await;
    let reachable = "[...document.querySelectorAll('.admin [role=tab]')].filter((tab) => { const { x, y, width, height } = tab.getBoundingClientRect(); \
        return document.elementFromPoint(x + width / 2, y + height / 2) === tab; }).length";
    for tab in ["storage", "people", "invites", "audit", "status"] {
        page.clicks(&format!("#admin-{tab}")).await;
        page.until("!document.querySelector('.admin .skeleton') && document.querySelector('.admin .part').childElementCount > 0").await;
        assert_eq!(page.asks(reachable).await, 5, "{tab}");
    }
    page.leaves().await;
}

#[tokio::test]
async fn a_thousand_unread_are_counted_in_words() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let chat = direct(&alice, &bob).await;
    let path = format!("/messages/api/chats/{chat}/messages/");
    for _ in 0..21 {
        let all = (0..50).map(|number| bob.post(&path, &json!({"content": format!("number {number}")})).into_future());
        futures_util::future::join_all(all).await;
    }
    let hers = Browser::of(&fireside, &alice).await;
    hers.opens_chat(chat).await;
    hers.reads(".present:not(.above)", "1,050 new").await;
    assert_eq!(hers.asks("document.body.innerText.includes('NaN')").await, false);
    hers.leaves().await;
}
