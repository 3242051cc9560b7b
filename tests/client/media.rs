//! Pictures, sounds and films: fetched when somebody looks, and let go of afterwards.

use futures_util::future::join_all;
use serde_json::json;

use super::talk::direct;
use super::{Browser, browser_is_here};
use crate::world::bytes::PNG;
use crate::world::{Fireside, Person};

/// Counts the addresses in memory that the page holds.
const COUNTER: &str = "
    window.held = 0;
    const { createObjectURL, revokeObjectURL } = URL;
    URL.createObjectURL = (blob) => { window.held += 1; return createObjectURL.call(URL, blob); };
    URL.revokeObjectURL = (address) => { window.held -= 1; revokeObjectURL.call(URL, address); };";

const FETCHED: &str = "performance.getEntriesByType('resource').filter(({ name }) => /\\/files\\//.test(name)).length";

/// What its first bytes call a film.
fn film() -> Vec<u8> {
    [b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom".as_slice(), &[0; 50_000]].concat()
}

async fn sends(person: &Person, chat: i64, name: &str, bytes: &[u8], count: usize) {
    let files = join_all((0..count).map(|number| {
        let name = format!("{number}-{name}");
        async move { person.uploads(&name, bytes).await["id"].clone() }
    }));
    let path = format!("/messages/api/chats/{chat}/messages/");
    person.post(&path, &json!({"content": "", "attachments": files.await})).await.is(201);
}

#[tokio::test]
async fn films_are_fetched_by_whoever_plays_them() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let chat = direct(&alice, &bob).await;
    sends(&bob, chat, "film.mp4", &film(), 10).await;
    sends(&bob, chat, "film.mp4", &film(), 10).await;
    let hers = Browser::of(&fireside, &alice).await;
    hers.opens_chat(chat).await;
    hers.until("document.querySelectorAll('.play.video').length === 20").await;
    hers.does("for (const each of document.querySelectorAll('.play')) each.scrollIntoView()").await;
    // A picture behind them is fetched because it is looked at: by then they would have been, too.
    sends(&bob, chat, "dot.png", PNG, 1).await;
    hers.does("document.querySelector('.scroll').scrollTop = 1e9").await;
    hers.sees(".picture img[src^=blob]").await;
    assert_eq!(hers.asks(FETCHED).await, 1, "{:?}", hers.loaded().await);
    hers.does("document.querySelector('.play.video').click()").await;
    hers.sees("video.player[src^=blob]").await;
    assert_eq!(hers.asks(FETCHED).await, 2);
    hers.leaves().await;
}

#[tokio::test]
async fn pictures_are_fetched_when_they_are_near_and_let_go_of_when_nothing_shows_them() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let chat = direct(&alice, &bob).await;
    let notes = direct(&alice, &alice).await;
    for _ in 0..9 {
        sends(&bob, chat, "dot.png", PNG, 10).await;
    }
    sends(&alice, notes, "dot.png", PNG, 1).await;
    let hers = Browser::at(&fireside).await;
    hers.begins_pages_with(COUNTER).await;
    hers.reloads().await;
    hers.signs_in(&alice).await;
    hers.opens_chat(chat).await;
    hers.sees(".picture img").await;
    let near = hers.asks(FETCHED).await.as_i64().unwrap();
    assert!(near < 60, "{near} of 90 were fetched without being looked at");
    hers.until(
        "(() => { const waiting = document.querySelector('.picture.skeleton'); waiting?.scrollIntoView(); return !waiting; })()",
    )
    .await;
    assert_eq!(hers.asks("window.held").await, 90, "all are shown");
    hers.opens_chat(notes).await;
    hers.sees(".picture img").await;
    hers.until("window.held <= 61").await;
    hers.leaves().await;
}
