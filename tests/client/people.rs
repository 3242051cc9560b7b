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
