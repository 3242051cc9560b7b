//! Groups and public rooms, from the first member to the last.

use serde_json::json;

use super::{Browser, browser_is_here};
use crate::world::bytes::PNG;
use crate::world::{Fireside, Person, id};

/// The titles of somebody's chats.
async fn titles(person: &Person) -> Vec<String> {
    let chats = person.get("/messages/api/chats/").await.is(200).results();
    chats.iter().map(|chat| chat["title"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_group_is_made_renamed_filled_emptied_and_deleted() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let carol = fireside.registers("carol").await;
    let hers = Browser::of(&fireside, &alice).await;
    let his = Browser::of(&fireside, &bob).await;
    hers.presses_button("New chat").await;
    hers.presses_button("Choose bob").await;
    hers.sees("dialog [title='Remove bob']").await;
    hers.types("dialog [name=title]", "Garden").await;
    hers.presses_button("Create group").await;
    hers.reads(".conversation h2", "Garden").await;
    his.reads(".chat", "Garden").await;

    hers.clicks(".conversation .about").await;
    hers.clicks("dialog summary").await;
    hers.types("dialog [name=title]", " party").await;
    hers.presses_button("Rename").await;
    his.reads(".chat", "Garden party").await;
    hers.clicks("dialog details:last-of-type summary").await;
    hers.types("dialog details [type=search]", "carol").await;
    hers.clicks("dialog details .person-open").await;
    hers.reads("dialog h3", "3 members").await;
    assert_eq!(titles(&carol).await, ["Garden party"]);

    hers.presses_button("More about carol").await;
    hers.presses_button("Remove from the group").await;
    hers.presses_button("Remove").await;
    hers.reads("dialog h3", "2 members").await;
    assert_eq!(titles(&carol).await, [""; 0]);
    // He is no admin: he may leave and nothing else.
    let chat = his.asks("Number(document.querySelector('.chat').hash.slice(6))").await.as_i64().unwrap();
    his.opens_chat(chat).await;
    his.clicks(".conversation .about").await;
    his.reads("dialog h3", "2 members").await;
    assert_eq!(his.asks("document.querySelectorAll('dialog [name=title], dialog [aria-label^=More]').length").await, 0);
    his.presses_button("Leave group").await;
    his.clicks("dialog:last-of-type .danger").await;
    his.until("!document.querySelector('.chat') && !document.querySelector('dialog')").await;
    hers.reads("dialog h3", "1 member").await;
    assert_eq!(titles(&bob).await, [""; 0]);

    hers.presses_button("Delete group").await;
    hers.clicks("dialog:last-of-type .danger").await;
    hers.until("!document.querySelector('.chat') && location.hash === ''").await;
    assert_eq!(titles(&alice).await, [""; 0]);
    hers.leaves().await;
    his.leaves().await;
}

#[tokio::test]
async fn a_public_room_is_found_and_joined() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let bakers = bob.opens(&json!({"name": "Bakers", "description": "Bread and patience"})).await;
    let picture = bob.uploads("bread.png", PNG).await;
    bob.patch(&format!("/messages/api/chats/{}/", bakers.id), &json!({"avatar": picture["id"]})).await.is(200);
    let hidden = bob.opens_room("Secret").await;
    bob.makes_private(&hidden).await;
    let hers = Browser::of(&fireside, &alice).await;
    hers.presses_button("New chat").await;
    hers.reads("dialog button", "Browse public groups").await;
    hers.does("[...document.querySelectorAll('dialog button')].find((each) => each.textContent === 'Browse public groups').click()").await;
    hers.reads("dialog .person", "Bread and patience").await;
    assert_eq!(hers.asks("document.querySelectorAll('dialog .person').length").await, 1, "not the private one");
    hers.until("document.querySelector('dialog .person .avatar img')?.naturalWidth === 1").await;
    hers.presses_button("Join Bakers").await;
    hers.reads(".conversation h2", "Bakers").await;
    hers.says("good morning").await;
    hers.sees(".message.mine:not(.unsent)").await;
    assert_eq!(titles(&alice).await, ["Bakers"]);
    hers.leaves().await;
}

/// A group of Alice's with Bob in it, which both look at.
async fn garden() -> (Fireside, Browser, Browser) {
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let wish = json!({"chat_type": "group", "title": "Garden", "member_ids": [bob.id]});
    let chat = id(&alice.post("/messages/api/chats/", &wish).await.is(201).json());
    let (hers, his) = (Browser::of(&fireside, &alice).await, Browser::of(&fireside, &bob).await);
    for page in [&hers, &his] {
        page.opens_chat(chat).await;
    }
    (fireside, hers, his)
}

#[tokio::test]
async fn a_groups_picture_is_set_in_its_panel_and_seen_by_everybody_at_once() {
    let Some(_turn) = browser_is_here().await else { return };
    let (_fireside, hers, his) = garden().await;
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("garden.png");
    std::fs::write(&picture, PNG).unwrap();
    hers.clicks(".conversation .about").await;
    hers.clicks("dialog summary").await;
    hers.hands_file("dialog [name=picture]", &picture).await;
    let is_seen = |place: &str| format!("document.querySelector('{place} .avatar.group img')?.naturalWidth === 1");
    hers.until(&is_seen("dialog")).await;
    for page in [&hers, &his] {
        page.until(&is_seen(".chats")).await;
        page.until(&is_seen(".conversation > header")).await;
    }
    // What is no picture is refused in words, and changes nothing.
    let words = folder.path().join("words.txt");
    std::fs::write(&words, "words").unwrap();
    hers.hands_file("dialog [name=picture]", &words).await;
    hers.sees("#toasts p").await;
    assert_eq!(hers.asks(&is_seen("dialog")).await, true);
    hers.presses_button("Remove picture").await;
    for page in [&hers, &his] {
        page.until("!document.querySelector('.avatar.group img')").await;
    }
    assert_eq!(
        hers.asks("[...document.querySelectorAll('dialog button')].some((each) => each.textContent === 'Remove picture' && each.checkVisibility())").await,
        false
    );
    hers.leaves().await;
    his.leaves().await;
}

#[tokio::test]
async fn roles_are_given_and_taken_in_the_panel() {
    let Some(_turn) = browser_is_here().await else { return };
    let (_fireside, hers, his) = garden().await;
    for page in [&hers, &his] {
        page.clicks(".conversation .about").await;
        page.reads("dialog .person", "owner").await;
    }
    let offered = "[...document.querySelectorAll('[popover] .menu button')].map((each) => each.textContent)";
    assert_eq!(his.asks("document.querySelector('dialog [aria-label^=\"More about\"]')").await, json!(null));
    assert_eq!(hers.asks("document.querySelector('dialog [aria-label=\"More about alice\"]')").await, json!(null));
    for (role, note) in [("Make an admin", "admin"), ("Make the owner", "owner")] {
        hers.presses_button("More about bob").await;
        hers.presses_button(role).await;
        hers.clicks("dialog:last-of-type .danger").await;
        for page in [&hers, &his] {
            let shown = format!(
                "[...document.querySelectorAll('dialog .person')].some((each) => each.textContent.includes('bob') && each.textContent.includes('{note}'))"
            );
            page.until(&shown).await;
        }
    }
    // She is an admin still, and may stop being one; the owner's role is nobody's to take.
    hers.until("!document.querySelector('dialog [aria-label=\"More about bob\"]')").await;
    hers.presses_button("More about alice").await;
    assert_eq!(hers.asks(offered).await, json!(["Remove as admin"]));
    hers.presses_button("Remove as admin").await;
    hers.clicks("dialog:last-of-type .danger").await;
    hers.until("!document.querySelector('dialog [aria-label^=\"More about\"], dialog summary')").await;
    his.until("[...document.querySelectorAll('dialog .person')].every((each) => !each.textContent.includes('admin'))")
        .await;
    his.presses_button("More about alice").await;
    assert_eq!(his.asks(offered).await, json!(["Make an admin", "Make the owner", "Remove from the group"]));
    // Whoever leaves what they own is told that it passes on.
    his.presses_button("Leave group").await;
    his.reads("dialog:last-of-type p", "becomes the owner").await;
    hers.leaves().await;
    his.leaves().await;
}
