//! Of what one is told: levels, mutes, and the count of mentions.

use std::time::{Duration, SystemTime};

use fantoccini::key::Key;
use serde_json::{Value, json};

use super::attention::RECORDER;
use super::talk::direct;
use super::{Browser, browser_is_here};
use crate::world::{Fireside, Person, id};

/// The notifications that a page would have shown, their texts alone.
const SHOWN: &str = "window.shown.map(([, body]) => body)";

/// A page whose person looks elsewhere and wants to be notified.
async fn looking_elsewhere(fireside: &Fireside, person: &Person) -> Browser {
    let page = Browser::at(fireside).await;
    page.begins_pages_with(RECORDER).await;
    page.reloads().await;
    page.does("localStorage.setItem('fireside.desktop', 'on')").await;
    page.signs_in(person).await;
    page.sees(".chat").await;
    page.does("Notification.permission = 'granted'; document.hasFocus = () => false").await;
    page
}

async fn group(by: &Person, title: &str, others: &[&Person]) -> i64 {
    let ids: Vec<_> = others.iter().map(|other| other.id).collect();
    let wish = json!({"chat_type": "group", "title": title, "member_ids": ids});
    id(&by.post("/messages/api/chats/", &wish).await.is(201).json())
}

async fn says(who: &Person, chat: i64, wish: Value) -> i64 {
    id(&who.post(&format!("/messages/api/chats/{chat}/messages/"), &wish).await.is(201).json())
}

async fn notify_of(who: &Person, chat: i64) -> Value {
    who.get(&format!("/messages/api/chats/{chat}/")).await.is(200).json()["notify"].clone()
}

async fn sets(who: &Person, chat: i64, wish: Value) {
    who.patch(&format!("/messages/api/chats/{chat}/notify/"), &wish).await.is(200);
}

/// What stands in the list of chats beside this one's title.
fn of_chat(chat: i64, part: &str) -> String {
    format!("document.querySelector('.chat[href=\"#chat-{chat}\"]{part}')")
}

#[tokio::test]
async fn a_muted_chat_is_grey_and_draws_no_attention_until_it_is_unmuted() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let (pair, garden) = (direct(&alice, &bob).await, group(&alice, "Garden", &[&bob]).await);
    let hers = looking_elsewhere(&fireside, &alice).await;
    let elsewhere = Browser::of(&fireside, &alice).await;
    elsewhere.sees(".chat").await;

    // By the chat's menu, with the keyboard alone.
    hers.opens_chat(garden).await;
    hers.does("document.querySelector('.conversation [aria-label=\"Notifications of this chat\"]').focus()").await;
    hers.presses(Key::Enter).await;
    hers.sees("[popover] .mutes").await;
    hers.does("document.querySelector('.mutes .row button').focus()").await;
    hers.presses(Key::Enter).await;
    hers.reads("[popover] [role=status]", "Muted until").await;
    hers.until("document.activeElement.textContent === 'Unmute'").await;
    hers.presses(Key::Escape).await;
    hers.until("document.activeElement.ariaLabel === 'Notifications of this chat'").await;
    let until = notify_of(&alice, garden).await["muted_until"].as_str().expect("a time").to_owned();
    let left = humantime::parse_rfc3339(&until).unwrap().duration_since(SystemTime::now()).unwrap();
    assert!((Duration::from_mins(50)..=Duration::from_mins(61)).contains(&left), "{left:?}");
    // Her other browser knows at once.
    elsewhere.until(&of_chat(garden, ".muted [aria-label=Muted]")).await;
    assert!(elsewhere.asks(&of_chat(pair, ".muted")).await.is_null());

    hers.does("location.hash = ''").await;
    says(&bob, garden, json!({"content": "hush"})).await;
    hers.until(&of_chat(garden, ".muted .badge")).await;
    says(&bob, pair, json!({"content": "psst"})).await;
    hers.until("window.shown.length > 0").await;
    assert_eq!(hers.asks(SHOWN).await, json!(["psst"]));
    hers.until("window.played === 2").await;
    hers.until("document.title.startsWith('(1)')").await;
    elsewhere.until("document.title.startsWith('(1)')").await;
    let colour = |chat| format!("getComputedStyle({}).backgroundColor", of_chat(chat, " .badge"));
    assert_ne!(hers.asks(&colour(garden)).await, hers.asks(&colour(pair)).await, "grey");

    // From another device, it is heard here.
    sets(&alice, garden, json!({"muted_until": null})).await;
    hers.until("document.title.startsWith('(2)')").await;
    hers.until(&of_chat(garden, ":not(.muted)")).await;
    says(&bob, garden, json!({"content": "hey"})).await;
    hers.until("window.shown.length === 2").await;
    assert_eq!(hers.asks(SHOWN).await, json!(["psst", "hey"]));
    hers.leaves().await;
    elsewhere.leaves().await;
}

#[tokio::test]
async fn the_level_says_which_messages_are_announced() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let (pair, garden) = (direct(&alice, &bob).await, group(&alice, "Garden", &[&bob]).await);
    let question = says(&alice, garden, json!({"content": "who has the key?"})).await;
    for number in 0..60 {
        says(&bob, garden, json!({"content": format!("number {number}")})).await;
    }
    bob.post(&format!("/messages/api/chats/{garden}/mark-as-read/"), &json!({})).await.is(200);
    let hers = looking_elsewhere(&fireside, &alice).await;
    hers.does(&format!(
        "{}.dispatchEvent(new MouseEvent('contextmenu', {{ bubbles: true, cancelable: true }}))",
        of_chat(garden, "")
    ))
    .await;
    hers.sees("[popover] .mutes").await;
    hers.until("document.querySelector('[popover] input:checked').value === 'all'").await;
    hers.clicks("[popover] [value=mentions]").await;
    hers.until(&format!(
        "performance.getEntriesByType('resource').some(({{ name }}) => name.endsWith('/chats/{garden}/notify/'))"
    ))
    .await;
    assert_eq!(notify_of(&alice, garden).await["level"], "mentions");
    hers.presses(Key::Escape).await;

    says(&bob, garden, json!({"content": "nothing of hers"})).await;
    says(&bob, garden, json!({"content": "ask @alice"})).await;
    hers.until("window.shown.length === 1").await;
    // An answer to what this page has not loaded.
    says(&bob, garden, json!({"content": "I do", "reply_to": question})).await;
    hers.until("window.shown.length === 2").await;
    says(&bob, garden, json!({"content": "and @all of you?"})).await;
    hers.until("window.shown.length === 3").await;
    assert_eq!(hers.asks(SHOWN).await, json!(["ask @alice", "I do", "and @all of you?"]));
    hers.until(&format!("{}?.textContent.startsWith('@3')", of_chat(garden, " .badge.at"))).await;
    // An edit that calls her no more counts no more, one that does, does.
    let edited = says(&bob, garden, json!({"content": "nobody"})).await;
    for (text, badge) in [("hi @alice", "@4"), ("hi all", "@3")] {
        bob.patch(&format!("/messages/api/messages/{edited}/"), &json!({"content": text})).await.is(200);
        hers.until(&format!("{}?.textContent.startsWith('{badge}')", of_chat(garden, " .badge.at"))).await;
    }

    sets(&alice, garden, json!({"level": "nothing"})).await;
    hers.until(&of_chat(garden, ".muted")).await;
    says(&bob, garden, json!({"content": "@alice?"})).await;
    hers.until(&format!("{}?.textContent.startsWith('@4')", of_chat(garden, " .badge.at"))).await;
    says(&bob, pair, json!({"content": "are you there?"})).await;
    hers.until("window.shown.length === 4").await;
    assert_eq!(hers.asks("window.shown[3][1]").await, "are you there?");
    hers.until("document.title.startsWith('(1)')").await;
    // What is read calls nobody any more.
    hers.does("delete document.hasFocus").await;
    hers.opens_chat(garden).await;
    hers.clicks(".present:not(.above)").await;
    hers.until(&format!("!{}", of_chat(garden, " .badge"))).await;
    hers.leaves().await;
}

#[tokio::test]
async fn a_large_group_tells_of_mentions_alone_and_a_mute_ends_by_itself() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let mut crowd = Vec::new();
    for number in 0..19 {
        crowd.push(fireside.registers(&format!("guest{number}")).await);
    }
    let mut members: Vec<_> = crowd.iter().collect();
    members.push(&bob);
    let (pair, hall) = (direct(&alice, &bob).await, group(&alice, "Hall", &members).await);
    let hers = looking_elsewhere(&fireside, &alice).await;
    says(&bob, hall, json!({"content": "good morning"})).await;
    says(&bob, hall, json!({"content": "good morning @alice"})).await;
    hers.until("window.shown.length === 1").await;
    assert_eq!(hers.asks(SHOWN).await, json!(["good morning @alice"]));
    // It counts, since it is not mute.
    hers.until("document.title.startsWith('(2)')").await;

    let soon = SystemTime::now() + Duration::from_secs(3);
    sets(&alice, pair, json!({"muted_until": humantime::format_rfc3339_millis(soon).to_string()})).await;
    hers.until(&of_chat(pair, ".muted")).await;
    hers.until(&of_chat(pair, ":not(.muted)")).await;
    says(&bob, pair, json!({"content": "awake?"})).await;
    hers.until("window.shown.length === 2 && document.title.startsWith('(3)')").await;
    hers.leaves().await;
}

#[tokio::test]
async fn a_groups_panel_and_a_persons_have_it_too() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let (pair, garden) = (direct(&alice, &bob).await, group(&alice, "Garden", &[&bob]).await);
    let hers = Browser::of(&fireside, &alice).await;
    for chat in [pair, garden] {
        hers.opens_chat(chat).await;
        hers.clicks(".conversation .about").await;
        hers.sees("dialog .mutes").await;
        hers.presses_button("For ever").await;
        hers.until(&of_chat(chat, ".muted")).await;
        assert_eq!(notify_of(&alice, chat).await, json!({"level": "all", "muted_until": "forever"}));
        hers.presses_button("Unmute").await;
        hers.until(&of_chat(chat, ":not(.muted)")).await;
        hers.presses_button("Until tomorrow").await;
        hers.until(&of_chat(chat, ".muted")).await;
        hers.reads("dialog .mutes [role=status]", "Muted until").await;
        hers.does("for (const open of document.querySelectorAll('dialog')) open.close()").await;
    }
    hers.leaves().await;
}
