//! What draws one's attention, and what one draws others' to.

use serde_json::{Value, json};

use super::talk::direct;
use super::{Browser, browser_is_here};
use crate::world::{Fireside, Person, id};

/// Notes what the page would show and play, in place of the worker and the loudspeaker.
pub const RECORDER: &str = "
    window.shown = []; window.played = 0;
    window.Notification = class {
        static permission = 'default';
        static requestPermission() { this.permission = 'granted'; return Promise.resolve('granted'); }
        constructor(title, { body }) { window.shown.push([title, body]); window.lastNote = this; }
        close() {}
    };
    const Real = window.AudioContext;
    window.AudioContext = class extends Real {
        get state() { return 'running'; }
        createOscillator() { window.played += 1; return super.createOscillator(); }
    };";

async fn say(person: &Person, chat: i64, text: &str) -> Value {
    let path = format!("/messages/api/chats/{chat}/messages/");
    person.post(&path, &json!({"content": text})).await.is(201).json()
}

#[tokio::test]
async fn a_message_is_announced_only_to_who_looks_elsewhere_and_wishes_it() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let chat = direct(&alice, &bob).await;
    let hers = Browser::at(&fireside).await;
    hers.begins_pages_with(RECORDER).await;
    hers.reloads().await;
    hers.signs_in(&alice).await;
    hers.opens_chat(chat).await;
    // She reads the chat: neither a sound nor a note.
    say(&bob, chat, "one").await;
    hers.reads(".content", "one").await;
    assert_eq!(hers.asks("[window.played, window.shown.length]").await, json!([0, 0]));
    // She looks elsewhere, and has not asked for notes: the sound alone.
    hers.does("document.hasFocus = () => false").await;
    say(&bob, chat, "two").await;
    hers.until("window.played === 2").await;
    assert_eq!(hers.asks("window.shown").await, json!([]));
    // She asks for them, by a click, and takes the sound away.
    hers.clicks(".me").await;
    hers.sees("dialog [type=checkbox]").await;
    // Those two alone: at night, quiet hours would keep the note back.
    hers.does(
        "for (const box of document.querySelectorAll('dialog .choice [type=checkbox]'))
            if (/this page|soft sound/.test(box.closest('label').textContent)) box.click()",
    )
    .await;
    hers.until("localStorage.getItem('fireside.desktop') === 'on'").await;
    hers.does("document.querySelector('dialog').close(); location.hash = ''; window.played = 0").await;
    say(&bob, chat, "three").await;
    hers.until("window.shown.length === 1").await;
    assert_eq!(hers.asks("window.shown").await, json!([["bob", "three"]]));
    assert_eq!(hers.asks("window.played").await, 0);
    hers.until("document.title.startsWith('(')").await;
    // A file without words is not nothing.
    let file = bob.uploads("plan.txt", b"plan").await;
    let wish = json!({"content": "", "attachments": [file["id"]]});
    bob.post(&format!("/messages/api/chats/{chat}/messages/"), &wish).await.is(201);
    hers.until("window.shown.length === 2").await;
    assert_eq!(hers.asks("window.shown[1]").await, json!(["bob", "📎 plan.txt"]));
    // The note leads to the chat.
    hers.does("window.lastNote.onclick()").await;
    hers.until(&format!("location.hash === '#chat-{chat}'")).await;
    // One's own words are no news.
    say(&alice, chat, "mine").await;
    hers.reads(".content", "mine").await;
    assert_eq!(hers.asks("window.shown.length").await, 2);
    hers.leaves().await;
}

#[tokio::test]
async fn two_pages_of_one_browser_chime_once() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let chat = direct(&alice, &bob).await;
    let hers = Browser::of(&fireside, &alice).await;
    let first = hers.window().await;
    hers.opens_window().await;
    let second = hers.window().await;
    for window in [&first, &second] {
        hers.turns_to(window).await;
        hers.begins_pages_with(RECORDER).await;
        hers.goes_to("/").await;
        hers.sees(".chat").await;
        hers.does("document.hasFocus = () => false").await;
    }
    for count in 1..4 {
        say(&bob, chat, &format!("number {count}")).await;
        let mut played = 0;
        for window in [&first, &second] {
            hers.turns_to(window).await;
            hers.reads(".chat .preview", &format!("number {count}")).await;
        }
        // One chime is two tones; by now each page has drawn its lot. Sounds come 1.5 s apart.
        tokio::time::sleep(std::time::Duration::from_millis(1700)).await;
        for window in [&first, &second] {
            hers.turns_to(window).await;
            played += hers.asks("window.played").await.as_i64().unwrap();
        }
        assert_eq!(played, 2 * count);
    }
    hers.leaves().await;
}

#[tokio::test]
async fn typing_is_seen_by_the_other_and_ends_with_the_message() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let chat = direct(&alice, &bob).await;
    let hers = Browser::of(&fireside, &alice).await;
    let his = Browser::of(&fireside, &bob).await;
    hers.opens_chat(chat).await;
    his.reads(".chat", "No messages yet").await;
    hers.types("#draft", "hm").await;
    his.reads(".chat .preview", "typing").await;
    his.opens_chat(chat).await;
    his.reads(".typing", "alice is typing").await;
    assert_eq!(hers.asks("document.querySelector('.typing').textContent").await, "", "not told of oneself");
    hers.types("#draft", "\u{e007}").await;
    his.reads(".content", "hm").await;
    his.until("document.querySelector('.typing').textContent === ''").await;
    hers.leaves().await;
    his.leaves().await;
}

#[tokio::test]
async fn who_is_removed_while_typing_types_no_more() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let wish = json!({"chat_type": "group", "title": "Garden", "member_ids": [bob.id]});
    let chat = id(&alice.post("/messages/api/chats/", &wish).await.is(201).json());
    let hers = Browser::of(&fireside, &alice).await;
    hers.opens_chat(chat).await;
    let path = format!("/messages/api/chats/{chat}/");
    bob.post(&format!("{path}typing/"), &json!({"is_typing": true})).await.is(200);
    hers.reads(".typing", "bob is typing").await;
    alice.delete(&format!("{path}members/{}/remove/", bob.id)).await.is(204);
    hers.until("document.querySelector('.typing').textContent === ''").await;
    hers.leaves().await;
}

#[tokio::test]
async fn who_is_there_is_seen_from_the_start_and_as_it_changes() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let chat = direct(&alice, &bob).await;
    let his = Browser::of(&fireside, &bob).await;
    let hers = Browser::of(&fireside, &alice).await;
    hers.sees(".chat .dot").await;
    hers.opens_chat(chat).await;
    hers.reads(".conversation .about", "online").await;
    his.leaves().await;
    hers.until("!document.querySelector('.chat .dot')").await;
    hers.reads(".conversation .about", "last seen").await;
    hers.leaves().await;
}

#[tokio::test]
async fn a_name_is_completed_and_marked() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let barbara = fireside.registers("barbara").await;
    let group = json!({"chat_type": "group", "title": "Team", "member_ids": [bob.id, barbara.id]});
    let chat = id(&alice.post("/messages/api/chats/", &group).await.is(201).json());
    let hers = Browser::of(&fireside, &alice).await;
    hers.opens_chat(chat).await;
    hers.types("#draft", "ask @b").await;
    hers.until("document.querySelectorAll('#names [role=option]').length === 2").await;
    hers.types("#draft", "\u{e015}\u{e007}").await; // ↓, Enter
    hers.until("document.querySelector('#draft').value === 'ask @barbara '").await;
    hers.types("#draft", "or @nobody").await;
    hers.until("document.querySelector('#names').hidden").await;
    hers.types("#draft", "\u{e007}").await;
    hers.reads(".content .mention", "@barbara").await;
    assert_eq!(hers.asks("document.querySelectorAll('.content .mention').length").await, 1, "nobody is no member");
    hers.leaves().await;
}

#[tokio::test]
async fn a_reply_leads_to_what_it_answers_however_old() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let chat = direct(&alice, &bob).await;
    let question = say(&bob, chat, "the question").await;
    for number in 0..150 {
        say(&bob, chat, &format!("filler {number}")).await;
    }
    let answer = json!({"content": "the answer", "reply_to": question["id"]});
    bob.post(&format!("/messages/api/chats/{chat}/messages/"), &answer).await.is(201);
    let hers = Browser::of(&fireside, &alice).await;
    hers.opens_chat(chat).await;
    hers.reads(".quote", "the question").await;
    assert!(!hers.texts().await.contains(&"the question".to_owned()), "it is not loaded");
    hers.does("document.querySelector('.quote').click()").await;
    hers.until("document.activeElement?.querySelector('.content')?.textContent === 'the question'").await;
    assert!(!hers.texts().await.contains(&"the answer".to_owned()), "far from the end");
    hers.clicks(".present:not(.above)").await;
    hers.reads(".content", "the answer").await;
    hers.leaves().await;
}
