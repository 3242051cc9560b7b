//! Calls that ring, and the lines that they leave.

use serde_json::json;

use super::attention::RECORDER;
use super::talk::{Pair, direct, pair};
use super::{Browser, browser_is_here};
use crate::world::{Fireside, Person, Room, id};

const RING: &str = "document.querySelector('.ring')";
/// What of calls the page has loaded.
const LOADED: &str =
    "performance.getEntriesByType('resource').filter(({ name }) => /\\/(call|ring)\\.(js|css)$/.test(name)).length";
/// What takes 45 seconds takes one.
const IN_HASTE: &str = "const real = window.setTimeout; window.setTimeout = (act, ms, ...rest) => real(act, ms === 45000 ? 1000 : ms, ...rest);";

/// A page that a script prepares before it begins.
async fn prepared(fireside: &Fireside, person: &Person, script: &str) -> Browser {
    let page = Browser::at(fireside).await;
    page.begins_pages_with(script).await;
    page.reloads().await;
    page.signs_in(person).await;
    page.sees(".chat").await;
    page
}

#[tokio::test]
async fn a_call_rings_without_blocking_anything_and_is_answered() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let Pair { hers, his, .. } = pair(&fireside).await;
    for page in [&hers, &his] {
        assert_eq!(page.asks(LOADED).await, 0, "nothing of calls before there is one");
    }
    hers.presses_button("Video call").await;
    hers.reads(".call [role=status]", "Calling…").await;
    his.reads(".ring [role=alert]", "alice").await;
    his.reads(".ring", "Incoming video call").await;
    his.says("one moment").await;
    hers.reads(".content", "one moment").await;
    his.presses_button("Answer with audio").await;
    for page in [&hers, &his] {
        page.sees(".tile[data-state=connected]").await;
        assert_eq!(page.asks(RING).await, json!(null));
    }
    assert_eq!(his.asks("document.querySelector('.controls [aria-label=Camera]').ariaPressed").await, "false");
    hers.presses_button("Leave the call").await;
    his.presses_button("Leave the call").await;
    for page in [&hers, &his] {
        page.reads(".called .content", "Video call, ").await;
        page.reads(".called .content", "second").await;
        page.reads(".chat .preview", "Video call, ").await;
    }
    hers.leaves().await;
    his.leaves().await;
}

#[tokio::test]
async fn a_declined_call_is_a_missed_one_in_the_readers_language() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let Pair { hers, his, .. } = pair(&fireside).await;
    hers.presses_button("Audio call").await;
    his.reads(".ring", "Incoming call").await;
    his.presses_button("Decline").await;
    hers.reads(".call [role=status]", "Declined").await;
    assert_eq!(his.asks(RING).await, json!(null));
    hers.presses_button("Leave the call").await;
    his.reads(".called .content", "Missed call").await;
    his.reads(".chat .preview", "Missed call").await;
    hers.reads(".called .content", "Call, no answer").await;
    // It is nobody's words: it can be deleted, not edited or passed on.
    hers.does("document.querySelector('.called').focus()").await;
    hers.presses(fantoccini::key::Key::Enter).await;
    hers.reads(".menu button", "Delete").await;
    let offered = "[...document.querySelectorAll('.menu button')].map((each) => each.textContent)";
    for not in ["Edit", "Forward", "Copy text"] {
        assert_eq!(hers.asks(&format!("({offered}).includes({not:?})")).await, false, "{not}");
    }
    hers.presses(fantoccini::key::Key::Escape).await;
    hers.types("#draft", "\u{e013}").await;
    assert_eq!(hers.asks("document.querySelector('#draft').value").await, "");

    his.does("localStorage.setItem('fireside.language', 'ru')").await;
    his.reloads().await;
    his.reads(".called .content", "Пропущенный звонок").await;
    his.reads(".chat .preview", "Пропущенный звонок").await;
    let spans = his
        .waits_for("import('/js/i18n.js').then(({ duration }) => done([1, 60, 120, 300, 3600, 7500].map(duration)))")
        .await;
    assert_eq!(spans, json!(["1 секунда", "1 минута", "2 минуты", "5 минут", "1 час", "2 часа 5 минут"]));
    his.presses_button("Перезвонить").await;
    hers.reads(".ring", "bob").await;
    his.presses_button("Завершить").await;
    hers.until(&format!("!{RING}")).await;
    hers.leaves().await;
    his.leaves().await;
}

#[tokio::test]
async fn a_video_call_is_told_from_one_without_and_declined_on_every_device() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let Pair { hers, his, .. } = pair(&fireside).await;
    let bob = his.asks("localStorage.getItem('fireside.token')").await;
    let beside = Browser::at(&fireside).await;
    beside.does(&format!("localStorage.setItem('fireside.token', {bob})")).await;
    beside.reloads().await;
    beside.sees(".chat").await;
    hers.presses_button("Video call").await;
    for page in [&his, &beside] {
        page.reads(".ring", "Incoming video call").await;
    }
    beside.presses_button("Decline").await;
    his.until(&format!("!{RING}")).await;
    hers.reads(".call [role=status]", "Declined").await;
    hers.presses_button("Leave the call").await;
    his.reads(".called .content", "Missed video call").await;
    hers.reads(".called .content", "Video call, no answer").await;
    his.presses_button("Call back").await;
    hers.reads(".ring", "Incoming video call").await;
    for page in [hers, his, beside] {
        page.leaves().await;
    }
}

#[tokio::test]
async fn a_ring_ends_with_the_call_and_on_the_device_beside() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let eve = fireside.registers("eve").await;
    let chat = direct(&alice, &bob).await;
    let room = Room { id: chat };
    let (his, eves) = (Browser::of(&fireside, &bob).await, Browser::of(&fireside, &eve).await);
    his.sees(".chat").await;
    let join = json!({"type": "join_call", "data": {"video": false}});
    let mut hers = alice.listens_in(&room).await;
    hers.says(&join).await;
    his.sees(".ring").await;
    drop(hers);
    his.until(&format!("!{RING}")).await;
    let mut hers = alice.listens_in(&room).await;
    hers.says(&join).await;
    his.sees(".ring").await;
    // He answers on another device, and calls from it: neither rings here.
    let mut other = bob.listens_in(&room).await;
    other.says(&join).await;
    his.until(&format!("!{RING}")).await;
    drop(hers);
    drop(other);
    his.until("!document.querySelector('.chat .calling')").await;
    let mut other = bob.listens_in(&room).await;
    other.says(&join).await;
    other.hears("call_state").await;
    alice.post(&format!("/messages/api/chats/{chat}/messages/"), &json!({"content": "after"})).await.is(201);
    his.reads(".chat .preview", "after").await;
    assert_eq!(his.asks(RING).await, json!(null));
    // Of all that, whoever is not in the chat has heard nothing.
    assert_eq!(eves.asks(&format!("[{RING}, {LOADED}]")).await, json!([null, 0]));
    his.leaves().await;
    eves.leaves().await;
}

#[tokio::test]
async fn nobody_answers_for_ever() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let chat = direct(&alice, &bob).await;
    let hers = prepared(&fireside, &alice, IN_HASTE).await;
    let his = prepared(&fireside, &bob, IN_HASTE).await;
    hers.opens_chat(chat).await;
    his.opens_chat(chat).await;
    hers.presses_button("Audio call").await;
    his.sees(".ring").await;
    his.until(&format!("!{RING}")).await;
    hers.reads(".call [role=status]", "No answer").await;
    // It can be joined still.
    his.presses_button("Join").await;
    his.sees(".tile[data-state=connected]").await;
    hers.reads(".call [role=status]", "Connected").await;
    hers.leaves().await;
    his.leaves().await;
}

#[tokio::test]
async fn in_a_large_group_a_call_is_seen_and_not_heard() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let mut people = Vec::new();
    for number in 0..20 {
        people.push(fireside.registers(&format!("guest{number}")).await);
    }
    let members: Vec<_> = people.iter().map(|person| person.id).collect();
    let group = json!({"chat_type": "group", "title": "Everybody", "member_ids": members});
    let chat = id(&alice.post("/messages/api/chats/", &group).await.is(201).json());
    let (hers, his) = (Browser::of(&fireside, &alice).await, Browser::of(&fireside, &people[0]).await);
    hers.opens_chat(chat).await;
    his.opens_chat(chat).await;
    hers.presses_button("Audio call").await;
    hers.reads(".call [role=status]", "Waiting for others…").await;
    his.reads(".band", "Call in progress: 1 person").await;
    assert_eq!(his.asks(&format!("[{RING}, {LOADED}]")).await, json!([null, 0]));
    // In one fewer it rings.
    alice.delete(&format!("/messages/api/chats/{chat}/members/{}/remove/", people[1].id)).await.is(204);
    his.reads(".conversation .about", "20 members").await;
    hers.presses_button("Leave the call").await;
    his.reads(".called", "alice: Missed call").await;
    hers.reads(".conversation .about", "20 members").await;
    hers.presses_button("Audio call").await;
    his.reads(".ring", "Everybody").await;
    his.presses_button("Decline").await;
    hers.reads(".call [role=status]", "guest0 declined").await;
    hers.leaves().await;
    his.leaves().await;
}

#[tokio::test]
async fn a_ring_sounds_unless_sounds_are_off_or_one_is_in_a_call() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let carol = fireside.registers("carol").await;
    let join = json!({"type": "join_call", "data": {"video": false}});
    let (of_alice, of_carol) = (Room { id: direct(&alice, &bob).await }, Room { id: direct(&carol, &bob).await });
    let his = prepared(&fireside, &bob, RECORDER).await;
    his.does("localStorage.setItem('fireside.desktop', 'on'); Notification.permission = 'granted'; document.hasFocus = () => false").await;
    let mut hers = alice.listens_in(&of_alice).await;
    hers.says(&join).await;
    his.until("window.played >= 2").await;
    assert_eq!(his.asks("window.shown").await, json!([["alice", "Incoming call"]]));
    // She is answered, and another calls meanwhile: that is seen only.
    his.presses_button("Answer with audio").await;
    his.until("document.querySelector('.call') && !document.querySelector('.ring')").await;
    his.does("window.played = 0").await;
    let mut carols = carol.listens_in(&of_carol).await;
    carols.says(&join).await;
    his.reads(".ring", "carol").await;
    his.until("window.shown.length === 2").await;
    assert_eq!(his.asks("window.played").await, 0);
    // Answering one call leaves the other.
    his.presses_button("Answer with audio").await;
    his.reads(".call h2", "carol").await;
    assert_eq!(his.asks("document.querySelectorAll('.call').length").await, 1);
    his.presses_button("Leave the call").await;
    drop((hers, carols));
    his.until("!document.querySelector('.chat .calling')").await;
    his.does("localStorage.setItem('fireside.sound', 'off'); window.played = 0").await;
    let mut hers = alice.listens_in(&of_alice).await;
    hers.says(&join).await;
    his.reads(".ring", "alice").await;
    assert_eq!(his.asks("window.played").await, 0);
    drop(hers);
    his.until(&format!("!{RING}")).await;
    his.leaves().await;
}
