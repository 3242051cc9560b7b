//! What the page tells, and in whose language; and where the focus is afterwards.

use serde_json::json;

use super::talk::{Pair, direct, pair};
use super::{Browser, browser_is_here};
use crate::world::{Fireside, id};

#[tokio::test]
async fn a_refusal_is_told_in_the_readers_language() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    fireside.registers("alice").await;
    let page = Browser::at(&fireside).await;
    page.presses_button("Русский").await;
    page.until("document.documentElement.lang === 'ru'").await;
    page.types("[name=username]", "alice").await;
    page.types("[name=password]", "неверный пароль").await;
    page.clicks("[type=submit]").await;
    page.reads("[role=alert]", "Неверное имя пользователя или пароль.").await;
    page.presses_button("Новый аккаунт").await;
    page.types("[name=email]", "a@example.com").await;
    page.does("document.querySelector('[name=password]').value = 'abc'").await;
    page.clicks("[type=submit]").await;
    page.reads("[data-field=password]", "не меньше 8 знаков").await;
    page.types("[name=password]", "defghijk").await;
    page.clicks("[type=submit]").await;
    page.reads("[data-field=username]", "Это имя уже занято.").await;
    assert_eq!(
        page.asks(
            "/[a-z]{3}/i.test([...document.querySelectorAll('.refused')].map((each) => each.textContent).join())"
        )
        .await,
        false
    );
    page.leaves().await;
}

#[tokio::test]
async fn a_wrong_address_shows_a_page_that_leads_on() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let page = Browser::at(&fireside).await;
    page.goes_to("/nothing/here").await;
    page.reads("[role=alert]", "There is no page at this address.").await;
    page.clicks(".signin a.button").await;
    page.sees("[name=password]").await;
    assert_eq!(page.asks("location.pathname").await, "/");
    page.leaves().await;
}

#[tokio::test]
async fn every_file_that_is_refused_is_told() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start_with(&["--max-upload", "1kB"]).await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let chat = direct(&alice, &bob).await;
    let hers = Browser::of(&fireside, &alice).await;
    hers.opens_chat(chat).await;
    hers.until("performance.getEntriesByType('resource').some(({ name }) => name.endsWith('/api/server/'))").await;
    hers.does(
        "const all = new DataTransfer(); for (const [name, size] of [['large.bin', 2000], ['empty.bin', 0], ['good.txt', 5]]) \
         all.items.add(new File(['x'.repeat(size)], name)); \
         document.querySelector('main').dispatchEvent(new DragEvent('drop', { dataTransfer: all, bubbles: true, cancelable: true }))",
    )
    .await;
    hers.reads(".composer [role=alert]", "large.bin").await;
    hers.reads(".composer [role=alert]", "empty.bin is empty").await;
    hers.reads(".uploads", "good.txt").await;
    hers.leaves().await;
}

#[tokio::test]
async fn files_beyond_the_limit_wait_for_their_turn() {
    let Some(_turn) = browser_is_here().await else { return };
    // One every two seconds, thirty at once.
    let flags = ["--limit-auth", "off", "--limit-api", "off", "--limit-ws", "off", "--limit-upload", "30/min"];
    let fireside = Fireside::start_with_limits(&flags).await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let chat = direct(&alice, &bob).await;
    let hers = Browser::of(&fireside, &alice).await;
    hers.opens_chat(chat).await;
    for number in 0..30 {
        alice.uploads(&format!("{number}.txt"), b"before").await;
    }
    hers.does(
        "const all = new DataTransfer(); for (const name of ['a.txt', 'b.txt', 'c.txt', 'd.txt']) all.items.add(new File(['words'], name)); \
         document.querySelector('main').dispatchEvent(new DragEvent('drop', { dataTransfer: all, bubbles: true, cancelable: true }))",
    )
    .await;
    hers.reads(".uploads", "Waiting: the server takes more in").await;
    hers.types("#draft", "all four").await;
    hers.clicks(".send").await;
    hers.until("document.querySelectorAll('.message:not(.unsent) .file').length === 4").await;
    assert_eq!(hers.asks("document.querySelectorAll('.composer .failed').length").await, 0);
    let said = bob.get(&format!("/messages/api/chats/{chat}/messages/")).await.is(200).results();
    assert_eq!(said.iter().map(|each| each["attachments"].as_array().unwrap().len()).collect::<Vec<_>>(), [4]);
    hers.leaves().await;
}

#[tokio::test]
async fn the_focus_stays_where_one_is() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let Pair { hers, his, .. } = pair(&fireside).await;
    for text in ["one", "two", "three"] {
        hers.says(text).await;
        hers.until("!document.querySelector('.unsent')").await;
    }
    his.until("document.querySelectorAll('.message').length === 3").await;
    let at = "document.activeElement.closest('.message')?.querySelector('.content').textContent ?? document.activeElement.tagName";
    // One's own message goes: its neighbour takes the focus.
    hers.does("document.querySelectorAll('.message')[1].focus()").await;
    hers.presses(fantoccini::key::Key::Delete).await;
    hers.presses_button("Delete").await;
    hers.until("document.querySelectorAll('.message').length === 2 && !document.querySelector('dialog')").await;
    assert_eq!(hers.asks(at).await, "three");
    hers.until("document.querySelector('.tools').closest('.message')?.textContent.includes('three')").await;
    // A reaction by the picker, and one by pressing it.
    hers.clicks(".message.mine:last-of-type [aria-label=React]").await;
    hers.clicks(".emoji-grid button").await;
    hers.reads(".chip", "👍1").await;
    hers.until(&format!("!document.querySelector('[popover]') && ({at}) === 'three'")).await;
    hers.clicks(".chip").await;
    hers.until("!document.querySelector('.chip')").await;
    assert_eq!(hers.asks(at).await, "three");
    his.does("document.querySelectorAll('.message')[1].focus()").await;
    his.clicks(".message:last-of-type [aria-label=React]").await;
    his.clicks(".emoji-grid button").await;
    hers.clicks(".chip").await;
    hers.reads(".chip", "👍2").await;
    assert_eq!(hers.asks("document.activeElement.className").await, "chip");
    hers.leaves().await;
    his.leaves().await;
}

#[tokio::test]
async fn words_from_right_to_left_are_laid_out_so() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let (arabic, hebrew) = ("مرحبا كيف حالك", "שלום לכולם");
    let group = json!({"chat_type": "group", "title": hebrew, "member_ids": [alice.id]});
    let group = id(&bob.post("/messages/api/chats/", &group).await.is(201).json());
    let path = format!("/messages/api/chats/{group}/messages/");
    for text in [arabic.to_owned(), "hello".to_owned(), format!("> {arabic}\n- {hebrew}\nhello")] {
        bob.post(&path, &json!({"content": text})).await.is(201);
    }
    let hers = Browser::of(&fireside, &alice).await;
    hers.opens_chat(group).await;
    let directions = |selector: &str| {
        format!("[...document.querySelectorAll({})].map((each) => getComputedStyle(each).direction)", json!(selector))
    };
    assert_eq!(hers.asks(&directions(".bubble")).await, json!(["rtl", "ltr", "ltr"]));
    assert_eq!(hers.asks(&directions(".content :is(blockquote, li)")).await, json!(["rtl", "rtl"]));
    assert_eq!(hers.asks(&directions(".conversation h2, .chat b")).await, json!(["rtl", "rtl"]));
    hers.types("#draft", arabic).await;
    assert_eq!(hers.asks(&directions("#draft")).await, json!(["rtl"]));
    hers.leaves().await;
}
