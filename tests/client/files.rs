//! Files through the page.

use serde_json::json;

use super::talk::{Pair, direct, pair};
use super::{Browser, browser_is_here};
use crate::world::Fireside;
use crate::world::bytes::PNG;
use crate::world::home::PATIENCE;

#[tokio::test]
async fn a_picture_is_sent_and_seen_and_what_is_too_large_is_refused_first() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start_with(&["--max-upload", "100000"]).await;
    let Pair { hers, his, .. } = pair(&fireside).await;

    let folder = tempfile::tempdir().unwrap();
    let large = folder.path().join("large.bin");
    std::fs::write(&large, vec![7; 100_001]).unwrap();
    hers.picks_file(&large).await;
    hers.reads(".composer [role=alert]", "large.bin").await;
    assert!(!hers.loaded().await.iter().any(|address| address.contains("/files/upload")), "nothing was sent");

    let picture = folder.path().join("dot.png");
    std::fs::write(&picture, PNG).unwrap();
    hers.picks_file(&picture).await;
    hers.reads(".uploads", "dot.png").await;
    hers.presses_button("Remove dot.png").await;
    hers.until("document.querySelector('.uploads').hidden").await;
    hers.picks_file(&picture).await;
    hers.says("look").await;
    his.sees(".picture img").await;
    his.until("document.querySelector('.picture img').naturalWidth === 1").await;
    his.clicks(".picture").await;
    his.sees("dialog.lightbox img[src^=blob]").await;
    hers.leaves().await;
    his.leaves().await;
}

/// Puts a file into the page, as the worker or the clipboard would.
async fn gives(page: &Browser, event: &str, name: &str) {
    let target = if event == "paste" { "#draft" } else { "main" };
    let carrier = if event == "paste" { "ClipboardEvent" } else { "DragEvent" };
    let key = if event == "paste" { "clipboardData" } else { "dataTransfer" };
    page.does(&format!(
        "const all = new DataTransfer(); all.items.add(new File(['words'], '{name}', {{ type: 'text/plain' }})); \
         document.querySelector('{target}').dispatchEvent(new {carrier}('{event}', {{ {key}: all, bubbles: true, cancelable: true }}))"
    ))
    .await;
}

#[tokio::test]
async fn files_are_pasted_and_dropped() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let chat = direct(&alice, &bob).await;
    let hers = Browser::of(&fireside, &alice).await;
    hers.opens_chat(chat).await;
    gives(&hers, "paste", "pasted.txt").await;
    hers.reads(".uploads", "pasted.txt").await;
    gives(&hers, "drop", "dropped.txt").await;
    hers.reads(".uploads", "dropped.txt").await;
    hers.clicks(".send").await;
    hers.until("document.querySelectorAll('.message:not(.unsent) .file').length === 2").await;
    let said = bob.get(&format!("/messages/api/chats/{chat}/messages/")).await.is(200).results();
    let names: Vec<_> = said[0]["attachments"].as_array().unwrap().iter().map(|file| file["name"].clone()).collect();
    assert_eq!(names, ["pasted.txt", "dropped.txt"]);
    hers.leaves().await;
}

#[tokio::test]
async fn an_upload_shows_how_far_it_is_and_is_cancelled() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let chat = direct(&alice, &bob).await;
    let hers = Browser::of(&fireside, &alice).await;
    hers.opens_chat(chat).await;
    hers.devtools("Network.enable", json!({})).await;
    let slow = json!({"offline": false, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 200_000});
    hers.devtools("Network.emulateNetworkConditions", slow).await;
    let folder = tempfile::tempdir().unwrap();
    let film = folder.path().join("film.bin");
    std::fs::write(&film, vec![7; 6_000_000]).unwrap();
    hers.picks_file(&film).await;
    let share = "document.querySelector('.uploads progress')?.value";
    hers.until(&format!("{share} > 0.05 && {share} < 0.9")).await;
    // Sent with its words once it is up; until then nothing is.
    hers.presses_button("Remove film.bin").await;
    hers.until("document.querySelector('.uploads').hidden").await;
    let kept = || fireside.home.files().into_iter().filter(|path| path.parent().unwrap().ends_with("files")).count();
    let gone = async {
        while kept() > 0 {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.expect("nothing of it stays on the server");
    hers.says("no film").await;
    hers.sees(".message.mine:not(.unsent)").await;
    assert_eq!(hers.asks("document.querySelectorAll('.file').length").await, 0);
    hers.leaves().await;
}

/// A tenth of a second of silence.
fn sound() -> Vec<u8> {
    let samples: u32 = 800;
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + samples).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    bytes.extend(8000_u32.to_le_bytes());
    bytes.extend(8000_u32.to_le_bytes());
    bytes.extend(b"\x01\0\x08\0data");
    bytes.extend(samples.to_le_bytes());
    bytes.extend(vec![128; samples as usize]);
    bytes
}

#[tokio::test]
async fn a_sound_is_played_in_place_and_a_picture_keeps_its_room() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let chat = direct(&alice, &bob).await;
    let sound = bob.uploads("bell.wav", &sound()).await;
    let mut wide = PNG.to_vec();
    wide[16..24].copy_from_slice(&[0, 0, 2, 128, 0, 0, 1, 64]); // 640 × 320, and damaged by that
    let picture = bob.uploads("wide.png", &wide).await;
    let path = format!("/messages/api/chats/{chat}/messages/");
    bob.post(&path, &json!({"content": "", "attachments": [sound["id"], picture["id"]]})).await.is(201);
    let hers = Browser::of(&fireside, &alice).await;
    hers.reads(".chat .preview", "bell.wav").await;
    hers.opens_chat(chat).await;
    hers.sees("audio.player[src^=blob]").await;
    hers.does("const player = document.querySelector('audio'); player.muted = true; player.play()").await;
    hers.until("document.querySelector('audio').currentTime > 0").await;
    // The room is there before, and without, the picture.
    let shape = "(({ width, height }) => Math.round(100 * width / height))(document.querySelector('.picture').getBoundingClientRect())";
    assert_eq!(hers.asks(shape).await, 200);
    hers.leaves().await;
}

#[tokio::test]
async fn a_picture_that_is_drawn_anew_while_it_is_fetched_is_shown() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let page = Browser::at(&fireside).await;
    let fetched = page
        .waits_for(
            "import('/js/bytes.js').then(async ({ createBytes }) => {
                 const bytes = createBytes({ file: async () => new Blob(['x']) });
                 const [gone, here] = [document.createElement('p'), document.body.appendChild(document.createElement('p'))];
                 const asked = [bytes('/a', gone), bytes('/a', here)];
                 done((await Promise.allSettled(asked)).map(({ status, value }) => [status, String(value).slice(0, 5)]));
             });",
        )
        .await;
    assert_eq!(fetched[1], json!(["fulfilled", "blob:"]));
    page.leaves().await;
}
