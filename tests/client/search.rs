//! One box for chats, people and what was said.

use fantoccini::key::Key;
use serde_json::json;

use super::talk::direct;
use super::{Browser, browser_is_here};
use crate::world::{Fireside, id};

const HITS: &str = "[...document.querySelectorAll('.lists .hit .preview')].map((each) => each.textContent)";

#[tokio::test]
async fn what_was_said_is_found_while_one_types_and_opens_where_it_was_said() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let chat = direct(&alice, &bob).await;
    let group = json!({"chat_type": "group", "title": "Garden", "member_ids": [bob.id]});
    let group = id(&alice.post("/messages/api/chats/", &group).await.is(201).json());
    let said = async |chat: i64, text: &str| {
        id(&bob.post(&format!("/messages/api/chats/{chat}/messages/"), &json!({"content": text})).await.is(201).json())
    };
    let first = said(group, "🎉 the greenhouse has a new key").await;
    for number in 0..120 {
        said(group, &format!("number {number}")).await;
    }
    said(chat, "greenhouses are warm").await;
    let hers = Browser::of(&fireside, &alice).await;
    hers.reads(".chat", "Garden").await;
    assert!(!hers.loaded().await.iter().any(|name| name.ends_with("/js/search.js")), "before it is asked for");
    hers.types("[type=search]", "green").await;
    hers.until(&format!("({HITS}).length === 2")).await;
    assert_eq!(hers.asks(HITS).await, json!(["bob: greenhouses are warm", "bob: 🎉 the greenhouse has a new key"]));
    let marked = "[...document.querySelectorAll('.hit mark')].map((each) => each.textContent)";
    assert_eq!(hers.asks(&format!("{marked}.filter((word) => word.startsWith('green')).length")).await, 2);
    assert_eq!(hers.asks(&format!("{marked}.length")).await, 2, "and nothing else");
    // Where and when it was said.
    let chats = "[...document.querySelectorAll('.lists .hit b')].map((each) => each.textContent).join()";
    assert_eq!(hers.asks(chats).await, "bob,Garden");
    hers.until("[...document.querySelectorAll('.hit time')].every((each) => Date.now() - Date.parse(each.dateTime) < 3_600_000)").await;
    // By the keys alone, to the one among a hundred others.
    hers.presses(Key::Down).await;
    hers.presses(Key::Down).await;
    hers.presses(Key::Enter).await;
    hers.until(&format!("document.querySelector('.message.found')?.dataset.id === '{first}'")).await;
    assert_eq!(hers.asks("location.hash").await, format!("#chat-{group}/m-{first}"));

    // What is typed last is what is shown; a filter alone is a search, too.
    hers.does("document.querySelector('[type=search]').value = ''").await;
    hers.types("[type=search]", "warm").await;
    hers.until(&format!("({HITS}).join() === 'bob: greenhouses are warm'")).await;
    hers.presses_button("From me").await;
    hers.until(&format!("({HITS}).length === 0")).await;
    hers.reads(".lists .notice", "Nothing found.").await;
    hers.leaves().await;
}

#[tokio::test]
async fn the_answer_to_what_was_typed_last_is_shown_whichever_comes_last() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let chat = direct(&alice, &bob).await;
    for text in ["a slow snail", "a slower one", "a quick hare"] {
        bob.post(&format!("/messages/api/chats/{chat}/messages/"), &json!({"content": text})).await.is(201);
    }
    let hers = Browser::of(&fireside, &alice).await;
    hers.reads(".chat", "a quick hare").await;
    // The first answer waits until it is let through.
    hers.does(
        "const real = window.fetch;
         window.fetch = async (url, wish) => {
             const answer = await real(url, wish);
             if (String(url).includes('/api/search/?q=slow')) await new Promise((done) => { window.held = done; });
             return answer;
         };",
    )
    .await;
    hers.types("[type=search]", "slow").await;
    hers.until("window.held").await;
    hers.does("document.querySelector('[type=search]').value = ''").await;
    hers.types("[type=search]", "hare").await;
    hers.until(&format!("({HITS}).join() === 'bob: a quick hare'")).await;
    hers.does("window.held(); window.isTold = false; setTimeout(() => { window.isTold = true; }, 100)").await;
    hers.until("window.isTold").await;
    assert_eq!(hers.asks(HITS).await, json!(["bob: a quick hare"]));
    // The other way round it is the same.
    hers.does("window.held = null; document.querySelector('[type=search]').value = ''").await;
    hers.types("[type=search]", "slow").await;
    hers.until("window.held").await;
    hers.sees(".lists [aria-label=Messages] .ghost").await;
    hers.does("window.held()").await;
    hers.until(&format!("({HITS}).length === 2")).await;
    assert!(hers.asks("document.querySelector('.lists .ghost')").await.is_null());
    hers.leaves().await;
}

#[tokio::test]
async fn ctrl_f_searches_a_chat_that_the_page_holds_only_a_part_of() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let (long, short) = (direct(&alice, &bob).await, direct(&alice, &alice).await);
    for number in 0..90 {
        let text = format!("number {number}");
        alice.post(&format!("/messages/api/chats/{long}/messages/"), &json!({"content": text})).await.is(201);
    }
    alice.post(&format!("/messages/api/chats/{short}/messages/"), &json!({"content": "a note"})).await.is(201);
    let hers = Browser::of(&fireside, &alice).await;
    // What the page leaves to the browser.
    hers.does(
        "addEventListener('keydown', (event) => { if (event.key === 'f') window.left = !event.defaultPrevented; })",
    )
    .await;
    let ctrl_f = format!("{}f{}", char::from(Key::Control), char::from(Key::Null));
    hers.opens_chat(long).await;
    hers.reads(".message .content", "number 89").await;
    hers.keys(&ctrl_f).await;
    hers.until("document.activeElement?.matches('dialog [type=search]')").await;
    assert_eq!(hers.asks("window.left").await, false);
    hers.keys("\"number 3\"").await;
    hers.until("document.querySelectorAll('dialog .hit').length === 1").await;
    hers.presses(Key::Down).await;
    hers.presses(Key::Enter).await;
    hers.reads(".message.found .content", "number 3").await;
    hers.until("!document.querySelector('dialog')").await;
    // Once more in the panel is the browser's own.
    hers.keys(&ctrl_f).await;
    hers.sees("dialog [type=search]").await;
    hers.keys(&ctrl_f).await;
    hers.until("window.left").await;
    hers.presses(Key::Escape).await;
    hers.until("!document.querySelector('dialog')").await;

    hers.opens_chat(short).await;
    hers.reads(".message .content", "a note").await;
    hers.does("window.left = null").await;
    hers.keys(&ctrl_f).await;
    hers.until("window.left === true").await;
    assert_eq!(hers.asks("document.querySelectorAll('dialog').length").await, 0);
    hers.leaves().await;
}

#[tokio::test]
async fn one_chat_is_searched_by_itself_and_searches_are_kept_until_one_signs_out() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let chat = direct(&alice, &bob).await;
    let notes = direct(&alice, &alice).await;
    for (chat, text) in [(chat, "apples for bob"), (notes, "apples for me")] {
        alice.post(&format!("/messages/api/chats/{chat}/messages/"), &json!({"content": text})).await.is(201);
    }
    let hers = Browser::of(&fireside, &alice).await;
    hers.opens_chat(notes).await;
    hers.presses_button("Search in this chat").await;
    hers.types("dialog [type=search]", "apples").await;
    hers.until("document.querySelectorAll('dialog .hit').length === 1").await;
    hers.reads("dialog .hit .preview", "apples for me").await;
    hers.presses(Key::Enter).await;
    hers.sees(".message.found").await;
    hers.until("!document.querySelector('dialog')").await;

    hers.types("[type=search]", "apples").await;
    hers.until(&format!("({HITS}).length === 2")).await;
    hers.clicks(".lists .hit").await;
    hers.sees(".message.found").await;
    hers.does("const box = document.querySelector('.search input'); box.value = ''; box.dispatchEvent(new Event('input')); box.focus()").await;
    hers.reads("[aria-label='Recent searches']", "apples").await;
    hers.does("document.querySelector('[aria-label=\"Recent searches\"] button').click()").await;
    hers.until(&format!("({HITS}).length === 2")).await;
    hers.clicks(".me").await;
    hers.presses_button("Sign out").await;
    hers.sees("[name=password]").await;
    assert!(hers.asks("localStorage.getItem('fireside.searches')").await.is_null());
    hers.leaves().await;
}

#[tokio::test]
async fn a_server_that_does_not_search_still_finds_chats_and_people() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start_with(&["--search", "off"]).await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let chat = direct(&alice, &bob).await;
    bob.post(&format!("/messages/api/chats/{chat}/messages/"), &json!({"content": "bobsled"})).await.is(201);
    let hers = Browser::of(&fireside, &alice).await;
    hers.types("[type=search]", "bob").await;
    hers.until("document.querySelectorAll('.lists > .list:first-of-type .chat, .lists .person').length === 2").await;
    assert_eq!(hers.asks("document.querySelectorAll('.hit').length").await, 0);
    hers.opens_chat(chat).await;
    hers.presses_button("Search in this chat").await;
    hers.types("dialog [type=search]", "bob").await;
    hers.reads("dialog [role=status]", "Search is off on this server.").await;
    hers.leaves().await;
}

#[tokio::test]
async fn what_is_found_reads_as_it_does_in_the_chat() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let chat = direct(&alice, &alice).await;
    let long = format!("**first {} 🎉 the `cellar` key {} last**", "and so on ".repeat(40), "and so on ".repeat(40));
    for text in ["🎉 the **greenhouse** has\n> a `new` ~~old~~ key_of_brass, 2 * 3", &long] {
        alice.post(&format!("/messages/api/chats/{chat}/messages/"), &json!({"content": text})).await.is(201);
    }
    let hers = Browser::of(&fireside, &alice).await;
    let marked = "[...document.querySelectorAll('.hit mark')].map((each) => each.textContent)";
    for (wish, words) in [("greenhouse", json!(["greenhouse"])), ("\"new old\"", json!(["new old"]))] {
        hers.does("document.querySelector('[type=search]').value = ''").await;
        hers.types("[type=search]", wish).await;
        hers.until(&format!("({HITS}).join() === 'You: 🎉 the greenhouse has a new old key_of_brass, 2 * 3'")).await;
        hers.until(&format!("JSON.stringify({marked}) === JSON.stringify({words})")).await;
    }
    hers.does("document.querySelector('[type=search]').value = ''").await;
    hers.types("[type=search]", "cellar").await;
    hers.until(&format!("({HITS}).length === 1 && ({HITS})[0].includes('🎉 the cellar key')")).await;
    assert_eq!(hers.asks(marked).await, json!(["cellar"]));
    hers.leaves().await;
}
