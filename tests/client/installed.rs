//! The page as an app: installed, and opened where the server cannot be reached.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::attention::RECORDER;
use super::talk::direct;
use super::{Browser, browser_is_here};
use crate::world::caller::Credential;
use crate::world::{Fireside, Person, contents, id};

/// What this browser keeps: the addresses of the page's files once they are whole, how many versions of
/// them and the name of one, and what was last seen, if there is a place for it.
async fn kept(page: &Browser) -> Value {
    page.waits_for(
        "(async () => {
            const versions = (await caches.keys()).filter((name) => name.startsWith('fireside page '));
            const version = versions.at(-1) ?? '';
            const files = version ? (await (await caches.open(version)).keys()).map(({ url }) => new URL(url).pathname) : [];
            const isThere = (await indexedDB.databases()).some(({ name }) => name === 'fireside.seen');
            const got = (request) => new Promise((resolve, reject) => { request.onsuccess = () => resolve(request.result); request.onerror = reject; });
            let seen = null;
            if (isThere) {
                const asked = indexedDB.open('fireside.seen');
                asked.onupgradeneeded = () => asked.transaction.abort(); // it has gone meanwhile
                const database = await got(asked).catch(() => null);
                if (!database) return done({ version, versions: versions.length, files, seen: 'null' });
                const names = [...database.objectStoreNames];
                seen = names.length ? await Promise.all(names.map((name) => got(database.transaction(name).objectStore(name).getAll()))) : [];
                database.close();
            }
            done({ version, versions: versions.length, files, seen: JSON.stringify(seen) });
        })()",
    )
    .await
}

/// Waits until so much is kept that the page can be opened alone.
pub async fn until_kept(page: &Browser, is_enough: impl Fn(&Value) -> bool) -> Value {
    let start = Instant::now();
    loop {
        let kept = kept(page).await;
        let is_whole = kept["files"].as_array().unwrap().contains(&json!("/"));
        if is_whole && is_enough(&kept) {
            return kept;
        }
        assert!(start.elapsed() < Duration::from_secs(40), "it is kept: {kept}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

pub fn has_seen(kept: &Value, words: &str) -> bool {
    kept["seen"].as_str().unwrap().contains(words)
}

/// Of how many messages each chat's are kept.
fn messages(kept: &Value) -> Vec<usize> {
    let seen: Value = serde_json::from_str(kept["seen"].as_str().unwrap()).unwrap();
    let records = seen.as_array().into_iter().flatten().flat_map(|records| records.as_array().unwrap());
    records.filter_map(|record| Some(record["log"]["messages"].as_array()?.len())).collect()
}

/// Nothing, not even a place for it.
fn has_seen_nothing(kept: &Value) -> bool {
    kept["seen"] == "null"
}

async fn says(person: &Person, chat: i64, text: &str) {
    person.post(&format!("/messages/api/chats/{chat}/messages/"), &json!({"content": text})).await.is(201);
}

#[tokio::test]
async fn a_browser_may_install_the_page() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let page = Browser::of(&fireside, &alice).await;
    page.sees("[rel=manifest]").await;
    let manifest = page.devtools("Page.getAppManifest", json!({})).await;
    assert_eq!(manifest["errors"], json!([]), "{manifest}");
    assert!(manifest["url"].as_str().unwrap().ends_with("/manifest.webmanifest"), "{manifest}");
    let errors = page.devtools("Page.getInstallabilityErrors", json!({})).await;
    let ids: Vec<_> =
        errors["installabilityErrors"].as_array().unwrap().iter().map(|error| error["errorId"].clone()).collect();
    // An empty profile is not incognito, but headless: what it says of itself is not of the page.
    assert!(ids.iter().all(|id| id == "in-incognito"), "{errors}");
    let icons = page
        .waits_for("fetch('manifest.webmanifest').then((answer) => answer.json()).then(({ icons }) => Promise.all(icons.map(({ src, type }) => fetch(src).then(({ ok, headers }) => ok && headers.get('Content-Type') === type)))).then(done)")
        .await;
    assert_eq!(icons, json!([true, true, true, true, true]));
    let manifest: Value = serde_json::from_str(manifest["data"].as_str().unwrap()).unwrap();
    let of = |name: &str| manifest[name].as_str().unwrap();
    assert_eq!((of("display"), of("scope"), of("start_url"), of("id")), ("standalone", "./", "./", "./"));
    assert!(!of("name").is_empty() && of("short_name").len() <= 12 && of("theme_color").starts_with('#'), "{manifest}");
    for purpose in ["any", "maskable"] {
        let sizes: Vec<_> = manifest["icons"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|icon| icon["purpose"] == purpose)
            .map(|icon| icon["sizes"].clone())
            .collect();
        assert_eq!(sizes, ["192x192", "512x512"], "{purpose}");
    }
    // They are as large as they say, and what a mask leaves of those that are cut, the middle four fifths, has the picture.
    let measured = page.waits_for(
        "(async () => {
            const found = [];
            for (const size of [192, 512]) {
                const picture = await createImageBitmap(await (await fetch(`img/icon-${size}.png`)).blob());
                const canvas = new OffscreenCanvas(size, size);
                const context = canvas.getContext('2d');
                context.drawImage(picture, 0, 0);
                const { data } = context.getImageData(0, 0, size, size);
                const at = (x, y) => data.slice((y * size + x) * 4, (y * size + x) * 4 + 4).join();
                const ground = at(0, 0);
                let cut = 0;
                for (let y = 0; y < size; y += 1) for (let x = 0; x < size; x += 1) if (at(x, y) !== ground && Math.hypot(x - size / 2, y - size / 2) > size * 0.4) cut += 1;
                found.push([picture.width, picture.height, ground.endsWith(',255'), at(size / 2, size * 0.6 | 0) !== ground, cut]);
            }
            done(found);
        })()",
    ).await;
    assert_eq!(measured, json!([[192, 192, true, true, 0], [512, 512, true, true, 0]]));
    page.leaves().await;
}

#[tokio::test]
async fn it_opens_without_a_server_with_what_was_last_seen_and_catches_up() {
    let Some(_turn) = browser_is_here().await else { return };
    let mut fireside = Fireside::start().await;
    let address = fireside.address().to_owned();
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let chat = direct(&alice, &bob).await;
    says(&bob, chat, "before the tunnel").await;
    let hers = Browser::of(&fireside, &alice).await;
    hers.opens_chat(chat).await;
    hers.reads(".content", "before the tunnel").await;
    let kept = until_kept(&hers, |kept| has_seen(kept, "before the tunnel")).await;
    let files: Vec<_> = kept["files"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    for file in
        ["/js/conversation.js", "/js/emoji.js", "/js/i18n/ru.js", "/css/app.css", "/css/card.css", "/fireside.js"]
    {
        assert!(files.contains(&file), "{file} in {files:?}");
    }
    assert!(!files.iter().any(|file| file.starts_with("/api/") || file.starts_with("/messages/")), "{files:?}");
    assert!(!files.contains(&"/js/admin.js"), "of no use alone");

    fireside.is_asked_to_stop().await;
    hers.reloads().await;
    hers.reads(".content", "before the tunnel").await;
    hers.reads(".chats .link-state", "Not connected").await;
    hers.reads(".chat", "bob").await;
    hers.says("from the tunnel").await;
    hers.reads(".unsent .content", "from the tunnel").await;

    let fireside = Fireside::start_in(fireside.home.clone(), &["--listen", &address]).await;
    let bob = bob.back_to(&fireside);
    says(&bob, chat, "after the tunnel").await;
    hers.until("document.querySelectorAll('.message:not(.unsent)').length === 3 && !document.querySelector('.unsent')")
        .await;
    hers.until("document.querySelector('.chats .link-state').textContent === ''").await;
    let mut stored = contents(&bob.get(&format!("/messages/api/chats/{chat}/messages/")).await.is(200).results());
    stored.reverse();
    assert_eq!(hers.texts().await, stored);
    hers.leaves().await;
}

#[tokio::test]
async fn nobody_else_sees_what_was_last_seen() {
    let Some(_turn) = browser_is_here().await else { return };
    let mut fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let chat = direct(&alice, &bob).await;
    says(&bob, chat, "for alice alone").await;
    let hers = Browser::of(&fireside, &alice).await;
    hers.opens_chat(chat).await;
    until_kept(&hers, |kept| has_seen(kept, "for alice alone")).await;
    // Who signs out leaves nothing behind, and the page itself is still there.
    hers.clicks(".me").await;
    hers.presses_button("Sign out").await;
    hers.sees("[name=password]").await;
    until_kept(&hers, has_seen_nothing).await;
    hers.signs_in(&alice).await;
    hers.opens_chat(chat).await;
    until_kept(&hers, |kept| has_seen(kept, "for alice alone")).await;
    fireside.is_asked_to_stop().await;
    hers.reloads().await;
    hers.reads(".content", "for alice alone").await;
    // With the token of somebody else, it is not theirs to see.
    hers.does(&format!("localStorage.setItem('fireside.token', '{}')", bob.token)).await;
    hers.reloads().await;
    hers.reads("#root", "The server cannot be reached. Trying again").await;
    assert_eq!(hers.asks("document.body.textContent.includes('for alice alone')").await, false);
    hers.does("localStorage.removeItem('fireside.token')").await;
    hers.reloads().await;
    hers.sees("[name=password]").await;
    until_kept(&hers, has_seen_nothing).await;
    hers.leaves().await;
}

#[tokio::test]
async fn every_chat_of_the_last_ones_opens_without_a_server_and_no_other() {
    let Some(_turn) = browser_is_here().await else { return };
    let mut fireside = Fireside::start().await;
    let address = fireside.address().to_owned();
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let mut groups = Vec::new();
    for number in 0..22 {
        let wish = json!({"chat_type": "group", "title": format!("Group {number}"), "member_ids": [bob.id]});
        let group = id(&alice.post("/messages/api/chats/", &wish).await.is(201).json());
        says(&bob, group, &format!("first in {number}.")).await;
        groups.push(group);
    }
    for number in 0..60 {
        says(&bob, groups[21], &format!("number {number}.")).await;
    }
    let hers = Browser::of(&fireside, &alice).await;
    // None of them was ever opened here.
    let kept = until_kept(&hers, |kept| messages(kept).len() >= 20).await;
    assert_eq!((messages(&kept).len(), messages(&kept).iter().max()), (20, Some(&50)));
    assert!(!has_seen(&kept, "number 9."), "of the 51st newest, nothing");

    fireside.is_asked_to_stop().await;
    hers.reloads().await;
    hers.reads(".chat", "Group 2").await;
    hers.does(&format!("location.hash = 'chat-{}'", groups[2])).await;
    hers.reads(".content", "first in 2.").await;
    let fireside = Fireside::start_in(fireside.home.clone(), &["--listen", &address]).await;
    let bob = bob.back_to(&fireside);
    says(&bob, groups[2], "while she was away").await;
    hers.reads(".content", "while she was away").await;
    hers.leaves().await;
}

#[tokio::test]
async fn who_opens_the_page_is_not_told_of_what_came_before() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let chat = direct(&alice, &bob).await;
    let hers = Browser::of(&fireside, &alice).await;
    hers.reads(".chat", "bob").await;
    until_kept(&hers, |kept| has_seen(kept, "bob")).await;
    hers.begins_pages_with(RECORDER).await;
    hers.begins_pages_with("document.hasFocus = () => false").await;
    hers.opens_link("/favicon.svg").await;
    says(&bob, chat, "while she was away").await;
    hers.goes_to("/").await;
    hers.reads(".chat .preview", "while she was away").await;
    hers.until("document.title.startsWith('(1)')").await;
    says(&bob, chat, "and now").await;
    hers.until("window.played === 2").await;
    hers.leaves().await;
}

#[tokio::test]
async fn signing_out_elsewhere_erases_what_was_last_seen() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let chat = direct(&alice, &bob).await;
    says(&bob, chat, "for alice alone").await;
    let hers = Browser::of(&fireside, &alice).await;
    let first = hers.window().await;
    let seen = |kept: &Value| has_seen(kept, "for alice alone");
    until_kept(&hers, seen).await;

    // In another page of this browser, where both have something to keep.
    hers.opens_window().await;
    hers.opens_chat(chat).await;
    says(&bob, chat, "for alice alone, again").await;
    hers.clicks(".me").await;
    hers.presses_button("Sign out").await;
    hers.sees("[name=password]").await;
    hers.turns_to(&first).await;
    hers.sees("[name=password]").await;
    tokio::time::sleep(Duration::from_millis(2_500)).await; // what was about to be kept would be by now
    until_kept(&hers, has_seen_nothing).await;

    // By ending the session from another device: while the page is open, and while it is not.
    let token = "localStorage.getItem('fireside.token')";
    for is_open in [true, false] {
        hers.signs_in(&alice).await;
        until_kept(&hers, seen).await;
        let hers_is = Credential::Token(hers.asks(token).await.as_str().unwrap().to_owned());
        if !is_open {
            hers.opens_link("/favicon.svg").await;
        }
        fireside.anyone().showing(hers_is).post("/api/auth/logout/", &json!({})).await;
        if !is_open {
            hers.goes_to("/").await;
        }
        hers.sees("[name=password]").await;
        assert!(hers.asks(token).await.is_null());
        until_kept(&hers, has_seen_nothing).await;
    }
    hers.leaves().await;
}
