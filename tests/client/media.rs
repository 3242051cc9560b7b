//! Pictures, sounds and films: fetched when somebody looks, and let go of afterwards.

use std::io::Cursor;

use futures_util::future::join_all;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
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

/// Something with detail, so that a smaller one is shorter, too.
fn photograph(width: u32, height: u32) -> Vec<u8> {
    let noise = |x: u32, y: u32| ((x * 7 + y * 13) ^ (x * y / 3)).to_le_bytes()[0];
    let picture = RgbImage::from_fn(width, height, |x, y| Rgb([noise(x, y), noise(y, x), noise(x + y, y)]));
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::from(picture).write_to(&mut bytes, ImageFormat::Jpeg).unwrap();
    bytes.into_inner()
}

/// The addresses of all pictures that were loaded, without the site's and without ids.
const PICTURES: &str = "[...new Set(performance.getEntriesByType('resource').map(({ name }) => name.slice(location.origin.length))\
    .filter((name) => /^\\/(api\\/files|media)\\//.test(name)).map((name) => name.replace(/\\/(\\d+|[0-9a-f]{32})(?=[/?])/, '')))].sort()";

#[tokio::test]
async fn pictures_are_loaded_small_and_whole_when_one_is_opened() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let face = bob.uploads("face.jpg", &photograph(900, 600)).await;
    bob.patch(&format!("/api/users/{}/", bob.id), &json!({"avatar": face["id"]})).await.is(200);
    let chat = direct(&alice, &bob).await;
    sends(&bob, chat, "evening.jpg", &photograph(1600, 1000), 1).await;
    sends(&bob, chat, "morning.jpg", &photograph(800, 1000), 3).await;
    let hers = Browser::of(&fireside, &alice).await;
    hers.opens_chat(chat).await;
    let shape = "[...document.querySelectorAll('.picture')].map((each) => { const { width, height } = each.getBoundingClientRect(); return [Math.round(width), Math.round(height)]; })";
    hers.until("document.querySelectorAll('.picture').length === 4").await;
    let before = hers.asks(shape).await;
    hers.until("document.querySelectorAll('.picture img').length === 4 && [...document.querySelectorAll('.picture img')].every((each) => each.naturalWidth)").await;
    assert_eq!(hers.asks(shape).await, before, "nothing jumps");
    assert_eq!(before[0], json!([320, 200]));
    assert_eq!(hers.asks("document.querySelectorAll('.gallery .picture').length").await, 3, "several are side by side");
    hers.until("document.querySelector('.chat .avatar img').naturalWidth === 64").await;
    let small = json!(["/api/files/preview/?size=320", "/media/user_images?size=64"]);
    assert_eq!(hers.asks(PICTURES).await, small);

    hers.clicks(".picture").await;
    hers.until("document.querySelector('dialog.lightbox img')?.naturalWidth === 1600").await;
    hers.clicks("dialog.lightbox [aria-label='Next picture']").await;
    hers.until("document.querySelector('dialog.lightbox img')?.naturalWidth === 800").await;
    hers.presses(fantoccini::key::Key::Escape).await;
    hers.until("!document.querySelector('dialog')").await;
    // A card beside a message is larger, and no original either.
    hers.clicks(".conversation .about").await;
    hers.until("document.querySelector('dialog .portrait img')?.naturalWidth > 0").await;
    assert!(hers.asks(PICTURES).await.as_array().unwrap().iter().all(|name| name != "/media/user_images"));
    hers.leaves().await;
}

#[tokio::test]
async fn what_the_server_makes_no_preview_of_is_shown_as_it_is() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let chat = direct(&alice, &bob).await;
    // A bitmap of one black pixel.
    let mut bitmap = b"BM\x3a\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\x18\0".to_vec();
    bitmap.resize(58, 0);
    sends(&bob, chat, "dot.bmp", &bitmap, 1).await;
    let hers = Browser::of(&fireside, &alice).await;
    hers.opens_chat(chat).await;
    hers.until("document.querySelector('.picture img')?.naturalWidth === 1").await;
    hers.leaves().await;
}
