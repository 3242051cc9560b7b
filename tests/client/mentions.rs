//! The view of what mentions one, and whom `@` completes.

use fantoccini::key::Key;
use serde_json::{Value, json};

use super::talk::direct;
use super::{Browser, browser_is_here};
use crate::world::{Fireside, Person, id};

async fn group(by: &Person, title: &str, others: &[&Person]) -> i64 {
    let ids: Vec<_> = others.iter().map(|other| other.id).collect();
    let wish = json!({"chat_type": "group", "title": title, "member_ids": ids});
    id(&by.post("/messages/api/chats/", &wish).await.is(201).json())
}

async fn says(who: &Person, chat: i64, wish: Value) -> i64 {
    id(&who.post(&format!("/messages/api/chats/{chat}/messages/"), &wish).await.is(201).json())
}

/// The lines of the view: what each says, and whether it is unread.
const LINES: &str = "[...document.querySelectorAll('dialog .hit')].map((each) => [each.querySelector('.preview').textContent, Boolean(each.querySelector('[aria-label=Unread]'))])";

#[tokio::test]
async fn mentions_are_listed_with_a_mark_where_unread_and_lead_to_the_message() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let (garden, pair) = (group(&alice, "Garden", &[&bob]).await, direct(&alice, &bob).await);
    let hers = Browser::of(&fireside, &alice).await;
    hers.reads(".chat", "Garden").await;
    hers.presses_button("Mentions and replies").await;
    hers.reads("dialog [role=status]", "Nobody has mentioned you or replied to you yet.").await;
    assert_eq!(hers.asks(LINES).await, json!([]));

    // What comes while she looks is there at once, and counted beside the list of chats.
    let question = says(&alice, garden, json!({"content": "who has the key?"})).await;
    let old = says(&bob, garden, json!({"content": "I do", "reply_to": question})).await;
    hers.until(&format!("{LINES}.length === 1")).await;
    for number in 0..80 {
        says(&bob, garden, json!({"content": format!("number {number}")})).await;
    }
    says(&bob, garden, json!({"content": "ask @alice"})).await;
    says(&bob, garden, json!({"content": "for nobody"})).await;
    says(&alice, garden, json!({"content": "@alice herself"})).await;
    says(&bob, pair, json!({"content": "psst @alice"})).await;
    let all = json!([["bob: psst @alice", true], ["bob: ask @alice", true], ["bob: I do", true]]);
    hers.until(&format!("JSON.stringify({LINES}) === {}", json!(all.to_string()))).await;
    assert_eq!(hers.asks("document.querySelectorAll('dialog .hit mark').length").await, 2, "her name is marked");
    hers.until("document.querySelector('.chats > header .badge')?.textContent === '3'").await;

    // A chat that is mute counts there no more, as in the title.
    let mute = |until: Value| json!({"muted_until": until});
    let notify = format!("/messages/api/chats/{pair}/notify/");
    alice.patch(&notify, &mute(json!("forever"))).await.is(200);
    hers.until("document.querySelector('.chats > header .badge')?.textContent === '2'").await;
    alice.patch(&notify, &mute(Value::Null)).await.is(200);
    hers.until("document.querySelector('.chats > header .badge')?.textContent === '3'").await;

    // It leads to the message, far up in its chat.
    hers.does("document.querySelectorAll('dialog .hit')[2].focus()").await;
    hers.presses(Key::Enter).await;
    hers.until(&format!("document.activeElement?.dataset.id === '{old}'")).await;
    assert_eq!(hers.asks("location.hash").await, format!("#chat-{garden}/m-{old}"));
    assert!(hers.asks("document.querySelector('dialog')").await.is_null());
    hers.clicks(".present:not(.above)").await;
    hers.until("document.querySelector('.chats > header .badge')?.textContent === '1'").await;
    hers.presses_button("Mentions and replies: 1 unread mention or reply").await;
    let read = json!([["bob: psst @alice", true], ["bob: ask @alice", false], ["bob: I do", false]]);
    hers.until(&format!("JSON.stringify({LINES}) === {}", json!(read.to_string()))).await;
    hers.leaves().await;
}

#[tokio::test]
async fn mentions_come_in_pages_as_far_down_as_one_looks() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let pair = direct(&alice, &bob).await;
    for number in 0..45 {
        says(&bob, pair, json!({"content": format!("@alice, {number}.")})).await;
    }
    let hers = Browser::of(&fireside, &alice).await;
    hers.does("document.querySelector('.chats > header button[data-count], .chats > header .icon').click()").await;
    hers.sees("dialog .hit").await;
    assert!(hers.asks("document.querySelectorAll('dialog .hit').length").await.as_i64().unwrap() < 45);
    hers.until(
        "(() => { const body = document.querySelector('dialog .body'); body.scrollTop = body.scrollHeight; return document.querySelectorAll('dialog .hit').length === 45; })()",
    )
    .await;
    let texts = hers.asks("new Set([...document.querySelectorAll('dialog .hit')].map((each) => each.textContent.match(/@alice, (\\d+)/)[1])).size").await;
    assert_eq!(texts, 45, "none twice");
    hers.leaves().await;
}

#[tokio::test]
async fn names_are_completed_by_who_talked_last_in_the_chat() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let mut others = Vec::new();
    for name in ["bea", "ben", "bob"] {
        others.push(fireside.registers(name).await);
    }
    let garden = group(&alice, "Garden", &others.iter().collect::<Vec<_>>()).await;
    let pair = direct(&alice, &others[0]).await;
    says(&others[2], garden, json!({"content": "one"})).await;
    let hers = Browser::of(&fireside, &alice).await;
    hers.opens_chat(garden).await;
    let names = "[...document.querySelectorAll('#names [role=option] .soft')].map((each) => each.textContent)";
    hers.types("#draft", "@b").await;
    hers.until(&format!("JSON.stringify({names}) === '[\"@bob\",\"@bea\",\"@ben\"]'")).await;
    says(&others[1], garden, json!({"content": "two"})).await;
    hers.reads(".content", "two").await;
    hers.types("#draft", "e").await;
    hers.until(&format!("JSON.stringify({names}) === '[\"@ben\",\"@bea\"]'")).await;
    // Everybody in a group, nobody so in a direct chat.
    hers.does("document.querySelector('#draft').value = ''").await;
    hers.types("#draft", "@al").await;
    hers.until(&format!("JSON.stringify({names}) === '[\"@all\"]'")).await;
    hers.presses(Key::Enter).await;
    hers.until("document.querySelector('#draft').value === '@all '").await;
    hers.opens_chat(pair).await;
    hers.types("#draft", "@b").await;
    hers.until(&format!("JSON.stringify({names}) === '[\"@bea\"]'")).await;
    hers.does("document.querySelector('#draft').value = ''").await;
    hers.types("#draft", "@al").await;
    hers.until("document.querySelector('#names').hidden").await;
    hers.leaves().await;
}
