//! The page as an app: installed, and opened where the server cannot be reached.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::talk::direct;
use super::{Browser, browser_is_here};
use crate::world::{Fireside, Person, contents};

/// What this browser keeps: the addresses of the page's files once they are whole, the name of
/// their version, and what was last seen.
async fn kept(page: &Browser) -> Value {
    page.waits_for(
        "(async () => {
            const names = await caches.keys();
            const version = names.find((name) => name.startsWith('fireside page ')) ?? '';
            const files = version ? (await (await caches.open(version)).keys()).map(({ url }) => new URL(url).pathname) : [];
            const others = names.filter((name) => name !== version);
            const seen = others.length ? await (await (await caches.open(others[0])).match('/seen'))?.text() : '';
            done({ version, files, seen: seen ?? '', others: others.length });
        })()",
    )
    .await
}

/// Waits until so much is kept that the page can be opened alone.
async fn until_kept(page: &Browser, is_enough: impl Fn(&Value) -> bool) -> Value {
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

fn has_seen(kept: &Value, words: &str) -> bool {
    kept["seen"].as_str().unwrap().contains(words)
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
    assert_eq!(icons, json!([true, true, true]));
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
    until_kept(&hers, |kept| kept["others"] == 0).await;
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
    until_kept(&hers, |kept| kept["others"] == 0).await;
    hers.leaves().await;
}

/// The client's files in a folder of their own, to be changed.
fn a_copy(folder: &Path) {
    fn copy(from: &Path, to: &Path) {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
            let place = to.join(entry.file_name());
            if entry.path().is_dir() {
                copy(&entry.path(), &place);
            } else {
                std::fs::copy(entry.path(), place).unwrap();
            }
        }
    }
    copy(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("static"), folder);
}

#[tokio::test]
async fn an_update_is_there_at_once_and_what_is_kept_follows() {
    let Some(_turn) = browser_is_here().await else { return };
    let folder = tempfile::tempdir().unwrap();
    a_copy(folder.path());
    let mut fireside = Fireside::start_with(&["--static", folder.path().to_str().unwrap()]).await;
    let alice = fireside.registers("alice").await;
    let hers = Browser::of(&fireside, &alice).await;
    let before = until_kept(&hers, |kept| has_seen(kept, "alice")).await;
    let words = folder.path().join("js/i18n/en.js");
    let changed = std::fs::read_to_string(&words)
        .unwrap()
        .replace("'search.placeholder': 'Search'", "'search.placeholder': 'Look for somebody'");
    std::fs::write(&words, changed).unwrap();
    hers.reloads().await;
    hers.sees("[placeholder='Look for somebody']").await;
    let after = until_kept(&hers, |kept| kept["version"] != before["version"]).await;
    assert_eq!(after["others"], 1, "the older version is gone, and what was seen is not");
    fireside.is_asked_to_stop().await;
    hers.reloads().await;
    hers.sees("[placeholder='Look for somebody']").await;
    hers.leaves().await;
}
