//! Friends, posts, and oneself.

use super::{Browser, browser_is_here};
use crate::world::{Fireside, id};

#[tokio::test]
async fn a_friend_is_made_and_a_post_is_written() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let hers = Browser::of(&fireside, &alice).await;
    hers.presses_button("People and posts").await;
    hers.types("dialog [type=search]", "bob").await;
    hers.clicks("dialog .person-open").await;
    hers.presses_button("Add as a friend").await;
    hers.reads("dialog button", "Remove from friends").await;
    let profile = bob.get("/profiles/api/profile/").await.is(200).json();
    assert_eq!(profile["profile"]["friends"], serde_json::json!([alice.id]), "{profile}");
    hers.does("[...document.querySelectorAll('dialog')].at(-1).close()").await;
    hers.types("dialog [name=title]", "Seed swap").await;
    hers.types("dialog [name=content]", "Saturday at ten").await;
    hers.presses_button("Publish").await;
    hers.reads(".post", "Saturday at ten").await;
    hers.leaves().await;
}

#[tokio::test]
async fn a_changed_name_is_kept_and_signing_out_ends_the_token() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let hers = Browser::of(&fireside, &alice).await;
    let token = hers.asks("localStorage.getItem('fireside.token')").await;
    hers.clicks(".me").await;
    hers.types("dialog [name=display_name]", " Weber").await;
    hers.presses_button("Save").await;
    hers.reads(".me", "alice Weber").await;
    hers.presses_button("Sign out").await;
    hers.sees("[name=password]").await;
    let path = "/api/auth/me/";
    let showing = crate::world::caller::Credential::Token(token.as_str().unwrap().to_owned());
    alice.showing(showing).get(path).await.is(401);
    hers.leaves().await;
}

#[tokio::test]
async fn a_picture_beside_a_message_opens_a_card_that_leads_on() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let carol = fireside.registers("carol").await;
    let group = serde_json::json!({"chat_type": "group", "title": "Garden", "member_ids": [bob.id, carol.id]});
    let group = id(&alice.post("/messages/api/chats/", &group).await.is(201).json());
    let path = format!("/messages/api/chats/{group}/messages/");
    carol.post(&path, &serde_json::json!({"content": "hello"})).await.is(201);
    let hers = Browser::of(&fireside, &alice).await;
    hers.opens_chat(group).await;
    hers.clicks(".message button.face").await;
    hers.reads(".card-of", "@carol").await;
    hers.presses(fantoccini::key::Key::Escape).await;
    hers.until("!document.querySelector('[popover]') && document.activeElement.matches('button.face')").await;
    hers.clicks(".message button.face").await;
    hers.presses_button("Message").await;
    hers.reads(".conversation h2", "carol").await;
    assert_eq!(hers.asks("document.querySelectorAll('[popover]').length").await, 0);
    hers.leaves().await;
}

#[tokio::test]
async fn a_new_chat_lists_everybody_before_a_letter_is_typed() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let (_bob, carol) = (fireside.registers("bob").await, fireside.registers("carol").await);
    let _dan = fireside.registers("dan").await;
    let hers = Browser::of(&fireside, &alice).await;
    let carols = Browser::of(&fireside, &carol).await;
    hers.presses_button("New chat").await;
    let names =
        "[...document.querySelectorAll('.everybody .person-open .clip:first-child')].map((name) => name.textContent)";
    hers.until(&format!("{names}.join() === 'carol,bob,dan'")).await;
    assert_eq!(hers.asks("document.querySelectorAll('.everybody .dot').length").await, 1, "she alone is there");
    hers.reads(".everybody .person", "online").await;
    hers.types("dialog [type=search]", "da").await;
    hers.until(&format!("{names}.join() === 'dan'")).await;
    hers.clicks(".everybody .person-open").await;
    hers.reads(".conversation h2", "dan").await;
    hers.until("!document.querySelector('dialog')").await;

    // Several make a group, with a name or without.
    hers.presses_button("New chat").await;
    hers.presses_button("Choose bob").await;
    hers.clicks(".everybody .person:not(.chosen) .person-open").await;
    hers.sees("dialog [title='Remove carol']").await;
    hers.presses_button("Choose carol").await;
    hers.until("!document.querySelector('dialog [title=\"Remove carol\"]')").await;
    hers.presses_button("Choose carol").await;
    hers.presses_button("Create group").await;
    hers.until("document.querySelector('.conversation .about .soft').textContent === '3 members'").await;
    let chats = carol.get("/messages/api/chats/").await.is(200).results();
    assert_eq!(chats[0]["member_count"], 3, "{chats:?}");
    hers.leaves().await;
    carols.leaves().await;
}

#[tokio::test]
async fn who_comes_goes_and_renames_is_told_in_a_quiet_line() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let carol = fireside.registers("carol").await;
    let group = serde_json::json!({"chat_type": "group", "title": "Garden", "member_ids": [alice.id]});
    let group = id(&bob.post("/messages/api/chats/", &group).await.is(201).json());
    let path = format!("/messages/api/chats/{group}/");
    let said = async |text: &str| {
        bob.post(&format!("{path}messages/"), &serde_json::json!({"content": text})).await.is(201);
    };
    said("before").await;
    let hers = Browser::of(&fireside, &alice).await;
    hers.opens_chat(group).await;
    hers.reads(".content", "before").await;
    bob.post(&format!("{path}members/add/"), &serde_json::json!({"user_ids": [carol.id]})).await.is(200);
    hers.reads(".note", "bob added carol").await;
    said("between").await;
    hers.reads(".content", "between").await;
    bob.patch(&path, &serde_json::json!({"title": "Shed"})).await.is(200);
    hers.reads(".note", "bob renamed the group to “Shed”").await;
    bob.delete(&format!("{path}members/{}/remove/", carol.id)).await;
    hers.reads(".note", "bob removed carol").await;
    said("after").await;
    hers.reads(".content", "after").await;
    let lines = "[...document.querySelectorAll('.log > :is(.message, .note)')].map((line) => line.querySelector('.content')?.textContent ?? line.textContent)";
    let expected =
        ["before", "bob added carol", "between", "bob renamed the group to “Shed”", "bob removed carol", "after"];
    assert_eq!(hers.asks(lines).await, serde_json::json!(expected));

    // For whoever opens it later as well, in the same places; and what happens while she is away.
    hers.leaves().await;
    bob.post(&format!("{path}members/add/"), &serde_json::json!({"user_ids": [carol.id]})).await.is(200);
    carol.post(&format!("/api/rooms/{group}/leave/"), &serde_json::json!({})).await.is(204);
    let hers = Browser::of(&fireside, &alice).await;
    hers.opens_chat(group).await;
    hers.reads(".note:last-child", "carol left").await;
    let expected: Vec<_> = expected.into_iter().chain(["bob added carol", "carol left"]).collect();
    assert_eq!(hers.asks(lines).await, serde_json::json!(expected));
    hers.leaves().await;
}
