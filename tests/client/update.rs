//! A server that is renewed, under pages that are open and under what is kept.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::installed::{has_seen, until_kept};
use super::{Browser, browser_is_here};
use crate::world::Fireside;

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
    assert!(has_seen(&after, "alice"), "what was seen is not of a version");
    fireside.is_asked_to_stop().await;
    hers.reloads().await;
    hers.sees("[placeholder='Look for somebody']").await;
    hers.leaves().await;
}

/// Says in parts of the page of which version they are, in `window.parts`.
fn marks(folder: &Path, version: &str) {
    for part in ["app", "settings", "keys"] {
        let place = folder.join(format!("js/{part}.js"));
        let text = std::fs::read_to_string(&place).unwrap();
        let text = text.split_once("//VERSION\n").map_or(text.as_str(), |(_, rest)| rest);
        std::fs::write(&place, format!("(window.parts ??= []).push('{version}');//VERSION\n{text}")).unwrap();
    }
}

#[tokio::test]
async fn no_page_is_made_of_two_versions() {
    let Some(_turn) = browser_is_here().await else { return };
    let folder = tempfile::tempdir().unwrap();
    a_copy(folder.path());
    marks(folder.path(), "one");
    let flags = ["--static", folder.path().to_str().unwrap()];
    let mut fireside = Fireside::start_with(&flags).await;
    let address = fireside.address().to_owned();
    let alice = fireside.registers("alice").await;
    let hers = Browser::of(&fireside, &alice).await;
    until_kept(&hers, |kept| has_seen(kept, "alice")).await;
    hers.reloads().await; // the worker has it from here on
    hers.sees(".app .me").await;

    // The server is renewed under an open page: the rest of it is of the version it began with.
    marks(folder.path(), "two");
    hers.clicks(".me").await;
    hers.sees("dialog [name=display_name]").await;
    assert_eq!(hers.asks("window.parts").await, json!(["one", "one"]));
    hers.does("document.querySelector('dialog').close()").await;

    // One that is opened is new throughout, though the older one is still kept.
    hers.reloads().await;
    hers.until("window.parts?.length").await;
    hers.clicks(".me").await;
    hers.sees("dialog [name=display_name]").await;
    assert_eq!(hers.asks("window.parts").await, json!(["two", "two"]));
    // When no page has it any more, as far as anybody can say, it is taken away.
    hers.waits_for(
        "(async () => {
            const pages = await caches.open((await caches.keys()).find((name) => name.startsWith('fireside pages ')));
            for (const request of await pages.keys()) {
                const version = await (await pages.match(request)).text();
                await pages.put(request, new Response(version, { headers: { Date: 'Thu, 01 Jan 1970 00:00:00 GMT' } }));
            }
            done();
        })()",
    )
    .await;
    hers.reloads().await;
    until_kept(&hers, |kept| kept["versions"] == 1).await;

    // What began without a server goes on with what was kept, until it meets a newer one: then it is renewed.
    fireside.is_asked_to_stop().await;
    hers.reloads().await;
    hers.reads(".chats .link-state", "Not connected").await;
    assert_eq!(hers.asks("window.parts").await, json!(["two"]));
    marks(folder.path(), "three");
    let flags = [&["--listen", &address], &flags[..]].concat();
    let fireside = Fireside::start_in(fireside.home.clone(), &flags).await;
    hers.until("window.parts?.[0] === 'three'").await;
    hers.reads(".me", "alice").await;
    hers.until("document.querySelector('.chats .link-state')?.textContent === ''").await;
    hers.does("document.body.dispatchEvent(new KeyboardEvent('keydown', { key: '?', bubbles: true }))").await;
    hers.sees("dialog .keys").await;
    assert_eq!(hers.asks("[...new Set(window.parts)]").await, json!(["three"]));
    hers.leaves().await;
    drop(fireside);
}
