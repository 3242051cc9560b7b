//! Two people in two browsers.

use serde_json::json;

use super::{Browser, browser_is_here};
use crate::world::{Fireside, Person, id};

/// The direct chat of two people.
pub async fn direct(one: &Person, other: &Person) -> i64 {
    let wish = json!({"chat_type": "dm", "member_ids": [other.id]});
    id(&one.post("/messages/api/chats/", &wish).await.json())
}

/// Alice and Bob, each at a page that shows their direct chat.
pub struct Pair {
    pub alice: Person,
    pub chat: i64,
    pub hers: Browser,
    pub his: Browser,
}

pub async fn pair(fireside: &Fireside) -> Pair {
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let chat = direct(&alice, &bob).await;
    let (hers, his) = (Browser::of(fireside, &alice).await, Browser::of(fireside, &bob).await);
    hers.opens_chat(chat).await;
    his.opens_chat(chat).await;
    Pair { alice, chat, hers, his }
}

#[tokio::test]
async fn two_browsers_talk_react_edit_and_delete() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let Pair { hers, his, .. } = pair(&fireside).await;

    hers.says("hello bob").await;
    his.reads(".message:not(.mine) .content", "hello bob").await;
    his.says("hello alice").await;
    hers.reads(".message:not(.mine) .content", "hello alice").await;
    hers.until("document.querySelector('.mine .ticks.read')").await;

    // A reaction of his is on her page, and pressing it there adds hers.
    his.does("document.querySelector('.message:not(.mine)').focus()").await;
    his.clicks(".tools button").await;
    his.clicks(".emoji-grid button").await;
    hers.reads(".chip", "👍1").await;
    hers.clicks(".chip").await;
    his.reads(".chip", "👍2").await;

    // ↑ edits what one said last.
    hers.types("#draft", "\u{e013}").await;
    hers.types("#draft", ", dear").await;
    hers.types("#draft", "\u{e007}").await;
    his.reads(".message:not(.mine) .content", "hello bob, dear").await;
    his.reads(".message:not(.mine) .stamp", "edited").await;

    his.does("document.querySelector('.message.mine').focus()").await;
    his.keys("\u{e017}").await;
    his.presses_button("Delete").await;
    hers.until("document.querySelectorAll('.message').length === 1").await;
    assert_eq!(hers.texts().await, ["hello bob, dear"]);
    hers.leaves().await;
    his.leaves().await;
}

#[tokio::test]
async fn someone_new_registers_and_finds_a_colleague() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let bob = fireside.registers("bob").await;
    let page = Browser::at(&fireside).await;
    page.presses_button("New account").await;
    page.types("[name=username]", "carol").await;
    page.types("[name=email]", "carol@example.com").await;
    page.types("[name=password]", "short").await;
    page.clicks("[type=submit]").await;
    page.sees("[name=password][aria-invalid=true]").await;
    page.types("[name=password]", " but long enough").await;
    page.clicks("[type=submit]").await;
    page.types("[type=search]", "bo").await;
    page.clicks(".person-open").await;
    page.says("first words").await;
    page.reads(".message.mine:not(.unsent) .content", "first words").await;
    let chats = bob.get("/messages/api/chats/").await.is(200).results();
    assert_eq!(chats[0]["unread_count"], 1, "{chats:?}");
    page.leaves().await;
}

#[tokio::test]
async fn two_tabs_of_one_person_agree_on_what_is_read() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let chat = direct(&alice, &bob).await;
    let one = Browser::of(&fireside, &alice).await;
    let two = Browser::of(&fireside, &alice).await;
    let path = format!("/messages/api/chats/{chat}/messages/");
    bob.post(&path, &json!({"content": "ping"})).await.is(201);
    one.reads(".badge", "1").await;
    two.reads(".badge", "1").await;
    two.until("document.title.startsWith('(1)')").await;
    one.opens_chat(chat).await;
    two.until("!document.querySelector('.badge') && !document.title.startsWith('(')").await;
    one.until("!document.querySelector('.badge')").await;
    one.leaves().await;
    two.leaves().await;
}
